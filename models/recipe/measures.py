"""Measures embeddings with `earmark crossval`: accuracy, and how well planted label errors are found."""
import os
import subprocess
import tempfile

import numpy as np

EARMARK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "earmark")


def codes(values):
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def cross_validate(embeddings, labels, fold_of=None, seed=0):
    """Out-of-fold probabilities [row, class], their labels, and the rows they are of; folds are shuffled unless given."""
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        np.save(path("embeddings.npy"), np.ascontiguousarray(embeddings, np.float32))
        np.save(path("given.npy"), labels)
        folds = ["--shuffle", "--seed", str(seed)]
        if fold_of is not None:
            np.save(path("fold_of.npy"), fold_of)
            folds = ["--fold-of", path("fold_of.npy")]
        subprocess.run([EARMARK, "crossval", "--detector", "logistic", "--copies", "apart", "--embeddings", path("embeddings.npy"), "--labels", path("given.npy"),
                        "-o", folder, "--tol", "1e-3", "--quiet", *folds], check=True)
        return [np.load(path(name + ".npy")) for name in ("pred_probs", "labels", "rows")]


def accuracy(embeddings, labels, fold_of=None):
    probabilities, labels, _ = cross_validate(embeddings, labels, fold_of)
    return round(float((probabilities.argmax(axis=1) == labels).mean()), 4)


def plant(labels, share, seed):
    """Changes a share of the labels, each to another class at random; returns the new labels and which changed."""
    rng = np.random.default_rng(seed)
    changed = np.zeros(len(labels), bool)
    changed[rng.choice(len(labels), round(share * len(labels)), replace=False)] = True
    offset = rng.integers(1, labels.max() + 1, len(labels))
    return np.where(changed, (labels + offset) % (labels.max() + 1), labels), changed


def average_precision(found, scores):
    """Mean over what was to be found of the precision at its rank."""
    hits = found[np.argsort(-scores, kind="stable")]
    return float((hits.cumsum() / (1 + np.arange(len(hits))))[hits].mean())


def planted(embeddings, labels, share, seeds):
    """Average precision of planted errors, by 1 - probability of the given label: the mean over the seeds."""
    precisions = []
    for seed in seeds:
        noisy, changed = plant(labels, share, seed)
        probabilities, noisy, rows = cross_validate(embeddings, noisy, seed=seed)
        precisions.append(average_precision(changed[rows], 1 - probabilities[np.arange(len(noisy)), noisy]))
    return round(float(np.mean(precisions)), 4)
