/* Starts the review where the page has one: its data in the page, or at the program. */
earmark.main = (() => {
    const { element, button, name } = earmark.base;

    const place = () => document.getElementById("review");

    /* The review stands above the tables of the run; in report.html it takes the place of the list
     * that is there without script. */
    const makePlace = () => {
        const heading = document.getElementById("issues");
        const section = heading.closest("section");
        if (!place()) {
            for (const part of section.children)
                part.hidden = part !== heading && !part.classList.contains("left-out");
            heading.after(element("div", { id: "review" }));
        }
        const more = document.querySelector("nav a[href='#more']"); /* the queue has those */
        if (more) more.closest("li").remove();
        const cautions = document.querySelector("main > .cautions");
        if (cautions) cautions.after(section);
        else section.parentNode.prepend(section);
    };

    const fail = (failure) => {
        place().replaceChildren(element("p", { class: "failed", role: "alert" },
            `The review cannot begin: ${failure.message}.`));
    };

    /* Buttons of the tables below choose what the queue shows. */
    const followButtons = (app) => document.addEventListener("click", (event) => {
        const chosen = event.target.closest("main button[data-class], main button[data-given]");
        if (!chosen || place().contains(chosen)) return;
        const { given, suggested } = chosen.dataset;
        if (given === undefined) app.filters.setClass(Number(chosen.dataset.class));
        else app.filters.setPair(Number(given), suggested === undefined ? null : Number(suggested));
        app.filters.shown = "all";
        app.refilter();
        showReview(app);
    });

    const showReview = (app) => {
        place().scrollIntoView();
        app.queue.element.focus({ preventScroll: true });
    };

    /* Clips with audio faults can be heard, those of one fault as one list. */
    const addListening = (app) => {
        for (const table of document.querySelectorAll("table:has(tr[data-row])")) {
            const lines = [...table.querySelectorAll("tr[data-row]")];
            const rows = lines.map((line) => Number(line.dataset.row));
            const listen = (row) => () => {
                app.showClips(rows, "audio fault", row);
                app.player.play();
                showReview(app);
            };
            lines.forEach((line, at) => {
                if (app.clipOf(rows[at])) line.cells[0].append(" ", button("Listen", "",
                    listen(rows[at]), { class: "listen" }));
            });
        }
    };

    const build = (app) => {
        const review = place();
        const sides = element("div", { class: "sides" }, app.queue.element, app.pane.element);
        review.replaceChildren(app.bar.element, sides);
    };

    /* Sounds of the tables below: one at a time. */
    const oneSound = (app) => document.addEventListener("play", (event) => {
        for (const audio of document.querySelectorAll("audio"))
            if (audio !== event.target) audio.pause();
        if (!place().contains(event.target) && event.target !== app.player.voice.audio)
            app.player.stop();
    }, true);

    const warnBeforeLeaving = (app) => window.addEventListener("beforeunload", (event) => {
        if (app.decisions.waiting.length > 0 || app.decisions.notExported > 0)
            event.preventDefault();
    });

    /* The program's page has no word of the run before this, since anybody on this computer may
     * load it. */
    const nameRun = (input) => {
        document.title = `earmark: ${input}`;
        document.querySelector("h1").replaceChildren("Label audit of ", name(input));
    };

    const start = async () => {
        const source = document.getElementById("data");
        if (!source && !place()) return null;
        makePlace();
        const { carrierFile, carrierServer } = earmark;
        const carrier = source ? carrierFile.create(source) : carrierServer.create();
        const app = earmark.app.create(await carrier.load(), carrier);
        if (!source) nameRun(app.data.input);
        if (carrier.overview) document.querySelector("main").append(...await carrier.overview());
        await app.start();
        build(app);
        earmark.keys.start(app);
        followButtons(app);
        addListening(app);
        oneSound(app);
        warnBeforeLeaving(app);
        app.queue.element.focus({ preventScroll: true });
        return app;
    };

    return { started: start().catch((failure) => {
        fail(failure);
        throw failure;
    }) };
})();
