#!/usr/bin/env python3
"""Golden data of folds and cross-validation, made by scikit-learn.

Makes, in this folder:

  folds.npy        int32 (cases, 6): rows, folds, shuffle, seed, grouped, offset of the
                   case in the next three
  fold_labels.npy  int32, of all cases end to end
  fold_groups.npy  int32, likewise (0 where a case has no groups)
  fold_of.npy      int32, likewise: StratifiedKFold or StratifiedGroupKFold
  <name>_x.npy     float32 embeddings (rows, features)
  <name>_y.npy     int32 labels, 0 .. classes - 1
  <name>_f.npy     int32 folds: predefined, or those of StratifiedKFold(5)
  <name>_p.npy     float64 probabilities of LogisticRegression, in float64, at tol 1e-10
                   (columns that are not scaled are shifted to mean 0: this only makes
                   the reference faster)
  wide_p.npy       likewise, of 2,000 x 512 numbers that tests/support/wide_data.c makes
                   again from the same integers (x alone would be 4 MB)

usage: python make_crossval.py     (numpy, scikit-learn 1.9.1)
"""
import os
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (PredefinedSplit, StratifiedGroupKFold, StratifiedKFold,
                                     cross_val_predict)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.filterwarnings("ignore")


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def make_folds():
    random = np.random.default_rng(3)
    cases, labels, groups, folds = [], [], [], []
    while len(cases) < 120:
        rows, count = int(random.integers(8, 150)), int(random.integers(2, 9))
        classes = int(random.choice([2, 3, 5, 12, 40]))
        y = random.choice(classes, rows, p=random.dirichlet(np.ones(classes) * 2))
        grouped, shuffle = len(cases) % 2 == 1, bool(random.integers(2))
        seed = int(random.integers(0, 2**31))
        g = random.integers(0, int(random.choice([9, 20, 60])), rows) * grouped
        splitter = (StratifiedGroupKFold if grouped else StratifiedKFold)(
            count, shuffle=shuffle, random_state=seed if shuffle else None)
        fold_of = np.full(rows, -1)
        try:
            for i, (_, held_out) in enumerate(splitter.split(np.zeros(rows), y, g)):
                fold_of[held_out] = i
        except ValueError:
            continue
        cases.append([rows, count, shuffle, seed, grouped, sum(len(y) for y in labels)])
        labels.append(y)
        groups.append(g)
        folds.append(fold_of)
    save("folds", cases, np.int32)
    save("fold_labels", np.concatenate(labels), np.int32)
    save("fold_groups", np.concatenate(groups), np.int32)
    save("fold_of", np.concatenate(folds), np.int32)


def make_data(rows, features, classes, seed, mean=0.0, scale=1.0, weights=None):
    random = np.random.default_rng(seed)
    weights = None if weights is None else np.array(weights) / sum(weights)
    y = random.choice(classes, rows, p=weights)
    centres = random.standard_normal((classes, features)) * 3 / np.sqrt(features)
    x = (random.standard_normal((rows, features)) + centres[y] + mean) * scale
    return x.astype(np.float32), y


def make_case(name, x, y, c, standardise, fold_of=None):
    if fold_of is None:
        fold_of = np.zeros(len(y), int)
        for i, (_, held_out) in enumerate(StratifiedKFold(5).split(x, y)):
            fold_of[held_out] = i
    model = LogisticRegression(C=c, tol=1e-10, max_iter=100000)
    if standardise:
        model = make_pipeline(StandardScaler(), model)
    data = x.astype(np.float64)
    if not standardise:
        data = data - data.mean(axis=0)
    p = cross_val_predict(model, data, y, cv=PredefinedSplit(fold_of), method="predict_proba")
    for part, array, dtype in (("x", x, np.float32), ("y", y, np.int32), ("f", fold_of, np.int32),
                               ("p", p, np.float64)):
        save(f"{name}_{part}", array, dtype)


def hashed(indices):
    """Numbers of -1 to 1 that depend on the index only, to the bit what wide_data.c makes."""
    mixed = (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(40)).astype(np.float64) / 8388608.0 - 1.0


def make_wide(rows=2000, features=512, classes=10, folds=5):
    random = hashed(np.arange(rows * features)).reshape(rows, features)
    centres = hashed(np.arange(classes * features) + 5000000).reshape(classes, features)
    y = ((hashed(np.arange(rows) + 9000000) + 1) * 0.5 * classes).astype(int)
    x = (3.0 + 2.0 * random + 0.25 * centres[y]).astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, tol=1e-10, max_iter=100000))
    p = cross_val_predict(model, x.astype(np.float64), y, cv=PredefinedSplit(np.arange(rows) % folds),
                          method="predict_proba")
    save("wide_p", p, np.float64)


def main():
    make_folds()
    make_case("ten", *make_data(300, 24, 10, 1), 1.0, True)
    make_case("small", *make_data(250, 20, 4, 2, scale=1e-3), 1000.0, False)
    make_case("offset", *make_data(200, 60, 3, 3, mean=50.0), 0.1, True)
    make_case("raw", *make_data(200, 20, 3, 4, mean=5.0), 0.01, False)
    make_case("two", *make_data(200, 15, 2, 5), 1.0, True)
    make_case("hundred", *make_data(800, 8, 100, 6), 0.1, True)
    make_case("unbalanced", *make_data(400, 16, 5, 7, weights=[60, 30, 15, 6, 4]), 1.0, True)
    # classes 2 and 3 are in fold 1 only: its training rows have two of four classes
    x, y = make_data(240, 12, 4, 8)
    fold_of = np.arange(240) % 3
    y[(y == 2) & (fold_of != 1)] = 0
    y[(y == 3) & (fold_of != 1)] = 1
    make_case("missing", x, y, 1.0, True, fold_of)
    make_wide()


main()
