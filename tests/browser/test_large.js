// 50,000 issues through earmark review: usable, and how fast. Times
// are printed beside what issue 21 asks for; no test fails by the clock.
"use strict";

const fs = require("fs");
const path = require("path");

const harness = require("./harness.js");
const { make_large, ISSUES } = require("./make_large.js");
const { ReviewPage } = require("./review_page.js");

// Milliseconds from a key until two frames after the page changed, as the page's own clock has them.
async function key_time(page, key) {
    await page.browser.script(() => {
        window.keyTime = new Promise((done) => {
            addEventListener("keydown", () => {
                const start = performance.now();
                requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
            }, { capture: true, once: true });
        });
    });
    await page.keys(key);
    return page.browser.script(() => (window.wrappedJSObject || window).keyTime);
}

const middle = (list) => [...list].sort((one, other) => one - other)[Math.floor(list.length / 2)];

function say(t, what, times, limit) {
    const [typical, worst] = [middle(times), Math.max(...times)].map((time) => Math.round(time));
    t.note(`${what}: ${typical} ms (at most ${worst}), ${limit} ms are asked for${typical > limit ? ": SLOWER" : ""}`);
}

async function times(t, page, what) {
    const moves = [];
    for (let turn = 0; turn < 10; turn++) moves.push(await key_time(page, turn % 2 ? "j" : "Down"));
    say(t, `${what}: a key that moves`, moves, 100);
    const filters = [];
    for (const wanted of ["7", "11", "", "30", ""]) {
        filters.push(await page.browser.script((value) => {
            const select = document.getElementById("filter-class");
            const start = performance.now();
            select.value = value;
            select.dispatchEvent(new Event("change", { bubbles: true }));
            return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))));
        }, wanted));
    }
    say(t, `${what}: a filter`, filters, 200);
    await page.keys("/");
    const letters = [];
    for (const letter of "clip-77") letters.push(await key_time(page, letter));
    say(t, `${what}: a letter of the search`, letters, 200);
    await page.keys("Escape");
    await page.wait("the hits", (one) => one.count > 0 && one.count < 5000);
    const found = await page.listed();
    t.ok(found.length > 0 && found.length < 1000, `${what}: the search finds clips`, `${found.length}`);
    const size = await page.browser.script(() => document.getElementsByTagName("*").length);
    t.ok(size < 20000, `${what}: the document stays small`, `${size} elements`);
    t.note(`${what}: ${size} elements`);
}

// Seconds that the page's thread has used of a processor, which other programs do not lengthen; only
// Chromium tells.
async function processor(page) {
    if (!page.browser.devtools) return NaN;
    const { metrics } = await page.browser.devtools("Performance.getMetrics", {});
    return metrics.find((one) => one.name === "TaskDuration").value;
}

async function first_picture(page, address) {
    if (page.browser.devtools) await page.browser.devtools("Performance.enable", { timeDomain: "threadTicks" });
    const before = await processor(page);
    const start = Date.now();
    await page.browser.go(address);
    await page.ready();
    const listed = Date.now() - start;
    await page.browser.until("the first picture", () => {
        const picture = document.querySelector("#review .player img");
        return picture && picture.complete && picture.naturalWidth > 0;
    });
    return [listed, Date.now() - start, 1000 * (await processor(page) - before)];
}

harness.run("large", async (t) => {
    if (!harness.long) {
        t.skip("50,000 issues", "only in make test-long (BROWSER_LONG=1)");
        return;
    }
    const out = make_large(t.scratch("large"));
    const { address } = await t.server([out, "--as", "anna"]);
    const page = new ReviewPage(await t.browser());
    await page.browser.size(1440, 900);
    await t.group("server", async () => {
        const found = await first_picture(page, address);
        say(t, "server: the list", [found[0]], 1500);
        say(t, "server: the first picture", [found[1]], 1500);
        if (found[2] > 0) t.note(`server: ${Math.round(found[2])} ms of processor time until then`);
        t.equal((await page.state()).count, ISSUES, "earmark review lists all 50,000 issues");
        await times(t, page, "server");
    });
    await t.group("a decision", async () => {
        await page.reload();
        await page.hear();
        say(t, "server: a decision", [await key_time(page, "s")], 100);
        await page.wait("decided", (state) => state.done === 1 && !/saving/.test(state.progress));
        const lines = fs.readFileSync(path.join(out, "decisions-anna.jsonl"), "utf8").split("\n").filter(Boolean);
        t.equal(lines.length, 1, "a decision among 50,000 is saved");
    });
});
