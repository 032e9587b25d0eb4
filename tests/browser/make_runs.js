// Makes the collections and runs that the browser tests look at. All numbers come from one small
// generator, so that every run is the same.
"use strict";

const child_process = require("child_process");
const fs = require("fs");
const path = require("path");

const RATE = 8000;

// A generator of Lehmer's: numbers from 0 to 1.
function generator(seed) {
    let state = seed;
    return () => {
        state = (state * 16807) % 2147483647;
        return state / 2147483647;
    };
}

function wav(samples, rate = RATE) {
    const bytes = Buffer.alloc(44 + 2 * samples.length);
    bytes.write("RIFF", 0, "latin1");
    bytes.writeUInt32LE(36 + 2 * samples.length, 4);
    bytes.write("WAVEfmt ", 8, "latin1");
    bytes.writeUInt32LE(16, 16);
    bytes.writeUInt16LE(1, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt32LE(rate, 24);
    bytes.writeUInt32LE(2 * rate, 28);
    bytes.writeUInt16LE(2, 32);
    bytes.writeUInt16LE(16, 34);
    bytes.write("data", 36, "latin1");
    bytes.writeUInt32LE(2 * samples.length, 40);
    samples.forEach((value, at) => bytes.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, value))), 44 + 2 * at));
    return bytes;
}

// A sung note: classes differ in pitch and in which harmonics are strong, voices in detuning and noise.
function sing(kind, voice, seconds, random) {
    const samples = new Float64Array(Math.round(seconds * RATE));
    const pitch = 110 * 2 ** (kind / 3.2) * (1 + 0.012 * voice + 0.006 * random());
    const noise = 0.004 + 0.004 * voice;
    const loud = 0.25 + 0.3 * random();
    for (let n = 0; n < samples.length; n++) {
        const time = n / RATE;
        let value = 0;
        for (let harmonic = 1; harmonic <= 5 && harmonic * pitch < 3800; harmonic++) {
            const strength = (1 + ((kind * harmonic * 7) % 5)) / (5 * harmonic);
            value += strength * Math.sin(2 * Math.PI * harmonic * pitch * time);
        }
        const edge = Math.min(1, time / 0.02, (seconds - time) / 0.05);
        samples[n] = edge * (loud * value + noise * (2 * random() - 1));
    }
    return wav(samples);
}

// Which clips get which wrong label. Of ten classes or more, eight of class 5 are called 3: a group
// that can be decided in bulk.
function choose_errors(total, classes, wrong) {
    const errors = new Map();
    const grouped = classes >= 10 ? 8 : 0;
    for (let error = 0; error < grouped; error++) errors.set(Math.floor((error * total) / (8 * classes)) * classes + 5, 3);
    for (let error = grouped; error < wrong; error++) {
        const stride = Math.floor(total / (wrong - grouped));
        let clip = (error - grouped) * stride + ((error * 7) % stride);
        while (errors.has(clip)) clip++;
        errors.set(clip, ((clip % classes) + 1 + (clip % (classes - 1))) % classes);
    }
    return errors;
}

// classes * each clips, named {label}_{voice}_{take}.wav, or in a folder for each label; `wrong` of them
// have another class's name.
function make_collection(folder, { classes, each, wrong, name = String, folders = false }) {
    fs.mkdirSync(folder, { recursive: true });
    const random = generator(7);
    const total = classes * each;
    const errors = choose_errors(total, classes, wrong);
    for (let clip = 0; clip < total; clip++) {
        const kind = clip % classes;
        const take = Math.floor(clip / classes);
        const error = errors.has(clip);
        const label = error ? errors.get(clip) : kind;
        const voice = ["anna", "berta", "carl"][take % 3];
        const file = `${name(label)}${folders ? "/" : "_"}${voice}_${take}${error ? `x${kind}` : ""}.wav`;
        const place = path.join(folder, file);
        fs.mkdirSync(path.dirname(place), { recursive: true });
        fs.writeFileSync(place, sing(kind, take % 3, 0.25 + 0.02 * (take % 9), random));
    }
}

// Runs the program; its standard error where it fails.
function earmark(words, options = {}) {
    const result = child_process.spawnSync(process.env.EARMARK, words, { encoding: "utf8", ...options });
    if (result.status !== 0) throw new Error(`earmark ${words.join(" ")}: ${result.status}\n${result.stderr}`);
    return result;
}

// Spoken digits, so to say: 600 clips of ten classes named 0 to 9, of which 56 look wrong, or 300 and 12
// where it shall be quick, and the page of their audit.
function digits(folder, long) {
    const clips = path.join(folder, "clips");
    const out = path.join(folder, "out");
    make_collection(clips, { classes: 10, each: long ? 60 : 30, wrong: long ? 56 : 12 });
    earmark(["audit", clips, "-o", out, "-q", "--label-pattern", "{label}_{voice}_{take}.wav", "--group", "voice",
        "--folds", "3"]);
    return { clips, out, classes: JSON.parse(fs.readFileSync(path.join(out, "classes.json"), "utf8")) };
}

// 42 clips of three classes, four of which look wrong: a page that is always the same.
function small(folder) {
    const out = path.join(folder, "out");
    make_collection(path.join(folder, "clips"), { classes: 3, each: 14, wrong: 4,
        name: (kind) => ["low", "middle", "high"][kind] });
    earmark(["audit", "clips", "-o", "out", "-q", "--label-pattern", "{label}_{voice}_{take}.wav", "--device", "cpu"],
        { cwd: folder });
    return out;
}

// Several labels a clip: what is deep is dark, too, what is high is bright, and one sound is nothing. Some
// lack a label or have a wrong one.
function sets(folder) {
    const clips = path.join(folder, "clips");
    const out = path.join(folder, "out");
    const right = { low: ["dark", "deep"], middle: ["dark"], high: ["bright"], other: [] };
    const wrong = { "low_anna_6.wav": ["dark"], "middle_berta_1.wav": ["bright", "dark"], "high_carl_2.wav": ["deep"],
        "other_anna_3.wav": ["dark"], "high_anna_9.wav": [], "low_berta_10.wav": ["bright", "deep"] };
    make_collection(clips, { classes: 4, each: 14, wrong: 0, name: (kind) => Object.keys(right)[kind] });
    const lines = fs.readdirSync(clips).sort().map((file) =>
        `${file},${(wrong[file] || right[file.split("_")[0]]).join(";")}\n`);
    fs.writeFileSync(path.join(clips, "list.csv"), `path,labels\n${lines.join("")}`);
    earmark(["audit", path.join(clips, "list.csv"), "-o", out, "-q", "--label-separator", ";", "--folds", "3"]);
    return { clips, out, classes: JSON.parse(fs.readFileSync(path.join(out, "classes.json"), "utf8")),
        wrong: Object.keys(wrong) };
}

module.exports = { digits, small, sets, generator, wav, sing, make_collection, earmark, RATE };
