#!/usr/bin/env python3
"""Golden data of the mix of estimators, in plain float64.

Makes, in this folder, for each case:

  <name>_e.npy     float32 (views * 3, rows, classes): the estimators' natural logarithms
  <name>_y.npy     int32 labels (rows), 0 .. classes - 1
  <name>_m.npy     float64 (rows, classes): the mix, natural logarithms, at least ln 1e-12
  <name>_g.npy     float64 (rows): the margins
  <name>_r.npy     float64: a weight a view, the temperature, the log-loss, and a log-loss a view

A view's logarithms are the mean of its three estimators'. Weights in quarters that add up to 1 and
a temperature of .5 .7 1 1.4 2 are those of the lowest log-loss of the labels; of equal ones the
most even weights (the lowest sum of squares, then the larger weight on the earlier view), then the
lowest temperature.

usage: python make_mix.py     (numpy)
"""
import itertools
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0)
FLOOR = np.log(1e-12)


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def loss_of(z, y, temperature):
    return -log_softmax(temperature * z)[np.arange(len(y)), y].mean()


def make(name, e, y, weights=None, temperature=None):
    e = np.ascontiguousarray(e, dtype=np.float32)
    views, rows = len(e) // 3, np.arange(len(y))
    means = e.astype(np.float64).reshape(views, 3, *e.shape[1:]).mean(axis=1)
    weightings = [w for w in itertools.product((0, 0.25, 0.5, 0.75, 1), repeat=views) if sum(w) == 1]
    weightings.sort(key=lambda w: (sum(x * x for x in w), [-x for x in w]))
    cells = [(loss_of(np.tensordot(w, means, 1), y, t), w, t)
             for w in weightings for t in TEMPERATURES]
    best = cells[0]
    for cell in cells[1:]:
        if cell[0] < best[0] * (1 - 1e-12):
            best = cell
    # Whoever rounds differently must choose the same.
    near = [c for c in cells if c is not best and abs(c[0] - best[0]) < 1e-7]
    assert all(abs(c[0] - best[0]) < 1e-14 for c in near), (name, best, near)
    loss, w, t = best
    assert weights is None or w == weights, (name, w)
    assert temperature is None or t == temperature, (name, t)
    z = t * np.tensordot(w, means, 1)
    others = z.copy()
    others[rows, y] = -np.inf
    alone = [min(loss_of(means[v], y, t) for t in TEMPERATURES) for v in range(views)]
    save(name + "_e", e, np.float32)
    save(name + "_y", y, np.int32)
    save(name + "_m", np.maximum(log_softmax(z), FLOOR), np.float64)
    save(name + "_g", z[rows, y] - others.max(axis=1), np.float64)
    save(name + "_r", [*w, t, loss, *alone], np.float64)
    print(name, w, t, round(loss, 4), [round(a, 4) for a in alone])


def estimators(random, y, classes, strengths, overstated=1.0):
    """Three estimators a view, of which the label's class is raised by the view's strength
    (a number, or one a row)."""
    e = []
    for strength in strengths:
        shared = random.normal(size=(len(y), classes))
        shared[np.arange(len(y)), y] += strength
        for _ in range(3):
            own = shared + 0.5 * random.normal(size=shared.shape)
            e.append(np.maximum(log_softmax(overstated * own), FLOOR))
    return np.stack(e)


def main():
    random = np.random.default_rng(17)
    y = random.integers(0, 2, 70)
    make("one", estimators(random, y, 2, [1.5]), y)
    y = random.integers(0, 12, 60)
    make("one12", estimators(random, y, 12, [3.0], 1.5), y)
    y = random.integers(0, 12, 60)
    make("two", estimators(random, y, 12, [3.0, 1.8]), y)
    y = random.integers(0, 2, 90)
    make("three", estimators(random, y, 2, [1.5, 0.7, 1.0]), y)
    y = random.integers(0, 12, 50)
    make("three12", estimators(random, y, 12, [2.0, 4.0, 1.5], 2.0), y)
    # one view is noise that is sure of itself
    y = random.integers(0, 4, 60)
    make("noise", estimators(random, y, 4, [2.0, 0.0], 3.0), y, weights=(1, 0))
    # the same view twice, and one that knows nothing: every choice is as good
    y = random.integers(0, 3, 40)
    e = estimators(random, y, 3, [1.0])
    make("twice", np.concatenate([e, e]), y, weights=(0.5, 0.5))
    make("equal", np.full((9, 40, 3), -np.log(3.0)), y, weights=(0.5, 0.25, 0.25), temperature=0.5)
    # right, and every other row sure: a temperature of 2 takes its other classes below the floor
    y = random.integers(0, 3, 40)
    make("floor", estimators(random, y, 3, [np.tile([25.0, 5.0], 20)]), y, temperature=2.0)


if __name__ == "__main__":
    main()
