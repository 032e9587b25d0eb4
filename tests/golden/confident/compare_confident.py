#!/usr/bin/env python3
"""Compares `earmark issues` with cleanlab 2.9 (stable sort) on random problems with one label and
with several labels a row: flagged rows and their order, estimates, class health.

    python3 tests/golden/confident/compare_confident.py EARMARK [PROBLEMS] [SEED]

Prints each difference with the number of its problem, and the counts; exit code 1 if any differ.
Not compared are what cleanlab itself gets wrong: the order of the filters low_* with several
labels, and label noise there.
"""
import csv
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings

os.environ["NPY_DISABLE_CPU_FEATURES"] = "AVX512_ICL X86_V4"
import numpy as np

warnings.simplefilter("ignore")
unstable = np.argsort
np.argsort = lambda a, axis=-1, kind=None, order=None: unstable(a, axis=axis, kind="stable",
                                                                order=order)
multiprocessing.cpu_count = lambda: 1  # cleanlab's processes take longer than these problems
import cleanlab
from cleanlab import count, dataset, filter as filters, multilabel_classification as multi

assert cleanlab.__version__.startswith("2.9"), cleanlab.__version__
FILTERS = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_self_confidence", "low_normalized_margin"]
SCORES = ["self_confidence", "normalized_margin", "confidence_weighted_entropy"]
compared = differences = 0


def differ(number, what, ours, theirs):
    global compared, differences
    compared += 1
    if ours == theirs:
        return
    differences += 1
    print(f"problem {number}: {what}: {ours} instead of {theirs}")


def probabilities(random, rows, classes, shape):
    p = random.random((rows, classes)) ** 3
    p[np.arange(rows), random.integers(0, classes, rows)] += 2 * random.random(rows)
    if shape == "single":
        p /= p.sum(axis=1, keepdims=True)
    else:
        p = np.clip(p, 0, 1)
    digits = int(random.choice([1, 2, 3, 16]))  # ties
    return np.round(p, digits).astype(random.choice([np.float32, np.float64]))


def variation(random, classes, counts, shape):
    """Arguments of cleanlab and of earmark, with the arrays that they name."""
    name = str(random.choice(FILTERS))
    arguments, options, arrays = dict(filter_by=name), ["--filter", name], {}
    if FILTERS.index(name) < 3:
        if random.random() < 0.3:
            arguments["frac_noise"] = float(np.round(random.random(), 2))
            options += ["--frac-noise", str(arguments["frac_noise"])]
        if random.random() < 0.3:
            arguments["min_examples_per_class"] = int(random.integers(0, 12))
            options += ["--min-examples-per-class", str(arguments["min_examples_per_class"])]
        if random.random() < 0.2:
            remove = random.integers(0, 6, classes)
            arguments["num_to_remove_per_class"] = remove.tolist()
            options += ["--num-to-remove", "remove.npy"]
            arrays["remove"] = remove
    if random.random() < 0.4:
        side = (classes, 2, 2) if shape == "multi" else (classes, classes)
        joint = np.round(random.random(side) ** 4 * random.choice([3, 50, 1e6]), 2)
        joint[random.random(side) < 0.3] = 0
        joint = joint + np.eye(side[-1]) * random.choice([0.01, 3])
        joint = np.ceil(joint) if random.random() < 0.5 else joint
        arguments["confident_joint"] = joint
        options += ["--joint", "joint.npy"]
        arrays["joint"] = joint
    return arguments, options, arrays


