// Results as TAP, a folder for scratch files, and servers that end with the test.
//
//   harness.run("page", async (t) => { t.ok(...); ... })      the program's whole body
//
// The first argument of the program is the browser's name.
"use strict";

const child_process = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const webdriver = require("./webdriver.js");

// Whether what takes long is done, too.
const long = Boolean(process.env.BROWSER_LONG);

class Test {
    constructor(name, browser) {
        this.name = name;
        this.browser_name = browser;
        this.count = 0;
        this.failed = 0;
        this.folder = fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), "earmark-browser."));
        this.started = [];
        this.children = [];
    }

    ok(passed, what, reason = "") {
        this.count++;
        if (!passed) this.failed++;
        console.log(`${passed ? "ok" : "not ok"} ${this.count} - ${this.browser_name}: ${what}`);
        if (!passed && reason) this.note(reason);
        return passed;
    }

    equal(found, expected, what) {
        const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
        return this.ok(a === b, what, `${a} instead of ${b}`);
    }

    skip(what, reason) {
        this.count++;
        console.log(`ok ${this.count} # SKIP ${this.browser_name}: ${what}: ${reason}`);
    }

    // That a run has what the long part is to decide, or that it is left out.
    many_issues(count) {
        if (long) this.ok(count >= 54, "the run has 54 issues", `${count}`);
        else this.skip("54 issues by keys alone", `${count} are decided; more in make test-long (BROWSER_LONG=1)`);
    }

    note(text) {
        for (const line of String(text).split("\n")) console.log(`# ${line}`);
    }

    // Runs one group of checks; an error in it is one failure, and the next group goes on. Returns whether
    // all passed.
    async group(what, body) {
        const start = Date.now();
        const failed = this.failed;
        try {
            await body();
        } catch (error) {
            this.ok(false, what, error.stack);
        }
        this.note(`${what}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
        return this.failed === failed;
    }

    scratch(name) {
        const folder = path.join(this.folder, name);
        fs.mkdirSync(folder, { recursive: true });
        return folder;
    }

    async browser() {
        const folder = this.scratch(`browser${this.started.length}`);
        const start = Date.now();
        const browser = await webdriver.start(this.browser_name, { folder });
        this.note(`${browser.version} started: ${((Date.now() - start) / 1000).toFixed(1)} s`);
        this.started.push(browser);
        return browser;
    }

    // Starts `earmark review` with these words; { address, child } once it printed its address.
    async server(words) {
        const child = child_process.spawn(process.env.EARMARK, ["review", ...words, "--port", String(await free_port())],
            { stdio: ["ignore", "pipe", "pipe"] });
        this.children.push(child);
        let said = "";
        const address = await new Promise((done, fail) => {
            const read = (text) => {
                said += text;
                const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/#[0-9A-Za-z_-]+/);
                if (found) done(found[0]);
            };
            child.stdout.on("data", read);
            child.stderr.on("data", read);
            child.on("error", fail);
            child.on("exit", (code) => fail(new Error(`earmark review ended with ${code}: ${said}`)));
            setTimeout(() => fail(new Error(`earmark review gave no address: ${said}`)), 60000).unref();
        });
        return { address, child };
    }

    async end() {
        for (const browser of this.started) await browser.end();
        for (const child of this.children) child.kill("SIGKILL");
        fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
        console.log(`1..${this.count}`);
    }
}

function free_port() {
    return new Promise((done) => {
        const server = require("net").createServer();
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });
}

async function run(name, body) {
    const test = new Test(name, process.argv[2]);
    try {
        await body(test);
    } catch (error) {
        test.ok(false, "the test went on to its end", error.stack);
    }
    await test.end();
    process.exit(test.failed > 0 ? 1 : 0);
}

module.exports = { run, free_port, long };
