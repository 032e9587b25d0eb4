// What a reviewer does with the page, for both carriers. Each check takes the test, the page and
// { issues, by }; `by` is the reviewer's name where the page asks for one.
"use strict";

const fs = require("fs");
const path = require("path");

const webdriver = require("./webdriver.js");

const sorted = (list) => [...list].sort();

// The decisions that keys make, in turn; what they write.
const TURNS = [
    { keys: ["a"], decision: "keep" },
    { keys: ["s"], decision: "relabel", label: (issue) => issue.suggested_label },
    { keys: ["f"], decision: "unsure" },
    { keys: ["x"], decision: "exclude" },
    { keys: ["7"], decision: (issue) => (issue.given_label === "7" ? "keep" : "relabel"), label: () => "7" },
    { keys: ["d"], dialog: true, decision: (issue) => (issue.given_label === "4" ? "keep" : "relabel"), label: () => "4" },
];

const value_of = (value, issue) => (typeof value === "function" ? value(issue) : value);

// All issues by keys alone: { path: { decision, label } }. The sounds play twice as fast.
async function decide_all(t, page, { issues, by }) {
    const made = new Map();
    const at = new Map(issues.map((issue) => [issue.path, issue]));
    await page.keys("]", "]", "]");
    let asked = by === null;
    for (let turn = 0; turn < issues.length; turn++) {
        const before = await page.hear();
        const issue = at.get(before.clip);
        const choice = TURNS[turn % TURNS.length];
        await page.keys(...choice.keys);
        if (!asked) {
            await page.answer_name(by);
            asked = true;
        }
        if (choice.dialog) {
            await page.wait("the classes", (state) => state.dialog === "Another label");
            await page.keys("4", "Enter");
        }
        const decision = value_of(choice.decision, issue);
        made.set(issue.path, decision === "relabel" ? { decision, label: choice.label(issue) } : { decision });
        await page.wait(`decision ${turn + 1}`, (state) => state.done === turn + 1 && state.dialog === null);
    }
    const end = await page.state();
    t.equal(made.size, issues.length, `all ${issues.length} issues were decided by keys alone, each once`);
    t.equal(end.done, issues.length, "and the page says so");
    t.ok(/All \d+ clips? of this list are decided/.test(end.words) || end.count === 0, "at the end it says that none is left",
        JSON.stringify(end));
    await page.keys("[", "[", "[");
    return made;
}

// Decisions of lines, the last one for each clip; undone ones are left out.
function current(lines) {
    const found = new Map();
    for (const line of lines.split("\n").filter(Boolean)) {
        const one = JSON.parse(line);
        if (one.decision === "undo") found.delete(one.path);
        else found.set(one.path, one.decision === "relabel" ? { decision: one.decision, label: one.label }
            : { decision: one.decision });
    }
    return found;
}

function same_decisions(t, found, expected, what) {
    const text = (map) => JSON.stringify(sorted([...map].map((one) => JSON.stringify(one))));
    t.ok(text(found) === text(expected), what, `${text(found)}\ninstead of\n${text(expected)}`);
}

async function undo_all(t, page, { issues }) {
    for (let left = issues.length; left > 0; left--) {
        await page.keys("z");
        await page.wait(`undo to ${left - 1}`, (state) => state.done === left - 1);
    }
    await page.keys("z");
    const state = await page.wait("the end of undo", (one) => /Nothing is left to undo/.test(one.words));
    t.equal(state.done, 0, "undo goes back to the beginning, and says so");
}

async function unheard(t, page) {
    await page.keys("End");
    const before = await page.wait("the last clip", (state) => state.at === state.count);
    await page.keys("a");
    const after = await page.wait("it plays", (state) => state.playing || state.words !== before.words);
    t.ok(/Listen first/.test(after.words), "a decision before hearing plays instead", JSON.stringify(after));
    t.equal([after.done, after.clip], [before.done, before.clip], "and decides nothing");
    await page.wait("the sound ends", (state) => !state.playing);
    await page.keys("Home");
    await page.wait("the first clip", (state) => state.at === 1);
}

async function moving(t, page) {
    await page.keys("Home", "l", "Space"); // in a loop, so that it does not end by itself
    await page.wait("a loop plays", (state) => state.playing);
    await page.keys("j");
    const down = await page.state();
    t.equal([down.playing, down.at], [false, 2], "moving on stops the sound");
    await page.keys("Space");
    await page.wait("it plays", (state) => state.playing);
    await page.keys("k");
    const up = await page.state();
    t.equal([up.playing, up.at], [false, 1], "moving back stops it, too");
    await page.keys("Down");
    t.equal((await page.state()).at, 2, "an arrow moves");
    await page.keys("Up", "l");
    t.equal((await page.state()).at, 1, "and the other one moves back");
}

