"use strict";
/* The picture of a sound over time: spectrogram with its axis of frequencies, waveform, and a
 * playhead over both. Clicking and dragging give a place in time, and so do the arrow keys on the
 * waveform, which is a slider. */
earmark.waveform = (() => {
    const HEIGHT = 72;

    const { element } = earmark.base;

    /* 0.27 s; from a minute on 1:05 and 1:02:03. */
    const clock = (seconds) => {
        if (!Number.isFinite(seconds)) return "?";
        if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
        const whole = Math.round(seconds);
        const two = (number) => String(number).padStart(2, "0");
        const minutes = Math.floor(whole / 60);
        if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
        return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
    };

    const loudest = (waveform) => {
        let most = 1e-6;
        for (const [low, high] of waveform) most = Math.max(most, -low, high);
        return most;
    };

    const draw = (canvas, waveform, trueLevel) => {
        const scale = window.devicePixelRatio || 1;
        const width = Math.max(1, Math.round(canvas.clientWidth * scale));
        const height = Math.max(1, Math.round((canvas.clientHeight || HEIGHT) * scale));
        if (canvas.width !== width) canvas.width = width;
        if (canvas.height !== height) canvas.height = height;
        const context = canvas.getContext("2d");
        if (context === null) return;
        const style = getComputedStyle(canvas);
        const colour = (name) => style.getPropertyValue(name).trim() || style.color;
        context.clearRect(0, 0, width, height);
        context.fillStyle = colour("--line");
        context.fillRect(0, Math.floor(height / 2), width, Math.max(1, Math.round(scale)));
        if (waveform === null) return;
        const most = trueLevel ? 1 : loudest(waveform);
        const middle = height / 2;
        const reach = middle - scale;
        context.fillStyle = colour("--mark");
        waveform.forEach(([low, high], index) => {
            const left = Math.floor((index * width) / waveform.length);
            const right = Math.floor(((index + 1) * width) / waveform.length);
            const gap = right - left > 2 ? 1 : 0;
            const top = middle - reach * Math.min(1, high / most);
            const bottom = middle - reach * Math.max(-1, low / most);
            const wide = Math.max(1, right - left - gap);
            context.fillRect(left, top, wide, Math.max(scale, bottom - top));
        });
    };

    /* "11.025" as 11, "4" as 4, "0.4" as 0.4 */
    const kilohertz = (hertz) => {
        const value = hertz / 1000;
        return String(Number(value.toFixed(value < 10 ? 1 : 0)));
    };

    /* Where time goes by the place of a pointer and by the keys of a slider. */
    const listen = (time, slider, state, onseek) => {
        const seekTo = (event) => {
            const box = time.getBoundingClientRect();
            if (box.width <= 0 || !(state.duration > 0)) return;
            const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
            onseek(share * state.duration);
        };
        let pointer = null;
        time.addEventListener("pointerdown", (event) => {
            if (event.button !== 0) return;
            pointer = event.pointerId;
            time.setPointerCapture(pointer);
            seekTo(event);
            slider.focus({ preventScroll: true });
            event.preventDefault();
        });
        time.addEventListener("pointermove", (event) => {
            if (event.pointerId === pointer) seekTo(event);
        });
        for (const name of ["pointerup", "pointercancel"])
            time.addEventListener(name, () => {
                pointer = null;
            });
        slider.addEventListener("keydown", (event) => {
            if (event.ctrlKey || event.altKey || event.metaKey || !(state.duration > 0)) return;
            const steps = {
                ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02,
                PageDown: -0.1, PageUp: 0.1, Home: -Infinity, End: Infinity,
            };
            if (!Object.hasOwn(steps, event.key)) return;
            const wanted = state.position + steps[event.key] * state.duration;
            onseek(Math.max(0, Math.min(state.duration, wanted)));
            event.preventDefault();
            event.stopPropagation(); /* elsewhere these keys move through the list */
        });
    };

    const elements = () => {
        const axis = element("div", { class: "axis", "aria-hidden": "true" });
        const image = element("img", { class: "spectrogram", draggable: "false" });
        const canvas = element("canvas", {
            class: "wave",
            tabindex: "0",
            role: "slider",
            "aria-label": "Place in the clip",
            "aria-orientation": "horizontal",
            "aria-valuemin": "0",
        });
        const head = element("div", { class: "playhead", "aria-hidden": "true" });
        const time = element("div", { class: "time" }, image, canvas, head);
        return { root: element("div", { class: "picture" }, axis, time), axis, time, image, canvas,
            head };
    };

    const showSpectrogram = ({ axis, image }, media) => {
        const known = media !== null && Boolean(media.spectrogram);
        image.hidden = axis.hidden = !known;
        axis.replaceChildren();
        if (!known) {
            image.removeAttribute("src");
            return;
        }
        image.src = media.spectrogram;
        const top = media.top > 0 ? media.top : null;
        image.alt = top === null ? "Spectrogram" : `Spectrogram, 0 to ${kilohertz(top)} kHz`;
        if (top === null) return;
        axis.append(
            element("span", null, `${kilohertz(top)} kHz`),
            element("span", null, kilohertz(top / 2)),
            element("span", null, "0"),
        );
    };

    /* onseek(seconds) when a place is chosen. Returns { element, show(media|null),
     * level(true|false), duration(seconds), position(seconds) }. */
    const create = (onseek) => {
        const parts = elements();
        const { root, time, image, canvas, head } = parts;
        const state = { duration: 0, position: 0, waveform: null, trueLevel: false };
        const redraw = () => draw(canvas, state.waveform, state.trueLevel);
        const place = () => {
            const share = state.duration > 0 ? Math.min(1, state.position / state.duration) : 0;
            head.style.left = `${(share * 100).toFixed(3)}%`;
            const text = `${clock(state.position)} of ${clock(state.duration)}`;
            if (canvas.getAttribute("aria-valuetext") === text) return;
            canvas.setAttribute("aria-valuemax", state.duration.toFixed(2));
            canvas.setAttribute("aria-valuenow", state.position.toFixed(2));
            canvas.setAttribute("aria-valuetext", text);
        };
        listen(time, canvas, state, onseek);
        image.addEventListener("error", () => showSpectrogram(parts, null));
        new ResizeObserver(redraw).observe(canvas);
        window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
        showSpectrogram(parts, null);
        place();
        return {
            element: root,
            show(media) {
                state.waveform = media === null ? null : media.waveform;
                showSpectrogram(parts, media);
                redraw();
            },
            level(trueLevel) {
                state.trueLevel = trueLevel;
                redraw();
            },
            duration(seconds) {
                state.duration = Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
                place();
            },
            position(seconds) {
                state.position = seconds;
                place();
            },
        };
    };

    return { create, clock };
})();
