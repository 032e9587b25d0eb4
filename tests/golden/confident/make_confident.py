#!/usr/bin/env python3
"""Golden results of confident learning, from cleanlab 2.9 with a stable sort.

    python3 tests/golden/confident/make_confident.py        (cleanlab 2.9, scipy, pandas)

The inputs are not stored: this file and tests/support/made_data.c make the same bits from
integer hashes. Stored are cases.npy (the parameters of each data set) and two streams in the
order in which the tests read them: integers.npy (int16) and numbers.npy (float64).
numpy's vector logarithms are switched off: they differ between CPUs in the last bit.
"""
import os

os.environ["NPY_DISABLE_CPU_FEATURES"] = "AVX512_ICL X86_V4"
import warnings

import numpy as np

warnings.simplefilter("ignore")
unstable = np.argsort
np.argsort = lambda a, axis=-1, kind=None, order=None: unstable(a, axis=axis, kind="stable",
                                                                order=order)
import cleanlab
from cleanlab import count, dataset, filter as filters, multilabel_classification as multi, rank

assert cleanlab.__version__.startswith("2.9"), cleanlab.__version__
FILTERS = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_self_confidence", "low_normalized_margin"]
SCORES = ["self_confidence", "normalized_margin", "confidence_weighted_entropy"]
METHODS = ["cnt", "eqn", "marginal", "marginal_ps"]
LOG_ROWS = 40  # rows whose entropy scores are stored
integers, numbers = [], []


def mix(seed, stream, at):
    """splitmix64's finaliser; `at` is an array of indices."""
    with np.errstate(over="ignore"):
        z = (np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) +
             np.uint64(stream) * np.uint64(0xD1B54A32D192ED03) +
             at.astype(np.uint64) * np.uint64(0x8CB92BA72F3D8DD7) + np.uint64(1))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def unit(seed, stream, at):
    return (mix(seed, stream, at) >> np.uint64(40)).astype(np.float64) / 2.0**24


def data(seed, rows, classes, style, single, fortran, missing):
    true = (mix(seed, 1, np.arange(rows)) % np.uint64(classes)).astype(np.int64)
    other = (mix(seed, 2, np.arange(rows)) % np.uint64(classes)).astype(np.int64)
    labels = np.where(unit(seed, 3, np.arange(rows)) < 0.25, other, true)
    labels = np.where(labels % classes < missing, classes - 1, labels)
    labels[0], labels[1] = classes - 1, missing
    p = unit(seed, 4, np.arange(rows * classes)).reshape(rows, classes)
    p = p * p * p
    p[np.arange(rows), true] += unit(seed, 5, np.arange(rows)) * 2.0
    total = p[:, 0].copy()
    for k in range(1, classes):
        total = total + p[:, k]
    p = p / total[:, None]
    if style in (1, 2, 3):
        p = np.rint(p * 10.0**style) / 10.0**style
    if style == 4:
        p = np.eye(classes)[p.argmax(1)]
    if style == 5:
        p = np.full((rows, classes), 1.0 / classes)
    p = p.astype(np.float32 if single else np.float64)
    return labels, np.asfortranarray(p) if fortran else p