// Counts in data-early how often a neighbour was marked before any sound had begun.
async function watch_marks(page) {
    await page.browser.script(() => {
        const likes = document.querySelector("#review .likes");
        const audio = document.querySelector("#review .player audio");
        let began = false;
        likes.dataset.early = "0";
        audio.addEventListener("playing", () => { began = true; });
        audio.addEventListener("emptied", () => { began = false; });
        new MutationObserver(() => {
            if (likes.querySelector(".sounding") && !began) likes.dataset.early = String(Number(likes.dataset.early) + 1);
        }).observe(likes, { attributes: true, attributeFilter: ["class"], subtree: true });
    });
}

async function sound_keys(t, page) {
    await page.keys("Home", "]");
    t.equal((await page.state()).speed, "1.25×", "] is faster");
    await page.keys("]", "]", "]", "]");
    t.equal((await page.state()).speed, "2×", "up to twice");
    await page.keys("[", "[", "[", "[", "[", "[", "[");
    t.equal((await page.state()).speed, "0.5×", "[ is slower, down to half");
    await page.keys("]", "]");
    await page.keys("l", "Space");
    await page.wait("it plays", (state) => state.playing);
    await webdriver.sleep(900);
    t.ok((await page.state()).playing, "a loop plays on");
    await page.keys("l", "Space");
    await page.wait("it stops", (state) => !state.playing);
    await watch_marks(page);
    for (const [key, word] of [["g", "given"], ["h", "suggested"]]) {
        await page.keys(key);
        const first = await page.wait(`${key} plays`, (state) => state.sounding.length === 1);
        await page.wait("it ends", (state) => !state.playing);
        await page.keys(key);
        await page.wait(`${key} plays another one`,
            (state) => state.sounding.length === 1 && state.sounding[0] !== first.sounding[0]);
        t.ok(true, `${key} plays clips of the ${word} class in turn`);
        await page.wait("it ends", (state) => !state.playing);
    }
    t.equal(await page.browser.script(() => document.querySelector("#review .likes").dataset.early), "0",
        "a clip is marked when its sound begins, not before");
    await page.record_sounds();
    await page.keys("n");
    await page.wait("a row of four", (state) => !state.playing && state.sounds.length >= 4);
    const seen = (await page.state()).sounds;
    t.equal([seen.length, seen[0], seen[2]], [4, "clip", "clip"], "n plays clip, given, clip, suggested");
}

async function waveform(t, page) {
    await page.keys("Home");
    await page.hear();
    await page.browser.press_at("#review .player .wave, #review .player [role=slider]", 0.5, 0.5);
    const state = await page.wait("the place changes", (one) => !/^0[:.]0*0? /.test(one.clock) && !/^0\.00/.test(one.clock));
    const [now, whole] = state.clock.match(/[\d.:]+/g).map(Number);
    t.ok(Math.abs(now / whole - 0.5) < 0.1, "a press in the waveform chooses the place", state.clock);
}

async function filters(t, page, { issues, classes }) {
    await page.choose("filter-show", "all");
    t.equal(sorted(await page.listed()), sorted(issues.map((issue) => issue.path)), "all issues are listed, each once");
    for (const [index, name] of classes.entries()) {
        if (index % 3 !== 1) continue;
        await page.choose("filter-class", String(index));
        const wanted = issues.filter((issue) => issue.given_label === name || issue.suggested_label === name);
        const found = (await page.state()).count === 0 ? [] : await page.listed();
        t.equal(sorted(found), sorted(wanted.map((issue) => issue.path)), `class ${name} lists exactly its clips`);
    }
    await page.choose("filter-class", "");
    const orders = await page.browser.script(() =>
        [...document.getElementById("filter-order").options].map((option) => option.value));
    for (const order of orders) {
        await page.choose("filter-order", order);
        await webdriver.sleep(order === "learn" ? 1000 : 50);
        t.equal((await page.listed()).length, issues.length, `order "${order}" has all clips`);
    }
    await page.choose("filter-order", "rank");
    t.equal(await page.listed(), issues.map((issue) => issue.path), "rank is the order of issues.jsonl");
    await page.choose("filter-order", "path");
    t.equal(await page.listed(), sorted(issues.map((issue) => issue.path)), "path is the order of paths");
    await page.choose("filter-order", "likely");
}

