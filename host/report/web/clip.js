/* The clip pane: what is known of a clip, its sound, and the buttons that decide. */
earmark.clip = (() => {
    const { element, name, button, percent } = earmark.base;
    const WORDS = { keep: "kept as", relabel: "relabelled", unsure: "unsure",
        exclude: "excluded from the data set" };
    const LIKELIEST = 9;

    /* "neighbours: 5 of 5 say 8" */
    const evidenceWords = (app, issue) => (issue.evidence || []).filter(
        (one) => one.neighbours > 0).map((one) => {
        const { with_given: given, with_suggested: suggested, neighbours } = one;
        const forSuggested = suggested >= given;
        const votes = forSuggested ? suggested : given;
        const what = forSuggested ? issue.suggested : issue.given;
        const views = issue.evidence.length > 1 ? ` (${one.view})` : "";
        return element("span", { class: forSuggested ? "for" : "against" },
            `neighbours${views}: ${votes} of ${neighbours} say `, name(app.label(what)));
    });

    class Pane {
        constructor(app) {
            this.app = app;
            this.facts = element("p", { class: "where" });
            this.moves = element("div", { class: "moves" },
                button("Previous", "k", () => app.move(-1)),
                button("Next", "j", () => app.move(1)));
            this.head = element("div", { class: "head" }, this.facts, this.moves);
            this.labels = element("p", { class: "verdicts" });
            this.twin = element("p", { class: "mark", hidden: true });
            this.player = element("div");
            this.likeliest = element("div", { class: "likeliest" });
            this.scores = element("div");
            this.more = element("details", null, element("summary", null, "Scores"), this.scores);
            this.state = element("p", { class: "state-words", role: "status" });
            this.note = element("textarea", { id: "note", rows: "1", maxlength: "4000",
                onchange: () => app.setNote(this.note.value) });
            this.noteLine = element("div", { class: "note" },
                element("label", { for: "note" }, "Note ", element("kbd", null, "m")), this.note);
            this.empty = element("p", { class: "nothing", hidden: true });
            this.#makeButtons();
            this.body = element("div", null, this.head, this.labels, this.twin, this.player,
                this.buttons, this.state, this.likeliest, this.noteLine, this.more);
            this.element = element("section", { class: "clip", "aria-label": "The clip" },
                this.body, this.empty);
        }

        #makeButtons() {
            const { app } = this;
            const decide = (kind) => () => app.decide(kind);
            this.keep = button(element("span", null, "Keep"), "a", decide("keep"));
            this.use = button(element("span", null, "Use"), "s", decide("suggestion"));
            this.other = button(element("span", null, "Other"), "d", () => app.chooseOther());
            this.unsure = button("Unsure", "f", decide("unsure"));
            this.exclude = button("Exclude", "x", decide("exclude"));
            this.back = button("Undo", "z", () => app.undo());
            this.buttons = element("div", { class: "decide", role: "group",
                "aria-label": "Decide" }, this.keep, this.use, this.other, this.unsure,
            this.exclude, this.back);
        }

        /* null: the list is empty, for the reason given. */
        show(clip, reason) {
            this.clip = clip;
            this.body.hidden = clip === null;
            this.empty.hidden = clip !== null;
            if (clip === null) {
                this.empty.replaceChildren(...reason);
                return;
            }
            this.#showLabels();
            this.#showTwin();
            this.#showLikeliest();
            this.#showScores();
            this.refresh();
        }

        #showFacts() {
            const { clip, app } = this;
            const link = app.carrier.link(clip.row);
            const place = earmark.names.place(clip);
            const facts = [`${app.at + 1} of ${app.list.length}`,
                link === null ? place : element("a", { href: link }, ...place)];
            if (clip.group !== null && clip.group !== undefined) facts.push(name(clip.group));
            if (Number.isFinite(clip.seconds)) facts.push(`${clip.seconds.toFixed(2)} s`);
            if (Number.isFinite(clip.decibels)) facts.push(`${clip.decibels.toFixed(0)} dB`);
            this.facts.replaceChildren(...facts.flatMap((one, index) => [index ? " · " : "", one])
                .flat());
        }

        #showLabels() {
            const { clip, app } = this;
            const parts = ["labelled ", element("b", { class: "given" },
                name(app.label(clip.given ?? clip.label)))];
            if (clip.suggested !== null && clip.suggested !== undefined) {
                parts.push(clip.none ? " fits none of the classes, closest " : " suggested ",
                    element("b", { class: clip.none ? "none" : "suggested" },
                        name(app.label(clip.suggested))));
            } else if (clip.spot) {
                parts.push(" not flagged: does the label fit?");
            }
            if (clip.found) parts.push(" not flagged: found by your answers");
            for (const words of evidenceWords(app, clip)) parts.push(" ", words);
            for (const change of clip.changes || [])
                parts.push(" ", element("span", { class: "for" },
                    change.given ? "probably wrong: " : "probably missing: ",
                    name(app.label(change.class)), ` ${percent(change.p)}`));
            this.labels.replaceChildren(...parts);
        }

        #showTwin() {
            const { clip, app } = this;
            const twin = clip.certain ? app.clipOf(clip.same) : undefined;
            this.twin.hidden = !twin;
            if (!twin) return;
            this.twin.replaceChildren(element("b", null, "Certain: "),
                ...earmark.names.place(twin), " has the same sound and is labelled ",
                element("b", null, name(app.label(twin.given ?? twin.label))),
                ": one of the two is wrong. ");
            if (app.list.includes(twin))
                this.twin.append(button("Show it", "", () => app.go(app.list.indexOf(twin))));
        }

        /* The likeliest classes, with the digit that chooses each. */
        #showLikeliest() {
            const { clip, app } = this;
            const top = (clip.top || []).slice(0, LIKELIEST);
            this.likeliest.hidden = top.length === 0;
            const digits = app.digits;
            this.likeliest.replaceChildren(
                element("span", { class: "dim" }, digits ? "digits name classes: "
                    : "digits choose: "),
                ...top.flatMap(([index, share], place) => [button(
                    [name(app.label(index)), ` ${percent(share)}`].reduce((all, one) => {
                        all.append(one);
                        return all;
                    }, element("span")), digits ? app.label(index) : String(place + 1),
                    () => app.chooseClass(index)), " "]));
        }

        #showScores() {
            const { clip, app } = this;
            const rows = [["rank", clip.rank], ["score", clip.score], ["entropy", clip.entropy],
                ["probability of the label", percent(clip.given_p)],
                ["of the suggested one", percent(clip.suggested_p)]];
            const shown = rows.filter(([, value]) => value !== undefined && value !== null &&
                value !== "–");
            this.more.hidden = shown.length === 0;
            this.scores.replaceChildren(...shown.map(([what, value]) => element("p", null,
                `${what} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`)),
            ...(clip.evidence || []).map((one) => element("p", null, name(one.view),
                `: ${earmark.evidence.words(app.data, clip, one)}`)));
        }

        /* What was decided, and what the buttons do now. */
        refresh() {
            const { clip, app } = this;
            if (!clip) return;
            this.#showFacts(); /* the order that learns changes how many there are */
            const decision = app.decisions.of(clip.row);
            const given = clip.given ?? clip.label;
            this.keep.firstChild.replaceChildren("Keep ", name(app.label(given)));
            this.use.disabled = !app.hasSuggestion(clip);
            this.use.firstChild.replaceChildren("Use ",
                this.use.disabled ? "suggestion" : name(app.label(clip.suggested)));
            const pressed = (one, on) => one.setAttribute("aria-pressed", String(Boolean(on)));
            const kind = decision && decision.decision;
            const uses = kind === "relabel" && app.isSuggestion(clip, decision.label);
            pressed(this.keep, kind === "keep");
            pressed(this.use, uses);
            pressed(this.other, kind === "relabel" && !uses);
            pressed(this.unsure, kind === "unsure");
            pressed(this.exclude, kind === "exclude");
            this.back.disabled = app.decisions.steps.length === 0;
            this.note.value = decision ? decision.note || "" : app.notes.get(clip.row) || "";
            const words = this.#stateWords(decision, given);
            if (words !== this.state.textContent) this.state.textContent = words;
        }

        #stateWords(decision, given) {
            if (!decision) return "";
            const label = [decision.label ?? []].flat().join(", ") || "(none)";
            const what = { keep: `: ${this.app.label(given)}`, relabel: `: ${label}` };
            const words = `${WORDS[decision.decision]}${what[decision.decision] || ""}`;
            return decision.bulk ? `Decided with its group: ${words}` : `Decided: ${words}`;
        }

        say(words) {
            this.state.textContent = words;
        }
    }

    return { create: (app) => new Pane(app) };
})();
