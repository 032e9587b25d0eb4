// What the page says when `earmark review` refuses. It runs in node.js: no browser is needed, and both
// names do the same.
"use strict";

const fs = require("fs");
const vm = require("vm");

const harness = require("./harness.js");

function carrier_for(answer) {
    const context = vm.createContext({ fetch: answer, location: { hash: `#${"0".repeat(32)}`, pathname: "/" },
        history: { replaceState() {} }, sessionStorage: { setItem() {} }, Map, Error });
    vm.runInContext("var earmark = {};", context);
    vm.runInContext(fs.readFileSync("host/report/web/carrier_server.js", "utf8"), context);
    return context.earmark.carrierServer.create();
}

harness.run("refusals", async (t) => {
    const refused = async (status, body, words, final, what) => {
        const answer = { ok: false, status, statusText: "Said", json: async () => JSON.parse(body) };
        let failure = null;
        try {
            await carrier_for(async () => answer).load();
        } catch (caught) {
            failure = caught;
        }
        t.equal([failure?.message, failure?.final], [words, final], what);
    };
    await refused(409, "{\"error\":\"out: is no longer there\"}", "out: is no longer there", true,
        "the program's own words are shown");
    await refused(507, "{\"error\":\"out/decisions.jsonl: no space\"}", "out/decisions.jsonl: no space", false,
        "also of what may pass");
    await refused(500, "<html>", "the program answered 500 Said", false, "an answer without words has its number");
    await refused(401, "{\"error\":\"no token\"}", "the program was started anew: open the address that it printed",
        true, "another token: what to do");
});
