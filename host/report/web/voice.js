"use strict";
/* One sound at a time: the sounds of rows, one after the other, in one <audio> element, so that two
 * can never be heard at once. A sound counts as heard when a second of it was played or its end was
 * reached. */
earmark.voice = (() => {
    const HEARD_SECONDS = 1;
    const KEPT_ANSWERS = 64; /* of the carrier, by row */

    /* The carrier's answers; those of rows shown long ago are forgotten, failures at once. */
    const answers = (carrier) => {
        const kept = new Map();
        return (row) => {
            let answer = kept.get(row);
            if (answer === undefined) answer = Promise.resolve().then(() => carrier.media(row));
            kept.delete(row);
            kept.set(row, answer);
            answer.catch(() => kept.delete(row));
            if (kept.size > KEPT_ANSWERS) kept.delete(kept.keys().next().value);
            return answer;
        };
    };

    const failureWords = (audio) => {
        const code = audio.error ? audio.error.code : 0;
        if (code === 2) return "its sound did not arrive";
        if (/sink|cubeb/i.test(audio.error ? audio.error.message : ""))
            return "the browser has no sound output here";
        if (code === 3) return "its sound is damaged";
        return "this browser cannot play its sound";
    };

    /* The sound of one row after the other. `state` is "stopped", "loading" or "playing"; `changed`
     * is called when it or the place in the sound changes. */
    class Voice {
        constructor(answer, events) {
            this.answer = answer;
            this.events = events;
            this.audio = new Audio();
            this.audio.preload = "auto";
            this.audio.hidden = true; /* it stands in the page so that others hear it begin */
            this.row = null; /* whose sound the element holds */
            this.state = "stopped";
            this.turn = 0; /* grows when something else is wanted: older answers are too late */
            this.speed = 1;
            this.repeat = false; /* the element's own loop ends late in Firefox once taken back */
            this.last = 0; /* the place up to which the sound was counted as played */
            this.played = 0; /* seconds since play() */
            this.counted = false; /* that this play was heard */
            this.audio.addEventListener("ended", () => this.#ended());
            this.audio.addEventListener("pause", () => this.#paused());
            this.audio.addEventListener("error", () => this.#failed());
            for (const name of ["timeupdate", "durationchange"])
                this.audio.addEventListener(name, () => this.#tick());
        }

        /* Puts the row's sound into the element; false when something else was wanted meanwhile. */
        async load(row) {
            const turn = ++this.turn;
            this.audio.pause();
            this.#enter("stopped");
            let media = null;
            try {
                media = await this.answer(row);
            } catch (failure) {
                if (turn === this.turn) this.#refuse(row, failure.message);
                return false;
            }
            if (turn !== this.turn) return false;
            if (media === null || !media.sound) {
                this.#refuse(row, media && media.reason);
                return false;
            }
            if (this.row !== row) {
                this.row = row;
                this.audio.src = media.sound;
            }
            return true;
        }

        async play(row, from, repeat) {
            const loaded = this.load(row);
            this.#enter("loading");
            const turn = this.turn;
            if (!(await loaded)) return;
            this.repeat = repeat;
            this.#pace();
            this.seek(from);
            this.played = 0;
            this.counted = false;
            try {
                await this.audio.play();
            } catch (failure) {
                if (turn === this.turn) this.#notBegun(row, failure);
                return;
            }
            if (turn !== this.turn) return;
            this.#enter("playing");
            const frame = () => {
                if (turn !== this.turn || this.state !== "playing") return;
                this.#tick();
                requestAnimationFrame(frame);
            };
            requestAnimationFrame(frame);
        }

        #notBegun(row, failure) {
            if (failure.name === "NotAllowedError") {
                this.#enter("stopped");
                this.events.waiting();
            } else if (failure.name !== "AbortError" && this.audio.error === null) {
                this.#refuse(row, "this browser cannot play its sound");
            } /* otherwise the element's error event says more */
        }

        stop() {
            this.turn++;
            this.audio.pause();
            this.#enter("stopped");
        }

        /* No sound: what the element held is given back. */
        clear() {
            this.stop();
            this.row = null;
            this.audio.removeAttribute("src");
            this.audio.load();
        }

        seek(seconds) {
            this.audio.currentTime = seconds;
            this.last = seconds;
        }

        pace(speed) {
            this.speed = speed;
            this.#pace();
        }

        #pace() {
            this.audio.preservesPitch = true;
            this.audio.defaultPlaybackRate = this.speed; /* a new sound begins with it */
            this.audio.playbackRate = this.speed;
        }

        #enter(state) {
            this.state = state;
            this.events.changed();
        }

        #heard() {
            if (this.counted) return;
            this.counted = true;
            this.events.heard(this.row);
        }

        #tick() {
            const now = this.audio.currentTime;
            if (this.state === "playing") {
                if (now > this.last) this.played += now - this.last;
                this.last = now;
                if (this.played >= HEARD_SECONDS) this.#heard();
            }
            this.events.changed();
        }

        #ended() {
            if (this.state !== "playing" && this.state !== "loading") return;
            if (!this.audio.ended) return; /* it was begun again before the event came */
            this.#heard();
            if (this.repeat) {
                this.seek(0);
                this.audio.play().catch((failure) => this.#notBegun(this.row, failure));
                return;
            }
            this.#enter("stopped");
            this.events.ended(this.row);
        }

        #paused() {
            /* by the browser, for example by a key of the keyboard */
            if (this.state !== "playing" || !this.audio.paused || this.audio.ended) return;
            this.#enter("stopped");
        }

        #failed() {
            if (this.row === null) return;
            const row = this.row;
            this.row = null; /* so that the next attempt loads it again */
            this.#refuse(row, failureWords(this.audio));
        }

        #refuse(row, reason) {
            const wanted = this.state !== "stopped";
            this.#enter("stopped");
            this.events.refused(row, reason || "its sound is not in this page", wanted);
        }
    }

    /* answer(row) is the carrier's media(row). The events are changed(), heard(row), ended(row),
     * waiting() for a key before the browser plays, and refused(row, reason, wanted) for a sound
     * that cannot be played, `wanted` if it was to be. */
    const create = (answer, events) => new Voice(answer, events);

    return { answers, create };
})();
