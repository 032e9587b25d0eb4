/* `earmark review`: the program gives the data, streams the sounds and writes the decisions. The
 * token comes in the address's fragment, which no server and no log sees. */
earmark.carrierServer = (() => {
    class Refused extends Error {
        constructor(message, final) {
            super(message);
            this.final = final; /* to ask again changes nothing */
        }
    }

    const REASONS = new Map([
        [401, "the program was started anew: open the address that it printed"],
        [403, "the program was started anew: open the address that it printed"],
    ]);

    /* The program's own words, where the answer has some. */
    const wordsOf = async (answer) => {
        const said = REASONS.get(answer.status);
        if (said) return said;
        try {
            return String((await answer.json()).error);
        } catch {
            return `the program answered ${answer.status} ${answer.statusText}`.trim();
        }
    };

    const readToken = () => {
        const token = location.hash.slice(1);
        if (/^[0-9a-f]{32}$/.test(token)) {
            history.replaceState(null, "", location.pathname);
            try {
                sessionStorage.setItem("earmark.token", token); /* a reload goes on */
            } catch {
                return token;
            }
            return token;
        }
        try {
            return sessionStorage.getItem("earmark.token") || "";
        } catch {
            return "";
        }
    };

    class Server {
        constructor() {
            this.token = readToken();
        }

        async ask(path, options) {
            let answer;
            const headers = { Authorization: `Bearer ${this.token}` };
            if (options) headers["Content-Type"] = "application/json";
            try {
                answer = await fetch(path, { ...options, headers, cache: "no-store" });
            } catch {
                throw new Refused("the program does not answer: is earmark review still running?");
            }
            if (!answer.ok) {
                const final = answer.status < 500 && answer.status !== 429;
                throw new Refused(await wordsOf(answer), final);
            }
            return answer.json();
        }

        async load() {
            const data = await this.ask("/issues.json");
            this.key = data.key;
            return data;
        }

        /* The tables of the run, which stand below the review; they hold no script. */
        async overview() {
            const headers = { Authorization: `Bearer ${this.token}` };
            const answer = await fetch("/overview", { headers, cache: "no-store" });
            if (!answer.ok) return [];
            const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
            return [...parsed.body.children].map((part) => document.adoptNode(part));
        }

        async decisions() {
            const known = await this.ask("/decisions");
            const order = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
            known.decisions.sort((one, other) => order(one.at, other.at));
            return known;
        }

        /* The program takes bodies of 64 KiB. */
        async decide(list) {
            return this.ask("/decide",
                { method: "POST", body: JSON.stringify({ decisions: list }) });
        }

        /* Rows in their order, and the clips among them that are no issues. */
        async order(name) {
            if (name !== "learn") return null;
            const { order, clips } = await this.ask("/order?by=learn");
            return { rows: order, clips };
        }

        async spot(count) {
            return (await this.ask(`/spot?n=${count}`)).clips;
        }

        async like(row, classIndex) {
            return (await this.ask(`/like/${row}/${classIndex}`)).rows;
        }

        link() {
            return null; /* a page over HTTP may not lead to files */
        }

        async media(row) {
            const facts = await this.ask(`/media/${this.key}/${row}.json`);
            return {
                ...facts,
                kept: facts.kept ?? facts.seconds,
                sound: `/clip/${this.key}/${row}`,
                spectrogram: `/spectrogram/${this.key}/${row}.png`,
            };
        }
    }

    return { create: () => new Server() };
})();
