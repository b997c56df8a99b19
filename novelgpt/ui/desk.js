// What Gradio's components cannot do by themselves: keys, saving while one types, and keeping hands off while the model writes.
// Everything is listened for on the document, so it works whenever the components come and go.
() => {
    const QUIET_MS = 700, LONGEST_MS = 1500;
    const paper = () => document.querySelector("#paper textarea");
    const press = (id) => document.getElementById(id)?.click();
    let waiting = null, since = null;

    const forget = () => { clearTimeout(waiting); waiting = since = null; };
    const save = () => { forget(); press("save"); };
    const typed = () => {
        const now = performance.now();
        since ??= now;
        clearTimeout(waiting);
        waiting = setTimeout(save, Math.max(0, Math.min(QUIET_MS, since + LONGEST_MS - now)));
    };
    const isPaper = (target) => target instanceof HTMLTextAreaElement && target === paper();

    window.novelgpt = { release: () => { const page = paper(); if (page) page.readOnly = false; } };

    // text that an input method is still composing is not text yet
    document.addEventListener("input", (event) => { if (isPaper(event.target) && !event.isComposing) typed(); });
    document.addEventListener("compositionend", (event) => { if (isPaper(event.target)) typed(); });
    document.addEventListener("visibilitychange", () => { if (document.hidden && waiting) save(); });

    // "continue" carries the page itself, so a save on its way would only come late
    document.addEventListener("click", (event) => {
        const button = event.target.closest?.("#continue");
        if (button && !button.disabled) { forget(); paper().readOnly = true; }
    }, true);
    document.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
            event.preventDefault();
            press("continue");
        }
    });
}
