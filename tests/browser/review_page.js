// What a reviewer sees and does: the page by its visible parts, for both carriers.
"use strict";

const fs = require("fs");
const path = require("path");

const webdriver = require("./webdriver.js");

// Issues of a run as the files of the run have them, in the order of the ranking.
function issues_of(out) {
    return fs.readFileSync(path.join(out, "issues.jsonl"), "utf8").split("\n").filter(Boolean).map((line) =>
        JSON.parse(line));
}

class ReviewPage {
    constructor(browser) {
        this.browser = browser;
    }

    async open(address) {
        this.address = address;
        await this.browser.go(address);
        await this.ready();
    }

    async reload() {
        await this.browser.reload();
        await this.ready();
    }

    async ready() {
        await this.browser.until("the first clip", () =>
            /^\d+ of \d+/.test(document.querySelector("#review .where")?.textContent || "") ||
            document.querySelector("#review .nothing:not([hidden])") !== null);
    }

    // Everything that the checks compare, in one question.
    async state() {
        return this.browser.script(() => {
            const text = (selector) => document.querySelector(`#review ${selector}`)?.textContent || "";
            const where = text(".where").match(/^(\d+) of (\d+)/) || [];
            const progress = text(".progress-words");
            const pressed = [...document.querySelectorAll("#review .decide [aria-pressed=true]")];
            const empty = document.querySelector("#review .nothing");
            return {
                at: Number(where[1]), count: empty && !empty.hidden ? 0 : Number(where[2]),
                clip: document.querySelector("#review .where bdi")?.textContent,
                given: text(".verdicts .given"), suggested: text(".verdicts .suggested, #review .verdicts .none"),
                playing: text(".player .bar button").startsWith("Stop"),
                heard: document.querySelector("#review .player .bar button.sounding") !== null,
                words: text(".state-words"), player: text(".player .words"), progress,
                done: Number((progress.match(/^([\d,]+)\//) || [])[1]?.replace(/,/g, "")),
                pressed: pressed.map((button) => button.textContent),
                clock: text(".player .clock"), speed: text(".player .pace"),
                ended: document.querySelector("#review .player audio")?.dataset.ended,
                sounding: [...document.querySelectorAll("#review .like .sounding")].map((one) => one.textContent),
                sounds: window.sounds || [],
                dialog: document.querySelector("dialog[open] h2")?.textContent || null,
                focus: document.activeElement.id || document.activeElement.className,
            };
        });
    }

    // From now on `sounds` in the state has what sounds, one after the other: a clip of a class by its
    // words, else "clip". The page itself notes it: a busy machine may ask too late for the state.
    record_sounds() {
        return this.browser.script(() => {
            const sounds = window.sounds = [];
            new MutationObserver(() => {
                const own = document.querySelector("#review .player .bar button.sounding");
                const other = document.querySelector("#review .like .sounding");
                const now = other ? other.textContent : own ? "clip" : "";
                if (now && now !== sounds[sounds.length - 1]) sounds.push(now);
            }).observe(document.querySelector("#review"),
                { subtree: true, childList: true, characterData: true, attributes: true });
        });
    }

    async keys(...chords) {
        await this.browser.keys(...chords);
    }

    // The state once `good` holds for it.
    async wait(what, good) {
        const start = Date.now();
        for (;;) {
            const state = await this.state();
            if (good(state)) return state;
            if (Date.now() - start > 15000) throw new Error(`waited in vain: ${what}: ${JSON.stringify(state)}`);
            await webdriver.sleep(20);
        }
    }

    // Plays the clip and waits for its end, which may come before anybody looks.
    async hear() {
        if (!(await this.state()).playing) {
            await this.browser.script(() => {
                const one = document.querySelector("#review .player audio");
                one.dataset.ended = "no";
                one.addEventListener("ended", () => { one.dataset.ended = "yes"; }, { once: true });
            });
            await this.keys("Space");
            await this.wait("the sound begins", (state) => state.playing || state.ended === "yes" ||
                / cannot be played/.test(state.player));
        }
        return this.wait("the sound ends", (state) => !state.playing);
    }

    // The reviewer's name, where the page asks for it.
    async answer_name(name) {
        await this.wait("the question who decides", (state) => state.dialog === "Who decides?");
        await this.browser.type("#reviewer", name);
        await this.keys("Enter");
        await this.wait("the dialog closes", (state) => state.dialog === null);
    }

    async choose(id, value) {
        await this.browser.script((name, wanted) => {
            const select = document.getElementById(name);
            select.value = wanted;
            select.dispatchEvent(new Event("change", { bubbles: true }));
        }, id, value);
    }

    // The paths of all clips of the list, from the titles of the queue's rows while it is scrolled.
    async listed() {
        return this.browser.script(async () => {
            const queue = document.querySelector("#review .queue");
            const found = new Map();
            queue.scrollTop = 0;
            for (;;) {
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                for (const row of queue.querySelectorAll("[data-at]")) found.set(Number(row.dataset.at), row.title);
                if (queue.scrollTop + queue.clientHeight >= queue.scrollHeight - 1) break;
                queue.scrollTop += queue.clientHeight / 2;
            }
            return [...found].sort((one, other) => one[0] - other[0]).map(([, title]) => title);
        });
    }
}

module.exports = { ReviewPage, issues_of };