// Cells of the tables below the review, each pressed.
async function cells(t, page, { issues, classes }) {
    const pairs = await page.browser.script(() => [...document.querySelectorAll("main button[data-given]")]
        .map((one) => [one.dataset.given, one.dataset.suggested ?? null]));
    t.ok(pairs.length > 0, "there are cells to press");
    let wrong = 0;
    for (const [given, suggested] of pairs.slice(0, 12)) {
        const place = suggested === null ? "" : `[data-suggested="${suggested}"]`;
        await page.browser.script((selector) => document.querySelector(selector).click(),
            `main button[data-given="${given}"]${place}`);
        const wanted = issues.filter((issue) => issue.given_label === classes[given] &&
            (suggested === null || issue.suggested_label === classes[suggested]));
        const found = (await page.state()).count === 0 ? [] : await page.listed();
        if (JSON.stringify(sorted(found)) !== JSON.stringify(sorted(wanted.map((issue) => issue.path)))) {
            wrong++;
            t.note(`cell ${given} ${suggested}: ${found} instead of ${wanted.map((issue) => issue.path)}`);
        }
    }
    t.equal(wrong, 0, `${Math.min(12, pairs.length)} cells list exactly the clips that they name`);
    const named = await page.browser.script(() => {
        const one = document.querySelector("main button[data-class]");
        if (one) one.click();
        return one ? Number(one.dataset.class) : null;
    });
    if (named !== null) {
        const wanted = issues.filter((issue) => [issue.given_label, issue.suggested_label].includes(classes[named]));
        const found = (await page.state()).count === 0 ? [] : await page.listed();
        t.equal(sorted(found), sorted(wanted.map((issue) => issue.path)), "a class below lists exactly its clips");
    }
    await clear(page);
}

async function clear(page) {
    await page.browser.script(() => document.querySelector("#review .chip:not([hidden])")?.click());
    await page.choose("filter-class", "");
    await page.choose("filter-show", "undecided");
}

// What both carriers' pages must do. To load the page takes Firefox seconds, so that it is loaded anew only
// for what needs clips that nobody has heard, and after a failure.
async function every(t, page, known) {
    for (const [name, check] of Object.entries({ unheard, bulk })) {
        await page.reload();
        await t.group(name, () => check(t, page, known));
    }
    let good = false;
    for (const [name, check] of Object.entries({ moving, sound_keys, waveform, dialogs, search, filters, cells, scores,
        note, buttons })) {
        if (good) await clear(page);
        else await page.reload();
        good = await t.group(name, () => check(t, page, known));
    }
}

async function search(t, page, { issues }) {
    const wanted = issues[issues.length - 2].path;
    await page.keys("/");
    t.equal((await page.state()).focus, "filter-search", "/ goes to the search");
    await page.keys(...wanted);
    await page.wait("one hit", (state) => state.count < issues.length);
    await page.keys("Enter");
    let state = await page.state();
    t.equal([state.clip, state.at], [wanted, 1], "Enter goes to the first hit");
    t.ok(state.focus !== "filter-search", "and leaves the field");
    const speed = state.speed;
    await page.keys("/", "]", "Escape", "]");
    state = await page.state();
    t.ok(state.focus !== "filter-search" && state.speed !== speed, "Esc leaves the field, too: keys are keys again",
        JSON.stringify(state));
    await page.keys("[", "/", ..."Backspace ".repeat(wanted.length + 1).trim().split(" "), "Escape");
    await page.wait("all clips", (one) => one.count > 1);
}

async function dialogs(t, page) {
    await page.keys("?");
    t.equal((await page.state()).dialog, "Keys", "? shows the keys");
    await page.keys("a", "j");
    const at = (await page.state()).at;
    await page.keys("Escape");
    t.equal([(await page.state()).dialog, (await page.state()).at], [null, at], "Esc closes them; keys did nothing meanwhile");
    await page.keys("Home");
    await page.hear();
    await page.keys("d");
    await page.wait("the classes", (state) => state.dialog === "Another label");
    await page.keys("Escape");
    t.equal([(await page.state()).dialog, (await page.state()).done], [null, 0], "Esc leaves the classes undecided");
}

