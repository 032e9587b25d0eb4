/* One key, one action, wherever the focus is; not while a text is typed or a dialog is open. */
earmark.keys = (() => {
    const TYPED = "input:not([type=checkbox]):not([type=button]), select, textarea";
    const PRESSED = "button, a, summary, audio, input"; /* space has a meaning of its own there */

    const actions = (app) => {
        const { player } = app;
        return new Map(Object.entries({
            a: () => app.decide("keep"),
            s: () => app.decide("suggestion"),
            S: () => app.bulk(),
            d: () => app.chooseOther(),
            f: () => app.decide("unsure"),
            x: () => app.decide("exclude"),
            z: () => app.undo(),
            " ": () => player.toggle(),
            l: () => player.loop(!player.looping),
            "[": () => player.slow(),
            "]": () => player.fast(),
            g: () => player.playGiven(),
            h: () => player.playSuggested(),
            n: () => player.playInRow(),
            j: () => app.move(1),
            k: () => app.move(-1),
            ArrowDown: () => app.move(1),
            ArrowUp: () => app.move(-1),
            Home: () => app.go(0),
            End: () => app.go(app.list.length - 1),
            m: () => app.pane.note.focus(),
            "/": () => app.bar.search.focus(),
            "?": () => earmark.dialogs.showKeys(),
        }));
    };

    /* Whether the focus is where the arrows move the page or something else. */
    const isElsewhere = (target) => target !== document.body && !target.closest("#review");

    const start = (app) => {
        const known = actions(app);
        const action = (event) => {
            const digit = /^[0-9]$/.test(event.key);
            if (digit) return () => app.chooseDigit(event.key);
            const own = isElsewhere(event.target) || event.target.closest(".wave, [role=slider]");
            if (event.key.length > 1 && own) return undefined;
            /* With Caps Lock on a capital letter is the small one. */
            return known.get(event.key) ||
                (event.shiftKey ? undefined : known.get(event.key.toLowerCase()));
        };
        document.addEventListener("keydown", (event) => {
            if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
            if (earmark.dialogs.isOpen()) return;
            if (event.key === "Escape" && event.target.closest(TYPED)) {
                event.preventDefault();
                event.target.blur();
                app.queue.element.focus({ preventScroll: true });
                return;
            }
            if (event.target.closest(TYPED)) return;
            if (event.key === " " && event.target.closest(PRESSED)) return;
            const wanted = action(event);
            if (!wanted) return;
            event.preventDefault();
            wanted();
        });
        /* A button that was clicked does not keep the space key for itself. */
        document.addEventListener("click", (event) => {
            const pressed = event.detail > 0 && event.target.closest("#review button");
            if (pressed) pressed.blur();
        });
    };

    return { start };
})();
