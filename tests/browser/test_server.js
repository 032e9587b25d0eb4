// The page of `earmark review`: decisions go into a file of the run, and two browsers share it.
"use strict";

const fs = require("fs");
const path = require("path");

const checks = require("./checks.js");
const harness = require("./harness.js");
const make_runs = require("./make_runs.js");
const { ReviewPage, issues_of } = require("./review_page.js");
const webdriver = require("./webdriver.js");

const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");

async function decide_and_undo(t, page, known, file) {
    const made = await checks.decide_all(t, page, known);
    await page.wait("all saved", (state) => /saved/.test(state.progress) && !/saving/.test(state.progress));
    checks.same_decisions(t, checks.current(read(file)), made, "the file has the decisions");
    t.ok(read(file).split("\n").filter(Boolean).every((line) => JSON.parse(line).by === "anna"), "by the reviewer");
    t.equal((fs.statSync(file).mode & 0o777).toString(8), "600", "only the user may read it");
    await page.reload();
    t.equal((await page.state()).done, known.issues.length, "after a reload all decisions are there");
    await checks.undo_all(t, page, known);
    await page.wait("all saved", (state) => !/saving/.test(state.progress));
    t.equal(checks.current(read(file)).size, 0, "the file says that all are undone");
}

// Decides the clip that is shown, after hearing it; its path.
async function keep_one(page, done) {
    const { clip } = await page.hear();
    await page.keys("a");
    await page.wait("decided", (state) => state.done === done && !/saving/.test(state.progress));
    return clip;
}

async function two_browsers(t, page, file) {
    const other = new ReviewPage(await t.browser());
    await other.browser.size(1440, 900);
    await other.open(page.address);
    await page.reload();
    await other.keys("End");
    const kept = [await keep_one(page, 1), await keep_one(other, 1)];
    t.equal(new Set(kept).size, 2, "two browsers decide two clips");
    for (const one of [page, other]) {
        await one.reload();
        t.equal((await one.state()).done, 2, "after a reload each has both");
    }
    t.equal(checks.sorted(checks.current(read(file)).keys()), checks.sorted(kept), "and the file, too");
    await page.keys("z");
    await page.wait("one undone", (state) => state.done === 1);
    await page.keys("z");
    await page.wait("both undone", (state) => state.done === 0 && !/saving/.test(state.progress));
    await other.reload();
    t.equal((await other.state()).done, 0, "what one takes back is gone for the other");
    return other;
}

async function spot_check(t, page, known) {
    await page.browser.script(() => [...document.querySelectorAll("#review .tools button")]
        .find((button) => /Spot-check/.test(button.textContent)).click());
    const state = await page.wait("the spot check", (one) => one.count === 50);
    const listed = await page.listed();
    const flagged = new Set(known.issues.map((issue) => issue.path));
    t.ok(listed.length === 50 && listed.every((one) => !flagged.has(one)), "a spot check has 50 clips that are not flagged",
        JSON.stringify(state));
    await page.hear();
    await page.keys("a", "z");
    await page.browser.script(() => document.querySelector("#review .chip").click());
    await page.wait("the queue again", (one) => one.count === known.issues.length);
}

// In the order that learns, answers bring clips that are not flagged, which can be decided like the others.
async function learning(t, page, known) {
    const flagged = new Set(known.issues.map((issue) => issue.path));
    await page.choose("filter-order", "learn");
    await webdriver.sleep(1000);
    t.equal((await page.state()).count, known.issues.length, "nothing is decided: only what was flagged is listed");
    await page.hear();
    await page.keys("s");
    await page.wait("more clips", (one) => one.count > known.issues.length);
    const listed = await page.listed();
    const at = listed.findIndex((one) => !flagged.has(one));
    t.ok(at > 0 && new Set(listed).size === listed.length, "an answer brings clips that are not flagged, each once");
    await page.browser.script(() => { document.querySelector("#review .queue").focus(); });
    await page.keys("Home", ...Array(at).fill("j"));
    const words = () => page.browser.script(() => document.querySelector("#review .verdicts").textContent);
    t.ok(/ suggested .*not flagged: found by your answers/.test(await words()), "and says so", await words());
    await page.hear();
    await page.keys("s", "z", "z");
    await page.wait("both undone", (state) => state.done === 0 && !/saving/.test(state.progress));
    await page.choose("filter-order", "likely");
    t.equal((await page.state()).count, known.issues.length, "another order has only what was flagged");
}

harness.run("server", async (t) => {
    const { out, classes } = make_runs.digits(t.scratch("digits"), harness.long);
    const file = path.join(out, "decisions-anna.jsonl");
    const known = { out, issues: issues_of(out), classes, by: null };
    t.many_issues(known.issues.length);
    const { address, child } = await t.server([out, "--as", "anna"]);
    const page = new ReviewPage(await t.browser());
    await page.browser.size(1440, 900);
    await page.open(address);
    t.equal(await page.browser.script(() => location.hash), "", "the token leaves the address bar");
    const { source } = JSON.parse(read(path.join(out, "run.json")));
    t.equal(await page.browser.script(() => [document.title, document.querySelector("h1").textContent,
        document.querySelector("#review .reviewer").textContent]),
    [`earmark: ${source}`, `Label audit of ${source}`, "by anna"], "the page says of what run, and who decides");
    await t.group("all issues", () => decide_and_undo(t, page, known, file));
    await checks.every(t, page, known);
    await page.reload();
    await t.group("spot check", () => spot_check(t, page, known));
    await page.wait("all saved", (state) => !/saving/.test(state.progress)); // else the reload would cut the undo off
    await page.reload();
    await t.group("learning", () => learning(t, page, known));
    await t.group("two browsers", () => two_browsers(t, page, file));
    await t.group("the program ends", async () => {
        await page.hear();
        child.kill("SIGINT");
        const code = await new Promise((done) => child.on("exit", (number, signal) => done(number ?? signal)));
        t.ok(code === 0 || code === 75, "Ctrl-C ends it cleanly", `${code}`);
        await page.keys("a");
        const state = await page.wait("not saved", (one) => /saving/.test(one.progress));
        t.ok(await page.browser.script(() => /not saved/.test(document.querySelector("#review .failed").textContent)),
            "a decision that did not arrive is said to be not saved", JSON.stringify(state));
    });
});
