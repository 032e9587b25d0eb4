#!/usr/bin/env python3
"""Golden data of what follows from the mix: entropy and mark of clips without a class, recall and
balanced accuracy, and errors of whole groups; all in plain float64.

Makes, in this folder:

  labels.npy     int32 (rows), 0 .. 5; no row has class 4
  groups.npy     int32 (rows)
  estimators.npy float32 (3, rows, 6): natural logarithms of the estimators' probabilities
  mix.npy        float32 (rows, 6): of their geometric mean
  entropy.npy    float64 (rows): of the arithmetic mean, over ln 6
  recall.npy     float64 (6): NaN for a class without rows
  belief.npy     float64 (3): balanced accuracy, chance, share of the largest class
  errors.npy     int32 (errors, 5): group, given, suggested, clips, matching
  scores.npy     float64 (errors)

usage: python make_findings.py     (numpy)
"""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES, GROUPS, PRESENT = 6, 9, [0, 1, 2, 3, 5]


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def log_softmax(scores):
    scores = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def group_errors(labels, groups, logs):
    looks, found = logs.argmax(axis=1), []
    for group in np.unique(groups):
        for given in range(CLASSES):
            cell = np.flatnonzero((groups == group) & (labels == given))
            others = np.flatnonzero((groups != group) & (labels == given))
            for suggested in range(CLASSES):
                rows = cell[looks[cell] == suggested]
                if suggested == given or len(rows) < 3:
                    continue
                share = len(rows) / len(cell)
                elsewhere = ((looks[others] == suggested).sum() + 1) / (len(others) + 2)
                floor = np.log(1e-12)
                evidence = (np.maximum(logs[rows, suggested], floor)
                            - np.maximum(logs[rows, given], floor)).sum()
                if share >= 0.25 and share - elsewhere >= 0.15 and evidence >= 2.5 * len(rows):
                    found.append((-evidence, group, given, suggested, len(cell), len(rows)))
    return sorted(found)


def main():
    random = np.random.default_rng(17)
    rows = 400
    true = random.choice(PRESENT, rows, p=[0.3, 0.2, 0.2, 0.2, 0.1])
    groups = random.integers(0, GROUPS, rows) * 7 - 20
    labels = true.copy()
    for group, of, to in ((-20, 1, 2), (1, 3, 0), (36, 0, 5)):  # a group's clips of a class
        labels[(groups == group) & (true == of)] = to
    weak = random.random(rows) < 0.1  # belong to no class: each estimator says something else
    estimators = np.zeros((3, rows, CLASSES), np.float32)
    for e in range(3):
        scores = random.normal(0, 1.2, (rows, CLASSES))
        scores[np.arange(rows), true] += np.where(weak, 0.5, 5)
        estimators[e] = log_softmax(scores)
    estimators[:, 5, :] = np.log(1 / CLASSES)
    estimators[:, 6, :] = -np.inf
    estimators[:, 6, 2] = 0
    mean = estimators.astype(np.float64).mean(axis=0)
    mix = log_softmax(mean).astype(np.float32)
    sums = np.exp(estimators.astype(np.float64)).sum(axis=0)
    share = sums / sums.sum(axis=1, keepdims=True)
    logs = np.log(np.where(share > 0, share, 1))
    looks = mix.argmax(axis=1)
    recall = np.array([(looks[labels == k] == k).mean() if (labels == k).any() else np.nan
                       for k in range(CLASSES)])
    found = group_errors(labels, groups, mix.astype(np.float64))
    assert len(found) >= 3
    save("labels", labels, np.int32)
    save("groups", groups, np.int32)
    save("estimators", estimators, np.float32)
    save("mix", mix, np.float32)
    save("entropy", -(share * logs).sum(axis=1) / np.log(CLASSES), np.float64)
    save("recall", recall, np.float64)
    save("belief", [np.nanmean(recall), 1 / len(PRESENT), np.bincount(labels).max() / rows],
         np.float64)
    save("errors", [f[1:] for f in found], np.int32)
    save("scores", [-f[0] for f in found], np.float64)


main()
