// Several labels a clip, in both carriers: keys and buttons decide sets, which are exported and saved
// as sets, found again after a reload, and undone.
"use strict";

const fs = require("fs");
const path = require("path");

const checks = require("./checks.js");
const harness = require("./harness.js");
const make_runs = require("./make_runs.js");
const { ReviewPage, issues_of } = require("./review_page.js");

const set_of = (label) => (label || "").split(";").filter(Boolean).sort();
const words_of = (set) => set.join(", ") || "(none)";
const with_set = (issue, label) => (JSON.stringify(label) === JSON.stringify(set_of(issue.given_label))
    ? { decision: "keep" } : { decision: "relabel", label });

// The boxes of the dialog: [class, whether it is checked, what it says of it].
const boxes = (page) => page.browser.script(() => [...document.querySelectorAll("dialog[open] .boxes label")].map((one) =>
    [one.querySelector("bdi").textContent, one.querySelector("input").checked, one.querySelector("b")?.textContent.trim() || ""]));

const checked = (list) => list.filter(([, on]) => on).map(([name]) => name).sort();

async function open_boxes(page, key) {
    await page.keys(key);
    await page.wait("the boxes", (state) => state.dialog === "Labels");
    return boxes(page);
}

// What a finger is to meet in the dialog on a phone, but is too small for it.
async function small_parts(page) {
    await page.browser.size(390, 844);
    await page.hear();
    await open_boxes(page, "d");
    const found = await page.browser.script(() => [...document.querySelectorAll(
        "dialog[open] button, dialog[open] .boxes label, dialog[open] input:not([type=checkbox])")].map((one) =>
        [one.textContent || one.type, one.getBoundingClientRect().height]));
    await page.keys("Escape");
    await page.wait("no dialog", (state) => state.dialog === null);
    await page.browser.size(1440, 900);
    return [found.length, found.filter(([, height]) => height < 44).map((one) => one.join(": "))];
}

// By keys: s takes all changes, a keeps, d changes one of the suggestion's labels, a digit one of the
// given ones. Each returns what is decided.
const TURNS = [
    async (t, page, issue) => {
        await page.keys("s");
        return with_set(issue, set_of(issue.suggested_label));
    },
    async (t, page, issue) => {
        const found = await open_boxes(page, "d");
        t.equal(checked(found), set_of(issue.suggested_label), "d opens boxes as the suggestion has them");
        const marked = issue.annotations.map((one) => [one.label, one.given ? "probably wrong" : "probably missing"]);
        t.equal(checks.sorted(found.filter(([, , words]) => words !== "").map(([name, , words]) => `${name} ${words}`)),
            checks.sorted(marked.map((one) => one.join(" "))), "with what is wrong and missing marked");
        await page.keys(..."bri", "Tab", "Space", "Enter");
        const set = new Set(set_of(issue.suggested_label));
        if (!set.delete("bright")) set.add("bright");
        return with_set(issue, [...set].sort());
    },
    async (t, page) => {
        await page.keys("a");
        return { decision: "keep" };
    },
    async (t, page, issue) => {
        const top = await page.browser.script(() => document.querySelector("#review .likeliest button bdi").textContent);
        const found = await open_boxes(page, "1");
        const set = new Set(set_of(issue.given_label));
        if (!set.delete(top)) set.add(top);
        t.equal(checked(found), [...set].sort(), "1 changes the likeliest class");
        await page.keys("Enter");
        return with_set(issue, [...set].sort());
    },
    async (t, page) => {
        await page.keys("x");
        return { decision: "exclude" };
    },
    async (t, page, issue) => { // all of them taken away, by the mouse
        await page.browser.click("#review .decide button:nth-child(3)");
        await page.wait("the boxes", (state) => state.dialog === "Labels");
        for (const [at, [, on]] of (await boxes(page)).entries())
            if (on) await page.browser.click(`dialog[open] .boxes label:nth-child(${at + 1}) input`);
        await page.browser.click("dialog[open] button[type=submit]");
        return with_set(issue, []);
    },
];

async function decide(t, page, known) {
    const made = new Map();
    const at = new Map(known.issues.map((issue) => [issue.path, issue]));
    for (let turn = 0; turn < known.issues.length; turn++) {
        const state = await page.hear();
        const issue = at.get(state.clip);
        if (turn === 0) {
            t.equal([state.given, state.suggested], [issue.given_label, issue.suggested_label].map((one) =>
                words_of(set_of(one))), "the pane shows both sets");
        }
        made.set(issue.path, await TURNS[turn % TURNS.length](t, page, issue));
        await page.wait(`decision ${turn + 1}`, (one) => one.done === turn + 1 && one.dialog === null);
    }
    t.equal(made.size, known.issues.length, "keys and buttons decide all, each once");
    return made;
}

