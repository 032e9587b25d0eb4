/* What is asked: the reviewer's name, another label, whether a whole group is decided; the keys.
 * The browser keeps the focus inside an open dialog and closes it with Esc. */
earmark.dialogs = (() => {
    const { element, name, button, percent } = earmark.base;
    const CHOICES = 40; /* classes that are offered at once */

    /* Shows a dialog until it is closed; then gives what `answer` returns, or null after Esc. */
    const ask = (title, children, answer, more) => new Promise((done) => {
        const heading = element("h2", { id: "dialog-title" }, title);
        const form = element("form", { method: "dialog" }, heading, ...children);
        const dialog = element("dialog", { "aria-labelledby": "dialog-title", ...more }, form);
        let result = null;
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            const given = answer(event.submitter);
            if (given === undefined) return; /* not complete yet */
            result = given;
            dialog.close();
        });
        dialog.addEventListener("close", () => {
            dialog.remove();
            done(result);
        });
        document.body.append(dialog);
        dialog.showModal();
    });

    const submit = (words, more) => element("button", { type: "submit", ...more }, words);
    const cancel = () => button("Cancel", "", (event) => event.target.closest("dialog").close());

    /* The reviewer's name, which is part of a file's name. */
    const askName = (known) => {
        const input = element("input", { id: "reviewer", required: true, maxlength: "64",
            pattern: "[A-Za-z0-9._\\-]{1,64}", autocomplete: "username", spellcheck: "false",
            value: known || "", autofocus: true });
        const words = element("p", { class: "dim" },
            "Decisions are kept in this browser under this name and exported with it: letters, "
            + "digits, dot, hyphen and underscore.");
        return ask("Who decides?", [element("label", { for: "reviewer" }, "Name"), input, words,
            element("p", null, submit("Go on"), " ", cancel())],
        () => (/^[A-Za-z0-9._-]{1,64}$/.test(input.value) ? input.value : undefined));
    };

    const confirm = (title, words, yes) => ask(title, [element("p", null, ...words),
        element("p", null, submit(yes, { autofocus: true }), " ", cancel())], () => true);

    /* ---- another label ---- */

    /* Classes by their probability, then in their order. */
    const byProbability = (data, clip) => {
        const share = new Map(clip.top || []);
        const rest = data.classes.map((unused, index) => index).filter((one) => !share.has(one));
        return { share, list: [...share.keys(), ...rest] };
    };

    const matching = (data, list, text) => {
        const wanted = text.trim().toLowerCase();
        const starts = [];
        const holds = [];
        for (const index of list) {
            const at = data.classes[index].toLowerCase().indexOf(wanted);
            if (at === 0) starts.push(index);
            else if (at > 0) holds.push(index);
        }
        return [...starts, ...holds];
    };

    /* A field in which a class is found by typing. `draw` shows the classes that match. */
    const typeAhead = (data, list, draw) => {
        const input = element("input", { id: "class-name", type: "text", autocomplete: "off",
            spellcheck: "false", autofocus: true });
        const find = () => draw(matching(data, list, input.value).slice(0, CHOICES));
        input.addEventListener("input", find);
        return { input, find, line: [element("label", { for: "class-name" }, "Class"), input] };
    };

    /* One class: its index. */
    const askClass = (data, clip) => {
        const { share, list } = byProbability(data, clip);
        let found = [];
        let chosen = 0;
        const options = element("ul",
            { id: "class-list", role: "listbox", "aria-label": "Classes" });
        const show = () => {
            options.replaceChildren(...found.map((index, at) => element("li", { role: "option",
                id: `class-${at}`, "aria-selected": String(at === chosen), "data-at": at },
            name(data.classes[index]), share.has(index) ? ` ${percent(share.get(index))}` : "")));
            const current = options.children[chosen];
            if (current) current.scrollIntoView({ block: "nearest" });
            typed.input.setAttribute("aria-activedescendant", current ? current.id : "");
        };
        const typed = typeAhead(data, list, (classes) => {
            found = classes;
            chosen = 0;
            show();
        });
        for (const [key, value] of Object.entries({ role: "combobox", "aria-expanded": "true",
            "aria-controls": "class-list", "aria-autocomplete": "list" }))
            typed.input.setAttribute(key, value);
        typed.input.addEventListener("keydown", (event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (!step || found.length === 0) return;
            event.preventDefault();
            chosen = (chosen + step + found.length) % found.length;
            show();
        });
        options.addEventListener("click", (event) => {
            const option = event.target.closest("[data-at]");
            if (!option) return;
            chosen = Number(option.dataset.at);
            options.closest("form").requestSubmit();
        });
        const answer = ask("Another label", [...typed.line, options,
            element("p", null, submit("Use it"), " ", cancel())], () => found[chosen]);
        typed.find();
        return answer;
    };

    /* Several labels: boxes of all classes, with what is probably wrong or missing marked. Gives
     * the indices, sorted. */
    const askClasses = (data, clip, set) => {
        const chosen = new Set(set);
        const change = new Map((clip.changes || []).map((one) => [one.class, one]));
        const { share, list } = byProbability(data, clip);
        const first = [...new Set([...change.keys(), ...(clip.given || []), ...list])];
        const boxes = element("div", { class: "boxes", role: "group", "aria-label": "Classes" });
        const box = (index) => {
            const input = element("input", { type: "checkbox", checked: chosen.has(index) });
            input.addEventListener("change", () => {
                if (input.checked) chosen.add(index);
                else chosen.delete(index);
            });
            const marked = change.get(index);
            const p = marked ? marked.p : share.get(index);
            const kind = marked && (marked.given ? "wrong" : "missing");
            return element("label", { class: kind }, input, " ",
                name(data.classes[index]), p === undefined ? "" : ` ${percent(p)}`,
                marked ? element("b", null, marked.given ? " probably wrong" : " probably missing")
                    : "");
        };
        const typed = typeAhead(data, first, (classes) =>
            boxes.replaceChildren(...classes.map(box)));
        const answer = ask("Labels", [...typed.line, boxes,
            element("p", null, submit("Use these"), " ", cancel())],
        () => [...chosen].sort((one, other) => one - other));
        typed.find();
        return answer;
    };

    /* ---- the keys ---- */

    const KEYS = [
        ["a", "keep the label"],
        ["s", "use the suggestion; with several labels, all its changes"],
        ["d", "another label: type, arrows, Enter"],
        ["f", "unsure"],
        ["x", "exclude from the data set"],
        ["1–9", "the n-th likeliest class, or the class of that name where all are one digit"],
        ["z", "undo, as often as you like"],
        ["space", "play and stop"],
        ["l", "loop"],
        ["[  ]", "slower, faster"],
        ["g  h", "the nearest clip of the given, of the suggested class; again for the next"],
        ["n", "clip, given, clip, suggested in a row"],
        ["j  k", "the next, the previous clip (arrows too); the sound stops"],
        ["m", "note"],
        ["Shift+S", "the suggestion for the rest of a given › suggested group, once 5 are heard"],
        ["/", "search; Enter to the first hit, Esc leaves it"],
        ["?", "these keys"],
    ];

    const keyLine = ([keys, words]) => element("tr", null, element("th", { scope: "row" },
        ...keys.split("  ").flatMap((one) => [element("kbd", null, one), " "])),
    element("td", null, words));

    const showKeys = () => ask("Keys", [
        element("p", { class: "dim" }, "A key decides, goes on and plays the next clip. A clip "
            + "that was not heard is played instead of being decided."),
        element("table", null, element("tbody", null, ...KEYS.map(keyLine))),
        element("p", null, submit("Close", { autofocus: true }))], () => true);

    const isOpen = () => document.querySelector("dialog[open]") !== null;

    return { askName, askClass, askClasses, confirm, showKeys, isOpen };
})();
