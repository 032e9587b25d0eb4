/* The review: the clips in their order, the one that is shown, and what can be done with it. */
earmark.app = (() => {
    const { remembered, remember, many, name, button } = earmark.base;
    const HEARD_OF_GROUP = 5; /* before the rest of a group can be decided at once */
    const NO_ROW = -1;
    const LEARN_AFTER = 300; /* milliseconds without a decision */

    class App {
        constructor(data, carrier) {
            this.data = data;
            earmark.evidence.read(data);
            this.carrier = carrier;
            this.clips = new Map();
            for (const clip of Object.values(data.clips || {})) this.clips.set(clip.row, clip);
            for (const issue of data.issues) this.clips.set(issue.row, issue);
            this.digits = earmark.names.areDigits(data);
            this.notes = new Map(); /* of clips that are not decided yet */
            this.advance = remembered("advance") !== "no";
            this.autoplay = remembered("autoplay") !== "no";
            this.list = [];
            this.at = -1;
            this.special = null; /* what the list is, when it is not the filters' */
            this.decisions = earmark.decisions.create(data, carrier, (row) => this.clipOf(row));
            this.filters = earmark.filters.create(data, this.decisions);
            this.queue = earmark.queue.create(this);
            this.pane = earmark.clip.create(this);
            this.player = earmark.media.create(this.pane.player, carrier, data);
        }

        async start() {
            await this.decisions.load();
            this.bar = earmark.bar.create(this);
            this.decisions.onchange = () => this.#decided();
            this.decisions.onstate = () => this.bar.refresh();
            if (this.decisions.conflicts.size > 0) this.filters.shown = "conflict";
            this.refilter();
        }

        clipOf(row) {
            return this.clips.get(row);
        }

        get clip() {
            return this.list[this.at] ?? null;
        }

        label(value) {
            return earmark.names.label(this.data, value);
        }

        /* ---- which clip is shown ---- */

        /* The list anew, at the clip of the row where it still has it. */
        refilter(row) {
            this.special = null;
            const wanted = row ?? (this.clip ? this.clip.row : undefined);
            this.list = this.filters.apply();
            const at = this.list.findIndex((clip) => clip.row === wanted);
            this.#show(at < 0 ? 0 : at);
        }

        #show(at) {
            this.at = this.list.length === 0 ? -1 : at;
            this.queue.show(this.list, this.at);
            this.#showClip();
            this.bar.refresh();
        }

        #showClip() {
            const { clip } = this;
            this.player.show(clip ? clip.row : null);
            this.pane.show(clip, clip ? null : this.#nothing());
        }

        #nothing() {
            if (this.data.issues.length === 0) return ["Nothing was flagged."];
            const all = () => {
                this.filters.clear();
                this.filters.shown = "all";
                this.refilter();
            };
            const done = this.decisions.done >= this.data.issues.length;
            return [done ? "All clips are decided. " : "No clip is left here. ",
                button("Show all", "", all)];
        }

        go(at) {
            if (this.list.length === 0) return;
            this.at = Math.max(0, Math.min(this.list.length - 1, at));
            this.queue.go(this.at);
            this.#showClip();
        }

        move(step) {
            this.player.stop();
            if (this.at + step >= 0 && this.at + step < this.list.length) this.go(this.at + step);
        }

        /* After a decision: the next clip that is not decided, from the start again at the end. */
        #goOn() {
            if (!this.advance) {
                this.player.stop();
                return;
            }
            const isOpen = (clip) => !this.decisions.of(clip.row);
            let next = this.list.findIndex((clip, at) => at > this.at && isOpen(clip));
            if (next < 0) next = this.list.findIndex(isOpen);
            if (next < 0) {
                this.player.stop();
                this.pane.say(`All ${many(this.list.length, "clip")} of this list are decided.`);
                return;
            }
            this.go(next);
            if (this.autoplay) this.player.play();
        }

        /* ---- deciding ---- */

        /* How often it was heard, in earlier visits, too. */
        #heardTimes(row) {
            const before = this.decisions.of(row);
            return this.player.heardTimes(row) + (before ? before.heard || 0 : 0);
        }

        isHeard(row) {
            return this.player.heard(row) || this.#heardTimes(row) > 0;
        }

        hasSuggestion(clip) {
            const { suggested } = clip;
            return suggested !== null && suggested !== undefined &&
                !earmark.names.same(suggested, clip.given);
        }

        /* The label as a decision says it: a name, or the names of a set. */
        nameOf(value) {
            return Array.isArray(value) ? value.map((index) => this.data.classes[index]).sort()
                : this.data.classes[value];
        }

        isSuggestion(clip, label) {
            if (!this.hasSuggestion(clip) || label === undefined || label === null) return false;
            const wanted = [this.nameOf(clip.suggested)].flat();
            const given = [label].flat();
            return given.length === wanted.length && wanted.every((one) => given.includes(one));
        }

        /* Whether the clip may be decided now; when not, it plays. */
        async #mayDecide(clip) {
            if (clip === null) return false;
            if (!this.isHeard(clip.row)) {
                const sounds = this.player.playing && this.player.voice.row === clip.row;
                if (!sounds) this.player.play();
                this.pane.say("Listen first: the clip plays now.");
                return false;
            }
            return this.decisions.by !== null || this.askReviewer();
        }

        /* In report.html nobody has said who decides. */
        async askReviewer() {
            const reviewer = await earmark.dialogs.askName(this.decisions.by);
            if (reviewer === null || reviewer === this.decisions.by) return reviewer !== null;
            this.carrier.setReviewer(reviewer);
            await this.decisions.load();
            this.queue.refresh();
            this.pane.refresh();
            this.bar.refresh();
            return true;
        }

        async decide(kind) {
            const { clip } = this;
            if (!await this.#mayDecide(clip)) return;
            if (kind !== "suggestion") {
                this.#take(clip, kind);
                return;
            }
            if (this.hasSuggestion(clip)) this.#take(clip, "relabel", clip.suggested);
            else this.pane.say("There is no suggestion for this clip.");
        }

        #take(clip, decision, value) {
            this.decisions.decide([this.#decision(clip, decision, value)]);
            if (clip === this.clip) this.#goOn();
        }

        #decision(clip, decision, value) {
            const { row } = clip;
            return { row, decision, label: value === undefined ? undefined : this.nameOf(value),
                heard: this.#heardTimes(row), note: this.notes.get(row) };
        }

        /* A class that was chosen by key or button; with several labels it changes one of them. */
        async chooseClass(index) {
            const { clip } = this;
            if (clip !== null && this.data.multilabel) {
                const set = new Set(clip.given);
                if (!set.delete(index)) set.add(index);
                await this.chooseOther([...set]);
            } else if (await this.#mayDecide(clip)) {
                if (index === (clip.given ?? clip.label)) this.#take(clip, "keep");
                else this.#take(clip, "relabel", index);
            }
        }

        chooseDigit(digit) {
            const top = this.clip ? this.clip.top || [] : [];
            const named = this.digits ? this.data.classes.indexOf(digit)
                : (top[Number(digit) - 1] || [-1])[0];
            if (named >= 0) this.chooseClass(named);
        }

        async chooseOther(set) {
            const { clip } = this;
            if (!await this.#mayDecide(clip)) return;
            this.player.stop();
            const { dialogs } = earmark;
            const value = this.data.multilabel
                ? await dialogs.askClasses(this.data, clip, set || clip.suggested || clip.given)
                : await dialogs.askClass(this.data, clip);
            if (value === null) return;
            if (earmark.names.same(value, clip.given ?? clip.label)) this.#take(clip, "keep");
            else this.#take(clip, "relabel", value);
        }

        undo() {
            this.player.stop();
            const row = this.decisions.undo();
            if (row === null) {
                this.pane.say("Nothing is left to undo.");
                return;
            }
            const at = this.list.findIndex((clip) => clip.row === row);
            if (at >= 0) {
                this.go(at);
            } else if (this.clips.has(row)) {
                this.filters.clear();
                this.filters.shown = "all";
                this.refilter(row);
            }
        }

        setNote(text) {
            const { clip } = this;
            if (clip === null) return;
            const before = this.decisions.of(clip.row);
            const note = earmark.decisions.cleanNote(text);
            if (!before) this.notes.set(clip.row, note);
            else if (note !== (before.note || "")) this.decisions.decide([{ ...before, note }]);
        }

        /* ---- a group at once ---- */

        /* The undecided rest of one given › suggested group, and how many must be heard first. */
        get group() {
            if (!this.filters.hasPair || this.special !== null) return null;
            const rest = this.list.filter((clip) => !this.decisions.of(clip.row) &&
                this.hasSuggestion(clip));
            const heard = this.list.filter((clip) => this.isHeard(clip.row)).length;
            return { rest, missing: Math.min(HEARD_OF_GROUP, this.list.length) - heard };
        }

        async bulk() {
            const { group } = this;
            if (group === null) {
                this.pane.say("Choose one given › suggested pair first.");
            } else if (group.missing > 0) {
                this.pane.say(`Hear ${group.missing} more of this group first.`);
            } else if (group.rest.length === 0) {
                this.pane.say("All of this group is decided.");
            } else if (this.decisions.by !== null || await this.askReviewer()) {
                await this.#bulk(group.rest);
            }
        }

        async #bulk(rest) {
            this.player.stop();
            const count = many(rest.length, "clip");
            const sure = await earmark.dialogs.confirm(`Relabel ${count}?`,
                [`${count} labelled `, name(this.label(this.filters.given)), " get the label ",
                    name(this.label(this.filters.suggested)),
                    ". One undo takes all of them back."], `Relabel ${count}`);
            if (sure) this.decisions.decide(rest.map(
                (clip) => this.#decision(clip, "relabel", clip.suggested)), true);
        }

        /* ---- what follows a decision ---- */

        #decided() {
            this.queue.refresh();
            this.pane.refresh();
            this.bar.refresh();
            if (this.filters.order !== "learn" || this.special !== null) return;
            clearTimeout(this.learning);
            this.learning = setTimeout(() => this.#learn(), LEARN_AFTER);
        }

        /* The order of what comes after the shown clip, made anew from the decisions. */
        async #learn() {
            const order = await this.carrier.order("learn").catch(() => null);
            if (order === null || this.filters.order !== "learn" || this.special !== null) return;
            this.filters.learned(order.rows, order.clips.map((clip) => this.#find(clip)));
            if (this.list.length === 0) return;
            const place = (clip) => this.filters.places.get(clip.row) ?? Infinity;
            const rest = this.list.slice(this.at + 1)
                .filter((clip) => !clip.found || this.filters.isFound(clip));
            const known = new Set(this.list.map((clip) => clip.row));
            rest.push(...this.filters.apply().filter((clip) => clip.found && !known.has(clip.row)));
            rest.sort((one, other) => place(one) - place(other) || one.rank - other.rank);
            this.list = [...this.list.slice(0, this.at + 1), ...rest];
            this.queue.show(this.list, this.at);
            this.pane.refresh();
        }

        /* A clip that is no issue, among them: it has no rank, and its label is the given one. */
        #find(clip) {
            const known = this.clips.get(clip.row);
            if (known && known.found) return known;
            const found = { ...clip, given: clip.label, found: true };
            this.clips.set(clip.row, found);
            this.player.add(found);
            return found;
        }

        async setOrder(order) {
            this.filters.order = order;
            if (order === "learn") await this.#learn();
            this.refilter(NO_ROW);
        }

        setSwitch(key, on) {
            this[key] = on;
            remember(key, on ? "yes" : "no");
        }

        /* Clips that were not flagged, drawn at random: how many errors did the audit miss? */
        async spotCheck(count) {
            const clips = await this.carrier.spot(count);
            if (!clips || clips.length === 0) return;
            for (const clip of clips) {
                this.clips.set(clip.row, { ...clip, spot: true });
                this.player.add(clip);
            }
            this.showClips(clips.map((clip) => clip.row), "spot check");
        }

        /* Clips of another list than that of the filters, from one of them on. */
        showClips(rows, words, row = rows[0]) {
            this.list = rows.map((one) => this.clipOf(one)).filter(Boolean);
            this.special = words;
            this.#show(Math.max(0, this.list.findIndex((clip) => clip.row === row)));
        }
    }

    return { create: (data, carrier) => new App(data, carrier) };
})();
