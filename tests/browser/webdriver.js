// Drives Debian's Chromium (through chromedriver, HTTP) and Firefox (through Marionette, JSON over
// TCP) with one client. Needs node.js 18 and nothing else.
//
//   const browser = await webdriver.start("chromium" | "firefox", { folder });
//   await browser.go(url);
//   await browser.script((a, b) => document.title + a + b, 1, 2);   // may return a promise
//   await browser.keys("j", "Shift+S", "Enter");
//   await browser.click("#export");
//   await browser.end();
//
// `folder` is for the browser's profile; downloads come into folder/downloads.
"use strict";

const child_process = require("child_process");
const fs = require("fs");
const http = require("http");
const net = require("net");
const path = require("path");

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const START_SECONDS = 60;
const COMMAND_SECONDS = 90;

// Names of keys in chords such as Shift+Tab, and WebDriver's code points for them.
const KEYS = {
    Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", Shift: "\uE008", Control: "\uE009", Alt: "\uE00A",
    Left: "\uE012", Up: "\uE013", Right: "\uE014", Down: "\uE015", Home: "\uE011", End: "\uE010",
    PageDown: "\uE00F", PageUp: "\uE00E", Backspace: "\uE003", Delete: "\uE017", Space: " ",
};

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function within(promise, seconds, what) {
    let timer;
    const late = new Promise((_, fail) => {
        timer = setTimeout(() => fail(new Error(`${what}: no answer in ${seconds} s`)), 1000 * seconds);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A program that is killed, with its children, when this one ends in whatever way.
const running = new Set();
function run(program, words, folder) {
    const log = fs.openSync(path.join(folder, path.basename(program) + ".log"), "a");
    const child = child_process.spawn(program, words, {
        detached: true,
        stdio: ["ignore", "pipe", log],
        env: { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: "1", MOZ_HEADLESS: "1" },
    });
    child.on("error", () => {});
    running.add(child);
    child.on("exit", () => running.delete(child));
    return child;
}

function stop(child) {
    try {
        if (child.pid) process.kill(-child.pid, "SIGKILL");
    } catch (error) {
        // It has ended by itself.
    }
}
process.on("exit", () => running.forEach(stop));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

function find_program(...names) {
    for (const folder of (process.env.PATH || "").split(":")) {
        for (const name of names) {
            const file = path.join(folder, name);
            if (fs.existsSync(file)) return file;
        }
    }
    return null;
}

// What both protocols share: the names of W3C's commands with their parameters. A subclass has
// command(NAME, PARAMETERS), and what only its browser can do.
class Browser {
    async go(url) {
        await this.command("navigate", { url });
    }

    // Runs a function (or the text of a body) in the page; its result, which must be JSON.
    async script(code, ...args) {
        const body = typeof code === "function" ? `return (${code}).apply(null, arguments);` : code;
        return this.command("script", { script: body, args });
    }

    // Polls until the function returns something true, which is returned.
    async until(what, code, ...args) {
        const start = Date.now();
        let last = null;
        for (;;) {
            try {
                last = await this.script(code, ...args);
            } catch (error) {
                last = error.message;
                if (Date.now() - start > 15000) throw error;
                await sleep(50);
                continue;
            }
            if (last) return last;
            if (Date.now() - start > 15000) throw new Error(`waited in vain: ${what}`);
            await sleep(25);
        }
    }

    async keys(...chords) {
        const actions = [];
        for (const chord of chords) {
            const names = chord.length > 1 ? chord.split("+") : [chord];
            const values = names.map((name) => KEYS[name] || name);
            for (const value of values) actions.push({ type: "keyDown", value });
            for (const value of values.reverse()) actions.push({ type: "keyUp", value });
        }
        await this.command("actions", { actions: [{ type: "key", id: "keyboard", actions }] });
    }

    async find(selector) {
        const found = await this.command("find", { using: "css selector", value: selector });
        return found[ELEMENT];
    }

    async click(selector) {
        await this.command("click", { id: await this.find(selector) });
    }

    // Presses the mouse at a share of the element's width and height.
    async press_at(selector, x, y) {
        const place = await this.script(
            (name) => {
                const box = document.querySelector(name).getBoundingClientRect();
                return [box.left, box.top, box.width, box.height];
            },
            selector);
        await this.command("actions", { actions: [{ type: "pointer", id: "mouse", actions: [
            { type: "pointerMove", duration: 0, origin: "viewport",
                x: Math.round(place[0] + x * place[2]), y: Math.round(place[1] + y * place[3]) },
            { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 } ] }] });
    }

    async type(selector, text) {
        await this.command("type", { id: await this.find(selector), text });
    }

    async screenshot() {
        return Buffer.from(await this.command("screenshot", {}), "base64");
    }

    // These work in a page without script.
    async title() {
        return this.command("title", {});
    }

    async text(selector) {
        return this.command("text", { id: await this.find(selector) });
    }

    async rectangle(selector) {
        return this.command("rectangle", { id: await this.find(selector) });
    }

    async reload() {
        await this.command("reload", {});
    }

    // Accepts the question that the page asks, if any; its text.
    async accept() {
        let text = null;
        try {
            text = await this.command("alert_text", {});
            await this.command("alert_accept", {});
        } catch (error) {
            if (!/no such alert/.test(error.message)) throw error;
        }
        return text;
    }

    // The text of a download whose name matches, once it is complete.
    async download(pattern) {
        for (let tries = 0; tries < 200; tries++) {
            const names = fs.readdirSync(this.downloads).filter((name) => pattern.test(name));
            const unfinished = fs.readdirSync(this.downloads).some((name) => /\.(part|crdownload|tmp)$/.test(name));
            if (names.length > 0 && !unfinished) {
                const file = path.join(this.downloads, names[0]);
                const text = fs.readFileSync(file, "utf8");
                fs.unlinkSync(file);
                return text;
            }
            await sleep(50);
        }
        throw new Error(`no download like ${pattern}`);
    }
}

// ---- Chromium: chromedriver's HTTP
const HTTP_COMMANDS = {
    navigate: ["POST", () => "/url"],
    script: ["POST", () => "/execute/sync"],
    actions: ["POST", () => "/actions"],
    find: ["POST", () => "/element"],
    click: ["POST", (words) => `/element/${words.id}/click`],
    type: ["POST", (words) => `/element/${words.id}/value`],
    screenshot: ["GET", () => "/screenshot"],
    reload: ["POST", () => "/refresh"],
    alert_text: ["GET", () => "/alert/text"],
    alert_accept: ["POST", () => "/alert/accept"],
    title: ["GET", () => "/title"],
    text: ["GET", (words) => `/element/${words.id}/text`],
    rectangle: ["GET", (words) => `/element/${words.id}/rect`],
    devtools: ["POST", () => "/goog/cdp/execute"],
};

function request(port, method, where, body) {
    return new Promise((done, fail) => {
        const text = method === "POST" ? JSON.stringify(body) : "";
        const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
        const sent = http.request({ host: "127.0.0.1", port, method, path: where, headers }, (answer) => {
            const pieces = [];
            answer.on("data", (piece) => pieces.push(piece));
            answer.on("end", () => {
                const value = JSON.parse(Buffer.concat(pieces).toString("utf8")).value;
                if (value && value.error) fail(new Error(`${value.error}: ${value.message.split("\n")[0]}`));
                else done(value);
            });
        });
        sent.on("error", fail);
        sent.end(text);
    });
}

class Chromium extends Browser {
    static program() {
        return find_program("chromium") && find_program("chromedriver");
    }

    async start(folder) {
        this.name = "chromium";
        this.downloads = path.join(folder, "downloads");
        this.child = run(Chromium.program(), ["--port=0"], folder);
        this.port = await within(new Promise((done, fail) => {
            let said = "";
            this.child.stdout.on("data", (text) => {
                said += text;
                const found = said.match(/successfully on port (\d+)/);
                if (found) done(Number(found[1]));
            });
            this.child.on("exit", () => fail(new Error(`chromedriver ended: ${said}`)));
        }), START_SECONDS, "chromedriver");
        const preferences = { "download.default_directory": this.downloads };
        // The container's /dev/shm may be small; root has no sandbox.
        const args = ["--headless=new", "--disable-dev-shm-usage", "--force-device-scale-factor=1",
            "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
            "--font-render-hinting=none", "--window-size=1440,900", "--mute-audio",
            `--user-data-dir=${path.join(folder, "profile")}`];
        if (process.getuid() === 0) args.push("--no-sandbox");
        const options = { binary: find_program("chromium"), args, prefs: preferences };
        const always = { browserName: "chrome", unhandledPromptBehavior: "ignore", "goog:chromeOptions": options };
        const session = await within(
            request(this.port, "POST", "/session", { capabilities: { alwaysMatch: always } }), START_SECONDS,
            "chromium");
        this.session = session.sessionId;
        this.version = `Chromium ${session.capabilities.browserVersion}`;
    }

    command(name, words) {
        const [method, where] = HTTP_COMMANDS[name];
        return within(request(this.port, method, `/session/${this.session}${where(words)}`, words), COMMAND_SECONDS,
            name);
    }

    devtools(cmd, params) {
        return this.command("devtools", { cmd, params });
    }

    async size(width, height) {
        await this.devtools("Emulation.setDeviceMetricsOverride",
            { width, height, deviceScaleFactor: 1, mobile: false });
    }

    async dark(on) {
        await this.devtools("Emulation.setEmulatedMedia", { features: [
            { name: "prefers-color-scheme", value: on ? "dark" : "light" },
            { name: "prefers-reduced-motion", value: "reduce" } ] });
    }

    // Whether pages that are loaded from now on may run script.
    async scripts(on) {
        await this.devtools("Emulation.setScriptExecutionDisabled", { value: !on });
    }

    async end() {
        await request(this.port, "DELETE", `/session/${this.session}`).catch(() => {});
        stop(this.child);
    }
}

// ---- Firefox: Marionette, "LENGTH:JSON" in both directions
const MARIONETTE_COMMANDS = {
    navigate: "WebDriver:Navigate",
    script: "WebDriver:ExecuteScript",
    actions: "WebDriver:PerformActions",
    find: "WebDriver:FindElement",
    click: "WebDriver:ElementClick",
    type: "WebDriver:ElementSendKeys",
    screenshot: "WebDriver:TakeScreenshot",
    reload: "WebDriver:Refresh",
    alert_text: "WebDriver:GetAlertText",
    alert_accept: "WebDriver:AcceptAlert",
    title: "WebDriver:GetTitle",
    text: "WebDriver:GetElementText",
    rectangle: "WebDriver:GetElementRect",
};

function firefox_preferences(downloads) {
    return {
        "marionette.port": 0,
        "browser.shell.checkDefaultBrowser": false,
        "browser.startup.page": 0,
        "browser.startup.homepage_override.mstone": "ignore",
        "datareporting.policy.dataSubmissionEnabled": false,
        "toolkit.telemetry.enabled": false,
        "app.update.enabled": false,
        "app.normandy.enabled": false,
        "extensions.update.enabled": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "services.settings.server": "http://127.0.0.1:1",
        "browser.safebrowsing.malware.enabled": false,
        "browser.safebrowsing.phishing.enabled": false,
        "browser.download.folderList": 2,
        "browser.download.dir": downloads,
        "browser.download.alwaysOpenPanel": false,
        "browser.helperApps.neverAsk.saveToDisk": "application/jsonl,application/x-ndjson,application/json,text/plain",
        "ui.prefersReducedMotion": 1,
        "widget.gtk.overlay-scrollbars.enabled": true,
        "dom.disable_beforeunload": false,
        "dom.require_user_interaction_for_beforeunload": true,
    };
}

class Firefox extends Browser {
    static program() {
        return find_program("firefox-esr", "firefox");
    }

    async start(folder) {
        this.name = "firefox";
        this.downloads = path.join(folder, "downloads");
        const profile = path.join(folder, "profile");
        fs.mkdirSync(profile, { recursive: true });
        const lines = Object.entries(firefox_preferences(this.downloads))
            .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
        fs.writeFileSync(path.join(profile, "user.js"), lines.join(""));
        this.child = run(Firefox.program(),
            ["-marionette", "-remote-allow-system-access", "-headless", "-no-remote", "-profile", profile], folder);
        this.child.stdout.resume();
        const port_file = path.join(profile, "MarionetteActivePort");
        const start = Date.now();
        while (!fs.existsSync(port_file) || fs.readFileSync(port_file, "utf8") === "") {
            if (Date.now() - start > 1000 * START_SECONDS) throw new Error("firefox opened no port");
            await sleep(50);
        }
        this.waiting = new Map();
        this.count = 0;
        this.rest = Buffer.alloc(0);
        const port = Number(fs.readFileSync(port_file, "utf8"));
        await new Promise((done, fail) => {
            this.socket = net.connect(port, "127.0.0.1");
            this.greeted = done;
            this.socket.on("error", fail);
            this.socket.on("data", (bytes) => this.receive(bytes));
        });
        const session = await this.send("WebDriver:NewSession",
            { capabilities: { alwaysMatch: { unhandledPromptBehavior: "ignore" } } });
        this.version = `Firefox ${session.capabilities.browserVersion}`;
        await this.send("WebDriver:SetWindowRect", { width: 1440, height: 1000 });
        // Without a sound card a sound ends at once, with an error; a silent one takes its time.
        await this.chrome("gBrowser.selectedTab.toggleMuteAudio();");
    }

    receive(bytes) {
        this.rest = Buffer.concat([this.rest, bytes]);
        for (;;) {
            const colon = this.rest.indexOf(58);
            if (colon < 0) return;
            const end = colon + 1 + Number(this.rest.toString("latin1", 0, colon));
            if (this.rest.length < end) return;
            const message = JSON.parse(this.rest.toString("utf8", colon + 1, end));
            this.rest = this.rest.subarray(end);
            if (!Array.isArray(message)) { // the greeting
                this.greeted();
                continue;
            }
            const [, number, error, result] = message;
            const { done, fail } = this.waiting.get(number);
            this.waiting.delete(number);
            if (error) fail(new Error(`${error.error}: ${error.message.split("\n")[0]}`));
            else done(result);
        }
    }

    send(name, words) {
        const number = ++this.count;
        const answer = new Promise((done, fail) => this.waiting.set(number, { done, fail }));
        const text = JSON.stringify([0, number, name, words]);
        this.socket.write(`${Buffer.byteLength(text)}:${text}`);
        return within(answer, COMMAND_SECONDS, name);
    }

    async command(name, words) {
        if (name === "screenshot") words = { full: false };
        const result = await this.send(MARIONETTE_COMMANDS[name], words);
        return result && typeof result === "object" && "value" in result ? result.value : result;
    }

    // Runs the body of a function in the browser's own window.
    async chrome(body, ...args) {
        await this.send("Marionette:SetContext", { value: "chrome" });
        try {
            await this.send("WebDriver:ExecuteScript", { script: body, args });
        } finally {
            await this.send("Marionette:SetContext", { value: "content" });
        }
    }

    async size(width, height) {
        await this.chrome(`const page = gBrowser.selectedBrowser;
            for (const [name, value] of [["width", arguments[0]], ["height", arguments[1]]]) {
                page.style.setProperty("min-" + name, value + "px");
                page.style.setProperty("max-" + name, value + "px");
            }
            page.style.flex = "none";`, width, height);
        await this.until("the window's new size", (x, y) => innerWidth === x && innerHeight === y, width, height);
    }

    async dark(on) {
        await this.chrome(
            "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', arguments[0]);",
            on ? 0 : 1);
        await this.until("the other colours",
            (dark) => matchMedia("(prefers-color-scheme: dark)").matches === dark, on);
    }

    async scripts(on) {
        await this.chrome("Services.prefs.setBoolPref('javascript.enabled', arguments[0]);", on);
    }

    async end() {
        await within(this.send("Marionette:Quit", { flags: ["eForceQuit"] }), 5, "quit").catch(() => {});
        this.socket.destroy();
        stop(this.child);
    }
}

const kinds = { chromium: Chromium, firefox: Firefox };

// True where the browser, and what drives it, is installed.
function installed(name) {
    return Boolean(kinds[name].program());
}

// folder: an empty folder for all that the browser writes.
async function start(name, { folder }) {
    fs.mkdirSync(path.join(folder, "downloads"), { recursive: true });
    const browser = new kinds[name]();
    await browser.start(folder);
    return browser;
}

module.exports = { start, installed, sleep, names: Object.keys(kinds) };
