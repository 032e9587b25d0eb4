#!/usr/bin/env python3
"""Golden data for several labels a clip: scikit-learn's one-versus-rest regressions over
KFold, and cleanlab's results from their probabilities.

Makes, in this folder:

  folds.npy        int32 (cases, 5): rows, folds, seed, grouped, offset of the case in the
                   next two
  fold_groups.npy  int32, of all cases end to end (0 where a case has no groups)
  fold_of.npy      int32, likewise: KFold(shuffle=True), or StratifiedGroupKFold of labels
                   that are all the same
  <name>_x.npy     float32 embeddings (rows, features)
  <name>_y.npy     int32 (rows, classes) of 0 and 1
  <name>_f.npy     int32 folds
  <name>_p.npy     float64 (rows, classes): OneVsRestClassifier(LogisticRegression), at tol
                   1e-10 in float64
  noisy_losses.npy float64: mean log-loss over rows and classes at C = 1e-4, 1e-3 ... 1e2;
                   noisy_p.npy is of the best of them
  noisy_issues.npy int32: rows that cleanlab flags in noisy_p, ranked by self_confidence
  noisy_wrong.npy  int32 (rows, classes): 1 where it flags the class of the row
  noisy_scores.npy float64 (rows): cleanlab's self_confidence of every row

usage: python make_multilabel.py     (numpy, scikit-learn 1.9.1, cleanlab 2.9.0)
"""
import os
import warnings

import numpy as np

warnings.filterwarnings("ignore")
unstable = np.argsort
np.argsort = lambda a, axis=-1, kind=None, order=None: unstable(a, axis=axis, kind="stable",
                                                                order=order)
from cleanlab import filter as filters, multilabel_classification as multi
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (KFold, PredefinedSplit, StratifiedGroupKFold,
                                     cross_val_predict)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def folds_of(splitter, rows, groups=None):
    fold_of = np.full(rows, -1)
    for i, (_, held_out) in enumerate(splitter.split(np.zeros(rows), np.zeros(rows), groups)):
        fold_of[held_out] = i
    return fold_of


def make_folds():
    random = np.random.default_rng(11)
    cases, groups, folds = [], [], []
    while len(cases) < 24:
        rows, count = int(random.integers(20, 90)), int(random.integers(2, 9))
        seed, grouped = int(random.integers(0, 2**31)), len(cases) % 2 == 1
        g = random.integers(0, int(random.choice([9, 20, 40])), rows) * grouped
        try:
            fold_of = folds_of(StratifiedGroupKFold(count) if grouped else
                               KFold(count, shuffle=True, random_state=seed), rows, g)
        except ValueError:
            continue
        cases.append([rows, count, seed, grouped, sum(len(f) for f in folds)])
        groups.append(g)
        folds.append(fold_of)
    save("folds", cases, np.int32)
    save("fold_groups", np.concatenate(groups), np.int32)
    save("fold_of", np.concatenate(folds), np.int32)


def make_data(rows, features, classes, seed, noise, mean=0.0):
    """Every label has a direction; a share `noise` of all labels is inverted."""
    random = np.random.default_rng(seed)
    directions = random.standard_normal((classes, features)) * 6 / np.sqrt(features)
    y = (random.random((rows, classes)) < random.uniform(0.15, 0.6, classes)).astype(int)
    x = random.standard_normal((rows, features)) + y @ directions + mean
    wrong = random.random((rows, classes)) < noise
    return x.astype(np.float32), np.where(wrong, 1 - y, y)


def predict(x, y, fold_of, c, standardise, method="predict_proba"):
    model = OneVsRestClassifier(LogisticRegression(C=c, tol=1e-10, max_iter=100000))
    if standardise:
        model = make_pipeline(StandardScaler(), model)
    data = x.astype(np.float64)
    if not standardise:  # only makes it faster
        data = data - data.mean(axis=0)
    return cross_val_predict(model, data, y, cv=PredefinedSplit(fold_of), method=method)


def make_case(name, x, y, seed, c, standardise):
    fold_of = folds_of(KFold(5, shuffle=True, random_state=seed), len(y))
    p = predict(x, y, fold_of, c, standardise)
    for part, array, dtype in (("x", x, np.float32), ("y", y, np.int32), ("f", fold_of, np.int32),
                               ("p", p, np.float64)):
        save(f"{name}_{part}", array, dtype)
    return fold_of, p


def make_noisy():
    x, y = make_data(200, 12, 5, 1, 0.04)
    fold_of = folds_of(KFold(5, shuffle=True, random_state=3), len(y))
    losses = []
    grid = [1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2]
    for c in grid:
        # not from probabilities: 1 - p loses its digits where a fit is very confident
        decision = predict(x, y, fold_of, c, True, "decision_function")
        losses.append(np.mean(np.logaddexp(0, np.where(y == 1, -decision, decision))))
    save("noisy_losses", losses, np.float64)
    _, p = make_case("noisy", x, y, 3, grid[int(np.argmin(losses))], True)
    p = p.astype(np.float32)
    labels = [list(np.flatnonzero(row)) for row in y]
    ranked = filters.find_label_issues(labels, p, multi_label=True,
                                       return_indices_ranked_by="self_confidence")
    wrong = multi.filter.find_multilabel_issues_per_class(labels, p)
    save("noisy_issues", ranked, np.int32)
    save("noisy_wrong", wrong, np.int32)
    save("noisy_scores", multi.get_label_quality_scores(labels, p, method="self_confidence"),
         np.float64)


def main():
    make_folds()
    make_noisy()
    make_case("plain", *make_data(120, 8, 3, 2, 0.02, mean=2.0), 5, 0.1, False)


main()
