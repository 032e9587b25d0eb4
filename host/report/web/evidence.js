/* What the views of the sound say of an issue. The data has numbers only, since there are many
 * issues; their words are made of those that are shown. */
earmark.evidence = (() => {
    const { names } = earmark;

    /* For each view: neighbours, those with the given and with the suggested label, then the
     * probabilities of both for each estimator. */
    const read = (data) => {
        for (const issue of data.issues) {
            if (!issue.evidence) continue;
            issue.evidence = issue.evidence.map(
                ([neighbours, with_given, with_suggested, ...shares], view) =>
                    ({ view: data.views[view], neighbours, with_given, with_suggested, shares }));
        }
    };

    /* "logistic 0.02 given 0.91 suggested, 17 of 20 neighbours labelled 8, 2 labelled 6": as the
     * files of the run have it. */
    const words = (data, issue, evidence) => {
        const { neighbours, with_given, with_suggested, shares } = evidence;
        const label = (value) => names.label(data, value);
        const parts = [];
        for (let at = 0; at < shares.length; at += 2) {
            const [given, suggested] = shares.slice(at, at + 2);
            if (given === null || suggested === null) continue;
            parts.push(`${data.estimators[at / 2]} ${given.toFixed(2)} given ${
                suggested.toFixed(2)} suggested`);
        }
        if (neighbours > 0)
            parts.push(`${with_suggested} of ${neighbours} neighbours labelled ${
                label(issue.suggested)}`, `${with_given} labelled ${label(issue.given)}`);
        return parts.join(", ");
    };

    return { read, words };
})();