def earmark(folder, options):
    result = subprocess.run([PROGRAM, "issues", "--labels", "y.npy", "--pred-probs", "p.npy",
                             "--threads", "1"] + options, cwd=folder, capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else result.stderr


def health(folder, options):
    """Overall health, and the issues of each class, of a folder of results."""
    said = earmark(folder, options + ["-o", "out", "--fresh", "--quiet"])
    assert said == "", said
    with open(os.path.join(folder, "out/health.json")) as file:
        overall = json.load(file)["overall_label_health_score"]
    with open(os.path.join(folder, "out/classes.csv")) as file:
        classes = sorted((int(row["class_index"]), int(row["label_issues"]),
                          int(row["inverse_label_issues"])) for row in csv.DictReader(file))
    return overall, classes


def save(folder, arrays):
    for name, array in arrays.items():
        np.save(os.path.join(folder, name + ".npy"), array)


def rows_of(text):
    return [int(line) for line in text.split()] if text[:1].isdigit() or not text else text


def compare_single(number, random, folder):
    rows, classes = int(random.integers(5, 300)), int(random.choice([2, 3, 4, 7, 8, 9, 15, 20]))
    p = probabilities(random, rows, classes, "single")
    labels = np.where(random.random(rows) < 0.2, random.integers(0, classes, rows), p.argmax(1))
    if random.random() < 0.3:
        labels[labels == classes // 2] = 0
    labels[0], labels[1] = 0, classes - 1
    arguments, options, arrays = variation(random, classes, np.bincount(labels), "single")
    score, adjust = int(random.integers(3)), bool(random.random() < 0.3)
    save(folder, dict(y=labels, p=p, **arrays))
    options += ["--score", SCORES[score]] + ["--adjust-pred-probs"] * (adjust and score < 2)
    theirs = filters.find_label_issues(labels, p, n_jobs=1, return_indices_ranked_by=SCORES[score],
                                       rank_by_kwargs=dict(adjust_pred_probs=adjust and score < 2),
                                       **arguments)
    ours = rows_of(earmark(folder, options))
    if score == 2 and type(ours) is list:  # the last bit of a logarithm may differ: only the set
        ours, theirs = sorted(ours), np.sort(theirs)
    differ(number, f"rows {options}", ours, theirs.tolist())
    for method in ["off_diagonal", "off_diagonal_calibrated", "off_diagonal_custom"]:
        if method == "off_diagonal_custom" and "joint" not in arrays:
            continue
        theirs = count.num_label_issues(labels, p, estimation_method=method,
                                        confident_joint=arrays.get("joint"))
        differ(number, method, earmark(folder, options + ["--estimation-method", method]).strip(),
               str(int(theirs)))
    if number % 4 > 0:
        return
    overall, counts = health(folder, options)
    differ(number, "overall health", overall,
           float(dataset.overall_label_health_score(labels, p, verbose=False)))
    ranks = dataset.rank_classes_by_label_quality(labels, p,
                                                  confident_joint=arrays.get("joint"))
    theirs = ranks[["Class Index", "Label Issues", "Inverse Label Issues"]].values.tolist()
    differ(number, "class health", counts, sorted(tuple(map(int, row)) for row in theirs))


def compare_multi(number, random, folder):
    rows, classes = int(random.integers(5, 200)), int(random.integers(2, 9))
    p = probabilities(random, rows, classes, "multi")
    given = (p > 0.5) ^ (random.random((rows, classes)) < random.choice([0, 0.05, 0.2]))
    given[0], given[1] = False, True
    lists = [np.flatnonzero(row).tolist() for row in given]
    arguments, options, arrays = variation(random, classes, given.sum(0), "multi")
    save(folder, dict(y=given.astype(np.int8), p=p, **arrays))
    options = ["--multi-label"] + options
    score = int(random.integers(2))
    lowest = arguments["filter_by"].startswith("low_")
    theirs = multi.filter.find_label_issues(
        lists, p, n_jobs=1, return_indices_ranked_by=None if lowest else SCORES[score], **arguments)
    ours = rows_of(earmark(folder, options + ["--score", SCORES[score]]))
    if lowest and type(ours) is list:
        ours, theirs = sorted(ours), np.flatnonzero(theirs)
    differ(number, f"rows {options}", ours, theirs.tolist())
    differ(number, "off_diagonal",
           earmark(folder, options + ["--estimation-method", "off_diagonal"]).strip(),
           str(int(count.num_label_issues(lists, p, multi_label=True))))
    overall, counts = health(folder, options)
    joint = arrays.get("joint")
    differ(number, "overall health", overall,
           float(multi.dataset.overall_multilabel_health_score(lists, p, confident_joint=joint)))
    issues = multi.dataset.common_multilabel_issues(lists, p, confident_joint=joint)
    issues = issues.sort_values(["Class Index", "In Given Label"], ascending=[True, False])
    theirs = issues["Num Examples"].values.reshape(-1, 2)
    differ(number, "class health", counts,
           [(c, int(a), int(b)) for c, (a, b) in enumerate(theirs)])


def main():
    problems, seed = int((sys.argv[2:] + [1000])[0]), int((sys.argv[3:] + [1])[0])
    with tempfile.TemporaryDirectory() as folder:
        for number in range(problems):
            random = np.random.default_rng([seed, number])
            (compare_multi if number % 3 == 2 else compare_single)(number, random, folder)
    print(f"problems: {problems}, comparisons: {compared}, differences: {differences}")
    sys.exit(differences > 0)


PROGRAM = os.path.abspath(sys.argv[1])
main()
