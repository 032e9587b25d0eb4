/* Which clips are in the queue, and in which order. Classes are matched exactly, never as parts of
 * a text. */
earmark.filters = (() => {
    const { label, same, clip } = earmark.names;

    const SHOWN = [
        ["undecided", "undecided", (issue, decision) => !decision],
        ["all", "all", () => true],
        ["decided", "decided", (issue, decision) => Boolean(decision)],
        ["keep", "kept", (issue, decision) => decision?.decision === "keep"],
        ["relabel", "relabelled", (issue, decision) => decision?.decision === "relabel"],
        ["unsure", "unsure", (issue, decision) => decision?.decision === "unsure"],
        ["exclude", "excluded", (issue, decision) => decision?.decision === "exclude"],
        ["note", "with a note", (issue, decision) => Boolean(decision?.note)],
        ["certain", "certain: same sound", (issue) => issue.certain],
        ["none", "none of the classes", (issue) => issue.none],
        ["conflict", "in conflict", (issue, decision, all) => all.isConflict(issue.row)],
    ];

    const ORDERS = [
        ["likely", "most likely wrong"],
        ["rank", "rank"],
        ["pair", "class pair"],
        ["group", "group"],
        ["path", "path"],
        ["length", "length"],
    ];

    /* Whose side the neighbours take: 0 the suggested label's, 1 nobody's, 2 the given one's.
     * Flagged clips of the first kind were wrong far more often than the others. */
    const side = (issue) => {
        let votes = 0;
        for (const { with_given: given, with_suggested: suggested } of issue.evidence || [])
            votes += (suggested || 0) - (given || 0);
        return votes > 0 ? 0 : votes === 0 ? 1 : 2;
    };

    const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

    const byKey = (list, key) => {
        const keys = new Map(list.map((issue) => [issue, key(issue)]));
        return list.sort((one, other) => compare(keys.get(one), keys.get(other)) ||
            one.rank - other.rank);
    };

    /* Clips with the same sound next to each other, where the first of them stands. */
    const withPairs = (list) => {
        const rows = new Map(list.map((issue) => [issue.row, issue]));
        const placed = new Set();
        for (const issue of list) {
            if (placed.has(issue)) continue;
            placed.add(issue);
            const twin = issue.certain ? rows.get(issue.same) : undefined;
            if (twin) placed.add(twin);
        }
        return [...placed];
    };

    const sorted = (data, list, order, learned) => {
        const pair = (issue) => `${label(data, issue.given)}\n${label(data, issue.suggested)}`;
        switch (order) {
        case "likely":
            return withPairs(byKey(list, (issue) => (issue.certain ? -1 : side(issue))));
        case "pair":
            return byKey(list, pair);
        case "group":
            return byKey(list, (issue) => issue.group ?? "\uffff");
        case "path":
            return byKey(list, (issue) => clip(issue));
        case "length":
            return byKey(list, (issue) => issue.seconds ?? Infinity);
        case "disagreement":
            return byKey(list, (issue) => (learned.isConflict(issue.row) ? 0 : 1));
        case "learn":
            return byKey(list, (issue) => learned.places.get(issue.row) ?? Infinity);
        default:
            return byKey(list, () => 0);
        }
    };

    class Filters {
        constructor(data, decisions) {
            this.data = data;
            this.decisions = decisions;
            this.places = new Map(); /* row: its place in the learned order */
            this.found = new Map(); /* row: a clip that is no issue, which this order has brought */
            this.texts = null;
            this.clear();
            this.shown = "undecided";
            this.order = "likely";
        }

        clear() {
            this.given = null; /* index or, with several labels, a set */
            this.suggested = null;
            this.anyClass = null;
            this.search = "";
        }

        /* Clips labelled `given` that look like `suggested`. */
        setPair(given, suggested) {
            this.clear();
            this.given = given;
            this.suggested = suggested;
        }

        /* Clips of which either label is the class. */
        setClass(index) {
            this.clear();
            this.anyClass = index;
        }

        get hasPair() {
            return this.given !== null && this.suggested !== null;
        }

        learned(rows, clips) {
            this.places = new Map(rows.map((row, place) => [row, place]));
            for (const clip of clips) if (!this.found.has(clip.row)) this.found.set(clip.row, clip);
        }

        /* Of what the order has brought: what is still in it, and what was decided. */
        isFound(clip) {
            return this.found.has(clip.row) &&
                (this.places.has(clip.row) || Boolean(this.decisions.of(clip.row)));
        }

        #clips() {
            if (this.order !== "learn" || this.found.size === 0) return this.data.issues;
            const found = [...this.found.values()].filter((clip) => this.isFound(clip));
            return [...this.data.issues, ...found];
        }

        #hasClass(value, index) {
            return Array.isArray(value) ? value.includes(index) : value === index;
        }

        /* With several labels a cell of a table names single classes, which a set may hold. */
        #isLabel(value, wanted) {
            if (Array.isArray(value) && !Array.isArray(wanted)) return value.includes(wanted);
            return same(value, wanted);
        }

        #text(issue) {
            if (this.texts === null) this.texts = new Map();
            let text = this.texts.get(issue);
            if (text === undefined) {
                text = [issue.path, issue.id, issue.group, label(this.data, issue.given),
                    label(this.data, issue.suggested)].join("\n").toLowerCase();
                this.texts.set(issue, text);
            }
            return text;
        }

        /* The clips that the filters name, in their order. */
        apply() {
            const words = this.search.toLowerCase().split(/\s+/).filter(Boolean);
            const isShown = SHOWN.find(([key]) => key === this.shown)[2];
            const list = this.#clips().filter((issue) => (this.given === null ||
                this.#isLabel(issue.given, this.given)) &&
                (this.suggested === null || this.#isLabel(issue.suggested, this.suggested)) &&
                (this.anyClass === null || this.#hasClass(issue.given, this.anyClass) ||
                    this.#hasClass(issue.suggested, this.anyClass)) &&
                isShown(issue, this.decisions.of(issue.row), this.decisions) &&
                words.every((word) => this.#text(issue).includes(word)));
            return sorted(this.data, list, this.order,
                { places: this.places, isConflict: (row) => this.decisions.isConflict(row) });
        }
    }

    return { create: (data, decisions) => new Filters(data, decisions), side, SHOWN, ORDERS };
})();
