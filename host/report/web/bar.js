/* Above the queue: how far the review is, export and import, filters, order, search, switches. */
earmark.bar = (() => {
    const { element, name, button, many } = earmark.base;
    const SPOT = 50; /* clips of a spot check */

    const option = (value, words) => element("option", { value }, words);

    const select = (id, words, options, action) => {
        const made = element("select", { id, onchange: () => action(made.value) }, ...options);
        return { made, line: element("div", null, element("label", { for: id }, words), made) };
    };

    const download = (text, file) => {
        const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
        const link = element("a", { href: url, download: file });
        document.body.append(link);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(url), 60000);
    };

    class Bar {
        constructor(app) {
            this.app = app;
            this.file = app.data.carrier !== "server";
            this.left = element("p", { class: "left dim", hidden: true });
            this.element = element("div", null, this.#progress(), this.left, this.#fold());
        }

        /* ---- the first line ---- */

        #progress() {
            const { app } = this;
            this.meter = element("progress", { "aria-label": "Decided", max: "1", value: "0" });
            this.words = element("span", { class: "progress-words", role: "status" });
            this.failed = element("span", { class: "failed", role: "alert", hidden: true });
            this.retry = button("Try now", "", () => app.decisions.retry(), { hidden: true });
            const line = element("div", { class: "progress" }, this.meter, this.words, this.failed,
                this.retry);
            const tools = element("div", { class: "tools" });
            if (this.file) this.#addExport(tools);
            else this.#addSpotCheck(tools);
            tools.append(button("Keys", "?", () => earmark.dialogs.showKeys()));
            line.append(tools);
            return line;
        }

        #addSpotCheck(tools) {
            this.reviewer = element("span", { class: "dim reviewer", title: "Who decides: --as" });
            tools.append(this.reviewer, button(`Spot-check ${SPOT}`, "", () => this.#spot(), {
                title: "Clips that were not flagged, drawn at random" }));
        }

        #addExport(tools) {
            const { app } = this;
            this.reviewer = button("", "", () => app.askReviewer(), { title: "Who decides" });
            this.input = element("input", { type: "file", id: "import", hidden: true,
                accept: ".jsonl,.json,.txt", "aria-label": "Decisions to import",
                onchange: () => this.#import() });
            tools.append(this.reviewer, button("Export", "", () => this.#export()),
                button("Import", "", () => this.input.click()), this.input);
        }

        #export() {
            const { decisions } = this.app;
            if (decisions.by === null) {
                this.app.pane.say("Nothing is decided yet.");
                return;
            }
            download(decisions.exportText(), `decisions-${decisions.by}.jsonl`);
            decisions.exported();
            this.refresh();
        }

        async #import() {
            const { app } = this;
            const [file] = this.input.files;
            if (!file || (app.decisions.by === null && !await app.askReviewer())) return;
            const said = app.decisions.importText(await file.text());
            this.input.value = "";
            const words = [`${many(said.taken, "decision")} taken`];
            if (said.stale) words.push(`${said.stale} stale: the label has changed`);
            if (said.unknown) words.push(`${said.unknown} of clips that are not in this page`);
            if (said.damaged) words.push(`${many(said.damaged, "line")} not understood`);
            for (const [by, count] of said.others)
                words.push(`${count} by ${by}: change the name to go on with them`);
            app.refilter();
            app.pane.say(`${words.join("; ")}.`);
        }

        async #spot() {
            try {
                await this.app.spotCheck(SPOT);
            } catch (failure) {
                this.app.pane.say(`No spot check: ${failure.message}.`);
            }
        }

        /* ---- the second line ---- */

        /* Where there is no room for a queue the filters are folded, too. */
        #fold() {
            const narrow = matchMedia("(max-width: 48rem)");
            const fold = element("details", { class: "fold", open: !narrow.matches },
                element("summary", null, "Filter, order, search"), this.#filters());
            narrow.addEventListener("change", () => { fold.open = !narrow.matches; });
            return fold;
        }

        #filters() {
            const { app } = this;
            const { data, filters } = app;
            const change = (action) => (value) => {
                action(value);
                app.refilter();
            };
            const classes = data.classes.map((one, index) => option(index, one));
            this.classes = select("filter-class", "Class", [option("", "any"), ...classes],
                change((value) => filters.setClass(value === "" ? null : Number(value))));
            const rare = { certain: (one) => one.certain, none: (one) => one.none,
                conflict: (one) => app.decisions.isConflict(one.row) };
            const shown = earmark.filters.SHOWN.filter(
                ([key]) => !rare[key] || data.issues.some(rare[key]));
            this.shown = select("filter-show", "Show",
                shown.map(([key, words]) => option(key, words)),
                change((value) => { filters.shown = value; }));
            this.order = select("filter-order", "Order",
                earmark.filters.ORDERS.map(([key, words]) => option(key, words)),
                (value) => app.setOrder(value));
            if (!this.file) this.order.made.append(option("learn", "learns while you listen"));
            if (app.decisions.conflicts.size > 0)
                this.order.made.append(option("disagreement", "disagreement of reviewers"));
            this.search = element("input", { id: "filter-search", type: "search",
                autocomplete: "off", spellcheck: "false",
                oninput: () => this.#find(), onkeydown: (event) => this.#toHit(event) });
            this.chip = button("", "", change(() => filters.clear()),
                { class: "chip", hidden: true });
            this.group = button("", "", () => app.bulk(), { class: "group", hidden: true });
            const onsubmit = (event) => event.preventDefault();
            return element("form", { class: "filters", onsubmit },
                this.classes.line, this.shown.line, this.order.line,
                element("div", { class: "wide" }, element("label", { for: "filter-search" },
                    "Search ", element("kbd", null, "/")), this.search),
                element("div", { class: "switches" }, this.#switch("advance", "Go on"),
                    this.#switch("autoplay", "Play the next")), this.chip, this.group);
        }

        #switch(key, words) {
            const input = element("input", { type: "checkbox", checked: this.app[key] });
            input.addEventListener("change", () => this.app.setSwitch(key, input.checked));
            return element("label", null, input, ` ${words}`);
        }

        #find() {
            this.app.filters.search = this.search.value;
            this.app.refilter();
        }

        #toHit(event) {
            if (event.key !== "Enter" || event.isComposing) return;
            event.preventDefault();
            this.search.blur();
            this.app.queue.element.focus({ preventScroll: true });
            this.app.go(0);
        }

        /* ---- what they show ---- */

        refresh() {
            const { app } = this;
            const { decisions, data, filters } = app;
            this.meter.max = Math.max(1, data.issues.length);
            this.meter.value = decisions.done;
            const words = this.#progressWords();
            if (words !== this.words.textContent) this.words.textContent = words;
            this.failed.hidden = decisions.failure === null;
            this.retry.hidden = decisions.failure === null;
            const failed = decisions.failure ? ` not saved: ${decisions.failure.message} ` : "";
            if (failed !== this.failed.textContent) this.failed.textContent = failed;
            const by = decisions.by === null ? "Name" : `by ${decisions.by}`;
            if (this.reviewer) this.reviewer.replaceChildren(by);
            this.classes.made.value = filters.anyClass === null ? "" : String(filters.anyClass);
            this.shown.made.value = filters.shown;
            this.order.made.value = filters.order;
            if (this.search.value !== filters.search) this.search.value = filters.search;
            const left = decisions.left ? decisions.left.words || "" : "";
            this.left.hidden = left === "" || decisions.done === 0;
            if (left !== this.left.textContent) this.left.textContent = left;
            this.#refreshGroup();
        }

        #refreshGroup() {
            const { app } = this;
            const { filters } = app;
            const chosen = filters.given !== null || filters.suggested !== null ||
                app.special !== null;
            this.chip.hidden = !chosen;
            const side = (value) => (value === null ? "any" : app.label(value));
            this.chip.replaceChildren(...(app.special !== null ? [`${app.special} ×`]
                : [name(side(filters.given)), " › ", name(side(filters.suggested)), " ×"]));
            this.chip.setAttribute("aria-label", app.special !== null
                ? `Back from the ${app.special}`
                : `Remove the filter ${side(filters.given)} to ${side(filters.suggested)}`);
            const { group } = app;
            this.group.hidden = group === null || group.rest.length === 0;
            if (this.group.hidden) return;
            this.group.disabled = group.missing > 0;
            this.group.replaceChildren(group.missing > 0
                ? `Hear ${group.missing} more to relabel the group` : `Relabel the other ${
                    group.rest.length} `, element("kbd", null, "Shift+S"));
        }

        /* "12/54 done · 9 wrong 3 kept · est. 14–22 wrong left · saved" */
        #progressWords() {
            const { decisions, data } = this.app;
            const { counts } = decisions;
            const parts = [`${decisions.done}/${data.issues.length} done`,
                `${counts.relabel + counts.exclude} wrong ${counts.keep} kept`];
            const left = this.#left();
            if (left) parts.push(left);
            if (data.listed < data.issue_count)
                parts.push(`${many(data.issue_count - data.listed, "more issue")}: earmark review`);
            if (decisions.waiting.length > 0) parts.push("saving");
            else if (decisions.current.size + decisions.undone.size > 0) parts.push("saved");
            const open = decisions.notExported;
            if (open > 0) parts.push(`${open.toLocaleString("en")} not exported`);
            if (decisions.stale.length > 0) parts.push(`${decisions.stale.length} stale`);
            return parts.join(" · ");
        }

        #left() {
            const { decisions } = this.app;
            const left = decisions.left;
            if (!left || !Number.isFinite(left.flagged_low)) return "";
            const [low, high] = [left.flagged_low, left.flagged_high].map(Math.round);
            return `est. ${low === high ? low : `${low}–${high}`} wrong left`;
        }
    }

    return { create: (app) => new Bar(app) };
})();