def fnv(values):
    """A 60-bit check of the bits of doubles, as four int16."""
    h = 0xCBF29CE484222325
    for word in np.ascontiguousarray(values + 0.0, np.float64).view(np.uint64):
        h = ((h ^ int(word)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return [(h >> (15 * i)) & 0x7FFF for i in range(4)]


def settings(seed, classes):
    """The variations of every filter: arguments, score, adjusted."""
    joint = (mix(seed, 7, np.arange(classes**2)) % np.uint64(20)).astype(np.float64)
    joint = np.where(mix(seed, 8, np.arange(classes**2)) % np.uint64(3) == 0, 0.0, joint)
    joint = joint.reshape(classes, classes) * 0.37 + np.eye(classes) * 5.0
    remove = (mix(seed, 6, np.arange(classes)) % np.uint64(5)).astype(np.int64)
    return [({}, 0, False), (dict(frac_noise=(seed % 10) / 10), 1, False),
            (dict(min_examples_per_class=seed % 6), 2, False),
            (dict(confident_joint=joint), 1, True),
            (dict(num_to_remove_per_class=list(remove)), 0, True)]


def store_scores(labels, p):
    for name in SCORES[:2]:
        for adjust in (False, True):
            score = rank.get_label_quality_scores(labels, p, method=name, adjust_pred_probs=adjust)
            integers.extend(fnv(score.astype(np.float64)))
    numbers.extend(rank.get_label_quality_scores(labels, p, method=SCORES[2])[:LOG_ROWS])


def store_health(labels, p, joint):
    ranks = dataset.rank_classes_by_label_quality(labels, p).sort_values("Class Index")
    integers.extend(ranks["Label Issues"])
    integers.extend(ranks["Inverse Label Issues"])
    numbers.extend(ranks["Label Noise"])
    numbers.extend(ranks["Inverse Label Noise"])
    pairs = dataset.find_overlapping_classes(labels, p).sort_values(
        ["Class Index A", "Class Index B"]).sort_values("Joint Probability", ascending=False,
                                                       kind="stable")[:10]
    for column in ("Class Index A", "Class Index B", "Num Overlapping Examples"):
        integers.extend(pairs[column])
    numbers.extend(pairs["Joint Probability"])
    numbers.append(dataset.overall_label_health_score(labels, p, verbose=False))
    for method in METHODS:
        try:
            prior, noise, _ = count.estimate_latent(joint, labels, py_method=method)
            answered = method != "eqn" or np.linalg.cond(noise) < 1e6
        except np.linalg.LinAlgError:
            answered = False
        numbers.extend(prior if answered else [np.nan] * p.shape[1])


def store_case(case):
    seed, rows, classes = case[:3]
    labels, p = data(*case)
    integers.extend(fnv(p.astype(np.float64).ravel()))  # checks that the inputs have the same bits
    numbers.extend(count.get_confident_thresholds(labels, p))
    joint = count.compute_confident_joint(labels, p, calibrate=False)
    integers.extend(joint.ravel())
    integers.extend(count.compute_confident_joint(labels, p).ravel())
    integers.append(count.num_label_issues(labels, p))
    integers.append(count.num_label_issues(labels, p, estimation_method="off_diagonal_calibrated"))
    supplied = settings(seed, classes)[3][0]["confident_joint"]
    integers.append(count.num_label_issues(labels, p, confident_joint=supplied,
                                           estimation_method="off_diagonal_custom"))
    store_scores(labels, p)
    store_health(labels, p, joint)
    for f, name in enumerate(FILTERS):
        for arguments, score, adjust in settings(seed, classes)[:5 if f < 3 else 4]:
            flagged = filters.find_label_issues(
                labels, p, filter_by=name, n_jobs=1, return_indices_ranked_by=SCORES[score],
                rank_by_kwargs=dict(adjust_pred_probs=adjust), **arguments)
            integers.append(len(flagged))
            integers.extend(flagged)


def store_multilabel_health(lists, p, joint):
    """The number of issues of each class, of rows with it and without it, and the score."""
    issues = multi.dataset.common_multilabel_issues(lists, p, confident_joint=joint)
    issues = issues.sort_values(["Class Index", "In Given Label"], ascending=[True, False])
    integers.extend(issues["Num Examples"])
    numbers.append(multi.dataset.overall_multilabel_health_score(lists, p, confident_joint=joint))


def store_multilabel(seed, rows, classes, single):
    wanted = unit(seed, 11, np.arange(rows * classes)).reshape(rows, classes) < 0.4
    given = wanted ^ (unit(seed, 12, np.arange(rows * classes)).reshape(rows, classes) < 0.1)
    given[0], given[1] = False, True
    p = unit(seed, 13, np.arange(rows * classes)).reshape(rows, classes) * 0.6 + wanted * 0.4
    p = np.rint(p * 100.0) / 100.0
    p = p.astype(np.float32 if single else np.float64)
    lists = [[int(c) for c in np.flatnonzero(row)] for row in given]
    integers.append(count.num_label_issues(lists, p, multi_label=True))
    for score, name in enumerate(SCORES):
        for adjust in (False, True)[:2 if score < 2 else 1]:
            numbers.extend(multi.rank.get_label_quality_scores(
                lists, p, method=name, adjust_pred_probs=adjust)[:LOG_ROWS])
    joint = (mix(seed, 14, np.arange(classes * 4)) % np.uint64(20)).astype(np.float64)
    joint = joint.reshape(classes, 2, 2) * 0.37 + np.eye(2) * 5.0
    for supplied in (None, joint):
        store_multilabel_health(lists, p, supplied)
    for name in FILTERS[5:]:  # their ranking is scrambled there: only which rows
        flagged = np.flatnonzero(multi.filter.find_label_issues(lists, p, filter_by=name))
        integers.append(len(flagged))
        integers.extend(flagged)
    for f, name in enumerate(FILTERS[:5]):
        score = f % 3
        flagged = multi.filter.find_label_issues(lists, p, filter_by=name, n_jobs=1,
                                                 return_indices_ranked_by=SCORES[score])
        integers.append(len(flagged))
        integers.extend(flagged)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    cases = []
    for seed in range(1, 221):
        rows = [5, 8, 13, 29, 60, 97, 128, 150, 257, 400][seed % 10]
        classes = [2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 23, 39][(seed * 7) % 12]
        if seed % 40 != 7 and classes > 17 and rows < 90:
            rows = 97
        missing = classes // 3 if seed % 4 == 1 else 0
        cases.append([seed, rows, classes, seed % 6, seed % 2, seed % 3 == 0, missing])
        store_case(cases[-1])
    for seed in range(300, 320):
        store_multilabel(seed, 30 + 7 * (seed % 11), 2 + seed % 7, seed % 2 == 1)
    np.save(os.path.join(folder, "cases.npy"), np.array(cases, np.int16))
    np.save(os.path.join(folder, "integers.npy"), np.array(integers, np.int16))
    np.save(os.path.join(folder, "numbers.npy"), np.array(numbers, np.float64))


main()
