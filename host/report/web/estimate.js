/* How many wrong labels a review has left, in numbers and words: the twin of
 * host/review/estimate.c, which says what is computed. Both must pass
 * tests/golden/estimate/cases.json. */
earmark.estimate = (() => {
    const TENTHS = 10;
    const SIDES = 3;
    const CELLS = TENTHS * SIDES;
    const FIFTHS = 5;
    const SIZE = CELLS + 1; /* the last one: how much the share falls in the review */
    const FALL = CELLS;
    const PRIOR = { mean: -0.5, meanDeviation: 2.5, tenth: 1.2, tenthDeviation: 1.2,
        side: 0.5, sideDeviation: 1.5, cellDeviation: 0.3, smoothDeviation: 0.4,
        smoothTenths: 3.0 };
    const FALLS = { mean: 1.0, deviation: 2.0, after: -0.8 };
    const STAYS = { mean: 0.0, deviation: 1e-3, after: 0.0 };
    const Z = 1.959963984540054;
    const STEPS = 100;
    const LONGEST_STEP = 2.0;
    const ROUNDING = 1e-6;
    const STOP_SHARE = 0.1;

    const logistic = (x) => 1.0 / (1.0 + Math.exp(-x));
    const square = (x) => x * x;
    const zeros = (size) => new Float64Array(size);
    const matrix = () => Array.from({ length: SIZE }, () => zeros(SIZE));
    const fallAt = (fifth) => 0.5 - (fifth + 0.5) / FIFTHS;
    const tenthAt = (cell) => (4.5 - Math.floor(cell / SIDES)) / 4.5;
    const sideAt = (cell) => (cell % SIDES) - 1.0;

    /* ---- linear algebra ---- */

    const decompose = (of) => {
        const factor = matrix();
        for (let i = 0; i < SIZE; i++) {
            for (let j = 0; j <= i; j++) {
                let sum = of[i][j];
                for (let k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
                factor[i][j] = i === j ? Math.sqrt(sum) : sum / factor[j][j];
            }
        }
        return factor;
    };

    const solveLower = (factor, vector) => {
        for (let i = 0; i < SIZE; i++) {
            for (let k = 0; k < i; k++) vector[i] -= factor[i][k] * vector[k];
            vector[i] /= factor[i][i];
        }
    };

    const solveUpper = (factor, vector) => {
        for (let i = SIZE - 1; i >= 0; i--) {
            for (let k = i + 1; k < SIZE; k++) vector[i] -= factor[k][i] * vector[k];
            vector[i] /= factor[i][i];
        }
    };

    /* ---- the model ---- */

    const covariance = (i, j, fall) => {
        if (i === FALL || j === FALL) return i === j ? square(fall.deviation) : 0.0;
        const apart = Math.abs(Math.floor(i / SIDES) - Math.floor(j / SIDES));
        return square(PRIOR.meanDeviation) +
            square(PRIOR.tenthDeviation) * tenthAt(i) * tenthAt(j) +
            square(PRIOR.sideDeviation) * sideAt(i) * sideAt(j) +
            square(PRIOR.smoothDeviation) * Math.exp(-apart / PRIOR.smoothTenths) +
            (i === j ? square(PRIOR.cellDeviation) : 0.0);
    };

    const makePrior = (fall) => {
        const mean = zeros(SIZE);
        const of = matrix();
        const precision = matrix();
        for (let i = 0; i < SIZE; i++) {
            mean[i] = i === FALL ? fall.mean
                : PRIOR.mean + PRIOR.tenth * tenthAt(i) + PRIOR.side * sideAt(i);
            for (let j = 0; j < SIZE; j++) of[i][j] = covariance(i, j, fall);
        }
        const factor = decompose(of);
        for (let j = 0; j < SIZE; j++) {
            const column = zeros(SIZE);
            column[j] = 1.0;
            solveLower(factor, column);
            solveUpper(factor, column);
            for (let i = 0; i < SIZE; i++) precision[i][j] = column[i];
        }
        return { mean, precision };
    };

    /* Gradient and precision of the posterior at the mode so far. */
    const look = (prior, mode, counts) => {
        const gradient = zeros(SIZE);
        const precision = prior.precision.map((row) => row.slice());
        for (let i = 0; i < SIZE; i++)
            for (let j = 0; j < SIZE; j++)
                gradient[i] -= prior.precision[i][j] * (mode[j] - prior.mean[j]);
        for (let cell = 0; cell < CELLS; cell++) {
            for (let fifth = 0; fifth < FIFTHS; fifth++) {
                const clips = counts.decided[cell * FIFTHS + fifth];
                if (clips === 0) continue;
                const fall = fallAt(fifth);
                const share = logistic(mode[cell] + fall * mode[FALL]);
                const weight = clips * share * (1.0 - share);
                const excess = counts.wrong[cell * FIFTHS + fifth] - clips * share;
                gradient[cell] += excess;
                gradient[FALL] += fall * excess;
                precision[cell][cell] += weight;
                precision[cell][FALL] += fall * weight;
                precision[FALL][cell] += fall * weight;
                precision[FALL][FALL] += square(fall) * weight;
            }
        }
        return { gradient, precision };
    };

    /* Newton's method to the posterior's mode. */
    const findMode = (prior, counts) => {
        const mode = prior.mean.slice();
        let factor = null;
        for (let n = 0; n < STEPS; n++) {
            const { gradient: step, precision } = look(prior, mode, counts);
            factor = decompose(precision);
            solveLower(factor, step);
            solveUpper(factor, step);
            const longest = step.reduce((most, x) => Math.max(most, Math.abs(x)), 0.0);
            const scale = longest > LONGEST_STEP ? LONGEST_STEP / longest : 1.0;
            for (let i = 0; i < SIZE; i++) mode[i] += scale * step[i];
            if (longest < 1e-10) break;
        }
        return { mode, factor };
    };

    /* How many of the rest are wrong: the end of the range that is z deviations away. */
    const findEnd = (counts, fall, z) => {
        const { mode, factor } = findMode(makePrior(fall), counts);
        const slope = zeros(SIZE);
        let rest = 0.0;
        let wrong = 0.0;
        let variance = 0.0;
        for (let cell = 0; cell < CELLS; cell++) {
            const share = logistic(mode[cell] + fall.after * mode[FALL]);
            rest += counts.rest[cell];
            wrong += counts.rest[cell] * share;
            slope[cell] = counts.rest[cell] * share * (1.0 - share);
            slope[FALL] += fall.after * slope[cell];
            variance += slope[cell];
        }
        solveLower(factor, slope);
        for (let i = 0; i < SIZE; i++) variance += square(slope[i]);
        const share = wrong / rest;
        const logit = Math.log(share / (1.0 - share));
        const deviation = Math.sqrt(variance) / (rest * share * (1.0 - share));
        return rest * logistic(logit + z * deviation);
    };

    /* ---- counting: issues are [side, decision or null, turn], in the order of the ranking ---- */

    const countCells = (issues) => {
        const counts = { decided: zeros(CELLS * FIFTHS), wrong: zeros(CELLS * FIFTHS),
            rest: zeros(CELLS) };
        const cellOf = (index) => Math.floor((index * TENTHS) / issues.length) * SIDES +
            Math.sign(issues[index][0]) + 1;
        const decided = [];
        issues.forEach(([, answer], index) => {
            if (answer === null) counts.rest[cellOf(index)] += 1;
            else if (answer !== "unsure") decided.push(index);
        });
        decided.sort((a, b) => issues[a][2] - issues[b][2] || a - b);
        decided.forEach((index, turn) => {
            const fifth = Math.floor((turn * FIFTHS) / decided.length);
            const at = cellOf(index) * FIFTHS + fifth;
            counts.decided[at] += 1;
            if (issues[index][1] !== "keep") counts.wrong[at] += 1;
        });
        return counts;
    };

    const wilsonHigh = (wrong, drawn) => {
        const share = wrong / drawn;
        const spread = Z * Math.sqrt((share * (1.0 - share)) / drawn +
            square(Z) / (4.0 * drawn * drawn));
        const middle = share + square(Z) / (2.0 * drawn);
        return Math.min((middle + spread) / (1.0 + square(Z) / drawn), 1.0);
    };

    /* ---- words: those of host/review/estimate_words.c ---- */

    const are = (count) => (count === 1 ? "is" : "are");

    const flaggedWords = (left, undecided) => {
        const { flagged_low: low, flagged_high: high } = left;
        if (left.decided === 0) return "Nothing is decided yet.";
        if (undecided === 0) return "All flagged clips are decided.";
        const clips = `${undecided} flagged clip${undecided === 1 ? "" : "s"}`;
        let words = `${low} to ${high} are probably wrong.`;
        if (high === 0) words = "probably none is wrong.";
        else if (low === 0) words = `at most ${high} ${are(high)} probably wrong.`;
        else if (low === high) words = `${low} ${are(low)} probably wrong.`;
        const stop = high <= STOP_SHARE * undecided
            ? " You can stop here: going on would find few." : "";
        return `Of ${clips} not decided yet, ${words}${stop}`;
    };

    const sampleWords = (left, [clips, checked, wrong]) => {
        if (checked === 0) {
            return "How many of the clips that are not flagged are wrong, only a spot check can " +
                "say.";
        }
        const percent = Math.ceil(left.unflagged_high * 100.0 - 0.5);
        const most = Math.ceil(left.unflagged_high * clips - 1e-6);
        return `Not flagged: ${wrong} of ${checked} drawn at random are wrong, so at most ` +
            `${percent}% of all (${most}).`;
    };

    /* What is left. issues: [side, decision or null, turn], in the order of the ranking, where side
     * is that of the neighbours (1: more have the suggested label, -1: the given one, 0: neither)
     * and decided clips are in the order of their turns. sample, of the clips that are not flagged:
     * [clips, drawn, wrong ones among the drawn]. */
    const count = (issues, sample) => {
        const of = (kind) => issues.filter(([, answer]) => answer === kind).length;
        const undecided = of(null);
        const left = { decided: issues.length - undecided, wrong: of("relabel"), kept: of("keep"),
            excluded: of("exclude"), unsure: of("unsure"), flagged_low: 0, flagged_high: 0,
            unflagged_high: sample[1] > 0 ? wilsonHigh(sample[2], sample[1]) : null };
        if (undecided > 0) {
            const counts = countCells(issues);
            const high = Math.ceil(findEnd(counts, STAYS, Z) - ROUNDING);
            left.flagged_low = Math.floor(findEnd(counts, FALLS, -Z) + ROUNDING);
            left.flagged_high = Math.min(Math.max(high, left.flagged_low), undecided);
        }
        left.words = `${flaggedWords(left, undecided)} ${sampleWords(left, sample)}`;
        return left;
    };

    /* On which side the neighbours of an issue are, over all views. */
    const sideOf = (issue) => Math.sign((issue.evidence || []).reduce(
        (sum, { with_given: given, with_suggested: suggested }) => sum + suggested - given, 0));

    /* The same for the issues of a run and its decisions, a row once, in the order in which they
     * were made. Nothing is known of the clips that are not flagged. */
    const left = (issues, decisions) => {
        const answers = new Map();
        [...decisions].forEach(({ row, decision }, turn) => {
            if (decision === "undo") answers.delete(row);
            else answers.set(row, [decision, turn]);
        });
        const answer = (issue) => answers.get(issue.row) || [null, 0];
        return count(issues.map((issue) => [sideOf(issue), ...answer(issue)]), [0, 0, 0]);
    };

    return { count, left, sideOf };
})();
