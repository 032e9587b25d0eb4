"""Golden data of the flagged rows and of the number of errors (host/confident/noise_model.h,
flagged.h), from numpy and scipy alone:

    cases.npy          int32 (cases, 2): rows, classes
    labels.npy         int32: the labels of all cases in turn
    mix.npy            float32: their log-probabilities, row by row
    probabilities.npy  float64: the probability that a row's label is wrong
    flagged.npy        int32: 1 for flagged rows
    counts.npy         float64 (cases, 9): the members of struct error_count

Made with numpy 2.4.6 and scipy 1.17.1:  python tests/golden/flagged/make_flagged.py
"""
import os

import numpy as np
from scipy.special import digamma, gammaln

FOLDER = os.path.dirname(os.path.abspath(__file__))
SHARPNESS = np.exp(-0.2 + 0.2 * np.arange(10))
SPREADS = (1.0, 10.0, 100.0, 3000.0)
STRENGTH = 1000.0
PRIOR_WRONG, PRIOR_RIGHT = 0.5, 10.0


def normalised(log_p):
    log_p = log_p - log_p.max(axis=1, keepdims=True)
    p = np.exp(log_p)
    return p / p.sum(axis=1, keepdims=True)


def fit(likely, labels, spread):
    """The transition (true, given), the evidence's lower bound and the rate of errors."""
    rows, classes = likely.shape
    given = np.eye(classes)[labels]
    own = np.eye(classes, dtype=bool)
    transition = np.where(own, 0.9, 0.1 / (classes - 1))
    base = spread / (classes - 1)
    for iteration in range(20):
        joint = likely * transition[:, labels].T
        counts = (joint / joint.sum(axis=1, keepdims=True)).T @ given
        kept = np.diag(counts).copy()
        changed = counts.sum(axis=1) - kept
        rate = (changed.sum() + PRIOR_WRONG) / (rows + PRIOR_RIGHT)
        wrong, right = STRENGTH * rate + changed, STRENGTH * (1 - rate) + kept
        shares = base + counts
        if iteration < 15:
            transition = shares / (spread + changed)[:, None] * (wrong / (wrong + right))[:, None]
            transition[own] = right / (wrong + right)
        else:
            log_wrong = digamma(wrong) - digamma(wrong + right)
            log_right = digamma(right) - digamma(wrong + right)
            log_shares = digamma(shares) - digamma(spread + changed)[:, None]
            transition = np.exp(log_shares + log_wrong[:, None])
            transition[own] = np.exp(log_right)
    likelihood = np.log((likely * transition[:, labels].T).sum(axis=1)).sum()
    divergence = gammaln(wrong + right) - gammaln(wrong) - gammaln(right)
    divergence += gammaln(STRENGTH * rate) + gammaln(STRENGTH * (1 - rate)) - gammaln(STRENGTH)
    divergence += changed * log_wrong + kept * log_right
    divergence += gammaln(spread + changed) - gammaln(spread)
    terms = gammaln(base) - gammaln(shares) + counts * log_shares
    divergence += np.where(own, 0, terms).sum(axis=1)
    prior = PRIOR_WRONG * np.log(rate) + PRIOR_RIGHT * np.log(1 - rate)
    return transition, likelihood - divergence.sum() + prior, rate


def fit_grid(mix, labels):
    """Of every point of the grid: weight, bound, rate, and the probability of a wrong label."""
    bounds, evidences, rates, wrong = [], [], [], []
    for sharpness in SHARPNESS:
        likely = normalised(sharpness * mix.astype(np.float64))
        for spread in SPREADS:
            transition, bound, rate = fit(likely, labels, spread)
            prior = -0.5 * ((np.log(sharpness) - np.log(2.2)) / 0.2) ** 2
            excluded = spread <= 100 and rate > 0.25
            joint = likely * transition[:, labels].T
            own = joint[np.arange(len(labels)), labels]
            bounds.append(bound)
            evidences.append(-np.inf if excluded else bound + prior)
            rates.append(rate)
            wrong.append(1 - own / joint.sum(axis=1))
    weights = np.exp(np.array(evidences) - max(evidences))
    weights[weights < 1e-3] = 0
    weights[np.argsort(-weights, kind="stable")[8:]] = 0
    return weights / weights.sum(), np.array(bounds), np.array(rates), np.array(wrong)


