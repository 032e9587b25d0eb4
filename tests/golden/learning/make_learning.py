#!/usr/bin/env python3
"""Golden data of the fit of decided clips (host/review/learning_fit.h).

Makes, in this folder, for the cases few, many and apart (large evidence; a pair is wrong, two are right):

  <name>_x.npy    float64 evidence (rows, 5)
  <name>_p.npy    int32 pairs (rows), 0 .. pairs - 1
  <name>_y.npy    int32 (rows): 1 is wrong
  <name>_w.npy    float64 weights (5)
  <name>_t.npy    float64 terms (pairs)

The maximum of the posterior is found by SciPy's minimize (trust-exact), finished by
Newton steps.

usage: python make_learning.py     (numpy 2.4, scipy 1.17)
"""
import os

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

HERE = os.path.dirname(os.path.abspath(__file__))
MEANS = np.array([0.0, 1.0, 3.0, 1.0, 1.0])
PRECISIONS = np.array([1.0, 10.0, 2.0, 10.0, 10.0])
PAIR_PRECISION = 1.0


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def solve(x, pair, y, pairs):
    design = np.hstack([x, np.eye(pairs)[pair]])
    centre = np.concatenate([MEANS, np.zeros(pairs)])
    precision = np.concatenate([PRECISIONS, np.full(pairs, PAIR_PRECISION)])

    def loss(v):
        z = design @ v
        return (np.logaddexp(0, z) - y * z).sum() + 0.5 * (precision * (v - centre) ** 2).sum()

    def gradient(v):
        return design.T @ (expit(design @ v) - y) + precision * (v - centre)

    def curvature(v):
        p = expit(design @ v)
        return design.T @ (design * (p * (1 - p))[:, None]) + np.diag(precision)

    found = minimize(loss, centre, jac=gradient, hess=curvature, method="trust-exact",
                     options={"gtol": 1e-6, "maxiter": 1000})
    v = found.x
    for _ in range(5):  # what rounding of the loss leaves
        v = v - np.linalg.solve(curvature(v), gradient(v))
    assert np.abs(gradient(v)).max() < 1e-9
    return v


def make(name, x, pair, y, pairs):
    solution = solve(x, pair, y, pairs)
    save(name + "_x", x, np.float64)
    save(name + "_p", pair, np.int32)
    save(name + "_y", y, np.int32)
    save(name + "_w", solution[:5], np.float64)
    save(name + "_t", solution[5:], np.float64)


def evidence(random, rows):
    x = np.stack([np.ones(rows), random.normal(1, 2, rows), -random.integers(0, 2, rows),
                  random.normal(0, 1, rows), random.normal(0, 3, rows)], axis=1)
    return x


def main():
    random = np.random.default_rng(1)
    x = evidence(random, 3)
    make("few", x, np.array([0, 1, 0]), np.array([1, 0, 0]), 2)
    x = evidence(random, 400)
    pair = random.integers(0, 9, 400)
    terms = np.linspace(-2, 2, 9)
    wrong = random.random(400) < expit(x @ np.array([-1.0, 0.5, 1, 2, 0]) + terms[pair])
    make("many", x, pair, wrong, 9)
    x = evidence(random, 60)
    pair = np.arange(60) % 3
    make("apart", 30 * x, pair, pair == 1, 3)


main()
