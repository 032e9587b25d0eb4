/* report.html: data and sounds stand in the page, decisions in the browser's storage, by the run's
 * hash and the reviewer, since browsers share it among all pages that are files. */
earmark.carrierFile = (() => {
    const { remembered, remember, rememberedKeys } = earmark.base;
    const REVIEWER = "reviewer";

    /* The columns of a waveform that C has drawn: 320 lines in a box 40 high. */
    const readWaveform = (svg) => {
        const path = svg && svg.querySelector("path");
        if (!path) return null;
        const peak = Number(svg.dataset.peak) || 1;
        const level = (place) => (20 - Number(place)) / 19 * peak;
        const lines = path.getAttribute("d").matchAll(/M[\d.]+ ([\d.]+)V([\d.]+)/g);
        return Array.from(lines, ([, top, bottom]) => [level(bottom), level(top)]);
    };

    const readMedia = (entry) => {
        const audio = entry && entry.querySelector("audio");
        if (!audio) throw new Error("its sound is not in this page");
        const picture = entry.querySelector("img.spectrogram");
        const wave = entry.querySelector("svg.waveform");
        const number = (text) => (text === undefined ? null : Number(text));
        const { seconds, kept, peak } = wave ? wave.dataset : {};
        return {
            sound: audio.src,
            spectrogram: picture ? picture.src : null,
            top: picture ? Number(picture.dataset.top) : null,
            seconds: number(seconds),
            kept: number(kept),
            peak: number(peak),
            waveform: readWaveform(wave),
        };
    };

    const read = (text) => {
        try {
            return JSON.parse(text);
        } catch {
            return null; /* another program wrote it */
        }
    };

    class File {
        constructor(source) {
            this.source = source;
            const by = remembered(REVIEWER); /* any page that is a file could have stored it */
            this.by = by !== null && /^[A-Za-z0-9._-]{1,64}$/.test(by) ? by : null;
            this.entries = null;
            this.unstored = new Map(); /* what the browser refused to store */
        }

        async load() {
            this.data = JSON.parse(this.source.textContent);
            this.source.remove();
            return this.data;
        }

        get prefix() {
            return `${this.data.run}.${this.by}.`;
        }

        async decisions() {
            if (this.by === null) return { by: null, decisions: [], stale: [], left: null };
            const stored = rememberedKeys(this.prefix).map((key) => read(
                remembered(this.prefix + key))).filter((one) => one && Number.isInteger(one.row));
            stored.sort((one, other) => (one.turn || 0) - (other.turn || 0));
            this.turn = stored.length ? stored[stored.length - 1].turn || 0 : 0;
            return { by: this.by, decisions: stored, stale: [], left: null };
        }

        setReviewer(name) {
            this.by = name;
            remember(REVIEWER, name);
        }

        /* Each in an item of its own, so that a decision costs the same however many there are. */
        async decide(list) {
            let refused = 0;
            for (const decision of list) {
                this.turn = (this.turn || 0) + 1;
                const one = { ...decision, turn: this.turn };
                if (!remember(`${this.prefix}${one.row}`, JSON.stringify(one))) refused++;
            }
            if (refused > 0)
                throw Object.assign(new Error("this browser does not store decisions: export them "
                    + "before you close the page"), { final: true });
            return { saved: list.length, left: null };
        }

        async order() {
            return null;
        }

        async spot() {
            return null;
        }

        async like() {
            return [];
        }

        #entry(row) {
            if (this.entries === null) {
                this.entries = new Map();
                for (const entry of document.querySelectorAll("li[data-row]"))
                    this.entries.set(Number(entry.dataset.row), entry);
            }
            return this.entries.get(row);
        }

        async media(row) {
            return readMedia(this.#entry(row));
        }

        /* Where its file was at the time of the run, or null. */
        link(row) {
            const entry = this.#entry(row);
            const link = entry && entry.querySelector(".labels + p a[href]");
            return link ? link.getAttribute("href") : null;
        }
    }

    return { create: (source) => new File(source) };
})();
