/* The queue: a list of any length of which only the rows in sight are in the document. It is one
 * stop of the Tab key; the keys of the page move in it. */
earmark.queue = (() => {
    const { element, name } = earmark.base;
    const ROW = 36; /* pixels */
    const ROWS = 60; /* in the document at most */
    const MARKS = { keep: "✓", relabel: "→", unsure: "?", exclude: "×" };
    const WORDS = { keep: "kept", relabel: "relabelled", unsure: "unsure", exclude: "excluded" };

    class Queue {
        constructor(app) {
            this.app = app;
            this.list = []; /* clips in order */
            this.at = -1;
            this.first = -1;
            this.spacer = element("div", { role: "presentation", class: "spacer" });
            this.rows = element("div", { role: "presentation", class: "rows" });
            this.element = element("div", { class: "queue", role: "listbox", tabindex: "0",
                "aria-label": "Clips to decide" }, this.spacer, this.rows);
            this.element.addEventListener("scroll", () => this.#draw(), { passive: true });
            this.element.addEventListener("click", (event) => {
                const row = event.target.closest("[data-at]");
                if (row) this.app.go(Number(row.dataset.at));
            });
            new ResizeObserver(() => this.#draw()).observe(this.element);
        }

        show(list, at) {
            this.list = list;
            this.at = at;
            this.first = -1;
            this.spacer.style.height = `${list.length * ROW}px`;
            this.rows.replaceChildren();
            this.element.toggleAttribute("data-empty", list.length === 0);
            this.#reveal();
            this.#draw();
        }

        go(at) {
            this.at = at;
            this.#reveal();
            this.#draw(true);
        }

        /* Draws the rows in sight again: a decision has changed. */
        refresh() {
            this.#draw(true);
        }

        #reveal() {
            if (this.at < 0) return;
            const { scrollTop, clientHeight } = this.element;
            const top = this.at * ROW;
            if (top < scrollTop) this.element.scrollTop = top;
            else if (top + ROW > scrollTop + clientHeight)
                this.element.scrollTop = top + ROW - clientHeight;
        }

        #draw(again) {
            const { scrollTop, clientHeight } = this.element;
            if (clientHeight === 0) return; /* a narrow window has no queue */
            const seen = Math.ceil(clientHeight / ROW);
            const spare = Math.max(0, Math.floor((ROWS - seen) / 2));
            const first = Math.max(0, Math.floor(scrollTop / ROW) - spare);
            if (first === this.first && !again) return;
            this.first = first;
            const part = this.list.slice(first, first + ROWS);
            this.rows.style.transform = `translateY(${first * ROW}px)`;
            this.rows.replaceChildren(...part.map((clip, index) => this.#row(clip, first + index)));
            const current = this.rows.querySelector("[aria-selected=true]");
            if (current) this.element.setAttribute("aria-activedescendant", current.id);
            else this.element.removeAttribute("aria-activedescendant");
        }

        #row(clip, at) {
            const { data, decisions } = this.app;
            const decision = decisions.of(clip.row);
            const kind = decision ? decision.decision : "";
            const label = (value) => earmark.names.label(data, value);
            const given = clip.given ?? clip.label;
            const pair = element("span", { class: "pair" }, name(label(given)));
            if (clip.suggested !== undefined && clip.suggested !== null)
                pair.append("›", name(clip.none ? "none" : label(clip.suggested)));
            return element("div", {
                role: "option", id: `queue-${at}`, "data-at": at, class: clip.certain && "certain",
                "aria-selected": String(at === this.at), "aria-setsize": this.list.length,
                "aria-posinset": at + 1, title: earmark.names.clip(clip),
            }, element("span", { class: `state ${kind}`, "aria-label": WORDS[kind] || "undecided",
                role: "img" }, MARKS[kind] || "·"),
            pair, element("span", { class: "file" }, name(earmark.names.short(clip))));
        }
    }

    return { create: (app) => new Queue(app), WORDS };
})();
