"""Reference for host/review/estimate.c and host/report/web/estimate.js: cases.json.

    python tests/golden/estimate/make_estimate.py        (numpy 2.x)

The same model, written with numpy's linear algebra. Cases are reviews of made-up rankings.
"""
import json
import math
import pathlib

import numpy as np

CELLS, FIFTHS = 30, 5
Z = 1.959963984540054


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def prior(fall_mean, fall_deviation):
    tenth = np.repeat(np.arange(10), 3)
    side = np.tile([-1.0, 0.0, 1.0], 10)
    at = (4.5 - tenth) / 4.5
    mean = np.append(-0.5 + 1.2 * at + 0.5 * side, fall_mean)
    covariance = np.zeros((CELLS + 1, CELLS + 1))
    covariance[:CELLS, :CELLS] = (
        2.5**2 + 1.2**2 * np.outer(at, at) + 1.5**2 * np.outer(side, side) + 0.3**2 * np.eye(CELLS)
        + 0.4**2 * np.exp(-np.abs(tenth[:, None] - tenth[None]) / 3.0))
    covariance[CELLS, CELLS] = fall_deviation**2
    return mean, covariance


def flagged_range(issues):
    """issues: (side, answer, turn) in rank order."""
    count = len(issues)
    cell = np.array([i * 10 // count * 3 + side + 1 for i, (side, _, _) in enumerate(issues)])
    decided = sorted((turn, i) for i, (_, answer, turn) in enumerate(issues)
                     if answer in ("keep", "relabel", "exclude"))
    rest = np.bincount([cell[i] for i, issue in enumerate(issues) if issue[1] is None],
                       minlength=CELLS).astype(float)
    if rest.sum() == 0:
        return 0, 0
    clips = np.zeros((CELLS, FIFTHS))
    wrong = np.zeros((CELLS, FIFTHS))
    for n, (_, i) in enumerate(decided):
        clips[cell[i], n * FIFTHS // len(decided)] += 1
        wrong[cell[i], n * FIFTHS // len(decided)] += issues[i][1] != "keep"
    total = rest.sum()
    low = end_of(clips, wrong, rest, (1.0, 2.0, -0.8), -Z)
    high = end_of(clips, wrong, rest, (0.0, 1e-3, 0.0), Z)
    for bound in (low, high):
        assert abs(bound - round(bound)) > 1e-5, "a case at the edge of a whole number"
    return math.floor(low), int(min(max(math.ceil(high), math.floor(low)), total))


def end_of(clips, wrong, rest, fall, z):
    mean, covariance = prior(*fall[:2])
    precision = np.linalg.inv(covariance)
    design = np.zeros((CELLS * FIFTHS, CELLS + 1))
    design[np.arange(CELLS * FIFTHS), np.arange(CELLS * FIFTHS) // FIFTHS] = 1
    design[:, CELLS] = np.tile(0.5 - (np.arange(FIFTHS) + 0.5) / FIFTHS, CELLS)
    n, w = clips.ravel(), wrong.ravel()
    mode = mean.copy()
    for _ in range(200):
        share = logistic(design @ mode)
        hessian = precision + design.T @ ((n * share * (1 - share))[:, None] * design)
        step = np.linalg.solve(hessian, design.T @ (w - n * share) - precision @ (mode - mean))
        mode = mode + step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    after = np.hstack([np.eye(CELLS), np.full((CELLS, 1), fall[2])])
    share = logistic(after @ mode)
    slope = (rest * share * (1 - share)) @ after
    variance = slope @ np.linalg.solve(hessian, slope) + (rest * share * (1 - share)).sum()
    total = rest.sum()
    mean_share = (rest * share).sum() / total
    deviation = math.sqrt(variance) / (total * mean_share * (1 - mean_share))
    logit = math.log(mean_share / (1 - mean_share))
    return total * logistic(logit + z * deviation)


def wilson_high(wrong, drawn):
    share = wrong / drawn
    spread = Z * math.sqrt(share * (1 - share) / drawn + Z * Z / (4 * drawn * drawn))
    return min((share + Z * Z / (2 * drawn) + spread) / (1 + Z * Z / drawn), 1.0)


def words(left, undecided, sample, stop):
    def s(n):
        return "" if n == 1 else "s"

    low, high = left["flagged_low"], left["flagged_high"]
    if left["decided"] == 0:
        text = "Nothing is decided yet."
    elif undecided == 0:
        text = "All flagged clips are decided."
    else:
        text = f"Of {undecided} flagged clip{s(undecided)} not decided yet, "
        if high == 0:
            text += "probably none is wrong."
        elif low == 0:
            text += f"at most {high} {'is' if high == 1 else 'are'} probably wrong."
        elif low == high:
            text += f"{low} {'is' if low == 1 else 'are'} probably wrong."
        else:
            text += f"{low} to {high} are probably wrong."
        if stop:
            text += " You can stop here: going on would find few."
    clips, checked, wrong = sample
    if checked == 0:
        return (text + " How many of the clips that are not flagged are wrong, only a spot check "
                "can say.")
    percent = math.ceil(left["unflagged_high"] * 100 - 0.5)
    most = math.ceil(left["unflagged_high"] * clips - 1e-6)
    return (f"{text} Not flagged: {wrong} of {checked} drawn at random are wrong, so at most "
            f"{percent}% of all ({most}).")


def left_of(issues, sample):
    answers = [answer for _, answer, _ in issues]
    undecided = answers.count(None)
    low, high = flagged_range(issues)
    left = {"decided": len(issues) - undecided, "wrong": answers.count("relabel"),
            "kept": answers.count("keep"), "excluded": answers.count("exclude"),
            "unsure": answers.count("unsure"), "flagged_low": low, "flagged_high": high,
            "unflagged_high": wilson_high(sample[2], sample[1]) if sample[1] else None}
    left["words"] = words(left, undecided, sample,
                          left["decided"] > 0 and high <= 0.1 * undecided)
    return left


def made(random, count, wrong_share, decided, order, unsure=0.0):
    """A ranking of `count` clips of which `decided` are answered in an order."""
    wrong = random.random(count) < wrong_share
    score = random.normal(size=count) + 1.5 * wrong
    side = np.where(random.random(count) < np.where(wrong, 0.85, 0.2), 1, -1)
    side[random.random(count) < 0.15] = 0
    ranking = np.argsort(-score)
    wrong, side, score = wrong[ranking], side[ranking], score[ranking]
    turns = {"rank": np.arange(count), "random": random.permutation(count),
             "side": np.argsort(-(score + 1.5 * side), kind="stable")}[order]
    issues = [[int(side[i]), None, 0] for i in range(count)]
    for turn, i in enumerate(turns[:decided]):
        answer = "keep" if not wrong[i] else "exclude" if random.random() < 0.1 else "relabel"
        issues[i][1:] = ["unsure" if random.random() < unsure else answer, turn + 1]
    return issues


def main():
    random = np.random.default_rng(20261201)
    cases = []

    def add(name, issues, sample):
        cases.append({"name": name, "issues": issues, "sample": sample,
                      "left": left_of(issues, sample)})

    add("nothing decided", made(random, 54, 0.7, 0, "rank"), [2446, 0, 0])
    add("one clip", made(random, 1, 0.5, 0, "rank"), [9, 0, 0])
    add("all decided", made(random, 15, 0.1, 15, "rank"), [2485, 50, 0])
    add("no issues", [], [100, 10, 1])
    add("54 digits by rank", made(random, 54, 0.8, 12, "rank"), [2446, 0, 0])
    add("54 digits, nearly all", made(random, 54, 0.8, 50, "rank", 0.1), [2446, 50, 1])
    add("right ones at random", made(random, 400, 0.0, 200, "random"), [9600, 50, 0])
    add("wrong ones at random", made(random, 300, 1.0, 100, "random"), [9700, 100, 3])
    add("900 by the order that learns", made(random, 900, 0.3, 300, "side"), [99100, 50, 50])
    add("900 at random", made(random, 900, 0.3, 300, "random", 0.05), [99100, 1, 0])
    add("700 by rank to the end of errors", made(random, 700, 0.15, 500, "rank"), [1, 1, 0])
    place = pathlib.Path(__file__).with_name("cases.json")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    place.write_text('{"cases":[\n' + lines + "\n]}\n")
    for case in cases:
        print(case["name"], case["left"])


main()