// A note, kept with the decision; then undone.
async function note(t, page) {
    await page.keys("Home");
    const before = await page.hear();
    await page.keys("m");
    t.equal((await page.state()).focus, "note", "m goes to the note");
    await page.keys(..."a <b>note");
    await page.keys("Escape", "a");
    await page.wait("decided", (state) => state.done === 1);
    await page.choose("filter-show", "note");
    const state = await page.wait("the clip with a note", (one) => one.count === 1);
    t.equal([state.clip, await page.browser.script(() => document.getElementById("note").value)],
        [before.clip, "a <b>note"], "the note is kept with the decision");
    await clear(page);
    await page.keys("z");
    await page.wait("undone", (one) => one.done === 0);
    await clear(page);
}

async function bulk(t, page, { issues, classes }) {
    const counts = new Map();
    for (const issue of issues) {
        const pair = `${classes.indexOf(issue.given_label)} ${classes.indexOf(issue.suggested_label)}`;
        counts.set(pair, (counts.get(pair) || 0) + 1);
    }
    const [pair, size] = [...counts].sort((one, other) => other[1] - one[1])[0];
    const [given, suggested] = pair.split(" ");
    if (!t.ok(size >= 6, "the run has a group to decide at once", `${size}`)) return;
    await page.browser.script((selector) => document.querySelector(selector).click(),
        `main button[data-given="${given}"][data-suggested="${suggested}"]`);
    await page.wait("the group", (state) => state.count === size);
    await page.keys("Shift+S");
    t.ok(/Hear 5 more/.test((await page.state()).words), "before five are heard the group is refused");
    for (let heard = 0; heard < 5; heard++) {
        await page.hear();
        await page.keys("j");
    }
    await page.keys("Shift+S");
    const asked = await page.wait("the count", (state) => state.dialog !== null);
    t.ok(asked.dialog.includes(String(size)), "the count is confirmed", asked.dialog);
    await page.keys("Enter");
    const after = await page.wait("decided", (state) => state.done > 0);
    t.equal(after.done, size, "the rest of the group is decided");
    await page.keys("z");
    await page.wait("undone", (state) => state.done === 0);
    t.ok(true, "one undo takes all of it back");
    await page.keys("Shift+S");
    await page.wait("the count again", (state) => state.dialog !== null);
    await page.keys("Enter");
    await page.wait("decided again", (state) => state.done === size && /saved/.test(state.progress));
    await page.reload();
    await page.keys("z");
    await page.wait("undone after a reload", (state) => state.done < size);
    t.equal((await page.state()).done, 0, "after a reload, too");
    await clear(page);
}

// Every button of the clip pane does what its key does.
async function buttons(t, page) {
    for (const [index, kind] of [[0, "kept"], [1, "relabelled"], [3, "unsure"], [4, "excluded"]]) {
        await page.keys("Home");
        const before = await page.hear();
        await page.browser.click(`#review .decide button:nth-child(${index + 1})`);
        await page.wait("decided", (state) => state.done === 1);
        await page.choose("filter-show", "decided");
        const state = await page.wait("the decided clip", (one) => one.count === 1);
        t.ok(state.clip === before.clip && state.words.includes(kind), `the button for ${kind}`, JSON.stringify(state));
        await page.browser.click("#review .decide button:nth-child(6)");
        await page.wait("undone", (one) => one.done === 0);
        await clear(page);
    }
}

// What the views say of a clip, in the words of issues.csv.
async function scores(t, page, { issues, out }) {
    const [header, ...rows] = fs.readFileSync(path.join(out, "issues.csv"), "utf8").trim().split("\n").map((line) =>
        [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
            quoted?.replace(/""/g, "\"") ?? plain));
    const [clip, evidence] = ["path", "evidence"].map((name) => header.indexOf(name));
    const wanted = new Map(rows.map((row) => [row[clip], row[evidence].split("; ")]));
    t.ok(wanted.size === issues.length && issues.every((issue) => issue.evidence.length > 0), "the run has evidence");
    await page.keys("Home");
    const wrong = [];
    for (let at = 0; at < issues.length; at++, await page.keys("j")) {
        const state = await page.state();
        const found = await page.browser.script(() => [...document.querySelectorAll("#review .clip details p")]
            .map((one) => one.textContent));
        const expected = wanted.get(state.clip);
        if (JSON.stringify(found.slice(-expected.length)) !== JSON.stringify(expected)) wrong.push([found, expected]);
    }
    t.equal(wrong, [], "the scores have the evidence as issues.csv has it");
}

module.exports = { decide_all, undo_all, current, same_decisions, every, sorted };
