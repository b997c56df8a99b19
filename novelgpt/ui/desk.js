// What Gradio's components cannot do by themselves: keys, saving while one types, and keeping hands off while the model writes.
// Everything is listened for on the document, so it works whenever the components come and go.
const desk = (() => {
    const QUIET_MS = 500, LONGEST_MS = 1000, SILENT_MS = 20000, ANSWER_MS = 4000;
    const press = (id) => document.getElementById(id)?.click();
    let waiting = null, since = null, sent = null, opening = performance.now(), chosen = "";

    const forget = () => { clearTimeout(waiting); waiting = since = null; };
    const save = () => { forget(); sent = performance.now(); press("save"); };
    const typed = () => {
        if (sheet.held()) return; // what writes has the page already
        const now = performance.now();
        since ??= now;
        clearTimeout(waiting);
        waiting = setTimeout(save, Math.max(0, Math.min(QUIET_MS, since + LONGEST_MS - now)));
    };

    document.addEventListener("sheet:changed", typed);
    // a sheet that is held and hears nothing was left alone, by a lid that was closed perhaps: ask how the story stands
    setInterval(() => { if (sheet.held() && sheet.silence() > SILENT_MS) press("reopen"); }, SILENT_MS / 4);
    // a line that breaks takes answers along: what got none is asked once more
    const asked = (at) => at !== null && performance.now() - at > ANSWER_MS;
    setInterval(() => {
        if (sent !== null && sheet.silence() < performance.now() - sent) sent = null;
        if (asked(sent) && !sheet.held()) save();
        if (!sheet.story() && asked(opening)) { opening = performance.now(); press("open"); }
    }, ANSWER_MS / 4);
    document.addEventListener("visibilitychange", () => { if (document.hidden && waiting) save(); });

    // whatever writes carries the page itself, so a save on its way would only come late
    document.addEventListener("click", (event) => {
        const button = event.target.closest?.("#continue, #retry, #propose, #rewrite, #expand, #bridge");
        if (button && sheet.held()) { event.stopImmediatePropagation(); event.preventDefault(); return; }
        if (button && !button.disabled) { forget(); sheet.hold(true); }
        if (event.target.closest?.("#rooms button[role=tab]:first-child")) press("refresh"); // models may have come meanwhile
        const choice = event.target.closest?.("[data-press]");
        if (choice) { chosen = choice.dataset.value ?? ""; press(choice.dataset.press); }
    }, true);

    // a click into what the model wrote asks what else it might have written there
    document.addEventListener("click", (event) => {
        if (!sheet.root()?.contains(event.target) || sheet.root().isContentEditable !== true) return;
        const [start, end] = sheet.selection() ?? [0, 1];
        if (start === end && start < sheet.text().length && sheet.authorAt(start) === "model") press("look");
    });

    const KEYS = { z: "undo", y: "redo" };
    const keyed = (event) => {
        const on_sheet = sheet.root()?.contains(document.activeElement);
        if (event.altKey && event.code === "KeyR") return "retry";
        if (!event.ctrlKey && !event.metaKey) return null;
        if (event.key === "Enter") return "continue";
        if (!on_sheet) return null;
        return event.key.toLowerCase() === "z" && event.shiftKey ? "redo" : KEYS[event.key];
    };
    document.addEventListener("keydown", (event) => {
        if (event.isComposing || event.keyCode === 229) return;
        if (event.key === "Escape") press("stop");
        if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("[role=button][data-press]")) {
            event.preventDefault();
            event.target.click();
            return;
        }
        const id = keyed(event);
        if (!id) return;
        event.preventDefault();
        press(id);
    });
    return { chosen: () => chosen };
})();

window.novelgpt = { text: sheet.text, page: sheet.page, story: sheet.story, told: sheet.told, chosen: desk.chosen };
