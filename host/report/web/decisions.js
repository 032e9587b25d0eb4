/* What was decided: the decision of each clip, the steps that can be undone, what is on its way to
 * the carrier, and the lines of an export (OUT/decisions-NAME.jsonl). */
earmark.decisions = (() => {
    const KINDS = ["keep", "relabel", "unsure", "exclude"];
    const REQUEST_BYTES = 48 << 10; /* the program takes 64 KiB */
    const REQUEST_DECISIONS = 200;
    const WAITS = [500, 1000, 2000, 5000, 10000]; /* milliseconds before it is tried again */
    const NOTE_BYTES = 4096;
    const encoder = new TextEncoder();

    const now = () => `${new Date().toISOString().slice(0, 19)}Z`;

    /* What all decisions of a step share, so that one undo takes them back after a reload, too. */
    const makeMark = () => Array.from(crypto.getRandomValues(new Uint8Array(8)),
        (byte) => byte.toString(16).padStart(2, "0")).join("");

    /* Changes in their steps. Of older versions those of a group have the same time only. */
    const inSteps = (changes) => {
        const steps = new Map();
        for (const change of changes) {
            const { step, bulk, at, row } = change.after;
            const key = step ? `step ${step}` : bulk ? `at ${at}` : row;
            if (!steps.has(key)) steps.set(key, []);
            steps.get(key).push(change);
        }
        return [...steps.values()];
    };

    /* A note as the program takes it: no control characters, 4 KiB. */
    const cleanNote = (text) => {
        let note = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
        while (encoder.encode(note).length > NOTE_BYTES) note = note.slice(0, -1);
        return note.toWellFormed ? note.toWellFormed() : note;
    };

    /* The first of a list that go into one request. */
    const firstBatch = (list) => {
        let bytes = 0;
        let count = 0;
        while (count < list.length && count < REQUEST_DECISIONS) {
            bytes += encoder.encode(JSON.stringify(list[count])).length + 1;
            if (count > 0 && bytes > REQUEST_BYTES) break;
            count++;
        }
        return list.slice(0, count);
    };

    class Decisions {
        constructor(data, carrier, clipOf) {
            this.data = data;
            this.carrier = carrier;
            this.clipOf = clipOf; /* row: its clip, or undefined */
            this.isIssue = new Set(data.issues.map((issue) => issue.row));
            this.onchange = () => {}; /* rows that were decided or undone */
            this.onstate = () => {}; /* saved, or not */
            this.clear();
        }

        clear() {
            this.current = new Map();
            this.undone = new Map(); /* rows whose undoing an export must say */
            this.steps = [];
            this.waiting = []; /* decisions that the carrier has not confirmed */
            this.failure = null;
            this.left = null;
            this.stale = [];
            this.conflicts = new Set(); /* rows that reviewers decided differently */
            this.by = null;
            this.counts = { keep: 0, relabel: 0, unsure: 0, exclude: 0 };
        }

        /* What the carrier knows of; the steps of earlier visits can be undone, too. */
        async load() {
            this.clear();
            const known = await this.carrier.decisions();
            this.by = known.by;
            this.stale = known.stale || [];
            this.left = known.left || null;
            this.conflicts = new Set(known.conflicts || []);
            const changes = [];
            for (const decision of known.decisions) {
                if (!KINDS.includes(decision.decision)) {
                    this.undone.set(decision.row, decision);
                    continue;
                }
                this.#set(decision.row, decision);
                changes.push({ row: decision.row, before: undefined, after: decision });
            }
            this.steps = inSteps(changes);
            if (this.current.size > 0) this.#estimate();
        }

        isConflict(row) {
            return this.conflicts.has(row);
        }

        of(row) {
            return this.current.get(row);
        }

        get done() {
            return KINDS.reduce((sum, kind) => sum + this.counts[kind], 0);
        }

        #set(row, decision) {
            const before = this.current.get(row);
            const counted = this.isIssue.has(row);
            if (before && counted) this.counts[before.decision]--;
            if (decision) {
                this.current.set(row, decision);
                this.undone.delete(row);
                if (counted) this.counts[decision.decision]++;
            } else {
                this.current.delete(row);
            }
        }

        /* One step, whatever number of clips: [{ row, decision, label, heard, note }]. */
        decide(list, bulk = false) {
            const at = now();
            const mark = bulk ? makeMark() : undefined;
            const step = list.map(({ row, decision, label, heard = 0, note }) => {
                const before = this.current.get(row);
                const after = { row, decision, heard, bulk, at,
                    note: cleanNote(note ?? (before ? before.note : "") ?? "") };
                if (decision === "relabel") after.label = label;
                if (bulk) after.step = mark;
                return { row, before, after };
            });
            if (step.length === 0) return;
            this.steps.push(step);
            this.#apply(step.map(({ row, after }) => ({ row, decision: after })));
        }

        /* Takes back the last step; the clip to show then, or null when none is left. */
        undo() {
            const step = this.steps.pop();
            if (!step) return null;
            this.#apply(step.map(({ row, before }) => ({ row, decision: before })));
            return step[0].row;
        }

        /* `exported`: an exported file has them already. */
        #apply(changes, exported = false) {
            for (const { row, decision } of changes) {
                const before = this.current.get(row) || this.undone.get(row);
                const told = Boolean(before && (before.told || before.exported));
                this.#set(row, decision);
                const sent = { row, decision: "undo", heard: 0, bulk: false, note: "", at: now(),
                    ...decision, exported, told };
                if (decision) this.current.set(row, sent);
                else this.undone.set(row, sent);
                this.waiting.push(sent);
            }
            this.onchange(changes.map(({ row }) => row));
            this.flush();
            this.#estimate();
        }

        /* How many errors are left; the program says it with each answer. A key waits for no
         * estimate. */
        #estimate() {
            if (this.data.carrier === "server") return;
            clearTimeout(this.estimating);
            this.estimating = setTimeout(() => {
                this.left = earmark.estimate.left(this.data.issues, this.current.values());
                this.onstate();
            }, 0);
        }

        /* ---- to the carrier: in order, each until it is confirmed ---- */

        async flush() {
            if (this.sending) return;
            this.sending = true;
            for (let tries = 0; this.waiting.length > 0;) {
                const batch = firstBatch(this.waiting);
                this.onstate();
                try {
                    const answer = await this.carrier.decide(batch.map((one) => this.#sent(one)));
                    this.waiting.splice(0, batch.length);
                    if (answer.left) this.left = answer.left;
                    this.failure = null;
                    tries = 0;
                } catch (failure) {
                    this.failure = failure;
                    if (failure.final) break;
                    this.onstate();
                    const wait = WAITS[Math.min(tries++, WAITS.length - 1)];
                    await new Promise((done) => {
                        this.again = done;
                        setTimeout(done, wait);
                    });
                }
            }
            this.sending = false;
            this.onstate();
        }

        /* The program adds who and when itself. */
        #sent(one) {
            if (this.data.carrier !== "server") return one;
            const { row, decision, label, heard, bulk, step, note } = one;
            return { row, decision, label, heard, bulk, step, note };
        }

        retry() {
            if (this.sending && this.again) this.again();
            else this.flush();
        }

        /* ---- export and import ---- */

        get notExported() {
            if (this.data.carrier === "server") return 0;
            let count = 0;
            for (const one of this.current.values()) if (!one.exported) count++;
            /* Nobody has to be told that a decision is undone which nobody was told of. */
            for (const one of this.undone.values()) if (!one.exported && one.told) count++;
            return count;
        }

        #names(label) {
            if (label === null || label === undefined) return null;
            return Array.isArray(label) ? label.map((one) => this.data.classes[one])
                : this.data.classes[label] ?? null;
        }

        #line(one) {
            const clip = this.clipOf(one.row) || { row: one.row };
            return JSON.stringify({
                v: 1, run: this.data.run, row: one.row, id: clip.id ?? null,
                path: clip.path ?? null, start: clip.start ?? 0, end: clip.end ?? null,
                given: this.#names(clip.given ?? clip.label),
                suggested: this.#names(clip.suggested), decision: one.decision,
                label: one.label ?? null, by: this.by, at: one.at, heard: one.heard || 0,
                bulk: Boolean(one.bulk), step: one.step, note: one.note || "",
            });
        }

        /* All decisions as JSON lines. */
        exportText() {
            const all = [...this.current.values(), ...this.undone.values()];
            return all.map((one) => `${this.#line(one)}\n`).join("");
        }

        /* After the text was given to the reviewer. */
        exported() {
            const all = [...this.current.values(), ...this.undone.values()];
            for (const one of all) one.exported = true;
            if (all.length > 0) this.waiting.push(...all);
            this.flush();
        }

        /* Takes the last line of each clip that is still labelled as it was. Returns how many were
         * taken and why others were not. */
        importText(text) {
            const said = { taken: 0, stale: 0, unknown: 0, others: new Map(), damaged: 0 };
            const places = new Map();
            for (const row of this.#rows()) places.set(this.#identity(this.clipOf(row)), row);
            const taken = new Map();
            for (const line of text.split("\n")) {
                if (line.trim() === "") continue;
                const one = this.#read(line);
                const row = one && places.get(this.#identity(one));
                if (one === null) said.damaged++;
                else if (one.by && one.by !== this.by)
                    said.others.set(one.by, (said.others.get(one.by) || 0) + 1);
                else if (row === undefined) said.unknown++;
                else if (!this.#isCurrent(one, row)) said.stale++;
                else taken.set(row, one);
            }
            const list = [...taken].filter(([row, one]) => one.decision !== "undo" ||
                this.current.has(row));
            const undone = list.filter(([, one]) => one.decision === "undo");
            this.#import(list.filter(([, one]) => one.decision !== "undo"));
            if (undone.length > 0)
                this.#apply(undone.map(([row]) => ({ row, decision: undefined })), true);
            said.taken = list.length;
            return said;
        }

        #import(list) {
            const step = list.map(([row, one]) => ({ row, before: this.current.get(row), after: {
                row, decision: one.decision, heard: Number(one.heard) || 0,
                at: String(one.at || ""), bulk: one.bulk === true,
                ...(/^[0-9a-f]{16}$/.test(one.step) ? { step: one.step } : {}),
                note: cleanNote(String(one.note || "")),
                ...(one.decision === "relabel" ? { label: one.label } : {}),
            } }));
            if (step.length === 0) return;
            this.steps.push(...inSteps(step));
            this.#apply(step.map(({ row, after }) => ({ row, decision: after })), true);
        }

        #rows() {
            return [...this.isIssue, ...Object.keys(this.data.clips || {}).map(Number)];
        }

        #identity({ path, row, start, end }) {
            const second = (value) => (Number.isFinite(value) ? value.toFixed(6) : "");
            return path ? `${path}\n${second(start)}\n${second(end)}` : `\n${row}`;
        }

        #read(line) {
            try {
                const one = JSON.parse(line);
                const good = one && one.v === 1 && [...KINDS, "undo"].includes(one.decision);
                return good ? one : null;
            } catch {
                return null;
            }
        }

        /* Labelled as when it was decided, and with a label that there is. */
        #isCurrent(one, row) {
            const clip = this.clipOf(row);
            const text = (value) => JSON.stringify(
                Array.isArray(value) ? [...value].sort() : value);
            const given = this.#names(clip.given ?? clip.label);
            const labels = [one.label].flat();
            return text(one.given) === text(given) && (one.decision !== "relabel" ||
                labels.every((label) => this.data.classes.includes(label)));
        }
    }

    return { create: (data, carrier, clipOf) => new Decisions(data, carrier, clipOf), cleanNote };
})();
