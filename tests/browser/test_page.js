// report.html, from the file: every key and button, decisions in the browser's storage, export and
// import, and the page without script.
"use strict";

const fs = require("fs");
const path = require("path");

const checks = require("./checks.js");
const harness = require("./harness.js");
const make_runs = require("./make_runs.js");
const { ReviewPage, issues_of } = require("./review_page.js");

async function keep_and_carry(t, page, known) {
    const { browser } = page;
    const made = await checks.decide_all(t, page, known);
    const storage = async () => {
        await browser.click("#review .tools button:nth-of-type(2)");
        return browser.download(/^decisions-anna.*\.jsonl$/);
    };
    const leaving = () => browser.script(() => {
        const event = new Event("beforeunload", { cancelable: true });
        window.dispatchEvent(event);
        return event.defaultPrevented;
    });
    t.ok(/\d+ not exported/.test((await page.state()).progress), "it says what is not exported");
    t.ok(await leaving(), "and warns before leaving");
    const text = await storage();
    checks.same_decisions(t, checks.current(text), made, "the export has the decisions");
    const first = JSON.parse(text.split("\n")[0]);
    const { run, by, given, v } = first;
    t.ok(/^[0-9a-f]{16}$/.test(run) && by === "anna" && v === 1 && typeof given === "string" &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(first.at) && first.heard > 0, "its lines are those of the format",
    JSON.stringify(first));
    await page.wait("all exported", (state) => !/not exported/.test(state.progress));
    t.ok(!await leaving(), "after that it warns no more");

    await page.reload();
    t.equal((await page.state()).done, known.issues.length, "after a reload all decisions are there");
    await checks.undo_all(t, page, known);
    await page.reload();
    t.equal((await page.state()).done, 0, "and after a reload they stay undone");

    await browser.script(() => localStorage.clear());
    await page.reload();
    const file = path.join(t.folder, "decisions-anna.jsonl");
    fs.writeFileSync(file, text);
    await browser.type("#import", file);
    await page.answer_name("anna");
    await page.wait("imported", (state) => state.done === known.issues.length);
    checks.same_decisions(t, checks.current(await storage()), made, "an import goes on where the export ended");
    const stale = text.split("\n").filter(Boolean).map((line) => JSON.parse(line)).map((one, at) =>
        JSON.stringify(at < 2 ? { ...one, given: "8x" } : { ...one, path: at < 5 ? "gone.wav" : one.path })).join("\n");
    fs.writeFileSync(file, `${stale}\n{"v":1,"torn`);
    const before = (await page.state()).words;
    await browser.type("#import", file);
    const said = await page.wait("the words of the second import",
        (state) => /taken/.test(state.words) && state.words !== before);
    t.ok(/2 stale/.test(said.words) && /3 of clips that are not/.test(said.words) && /1 line not understood/.test(said.words),
        "stale, unknown and torn lines are refused in words", said.words);
    await browser.script(() => localStorage.clear());
}

async function without_script(t, { browser, address }, known) {
    await browser.scripts(false);
    await browser.go(address);
    const count = known.issues.length;
    await browser.find(`#list > li:nth-child(${count}) audio[controls][src^="data:"]`);
    await browser.find(`#list > li:nth-child(${count}) img.spectrogram[alt]`);
    t.ok(true, `without script all ${count} clips have a player and a picture`);
    const text = await browser.text("#list > li:nth-child(1)");
    t.ok(text.includes(known.issues[0].path), "and their words", text);
    const sizes = await browser.rectangle("#list > li:nth-child(1) img.spectrogram");
    t.ok(await browser.rectangle("#list").then((box) => box.height > 100 * count), "the list is seen");
    t.ok(sizes.width > 100 && sizes.height > 30, "the picture is seen", JSON.stringify(sizes));
}

harness.run("page", async (t) => {
    const { out, classes } = make_runs.digits(t.scratch("digits"), harness.long);
    const known = { out, issues: issues_of(out), classes, by: "anna" };
    t.many_issues(known.issues.length);
    const page = new ReviewPage(await t.browser());
    await page.browser.size(1440, 900);
    await page.open(`file://${out}/report.html`);
    t.ok(await page.browser.script(() => document.getElementById("list").offsetParent === null ||
        document.getElementById("list").hidden), "with script the plain list is hidden");

    await t.group("all issues", () => keep_and_carry(t, page, known));
    await page.browser.script(() => localStorage.setItem("earmark.reviewer", "anna"));
    await checks.every(t, page, known);
    await t.group("without script", () => without_script(t, page, known));
});
