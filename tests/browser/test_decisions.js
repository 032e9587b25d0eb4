// Steps that can be undone, after a reload too. It runs in node.js: no browser is needed, and both
// names do the same.
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const vm = require("vm");

const harness = require("./harness.js");

const COUNT = 450; // of a group: more than one request takes

// What `earmark review` keeps, whose clock goes on between two requests; `marks`: whether it keeps the
// marks of steps, as older versions did not.
class Carrier {
    constructor(marks) {
        this.marks = marks;
        this.kept = new Map();
        this.requests = 0;
    }

    async decisions() {
        return { by: "anna", decisions: [...this.kept.values()].filter((one) => one.decision !== "undo") };
    }

    async decide(list) {
        const at = `2026-11-29T19:02:${String(10 + this.requests++)}Z`;
        for (const one of list) this.kept.set(one.row, { ...one, at, step: this.marks ? one.step : undefined });
        return { saved: list.length };
    }
}

function page_script() {
    const context = vm.createContext({ TextEncoder, crypto: crypto.webcrypto, setTimeout, clearTimeout });
    vm.runInContext("var earmark = {};", context);
    for (const file of ["estimate.js", "decisions.js"])
        vm.runInContext(fs.readFileSync(`host/report/web/${file}`, "utf8"), context);
    return context.earmark;
}

harness.run("decisions", async (t) => {
    const script = page_script();
    const issues = Array.from({ length: COUNT + 2 }, (unused, row) => ({ row, path: `${row}.wav`, start: 0, given: 0,
        suggested: 1 }));
    const data = { carrier: "server", classes: ["one", "two"], issues, clips: {} };
    const open = async (carrier) => {
        const decisions = script.decisions.create(data, carrier, (row) => issues[row]);
        await decisions.load();
        return decisions;
    };
    const settled = async (decisions) => {
        while (decisions.waiting.length > 0) await new Promise((done) => setTimeout(done, 1));
    };
    const rows = (first, count) => issues.slice(first, first + count).map(({ row }) => ({ row, decision: "relabel",
        label: "two" }));

    const carrier = new Carrier(true);
    let page = await open(carrier);
    page.decide(rows(COUNT, 1));
    page.decide(rows(0, COUNT), true);
    page.decide(rows(COUNT + 1, 1));
    await settled(page);
    t.ok(carrier.requests >= 3, "a large group goes in several requests", `${carrier.requests}`);
    page = await open(carrier);
    t.equal([page.done, page.steps.length], [COUNT + 2, 3], "after a reload it is one step between the others");
    page.undo();
    page.undo();
    t.equal([...page.current.keys()], [COUNT], "one undo takes it back");
    await settled(page);
    t.equal((await open(carrier)).done, 1, "in the file, too");

    const text = (() => {
        page.decide(rows(0, COUNT), true);
        return page.exportText();
    })();
    const other = await open(new Carrier(true));
    t.equal(other.importText(text).taken, COUNT + 1, "an import takes all");
    other.undo();
    t.equal([...other.current.keys()], [COUNT], "and one undo takes the group back");

    const old = new Carrier(false);
    page = await open(old);
    page.decide(rows(0, 20), true);
    await settled(page);
    page = await open(old);
    t.equal([page.done, page.steps.length], [20, 1], "a group of an older version is told by its time");
});
