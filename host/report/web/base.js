"use strict";
/* The script of the page, for both carriers: report.html and `earmark review`. Its files stand one
 * after the other in one element, so that one hash admits them; each adds one member here. */
const earmark = {};

/* What all files use: elements whose texts are never markup, and what a browser remembers. */
earmark.base = (() => {
    /* element("p", { class: "dim", title }, "text", child...): no part of it is read as markup. An
     * attribute of undefined, null or false is left out. */
    const element = (name, attributes, ...children) => {
        const made = document.createElement(name);
        for (const [key, value] of Object.entries(attributes || {})) {
            if (value === undefined || value === null || value === false) continue;
            if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
            else made.setAttribute(key, value === true ? "" : String(value));
        }
        made.append(...children.filter((child) => child !== null && child !== undefined));
        return made;
    };

    /* A name keeps its own direction of writing. */
    const name = (text) => element("bdi", null, text);

    const button = (words, key, action, more) => element(
        "button", { type: "button", onclick: action, ...more }, words,
        ...(key ? [" ", element("kbd", null, key)] : []));

    /* A browser may refuse to store anything; then the page works and forgets. */
    const remembered = (key) => {
        try {
            return localStorage.getItem(`earmark.${key}`);
        } catch {
            return null;
        }
    };

    /* Whether it is stored; a value of null removes it. */
    const remember = (key, value) => {
        try {
            if (value === null) localStorage.removeItem(`earmark.${key}`);
            else localStorage.setItem(`earmark.${key}`, value);
            return true;
        } catch {
            return false;
        }
    };

    /* Keys after `prefix` of what is stored. */
    const rememberedKeys = (prefix) => {
        const whole = `earmark.${prefix}`;
        try {
            return Object.keys(localStorage).filter((key) => key.startsWith(whole))
                .map((key) => key.slice(whole.length));
        } catch {
            return [];
        }
    };

    /* The n-th number of a count of things: "1 clip", "1,200 clips". */
    const many = (count, one, more) =>
        `${count.toLocaleString("en")} ${count === 1 ? one : more || `${one}s`}`;

    const percent = (share) => {
        if (!Number.isFinite(share)) return "–";
        const value = 100 * share;
        if (value === 0 || value >= 99.995) return `${value.toFixed(0)}%`;
        return `${value >= 10 ? value.toFixed(1) : value.toPrecision(2)}%`;
    };

    return { element, name, button, remembered, remember, rememberedKeys, many, percent };
})();

/* What a run calls its clips and classes. */
earmark.names = (() => {
    const { name, element } = earmark.base;

    const isSet = (label) => Array.isArray(label);

    /* A label (an index), a set of them or null, as text. */
    const label = (data, value) => {
        if (value === null || value === undefined) return "no label";
        if (!isSet(value)) return data.classes[value] ?? `class ${value}`;
        return value.length ? value.map((one) => data.classes[one]).join(", ") : "(none)";
    };

    const clip = (one) => one.path ?? one.id ?? `row ${one.row}`;

    /* The end of a path, which tells clips apart. */
    const short = (one) => {
        const whole = one.id ?? clip(one);
        return whole.slice(whole.lastIndexOf("/") + 1) || whole;
    };

    /* "6_yweweler_14.wav, from 1.5 s" */
    const place = (one) => {
        const parts = [name(clip(one))];
        if (one.start > 0) parts.push(` from ${Number(one.start.toFixed(3))} s`);
        if (one.id !== null && one.id !== undefined && one.id !== one.path)
            parts.push(" ", element("span", { class: "dim" }, "(", name(one.id), ")"));
        return parts;
    };

    /* Whether every class is one digit, so that a key names it. */
    const areDigits = (data) => data.classes.length > 0 &&
        data.classes.every((one) => /^[0-9]$/.test(one));

    const same = (one, other) => (isSet(one) && isSet(other)
        ? one.length === other.length && one.every((value) => other.includes(value))
        : one === other);

    return { isSet, label, clip, short, place, areDigits, same };
})();
