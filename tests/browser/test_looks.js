// How the page looks: axe-core in light and dark at three widths, the focus of the keyboard, and
// pictures that are compared with tests/golden/page. EARMARK_RENEW=1 writes these anew.
"use strict";

const child_process = require("child_process");
const fs = require("fs");
const path = require("path");

const harness = require("./harness.js");
const make_runs = require("./make_runs.js");
const png = require("./png.js");
const { ReviewPage } = require("./review_page.js");

const WIDTHS = [390, 768, 1440];
// A pixel counts as different when one of its colours differs by more than 32 of 255; at most 2% of a
// picture's pixels may. Letters of another version of FreeType stay below, a shifted line does not.
const TOLERANCE = 32;
const SHARE = 0.02;
const GOLDEN = "tests/golden/page";

async function accessible(t, page) {
    const file = path.join(process.env.BROWSER_TOOLS || "build/browser", "axe.min.js");
    if (!fs.existsSync(file)) {
        t.skip("axe-core", "it is not there (make test-browser BROWSER_INSTALL=1)");
        return;
    }
    const axe = fs.readFileSync(file, "utf8");
    for (const dark of [false, true]) {
        await page.browser.dark(dark);
        for (const width of WIDTHS) {
            await page.browser.size(width, 900);
            await page.reload();
            const found = await page.browser.script(`${axe}; return axe.run(document, { resultTypes: ["violations"] })
                .then((result) => result.violations.map((one) => [one.impact, one.id, one.nodes.length,
                    one.nodes[0].target.join(" "), one.nodes[0].failureSummary]));`);
            const minor = found.filter(([impact]) => impact === "minor");
            t.equal(found.filter((one) => !minor.includes(one)), [],
                `axe-core finds nothing above minor, ${dark ? "dark" : "light"}, ${width} px`);
            for (const one of minor) t.note(`axe, ${width} px: ${one.slice(0, 4).join(" ")}`);
            const over = await page.browser.script(() => document.documentElement.scrollWidth - innerWidth);
            t.ok(over <= 0, `nothing is wider than ${width} px, ${dark ? "dark" : "light"}`, `${over} px`);
        }
    }
    await page.browser.dark(false);
}

// Every stop of Tab through the review is seen, and they come in the order of the document.
async function focus(t, page) {
    await page.browser.size(1440, 900);
    await page.reload();
    await page.browser.script(() => document.querySelector("#review button").focus());
    const stops = [];
    for (let tries = 0; tries < 80; tries++) {
        const stop = await page.browser.script(() => {
            const one = document.activeElement;
            if (!one.closest("#review")) return null;
            const all = [...document.querySelectorAll("#review *")];
            const style = getComputedStyle(one);
            const box = one.getBoundingClientRect();
            const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
            return { at: all.indexOf(one), what: `${one.tagName} ${one.id} ${one.textContent.slice(0, 20)}`, ring,
                seen: box.width > 0 && box.height > 0 && box.bottom > 8 && box.top < innerHeight - 8 };
        });
        if (stop === null || stops.some((one) => one.at === stop.at)) break;
        stops.push(stop);
        await page.keys("Tab");
    }
    const names = (list) => list.map((one) => one.what).join("; ");
    t.ok(stops.length >= 15, "Tab goes through the review", names(stops));
    t.ok(stops.every((one, at) => at === 0 || one.at > stops[at - 1].at), "in the order of the document", names(stops));
    t.equal(names(stops.filter((one) => !one.ring)), "", "the focus is visible at every stop");
    t.equal(names(stops.filter((one) => !one.seen)), "", "and every stop is in sight");
    await page.browser.size(390, 844);
    await page.reload();
    const small = await page.browser.script(() => [...document.querySelectorAll("#review .decide button")]
        .filter((one) => one.offsetParent !== null).map((one) => [one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44).map(([text, box]) => `${text}: ${box.height}`));
    t.equal(small, [], "on a phone the buttons are at least 44 px high");
}

// Pictures depend on the fonts: they are compared where these are those of the golden.
function fonts() {
    const found = child_process.spawnSync("fc-match", ["-f", "%{family}", "sans-serif"], { encoding: "utf8" });
    return found.status === 0 ? found.stdout : "unknown";
}

async function pictures(t, page) {
    const wanted = path.join(GOLDEN, "fonts.txt");
    const renew = Boolean(process.env.EARMARK_RENEW);
    if (renew) fs.mkdirSync(GOLDEN, { recursive: true });
    if (renew) fs.writeFileSync(wanted, `${fonts()}\n`);
    if (!fs.existsSync(wanted) || fs.readFileSync(wanted, "utf8").trim() !== fonts()) {
        t.skip("pictures", `the font here is ${fonts()}, not that of ${wanted}`);
        return;
    }
    for (const [dark, width] of [[false, 390], [true, 390], [false, 1440], [true, 1440]]) {
        await page.browser.dark(dark);
        await page.browser.size(width, 844);
        await page.reload();
        await page.browser.until("the picture", () => [...document.querySelectorAll("#review img")].every((one) => one.complete));
        await page.browser.script(() => document.fonts.ready.then(() => {
            document.activeElement.blur();
            document.getElementById("review").scrollIntoView();
            return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }));
        const shot = await page.browser.screenshot();
        const name = `${t.browser_name}-${width}-${dark ? "dark" : "light"}.png`;
        const golden = path.join(GOLDEN, name);
        if (renew) fs.writeFileSync(golden, shot);
        const share = png.difference(shot, fs.readFileSync(golden), TOLERANCE);
        t.ok(share <= SHARE, `${name} as in ${GOLDEN}`, `${(100 * share).toFixed(2)}% of the pixels differ`);
        if (share > SHARE) fs.writeFileSync(path.join("build/browser", name), shot);
    }
    await page.browser.dark(false);
}

harness.run("looks", async (t) => {
    const out = make_runs.small(t.scratch("small"));
    const page = new ReviewPage(await t.browser());
    await page.browser.size(1440, 900);
    await page.open(`file://${out}/report.html`);
    await t.group("axe-core", () => accessible(t, page));
    await t.group("focus", () => focus(t, page));
    if (t.browser_name === "chromium") await t.group("pictures", () => pictures(t, page));
});
