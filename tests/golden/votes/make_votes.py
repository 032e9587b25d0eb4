#!/usr/bin/env python3
"""Golden data of the neighbours' votes, in plain float64.

Makes, in this folder, for each case:

  <name>_x.npy     float32 embeddings (rows, columns)
  <name>_y.npy     int32 labels, 0 .. classes - 1
  <name>_g.npy     int32 numbers: rows of the same number are no neighbours (case apart)
  <name>_n.npy     int32 (rows, 20): neighbours, most similar first, -1 after the last
  <name>_s.npy     float64 (rows, 20): their cosines, NaN after the last
  <name>_v.npy     float64 (rows, classes): natural logarithms of the votes

Columns are standardised by all rows (divisor n, constant ones by 1); the 20 other rows with the
largest cosine s, ties by the lower row, vote exp((s - 1) / 0.1); a hundredth of the sum is added
to every class. Rows that have no neighbours, or cosines of 0 only, are uniform.

usage: python make_votes.py     (numpy)
"""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
NEIGHBOURS = 20


def save(name, array, dtype):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array, dtype=dtype))


def unit_rows(x):
    x = x.astype(np.float64)
    constant = np.ptp(x, axis=0) == 0
    x = (x - x.mean(axis=0)) / np.where(constant, 1.0, x.std(axis=0))
    x[:, constant] = 0.0  # else the rounding error of their mean
    length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    return np.where(length > 0, x / np.where(length > 0, length, 1.0), 0.0)


def make(name, x, y, classes, apart=None):
    x = np.ascontiguousarray(x, dtype=np.float32)
    units, rows = unit_rows(x), len(x)
    found = np.full((rows, NEIGHBOURS), -1)
    similar = np.full((rows, NEIGHBOURS), np.nan)
    votes = np.zeros((rows, classes))
    for q in range(rows):
        s = (units * units[q]).sum(axis=1)
        others = np.flatnonzero(np.arange(rows) != q if apart is None else
                                (np.arange(rows) != q) & (apart != apart[q]))
        order = others[np.argsort(-s[others], kind="stable")]
        if not (s[order[:NEIGHBOURS]] != 0).any():
            votes[q] = 1.0 / classes
            continue
        if len(order) > NEIGHBOURS:  # whoever rounds differently must find the same ones
            last, next_ = order[NEIGHBOURS - 1], order[NEIGHBOURS]
            assert s[last] - s[next_] > 1e-6 or (x[last] == x[next_]).all(), (name, q)
        order = order[:NEIGHBOURS]
        found[q, :len(order)] = order
        similar[q, :len(order)] = s[order]
        for row in order:
            votes[q, y[row]] += np.exp((s[row] - 1) / 0.1)
        votes[q] += 1e-2 * votes[q].sum()
        votes[q] /= votes[q].sum()
    save(name + "_x", x, np.float32)
    save(name + "_y", y, np.int32)
    save(name + "_n", found, np.int32)
    save(name + "_s", similar, np.float64)
    save(name + "_v", np.log(votes), np.float64)
    if apart is not None:
        save(name + "_g", apart, np.int32)


def blobs(random, rows, columns, classes):
    y = random.integers(0, classes, rows)
    centres = random.normal(size=(classes, columns))
    x = centres[y] + random.normal(size=(rows, columns))
    return x * np.exp(2 * random.normal(size=columns)) + 5 * random.normal(size=columns), y


def main():
    random = np.random.default_rng(17)
    x, y = blobs(random, 300, 19, 4)
    make("plain", x, y, 5)  # the last class has no rows
    make("apart", x, y, 5, apart=random.integers(0, 6, 300))
    # After a ReLU: 90% zeros, a constant column and one that differs in one row only.
    x, y = blobs(random, 250, 33, 3)
    x = np.maximum(0, (x - x.mean(axis=0)) / x.std(axis=0) - 1.28)
    x[:, 4] = 7
    x[:, 5] = 0
    x[11, 5] = 1e-3
    make("sparse", x, y, 3)
    x, y = blobs(random, 12, 6, 3)
    make("few", x, y, 3)
    # Every row with its negative, and two rows that are the mean: no direction, no votes.
    x, y = blobs(random, 40, 8, 2)
    x = np.round((x - x.mean(axis=0)) / x.std(axis=0) * 64)
    x = np.concatenate([x, np.zeros((2, 8)), -x])
    make("mean", x, np.concatenate([y, [0, 1], y]), 2)


if __name__ == "__main__":
    main()