def flag(p):
    """The most probable errors, as many as give the highest expected F1."""
    order = np.argsort(-p, kind="stable")
    right = np.cumsum(p[order])
    f1 = 2 * right / (np.arange(1, len(p) + 1) + p.sum())
    threshold = max(f1.max() / 2, 0.25)
    assert np.abs(p - threshold).min() > 1e-5, "a row at the threshold: take another seed"
    return p > threshold


def count(grid, mix, labels, flagged):
    """The members of struct error_count, in order."""
    weights, bounds, rates, wrong = grid
    p, rows, classes = normalised(mix.astype(np.float64)), *mix.shape
    right = (weights @ wrong)[flagged].sum()
    missed = (weights @ wrong)[~flagged].sum()
    errors = right + missed
    near = np.append(rates[bounds >= bounds.max() - 6 - 0.02 * rows] * rows, errors)
    doubt = max((1 - p[np.arange(rows), labels]).sum() - errors, 0)
    entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1)
    no_class = (entropy > 0.8 * np.log(classes)).sum()
    bins = np.maximum(-48 * np.log2(np.maximum(1 - p.max(axis=1), 2.0**-21)), 0).astype(int)
    bins = np.sort(bins)[::-1]
    surest = 2.0 ** (-(bins[int(np.ceil(0.2 * rows)) - 1] + 0.5) / 48)
    most = 1.1 * near.max() + 2 * np.sqrt(near.max() / 2 + 1) + 0.2 * doubt
    most = max(most, 2 * surest * rows) + 0.5 * no_class
    fewest = 0.9 * near.min() - 2 * np.sqrt(near.min() / 2 + 0.5) - 0.05 * doubt
    more, less = most - errors, errors - fewest
    numbers = []
    for value, limit in ((errors, rows), (right, flagged.sum()), (missed, (~flagged).sum())):
        numbers += [value, max(value - less, 0), min(value + more, limit)]
    return numbers


def make(seed, rows, classes, separation, rate, kind):
    """Labels with errors, and the log-probabilities of a classifier that learned from them."""
    random = np.random.default_rng(seed)
    true = np.arange(rows) % classes
    labels = true.copy()
    wrong = random.random(rows) < rate
    step = 1 if kind == "pair" else random.integers(1, classes, rows)
    labels[wrong] = ((true + step) % classes)[wrong]
    scores = separation**2 * np.eye(classes)[true]
    scores += separation * random.standard_normal((rows, classes))
    transition = np.full((classes, classes), 1.0)
    np.add.at(transition, (true, labels), 1)
    p = normalised(scores) @ (transition / transition.sum(axis=1, keepdims=True))
    if kind == "overlap":
        p = np.repeat(p[:, ::2] + p[:, 1::2], 2, axis=1) / 2
    log_p = np.log(p) + 0.3 * random.standard_normal((rows, classes))
    return labels.astype(np.int32), np.log(normalised(log_p)).astype(np.float32)


def main():
    cases = [
        make(1, 300, 5, 4.0, 0.1, "symmetric"),
        make(2, 360, 6, 5.0, 0.15, "pair"),
        make(3, 150, 2, 2.0, 0.05, "symmetric"),
        make(4, 200, 6, 2.5, 0.0, "symmetric"),
        make(5, 240, 8, 3.0, 0.05, "overlap"),
    ]
    grids = [fit_grid(mix, labels) for labels, mix in cases]
    wrong = [grid[0] @ grid[3] for grid in grids]
    flagged = [flag(p) for p in wrong]
    counts = [count(g, mix, y, z) for g, (y, mix), z in zip(grids, cases, flagged)]
    save = lambda name, array: np.save(os.path.join(FOLDER, name), array)
    save("cases.npy", np.array([mix.shape for _, mix in cases], np.int32))
    save("labels.npy", np.concatenate([labels for labels, _ in cases]))
    save("mix.npy", np.concatenate([mix.ravel() for _, mix in cases]))
    save("probabilities.npy", np.concatenate(wrong))
    save("flagged.npy", np.concatenate(flagged).astype(np.int32))
    save("counts.npy", np.array(counts))
    print([int(z.sum()) for z in flagged], np.array(counts).round(1), sep="\n")


if __name__ == "__main__":
    main()
