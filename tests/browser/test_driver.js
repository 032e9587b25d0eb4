// The driver itself: what the other tests rely on, on a page of three elements.
"use strict";

const fs = require("fs");
const path = require("path");

const harness = require("./harness.js");
const make_runs = require("./make_runs.js");
const png = require("./png.js");

const PAGE = `<!doctype html><title>x</title>
<style>body { background: #fff } @media (prefers-color-scheme: dark) { body { background: #102030 } }</style>
<button id="save">save</button> <input id="file" type="file"> <input id="words"> <audio src="tone.wav"></audio>
<script>
"use strict";
var seen = [];
document.title = "script ran";
addEventListener("keydown", (event) => seen.push((event.shiftKey ? "^" : "") + event.key));
document.getElementById("save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["one\\ntwo\\n"], { type: "application/x-ndjson" }));
    link.download = "saved.jsonl";
    link.click();
});
</script>`;

harness.run("driver", async (t) => {
    const folder = t.scratch("page");
    fs.writeFileSync(path.join(folder, "page.html"), PAGE);
    fs.writeFileSync(path.join(folder, "tone.wav"), make_runs.sing(4, 0, 0.5, make_runs.generator(3)));
    const browser = await t.browser();
    await browser.go(`file://${folder}/page.html`);

    await t.group("keys", async () => {
        await browser.keys("j", "Shift+S", "Enter", "Escape", "Shift+Tab", "5");
        t.equal(await browser.script(() => window.seen),
            ["j", "^Shift", "^S", "Enter", "Escape", "^Shift", "^Tab", "5"], "keys arrive, and chords");
        await browser.script(() => document.getElementById("words").value = "");
        await browser.type("#words", "hello");
        t.equal(await browser.script(() => document.getElementById("words").value), "hello", "words are typed");
    });
    await t.group("files", async () => {
        await browser.click("#save");
        t.equal(await browser.download(/^saved.*\.jsonl$/), "one\ntwo\n", "a download arrives");
        await browser.type("#file", path.join(folder, "tone.wav"));
        t.equal(await browser.script(() => document.getElementById("file").files[0].name), "tone.wav",
            "a file is chosen");
    });
    await t.group("storage", async () => {
        await browser.script(() => localStorage.setItem("a", "b"));
        await browser.reload();
        t.equal(await browser.script(() => localStorage.getItem("a")), "b", "storage of a file outlasts a reload");
    });
    await t.group("sizes and colours", async () => {
        for (const width of [390, 768, 1440]) {
            await browser.size(width, 844);
            const image = png.decode(await browser.screenshot());
            t.equal([image.width, image.height], [width, 844], `a screenshot of ${width} pixels`);
        }
        for (const [dark, colour] of [[true, [16, 32, 48]], [false, [255, 255, 255]]]) {
            await browser.dark(dark);
            const shot = await browser.screenshot();
            const image = png.decode(shot);
            t.equal([...image.pixels.subarray(image.pixels.length - image.channels).subarray(0, 3)], colour,
                dark ? "dark" : "light");
            t.equal(png.difference(shot, shot, 0), 0, "a picture is like itself");
        }
    });
    await t.group("sound", async () => {
        await browser.click("body");
        const played = await browser.script(() => new Promise((done) => {
            const sound = document.querySelector("audio");
            const start = performance.now();
            sound.onended = () => done(performance.now() - start);
            sound.onerror = () => done(-1);
            sound.play().catch(() => done(-2));
        }));
        t.ok(played > 300 && played < 5000, "half a second of sound plays in real time, without a device",
            `${played} ms`);
    });
    await t.group("without script", async () => {
        await browser.scripts(false);
        await browser.go(`file://${folder}/page.html`);
        t.equal(await browser.title(), "x", "script can be switched off");
        t.equal(await browser.text("#save"), "save", "and the page is read all the same");
        await browser.scripts(true);
        await browser.go(`file://${folder}/page.html`);
        t.equal(await browser.title(), "script ran", "and on again");
    });
});
