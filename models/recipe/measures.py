"""The protocols behind every figure: standardised columns, logistic regression, planted label errors."""
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold

GRID = (0.01, 0.1, 1.0)  # values of C; the best by log loss of the folds is taken, as the program does
warnings.simplefilter("ignore", ConvergenceWarning)


def standardise(embeddings):
    return (embeddings - embeddings.mean(axis=0)) / (embeddings.std(axis=0) + 1e-9)


def folds_by(values):
    """One fold for each distinct value, such as leaving one speaker out."""
    values = np.asarray(values)
    return [(np.flatnonzero(values != v), np.flatnonzero(values == v)) for v in np.unique(values)]


def shuffled_folds(labels, seed=0, count=5):
    return list(StratifiedKFold(count, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels))


def out_of_fold(embeddings, labels, folds, C):
    probabilities = np.zeros((len(labels), labels.max() + 1))
    for train, test in folds:
        model = LogisticRegression(C=C, max_iter=300, tol=1e-3).fit(embeddings[train], labels[train])
        probabilities[np.ix_(test, model.classes_)] = model.predict_proba(embeddings[test])
    return probabilities


def cross_validate(embeddings, labels, folds, grid=GRID):
    """Out-of-fold probabilities at the C of least log loss, and that C."""
    best = None
    for C in grid:
        probabilities = out_of_fold(embeddings, labels, folds, C)
        loss = -np.log(probabilities[np.arange(len(labels)), labels].clip(1e-9)).mean()
        if best is None or loss < best[0]:
            best = (loss, probabilities, C)
    return best[1], best[2]


def accuracy(embeddings, labels, folds, grid=GRID):
    labels = np.unique(labels, return_inverse=True)[1]
    probabilities, _ = cross_validate(standardise(embeddings), labels, folds, grid)
    return float((probabilities.argmax(axis=1) == labels).mean())


def plant(labels, share, seed):
    """Changes a share of the labels, each to another class at random; returns the new labels and which changed."""
    rng = np.random.default_rng(seed)
    changed = np.zeros(len(labels), bool)
    changed[rng.choice(len(labels), round(share * len(labels)), replace=False)] = True
    offset = rng.integers(1, labels.max() + 1, len(labels))
    return np.where(changed, (labels + offset) % (labels.max() + 1), labels), changed


def flagged(labels, probabilities):
    """Confident learning: clips whose likelier confident class is another one (cleanlab's confident_learning filter)."""
    threshold = np.array([probabilities[labels == k, k].mean() for k in range(probabilities.shape[1])])
    confident = np.where(probabilities >= threshold - 1e-6, probabilities, -1)
    return (confident.max(axis=1) >= 0) & (confident.argmax(axis=1) != labels)


def audit(embeddings, labels, share, seeds, grid=GRID):
    """Average precision, precision and recall of the planted errors, means over the seeds."""
    labels = np.unique(labels, return_inverse=True)[1]
    scaled, rows = standardise(embeddings), []
    for seed in seeds:
        noisy, changed = plant(labels, share, seed)
        probabilities, _ = cross_validate(scaled, noisy, shuffled_folds(noisy, seed), grid)
        found = flagged(noisy, probabilities)
        hits = (found & changed).sum()
        own = probabilities[np.arange(len(noisy)), noisy]
        rows.append((average_precision_score(changed, 1 - own), hits / max(1, found.sum()), hits / changed.sum()))
    mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
    return {"average_precision": round(mean[0], 4), "spread": round(spread[0], 4), "precision": round(mean[1], 3),
            "recall": round(mean[2], 3), "seeds": len(rows)}
