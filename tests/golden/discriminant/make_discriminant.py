#!/usr/bin/env python3
"""Golden data of the linear discriminant, by its definition in float64.

Makes, in this folder, for each case:

  <name>_x.npy  float32 embeddings (rows, features)
  <name>_y.npy  int32 labels, 0 .. classes - 1
  <name>_f.npy  int32 folds
  <name>_p.npy  float64 (rows, classes): max(ln p, ln 1e-12) out of fold
  <name>_r.npy  float64 (9): shrinkage, temperature, log-loss, log-loss of each shrinkage

Definition: columns are standardised by all rows (divisor n, constant ones by 1). For each fold,
over its n training rows with K classes, class means m_k, S = sum (x - m_y)(x - m_y)' / (n - K)
(a divisor of at least 1), S_a = (1 - a) S + a tr(S) / d I, or I if S is 0, scores
x' S_a^-1 m_k - m_k' S_a^-1 m_k / 2 + ln(n_k / n), minus infinity for an absent class. One b of
e^-4, e^-3.9 .. e^1.5 for all folds, and one a of .01 .03 .1 .3 .6 .9: those of the lowest mean
-ln softmax(b scores)[label], in which a row whose class is absent counts ln 1e12; the first of
equals (within 1e-12).

usage: python make_discriminant.py     (numpy 2.4.6)
"""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SHRINKAGES = [.01, .03, .1, .3, .6, .9]
TEMPERATURES = np.exp(-4 + .1 * np.arange(56))
FLOOR = np.log(1e-12)


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def log_softmax(scores):
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def fold_scores(x, y, held_out, classes, shrinkage):
    train, labels = x[~held_out], y[~held_out]
    scores = np.full((held_out.sum(), classes), -np.inf)
    present = np.unique(labels)
    means = np.array([train[labels == k].mean(axis=0) for k in present])
    counts = np.array([(labels == k).sum() for k in present])
    apart = train - means[np.searchsorted(present, labels)]
    s = apart.T @ apart / max(len(train) - len(present), 1)
    d = x.shape[1]
    if np.trace(s) > 1e-20:
        shrunk = (1 - shrinkage) * s + shrinkage * np.trace(s) / d * np.eye(d)
    else:
        shrunk = np.eye(d)
    solved = np.linalg.solve(shrunk, means.T)
    scores[:, present] = (x[held_out] @ solved - (means * solved.T).sum(axis=1) / 2
                          + np.log(counts / len(train)))
    return scores


def mean_loss(scores, y, temperature):
    own = log_softmax(temperature * scores)[np.arange(len(y)), y]
    return -np.where(np.isfinite(own), own, FLOOR).mean()


def make_case(name, x, y, fold_of, classes):
    x, y, fold_of = x.astype(np.float32), np.asarray(y), np.asarray(fold_of)
    data = x.astype(np.float64)
    deviation = data.std(axis=0)
    data = (data - data.mean(axis=0)) / np.where(deviation > 1e-12, deviation, 1)
    best, losses = None, []
    for shrinkage in SHRINKAGES:
        scores = np.zeros((len(y), classes))
        for fold in np.unique(fold_of):
            held_out = fold_of == fold
            scores[held_out] = fold_scores(data, y, held_out, classes, shrinkage)
        of_each = [mean_loss(scores, y, b) for b in TEMPERATURES]
        losses.append(min(of_each))
        if best is None or losses[-1] < best[0] - 1e-12:
            b = TEMPERATURES[int(np.argmin(of_each))]
            best = losses[-1], shrinkage, b, log_softmax(b * scores)
    for part, array, dtype in (("x", x, np.float32), ("y", y, np.int32), ("f", fold_of, np.int32),
                               ("p", np.maximum(best[3], FLOOR), np.float64),
                               ("r", [best[1], best[2], best[0]] + losses, np.float64)):
        save(f"{name}_{part}", array, dtype)
    print(f"{name}: {x.shape}, shrinkage {best[1]}, temperature {best[2]:.3f}, "
          f"log-loss {best[0]:.3f} of {np.round(losses, 3)}")


def make_data(rows, features, classes, seed, spread=3.0, weights=None, wrong=0.08):
    random = np.random.default_rng(seed)
    weights = None if weights is None else np.array(weights) / sum(weights)
    y = random.choice(classes, rows, p=weights)
    centres = random.standard_normal((classes, features)) * spread / np.sqrt(features)
    mix = np.eye(features) + random.standard_normal((features, features)) / np.sqrt(features)
    x = (random.standard_normal((rows, features)) + centres[y]) @ mix + 5
    given = np.where(random.random(rows) < wrong, random.integers(0, classes, rows), y)
    return x, given


def main():
    x, y = make_data(300, 24, 6, 1)
    x[:, 7] = 3.0  # a constant column
    make_case("plain", x, y, np.arange(300) % 5, 6)
    x, y = make_data(400, 40, 5, 2, spread=8)
    x = np.maximum(x - 5 - np.quantile(x - 5, .9, axis=0), 0)  # 90% zeros
    x[:, 3] = 0
    x[:, 4] = np.arange(400) == 17  # of which one row alone is not
    make_case("sparse", x, y, np.arange(400) % 5, 5)
    make_case("wide", *make_data(60, 150, 3, 3, spread=5), np.arange(60) % 4, 3)
    x, y = make_data(240, 12, 4, 4)
    fold_of = np.arange(240) % 3
    y[(y == 2) & (fold_of != 1)] = 0  # class 2 is in fold 1 only, and class 4 nowhere
    make_case("absent", x, y, fold_of, 5)
    make_case("unbalanced", *make_data(400, 16, 5, 5, weights=[60, 30, 15, 6, 4]),
              np.arange(400) % 5, 5)
    x, y = make_data(120, 10, 3, 6, wrong=0)
    make_case("identical", np.round(x[:3])[y], y, np.arange(120) % 4, 3)
    x, y = make_data(150, 1, 3, 7)
    make_case("one_column", x, y, np.arange(150) % 3, 3)
    x, y = make_data(6, 8, 5, 8)
    make_case("few", x, [0, 1, 2, 3, 0, 1], [0, 0, 1, 1, 2, 2], 5)
    x, y = make_data(130, 137, 2, 9)  # several panels of the factorisation
    make_case("two", x, y, np.arange(130) % 2, 2)


main()
