// A run of 60,000 clips of which 50,000 are issues, as earmark audit would have written it: its clips
// are segments of forty files.
"use strict";

const fs = require("fs");
const path = require("path");

const make_runs = require("./make_runs.js");

const CLIPS = 60000;
const ISSUES = 50000;
const CLASSES = 50;
const FILES = 40;
const HEADER = "row,id,path,label,class,group,fold,status,reason,start,duration,sample_rate,channels,silent,array_row\n";

function evidence(random) {
    const shares = () => ({ given: Number((random() / 10).toFixed(6)), suggested: Number((0.5 + random() / 2).toFixed(6)) });
    const counted = { neighbours: 20, with_given: Math.floor(6 * random()), with_suggested: Math.floor(14 * random()) };
    return ["xvector", "statistics"].map((view) =>
        ({ view, logistic: shares(), discriminant: shares(), neighbours: shares(), counted }));
}

// The clip of a row: [path, start, class]
const clip_of = (row) => [`sounds/${String(row % FILES).padStart(2, "0")}.wav`,
    (0.015 * Math.floor(row / FILES)).toFixed(3), (row * 7) % CLASSES];

function issue(rank, random) {
    const row = (rank * 7) % CLIPS;
    const [file, start, given] = clip_of(row);
    const suggested = (given + 1 + Math.floor((CLASSES - 1) * random())) % CLASSES;
    const neighbours = [1, 2, 3, 4, 5].map((step) => {
        const near = (row + 997 * step) % CLIPS;
        return { row: near, path: clip_of(near)[0], label: `class ${clip_of(near)[2]}`, similarity: 0.9 - step / 50 };
    });
    return JSON.stringify({ rank, row, id: `clip-${row}`, path: file, start: Number(start), end: Number(start) + 0.5,
        given_label: `class ${given}`, suggested_label: `class ${suggested}`, score: rank / 10000 - 6,
        given_probability: 0.01, suggested_probability: 0.9, none_of_classes: false, entropy: 0.2, certain: false,
        same_sound: null, evidence: evidence(random), neighbours });
}

function make_large(folder) {
    const out = path.join(folder, "out");
    const sounds = path.join(folder, "clips", "sounds");
    fs.mkdirSync(out, { recursive: true });
    fs.mkdirSync(sounds, { recursive: true });
    const random = make_runs.generator(5);
    for (let file = 0; file < FILES; file++)
        fs.writeFileSync(path.join(folder, "clips", clip_of(file)[0]), make_runs.sing(file % 10, 0, 24, random));
    const names = Array.from({ length: CLASSES }, (unused, index) => `class ${index}`);
    fs.writeFileSync(path.join(out, "classes.json"), JSON.stringify(names));
    fs.writeFileSync(path.join(out, "run.json"), JSON.stringify({ format: 1, source: path.join(folder, "clips"),
        root: path.join(folder, "clips"), counts: { clips: CLIPS, ok: CLIPS }, score: "log_margin", overall_health: 0.2,
        warnings: [], detector: "ensemble", views: ["xvector", "statistics"], cautions: [], settings: { folds: 5 } }));
    const rows = [HEADER];
    for (let row = 0; row < CLIPS; row++) {
        const [file, start, kind] = clip_of(row);
        rows.push(`${row},clip-${row},${file},class ${kind},${kind},,0,ok,,${start},0.5,8000,1,false,${row}\n`);
    }
    fs.writeFileSync(path.join(out, "clips.csv"), rows.join(""));
    const lines = [];
    for (let rank = 1; rank <= ISSUES; rank++) lines.push(`${issue(rank, random)}\n`);
    fs.writeFileSync(path.join(out, "issues.jsonl"), lines.join(""));
    return out;
}

module.exports = { make_large, ISSUES };
