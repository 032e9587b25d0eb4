// The page's estimate of what is left gives what the table of the golden has, as the program's does.
// It runs in node.js: no browser is needed, and both names do the same.
"use strict";

const fs = require("fs");
const vm = require("vm");

const harness = require("./harness.js");

harness.run("estimate", async (t) => {
    const context = vm.createContext({ earmark: {} });
    vm.runInContext("var earmark = {};", context);
    vm.runInContext(fs.readFileSync("host/report/web/estimate.js", "utf8"), context);
    const { cases } = JSON.parse(fs.readFileSync("tests/golden/estimate/cases.json", "utf8"));
    t.ok(cases.length >= 11, "there are cases");
    for (const { name, issues, sample, left } of cases) {
        const found = JSON.parse(JSON.stringify(context.earmark.estimate.count(issues, sample)));
        const [high, wanted] = [found.unflagged_high, left.unflagged_high];
        const close = high === wanted || (high !== null && wanted !== null && Math.abs(high - wanted) < 1e-12);
        const rest = (one) => JSON.stringify(Object.entries({ ...one, unflagged_high: 0 }).sort());
        t.ok(close && rest(found) === rest(left), name, `${JSON.stringify(found)}\ninstead of\n${JSON.stringify(left)}`);
    }
});