// The state of each clip in words, and which button is pressed.
async function look_again(t, page, known, made) {
    await page.choose("filter-show", "all");
    await page.choose("filter-order", "rank");
    await page.keys("Home");
    const wrong = [];
    for (const issue of known.issues) {
        const state = await page.state();
        const { decision, label } = made.get(issue.path);
        const words = { keep: "kept as", relabel: `relabelled: ${words_of(label || [])}`, exclude: "excluded" }[decision];
        const pressed = { keep: "Keep", exclude: "Exclude", relabel: JSON.stringify(label) ===
            JSON.stringify(set_of(issue.suggested_label)) ? "Use" : "Other" }[decision];
        if (state.clip !== issue.path || !state.words.includes(words) || state.pressed.length !== 1 ||
            !state.pressed[0].startsWith(pressed)) wrong.push([issue.path, words, pressed, state.words, state.pressed]);
        await page.keys("j");
    }
    t.equal(wrong, [], "each clip says what was decided");
    for (const [index, name] of known.classes.entries()) {
        await page.choose("filter-class", String(index));
        const has = (label) => set_of(label).includes(name);
        const wanted = known.issues.filter((one) => has(one.given_label) || has(one.suggested_label));
        t.equal(checks.sorted((await page.state()).count ? await page.listed() : []),
            checks.sorted(wanted.map((one) => one.path)), `class ${name} lists exactly its clips`);
    }
    await page.choose("filter-class", "");
}

function same_sets(t, text, known, made, what) {
    checks.same_decisions(t, checks.current(text), made, `${what} has the sets`);
    const at = new Map(known.issues.map((issue) => [issue.path, issue]));
    const lines = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const wrong = lines.filter(({ path: clip, given, suggested }) => {
        const { given_label, suggested_label } = at.get(clip);
        return JSON.stringify([given, suggested].map((one) => [...one].sort())) !==
            JSON.stringify([set_of(given_label), set_of(suggested_label)]);
    });
    t.equal(wrong, [], `${what} has given and suggested sets`);
}

async function carrier(t, page, known, text) {
    const made = await decide(t, page, known);
    await page.wait("all saved", (state) => /saved/.test(state.progress) && !/saving/.test(state.progress));
    same_sets(t, await text(), known, made, "the file");
    await page.reload();
    t.equal((await page.state()).done, known.issues.length, "after a reload all decisions are there");
    await look_again(t, page, known, made);
    await checks.undo_all(t, page, known);
    await page.wait("all saved", (state) => !/saving/.test(state.progress));
    await page.reload();
    t.equal((await page.state()).done, 0, "and after a reload they stay undone");
    return made;
}

harness.run("multilabel", async (t) => {
    const { out, classes } = make_runs.sets(t.scratch("sets"));
    const known = { issues: issues_of(out), classes };
    t.ok(known.issues.length >= TURNS.length, "the run has an issue for each way to decide", `${known.issues.length}`);
    const page = new ReviewPage(await t.browser());
    await page.browser.size(1440, 900);
    await t.group("file", async () => {
        await page.open(`file://${out}/report.html`);
        await page.browser.script(() => localStorage.setItem("earmark.reviewer", "anna"));
        await page.reload();
        const [parts, small] = await small_parts(page);
        t.ok(parts >= 5, "the boxes open on a phone", `${parts} parts`);
        t.equal(small, [], "and are at least 44 px high there");
        let text = "";
        const made = await carrier(t, page, known, async () => {
            await page.browser.click("#review .tools button:nth-of-type(2)");
            text = await page.browser.download(/^decisions-anna.*\.jsonl$/);
            return text;
        });
        await page.browser.script(() => localStorage.clear());
        await page.browser.script(() => localStorage.setItem("earmark.reviewer", "anna"));
        await page.reload();
        const file = path.join(t.folder, "decisions-anna.jsonl");
        fs.writeFileSync(file, text);
        await page.browser.type("#import", file);
        await page.wait("imported", (state) => state.done === known.issues.length);
        await look_again(t, page, known, made);
        await page.browser.script(() => localStorage.clear());
    });
    await t.group("server", async () => {
        const { address } = await t.server([out, "--as", "anna"]);
        await page.open(address);
        const file = path.join(out, "decisions-anna.jsonl");
        await carrier(t, page, known, () => fs.readFileSync(file, "utf8"));
        t.equal(checks.current(fs.readFileSync(file, "utf8")).size, 0, "the file says that all are undone");
    });
});
