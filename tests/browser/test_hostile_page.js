// Classes and files whose names are markup, script, and orders to a terminal or a direction of
// writing: in the page they are names.
"use strict";

const fs = require("fs");
const path = require("path");

const checks = require("./checks.js");
const harness = require("./harness.js");
const make_runs = require("./make_runs.js");
const { ReviewPage, issues_of } = require("./review_page.js");

const NAMES = ["<img src=x onerror=window.hacked=1>", "<script>window.hacked=1<\uff0fscript>", "\"' onfocus=window.hacked=1 autofocus '",
    "\u202eabc\u2028${window.hacked=1}"];
NAMES[1] += "long ".repeat(40).trim();

harness.run("hostile_page", async (t) => {
    const folder = t.scratch("hostile");
    make_runs.make_collection(path.join(folder, "clips"), { classes: 4, each: 20, wrong: 6, folders: true,
        name: (kind) => NAMES[kind] });
    const out = path.join(folder, "out");
    make_runs.earmark(["audit", path.join(folder, "clips"), "-o", out, "-q"]);
    const issues = issues_of(out);
    t.ok(issues.length >= 4, "the run has issues", `${issues.length}`);
    const page = new ReviewPage(await t.browser());
    await page.browser.size(1440, 900);
    await page.open(`file://${out}/report.html`);
    await page.browser.script(() => localStorage.setItem("earmark.reviewer", "anna"));
    await page.reload();
    const first = await page.state();
    t.ok(NAMES.includes(first.given) && NAMES.includes(first.suggested), "names are shown as they are", JSON.stringify(first));
    await page.choose("filter-class", String(JSON.parse(fs.readFileSync(path.join(out, "classes.json"), "utf8")).indexOf(NAMES[1])));
    await page.browser.size(390, 844);
    const long = await page.state();
    const high = await page.browser.script(() => document.querySelector("#review .decide").getBoundingClientRect().height);
    t.ok([long.given, long.suggested].includes(NAMES[1]), "a label of 200 characters is shown whole", JSON.stringify(long));
    t.ok(high < 250, "and leaves a phone's buttons their size", `${high} px`);
    await page.browser.size(1440, 900);
    await page.choose("filter-class", "");
    await page.keys("Home");
    await page.hear();
    await page.keys("m", ..."<b onclick=a()>", "Escape", "d");
    await page.wait("the classes", (state) => state.dialog !== null);
    await page.keys(..."img", "Enter");
    await page.wait("decided", (state) => state.done === 1);
    await page.choose("filter-show", "all");
    t.equal(checks.sorted(await page.listed()), checks.sorted(issues.map((issue) => issue.path)), "the queue has their paths");
    await page.keys("Home", "g");
    await page.wait("the sound ends", (state) => !state.playing);
    t.ok(await page.browser.script(() => window.hacked === undefined && document.querySelector("#review img[src=x]") === null &&
        document.querySelectorAll("script").length === 1), "nothing of a name ran or became an element");
    await page.browser.click("#review .tools button:nth-of-type(2)");
    const lines = (await page.browser.download(/^decisions-anna.*\.jsonl$/)).split("\n").filter(Boolean);
    const one = JSON.parse(lines[0]);
    t.ok(lines.length === 1 && NAMES.includes(one.given) && one.note === "<b onclick=a()>" &&
        one.label === NAMES[0], "an export has them in one line", lines[0]);
});
