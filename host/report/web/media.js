"use strict";
/* The player of the clip pane: the clip's picture and sound, speed, loop, and the nearest clips of
 * the given and of the suggested class to compare with. A clip that cannot be played counts as
 * heard. */
earmark.media = (() => {
    const LIKES = 3; /* nearest clips of a class */
    const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

    const { element, name, button, remembered, remember } = earmark.base;
    const { clock } = earmark.waveform;

    /* Without folders and ending, since several stand in a line. */
    const shortName = (clip, row) => {
        if (!clip) return `row ${row}`;
        const short = earmark.names.short(clip);
        return short.replace(/\.[A-Za-z0-9]{1,5}$/, "") || short;
    };

    /* ---- the nearest clips of the two classes ---- */

    /* A line "like 6: g [6_yw_3] [6_yw_9]". `rows` are the clips; next() gives them in turn. */
    class Likes {
        constructor(key, play) {
            this.key = key;
            this.play = play;
            this.element = element("p", { class: "like" });
            this.rows = [];
            this.buttons = [];
            this.at = -1;
            this.element.hidden = true;
        }

        show(label, rows, clipOf) {
            this.rows = rows;
            this.at = -1;
            this.element.hidden = rows.length === 0;
            this.buttons = rows.map((row, index) => {
                const clip = clipOf(row);
                const action = () => {
                    this.at = index;
                    this.play(row);
                };
                const title = clip ? earmark.names.clip(clip) : null;
                return button(name(shortName(clip, row)), "", action, { title });
            });
            const words = element("span", null, "like ", name(label), ":");
            this.element.replaceChildren(words, " ", element("kbd", null, this.key), " ");
            this.element.append(...this.buttons.flatMap((one) => [one, " "]));
        }

        next() {
            if (this.rows.length === 0) return null;
            this.at = (this.at + 1) % this.rows.length;
            return this.rows[this.at];
        }

        mark(sounding) {
            this.buttons.forEach((one, index) => {
                one.classList.toggle("sounding", this.rows[index] === sounding);
            });
        }
    }

    /* ---- the player ---- */

    class Player {
        constructor(place, carrier, data) {
            this.carrier = carrier;
            this.data = data;
            this.clips = new Map();
            for (const clip of [...Object.values(data.clips), ...data.issues])
                this.clips.set(clip.row, clip);
            this.answer = earmark.voice.answers(carrier);
            this.row = null; /* the clip that is shown */
            this.cursor = 0; /* where the clip begins to play: the place that was chosen */
            this.line = []; /* rows that play after the one that sounds */
            this.looping = false;
            this.times = new Map(); /* row: how often it was heard */
            this.refused = new Set(); /* rows that cannot be played */
            this.onheard = null;
            this.onended = null;
            this.picture = earmark.waveform.create((seconds) => this.seek(seconds));
            this.given = new Likes("g", (row) => this.#begin(row, []));
            this.suggested = new Likes("h", (row) => this.#begin(row, []));
            this.voice = earmark.voice.create(this.answer, {
                changed: () => this.#paint(),
                heard: (row) => this.#heard(row),
                ended: (row) => this.#ended(row),
                waiting: () => this.#say("The browser waits for a key or a click before it plays."),
                refused: (row, reason, wanted) => this.#refused(row, reason, wanted),
            });
            this.#build(place);
        }

        #build(place) {
            this.playWord = element("span", null, "Play");
            this.playButton = button(this.playWord, "space", () => this.toggle());
            this.time = element("span", { class: "clock" });
            this.loopButton = button("Loop", "l", () => this.loop(!this.looping));
            this.slower = button("−", "[", () => this.slow(), { "aria-label": "Slower" });
            this.faster = button("+", "]", () => this.fast(), { "aria-label": "Faster" });
            this.pace = element("output", { class: "pace", "aria-label": "Speed" });
            this.levelButton = button("True level", "", () => this.level(!this.trueLevel),
                { title: "Full height is full scale, not the loudest part of the clip" });
            this.inRow = button("In a row", "n", () => this.playInRow(),
                { title: "Clip, nearest of the given class, clip, nearest of the suggested" });
            this.words = element("p", { class: "words", role: "status" });
            place.classList.add("player");
            place.replaceChildren(this.picture.element,
                element("div", { class: "bar" }, this.playButton, this.time, this.loopButton,
                    element("span", { class: "paces" }, this.slower, this.pace, this.faster),
                    this.levelButton, this.inRow),
                element("div", { class: "likes" }, this.given.element, this.suggested.element),
                this.words, this.voice.audio);
            this.level(remembered("level") === "true");
            this.loop(false);
            this.speed(1);
        }

        /* ---- what is shown ---- */

        /* Shows the row's clip, or none, and stops what sounds. */
        show(row) {
            if (row !== null && row === this.row) {
                this.stop();
                return;
            }
            this.row = row;
            this.cursor = 0;
            this.line = [];
            this.media = null;
            this.#say("");
            this.picture.show(null);
            this.picture.duration(0);
            this.#showLikes();
            if (row === null) {
                this.voice.clear();
                return;
            }
            const clip = this.clips.get(row);
            if (clip && clip.seconds > 0) this.picture.duration(clip.seconds);
            this.voice.load(row);
            this.answer(row).then((media) => this.#arrived(row, media), () => {});
        }

        /* A clip that the data did not list, for example one of a spot check. */
        add(clip) {
            if (!this.clips.has(clip.row)) this.clips.set(clip.row, clip);
        }

        #arrived(row, media) {
            if (row !== this.row || media === null) return;
            this.media = media;
            this.picture.show(media);
            this.picture.duration(media.kept || media.seconds);
            this.#say(this.#lengthWords());
            this.#paint();
        }

        #lengthWords() {
            const { kept, seconds } = this.media || {};
            if (!(kept > 0) || (seconds !== null && seconds <= kept + 0.01)) return "";
            const whole = Number.isFinite(seconds) ? ` of ${clock(seconds)}` : "";
            return `The first ${clock(kept)}${whole} are in this page.`;
        }

        #showLikes() {
            const clip = this.row === null ? undefined : this.clips.get(this.row);
            const { given, label, suggested, near_given, near_suggested } = clip || {};
            this.#showLike(this.given, given ?? label, near_given);
            this.#showLike(this.suggested, suggested, near_suggested);
            this.inRow.disabled = this.given.rows.length + this.suggested.rows.length === 0;
        }

        #showLike(likes, label, near) {
            const show = (pairs) => {
                const rows = pairs.slice(0, LIKES).map(([row]) => row);
                const words = earmark.names.label(this.data, label);
                likes.show(words, rows, (row) => this.clips.get(row));
            };
            show(near || []);
            const row = this.row;
            if (row === null || !Number.isInteger(label) || (near && near.length > 0)) return;
            if (!this.carrier.like) return; /* only the program can find them */
            Promise.resolve(this.carrier.like(row, label)).then((pairs) => {
                if (row !== this.row || !pairs || pairs.length === 0) return;
                show(pairs);
                this.inRow.disabled = false;
            }, () => {});
        }

        #say(words) {
            this.words.textContent = words;
        }

        #paint() {
            const state = this.voice.state;
            const own = this.voice.row === this.row;
            const playing = state !== "stopped";
            this.playWord.textContent = playing ? "Stop" : "Play";
            /* A sound that is still awaited is none yet. */
            const sounding = state === "playing" ? this.voice.row : null;
            this.playButton.classList.toggle("sounding", sounding !== null);
            this.given.mark(own ? null : sounding);
            this.suggested.mark(own ? null : sounding);
            if (own && this.row !== null && this.voice.audio.duration > 0)
                this.picture.duration(this.voice.audio.duration);
            const now = own && playing ? this.voice.audio.currentTime : this.cursor;
            this.picture.position(now);
            this.time.textContent = `${clock(now)} / ${clock(this.duration)}`;
        }

        /* ---- what is heard ---- */

        get playing() {
            return this.voice.state !== "stopped";
        }

        /* Seconds of the clip that is shown; 0 where they are not known. */
        get duration() {
            const own = this.voice.row === this.row && this.row !== null;
            if (own && this.voice.audio.duration > 0) return this.voice.audio.duration;
            if (this.media) return this.media.kept || this.media.seconds || 0;
            const clip = this.clips.get(this.row);
            return (clip && clip.seconds) || 0;
        }

        play() {
            if (this.row !== null) this.#begin(this.row, []);
        }

        stop() {
            this.line = [];
            this.voice.stop();
        }

        toggle() {
            if (this.playing) this.stop();
            else this.play();
        }

        /* The nearest clip of the given class; again for the next. */
        playGiven() {
            this.#beginNext(this.given);
        }

        playSuggested() {
            this.#beginNext(this.suggested);
        }

        /* The clip, the nearest of the given class, the clip, the nearest of the suggested one. */
        playInRow() {
            if (this.row === null) return;
            const line = [];
            for (const rows of [this.given.rows, this.suggested.rows])
                if (rows.length > 0) line.push(this.row, rows[0]);
            if (line.length > 0) this.#begin(line[0], line.slice(1));
            else this.play();
        }

        seek(seconds) {
            if (this.row === null) return;
            this.cursor = seconds;
            if (this.voice.row !== this.row) this.stop();
            else if (this.playing) this.voice.seek(seconds);
            this.#paint();
        }

        loop(on) {
            this.looping = on;
            this.loopButton.setAttribute("aria-pressed", String(on));
            if (this.voice.row === this.row && this.line.length === 0) this.voice.repeat = on;
        }

        speed(factor) {
            const wanted = Math.max(SPEEDS[0], Math.min(SPEEDS.at(-1), factor));
            this.voice.pace(wanted);
            this.pace.textContent = `${wanted}×`;
            this.slower.disabled = wanted <= SPEEDS[0];
            this.faster.disabled = wanted >= SPEEDS.at(-1);
        }

        slow() {
            this.speed(SPEEDS.findLast((speed) => speed < this.voice.speed) ?? SPEEDS[0]);
        }

        fast() {
            this.speed(SPEEDS.find((speed) => speed > this.voice.speed) ?? SPEEDS.at(-1));
        }

        /* The waveform as loud as the clip is, or scaled to its loudest part. */
        level(trueLevel) {
            this.trueLevel = trueLevel;
            this.levelButton.setAttribute("aria-pressed", String(trueLevel));
            this.picture.level(trueLevel);
            remember("level", trueLevel ? "true" : "scaled");
        }

        heard(row) {
            return this.refused.has(row) || this.heardTimes(row) > 0;
        }

        heardTimes(row) {
            return this.times.get(row) || 0;
        }

        #begin(row, line) {
            this.line = line;
            if (row !== this.row) this.cursor = 0;
            const own = row === this.row;
            const from = own && this.cursor < this.duration - 0.005 ? this.cursor : 0;
            this.#say(this.#lengthWords());
            this.voice.play(row, from, own && this.looping && line.length === 0);
        }

        #beginNext(likes) {
            const row = likes.next();
            if (row !== null) this.#begin(row, []);
        }

        #heard(row) {
            this.times.set(row, this.heardTimes(row) + 1);
            this.refused.delete(row);
            if (this.onheard) this.onheard(row);
        }

        #ended(row) {
            this.cursor = 0;
            if (this.#goOn()) return;
            this.#paint();
            if (row === this.row && this.onended) this.onended(row);
        }

        /* The next one in the row, if there is one. */
        #goOn() {
            const [next, ...rest] = this.line;
            if (next === undefined) return false;
            this.#begin(next, rest);
            return true;
        }

        #refused(row, reason, wanted) {
            const first = !this.refused.has(row);
            this.refused.add(row);
            const own = row === this.row;
            const which = own ? "This clip" : shortName(this.clips.get(row), row);
            const rest = own ? " It can still be decided." : "";
            this.#say(`${which} cannot be played: ${reason}.${rest}`);
            if (first && this.onheard) this.onheard(row);
            if (wanted) this.#goOn();
        }
    }

    /* A player in the element `place` for the clips of `data`, which carrier.load() gave. */
    const create = (place, carrier, data) => new Player(place, carrier, data);

    return { create };
})();
