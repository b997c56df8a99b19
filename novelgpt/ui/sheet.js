// The sheet: a text that is edited in place, paragraph by paragraph, and knows who wrote which part of it.
// In: what the server shows, and a person's hands. Out: `sheet.text()`, the whole text as it stands; and, after each change,
// an event "sheet:changed" on the element. Law: only paragraphs that differ are touched, so that a long story stays light.
const sheet = (() => {
    const root = () => document.getElementById("sheet");
    const paragraphs = () => [...root().children];
    const words = (paragraph) => paragraph.textContent;
    const text = () => (root() ? paragraphs().map(words).join("\n") : "");
    let story = "", known = "", runs = [], tip = "", composing = false, heard = performance.now();
    const name = Math.random().toString(36).slice(2); // of this window, so that it does not stand in its own way

    const fill = (paragraph, line) => {
        const [only] = paragraph.childNodes;
        if (!line) paragraph.replaceChildren(document.createElement("br"));
        else if (paragraph.childNodes.length === 1 && only.nodeType === Node.TEXT_NODE) {
            if (line === only.data) return;
            if (line.startsWith(only.data)) only.appendData(line.slice(only.data.length));
            else only.data = line;
        } else paragraph.textContent = line;
    };
    const paragraph = (line) => {
        const made = document.createElement("p");
        fill(made, line);
        return made;
    };

    // put `lines` where the paragraphs from `first` to before `last` stand; those that can stay, stay
    const replace = (all, first, last, lines) => {
        const both = Math.min(last - first, lines.length);
        for (let i = 0; i < both; i++) fill(all[first + i], lines[i]);
        for (let i = first + both; i < last; i++) all[i].remove();
        const before = all[last] ?? null;
        const added = document.createDocumentFragment();
        for (const line of lines.slice(both)) added.append(paragraph(line));
        root().insertBefore(added, before?.isConnected ? before : null);
    };

    const show = (whole) => {
        const all = paragraphs(), lines = whole.split("\n");
        const short = Math.min(all.length, lines.length);
        let head = 0, tail = 0;
        while (head < short && words(all[head]) === lines[head]) head++;
        while (tail < short - head && words(all[all.length - 1 - tail]) === lines[lines.length - 1 - tail]) tail++;
        replace(all, head, all.length - tail, lines.slice(head, lines.length - tail));
    };

    // --- places: a number of characters from the beginning, or a node and an offset in it
    const paragraphOf = (node) => {
        while (node && node.parentNode !== root()) node = node.parentNode;
        return node;
    };
    const within = (paragraph, node, offset) => {
        const range = document.createRange();
        range.setStart(paragraph, 0);
        range.setEnd(node, offset);
        return range.toString().length;
    };
    const offsetOf = (node, offset) => {
        const all = paragraphs();
        if (node === root()) return all.slice(0, offset).reduce((sum, one) => sum + words(one).length + 1, 0);
        const mine = paragraphOf(node);
        let before = 0;
        for (const one of all) {
            if (one === mine) break;
            before += words(one).length + 1;
        }
        return before + (mine ? within(mine, node, offset) : 0);
    };
    const inside = (paragraph, offset) => {
        const walk = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
        for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            if (offset <= node.data.length) return [node, offset];
            offset -= node.data.length;
        }
        return [paragraph, 0];
    };
    const placeOf = (offset) => {
        const all = paragraphs();
        for (const one of all) {
            const length = words(one).length;
            if (offset <= length) return inside(one, offset);
            offset -= length + 1;
        }
        const last = all[all.length - 1];
        return last ? inside(last, words(last).length) : [root(), 0];
    };
    const selection = () => {
        const chosen = getSelection();
        if (!chosen.rangeCount || !root()?.contains(chosen.anchorNode)) return null;
        const range = chosen.getRangeAt(0);
        const ends = [offsetOf(range.startContainer, range.startOffset), offsetOf(range.endContainer, range.endOffset)];
        const length = text().length;
        return ends.map((end) => Math.min(end, length));
    };
    const select = (start, end = start) => {
        const chosen = getSelection();
        chosen.setBaseAndExtent(...placeOf(start), ...placeOf(end));
        const edge = chosen.focusNode;
        (edge.nodeType === Node.TEXT_NODE ? edge.parentNode : edge)?.scrollIntoView?.({ block: "nearest" });
    };

    // --- a place that was looked for: brought into view as soon as the sheet can be seen, and marked for a moment
    const MARKED_MS = 4000, PATIENCE_MS = 5000, SETTLING_FRAMES = 4;
    let fading = null;
    const reveal = (start, end, until = performance.now() + PATIENCE_MS) => {
        const box = root();
        if (!box?.clientHeight) { // its room is not open yet
            if (performance.now() < until) requestAnimationFrame(() => reveal(start, end, until));
            return;
        }
        if (!held()) select(start);
        const range = document.createRange();
        range.setStart(...placeOf(start));
        range.setEnd(...placeOf(end));
        paragraphOf(range.startContainer)?.scrollIntoView({ block: "center" });
        settle(box, range, SETTLING_FRAMES);
        if (!window.CSS?.highlights) return;
        clearTimeout(fading);
        CSS.highlights.set("found", Object.assign(new Highlight(range), { priority: 1 }));
        fading = setTimeout(() => CSS.highlights.delete("found"), MARKED_MS);
    };
    // paragraphs get their true heights only as they come into sight, so the place moves while one goes there
    const settle = (box, range, frames) => {
        const place = range.getBoundingClientRect(), view = box.getBoundingClientRect();
        if (place.top < view.top || place.bottom > view.bottom) box.scrollTop += place.top - view.top - box.clientHeight / 3;
        if (frames) requestAnimationFrame(() => settle(box, range, frames - 1));
    };

    // --- who wrote what: runs of [author, characters], the same arithmetic as in story/authorship.py
    const cut = (from, to) => {
        const found = [];
        let at = 0;
        for (const [author, length] of runs) {
            const share = Math.min(at + length, to) - Math.max(at, from);
            if (share > 0) found.push([author, share]);
            at += length;
        }
        return found;
    };
    const joined = (parts) => parts.reduce((all, [author, length]) => {
        if (length <= 0) return all;
        const last = all[all.length - 1];
        if (last && last[0] === author) last[1] += length;
        else all.push([author, length]);
        return all;
    }, []);
    const followed = (now) => {
        const short = Math.min(known.length, now.length);
        let head = 0, tail = 0;
        while (head < short && known.charCodeAt(head) === now.charCodeAt(head)) head++;
        while (tail < short - head && known.charCodeAt(known.length - 1 - tail) === now.charCodeAt(now.length - 1 - tail)) tail++;
        const before = cut(0, head), after = cut(known.length - tail, known.length);
        const between = before.length && after.length && before[before.length - 1][0] !== "human" && after[0][0] !== "human";
        runs = joined([...before, [between ? "edited" : "human", now.length - head - tail], ...after]);
        known = now;
    };
    const paint = () => {
        if (!window.CSS?.highlights) return;
        const marks = { model: new Highlight(), edited: new Highlight() };
        const all = paragraphs();
        let index = 0, start = 0, at = 0;
        const place = (offset) => {
            while (index < all.length - 1 && offset > start + words(all[index]).length) start += words(all[index++]).length + 1;
            return inside(all[index], offset - start);
        };
        for (const [author, length] of runs) {
            if (author in marks && all.length) {
                const range = document.createRange();
                range.setStart(...place(at));
                range.setEnd(...place(at + length));
                marks[author].add(range);
            }
            at += length;
        }
        for (const [author, mark] of Object.entries(marks)) CSS.highlights.set("by-" + author, mark);
    };
    const authorAt = (offset) => {
        let at = 0;
        for (const [author, length] of runs) if ((at += length) > offset) return author;
        return "human";
    };

    // --- a person's changes
    let noticing = null;
    const notice = () => {
        noticing ??= requestAnimationFrame(() => {
            noticing = null;
            if (!root()) return;
            tidy();
            followed(text());
            paint();
            root().dispatchEvent(new CustomEvent("sheet:changed", { bubbles: true }));
        });
    };
    // whatever an editing browser leaves beside the paragraphs becomes a paragraph
    const tidy = () => {
        const sheet = root();
        for (const node of [...sheet.childNodes]) {
            if (node.nodeName === "P") continue;
            const made = paragraph(node.nodeName === "BR" ? "" : node.textContent);
            node.replaceWith(made);
        }
        if (!sheet.firstChild) sheet.append(paragraph(""));
    };
    const splice = (start, end, inserted) => {
        const all = paragraphs();
        let from = 0, offset = start;
        while (from < all.length - 1 && offset > words(all[from]).length) offset -= words(all[from++]).length + 1;
        let to = from, rest = end - start + offset;
        while (to < all.length - 1 && rest > words(all[to]).length) rest -= words(all[to++]).length + 1;
        const whole = words(all[from]).slice(0, offset) + inserted + words(all[to]).slice(rest);
        replace(all, from, to + 1, whole.split("\n"));
        select(start + inserted.length);
        notice();
    };
    const targetOf = (event) => {
        const [range] = event.getTargetRanges();
        if (!range) return selection() ?? [0, 0];
        return [offsetOf(range.startContainer, range.startOffset), offsetOf(range.endContainer, range.endOffset)];
    };
    const crosses = (event) => {
        const [range] = event.getTargetRanges();
        return range && paragraphOf(range.startContainer) !== paragraphOf(range.endContainer);
    };
    const indentOf = (start) => (/^[\u3000 \t]*/.exec(words(paragraphOf(placeOf(start)[0]) ?? root().firstChild)) ?? [""])[0];
    const beforeInput = (event) => {
        const kind = event.inputType;
        const plain = (inserted) => { event.preventDefault(); splice(...targetOf(event), inserted); };
        if (kind === "historyUndo" || kind === "historyRedo") {
            event.preventDefault();
            document.getElementById(kind === "historyUndo" ? "undo" : "redo")?.click();
        } else if (kind === "insertParagraph" || kind === "insertLineBreak") {
            plain("\n" + indentOf(targetOf(event)[0]));
        } else if (kind.startsWith("insertFrom") && event.dataTransfer) {
            plain(event.dataTransfer.getData("text/plain").replace(/\r\n?/g, "\n"));
        } else if (kind.startsWith("format")) {
            event.preventDefault();
        } else if (!composing && crosses(event)) {
            plain(kind.startsWith("delete") ? "" : event.data ?? "");
        }
    };
    document.addEventListener("beforeinput", (event) => { if (event.target === root()) beforeInput(event); });
    document.addEventListener("input", (event) => { if (event.target === root() && !composing && !event.isComposing) notice(); });
    document.addEventListener("compositionstart", (event) => {
        if (event.target !== root()) return;
        const [start, end] = selection() ?? [0, 0];
        if (start !== end) splice(start, end, "");
        composing = true;
    });
    document.addEventListener("compositionend", (event) => { if (event.target === root()) { composing = false; notice(); } });

    // --- what the server says: the whole text with its authors, or how the text goes on after so many characters
    const WATCHED_MS = 500;
    let asking = null;
    const ask = () => {
        clearTimeout(asking);
        asking = setTimeout(() => document.getElementById("reopen")?.click(), WATCHED_MS);
    };
    const told = (message) => {
        if (!root() || !message) return;
        const said = JSON.parse(message);
        if (said.opens && said.story === story && said.tip === tip && !said.held) {
            hold(false); // it is open already, and what was typed meanwhile is newer than what comes
            if (said.reveal) reveal(...said.reveal);
            return;
        }
        if (said.opens) story = said.story;
        if ("story" in said && said.story !== story) {
            ask(); // it is late, about a story that was left; the buttons it brought are not for this one
            return;
        }
        heard = performance.now();
        if (said.watch) ask();
        if ("tip" in said) tip = said.tip;
        if ("held" in said) hold(said.held);
        if (!("text" in said) && !("tail" in said)) return;
        if (said.hint) Object.assign(root(), { ariaLabel: said.name }).dataset.hint = said.hint;
        const box = root(), low = box.scrollHeight - box.scrollTop - box.clientHeight < 120;
        const from = said.keep ?? 0;
        const whole = said.tail === undefined ? said.text : known.slice(0, from) + said.tail;
        runs = said.tail === undefined ? said.runs : joined([...cut(0, from), ["model", said.tail.length]]);
        known = whole;
        show(whole);
        paint();
        if (low && said.tail !== undefined) box.scrollTop = box.scrollHeight;
        if (said.select) select(...said.select);
        if (said.reveal) reveal(...said.reveal);
    };
    const hold = (held) => {
        const box = root();
        if (!box) return;
        heard = performance.now();
        box.contentEditable = held ? "false" : "plaintext-only";
        box.setAttribute("aria-readonly", String(held));
    };
    const held = () => root()?.getAttribute("aria-readonly") === "true";
    let pages = 0; // counted, so that one that comes late is known to be old
    const page = () => ({ text: text(), tip, window: name, number: ++pages, selection: selection() });
    const silence = () => performance.now() - heard;
    return { text, page, story: () => story, told, hold, held, silence, selection, authorAt, root };
})();
