"""Compares a run of earmark with the Python notebook and with float64 references, and checks the gates.

    python tests/make_random_checkpoint.py CHECKPOINT --seed 1
    python bench/peers/notebook.py FOLDER CHECKPOINT NOTEBOOK --features
    earmark model import CHECKPOINT -o MODEL
    earmark audit FOLDER -o OUT --model MODEL --label-pattern '{label}_{speaker}_{take}.wav' \\
        --detector logistic --copies apart --no-resample --folds 5 --C 0.01 --scale none --tol 1e-8
    earmark embed FOLDER -o OUT2 --features FEATURES --model MODEL --label-pattern ... --no-resample
    python bench/peers/compare_seed_run.py FOLDER CHECKPOINT NOTEBOOK OUT --features FEATURES

Prints one line per figure with its gate; exit code 1 when one is exceeded. NaN counts as exceeded.
"""
import argparse
import csv
import glob
import json
import os
import sys

import numpy as np
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import reference64

FAILED = []


def report(what, value, gate, unit=""):
    held = value <= gate  # NaN fails
    print(f"{'held  ' if held else 'FAILED'} {what}: {value:.3g}{unit}, gate {gate:.3g}{unit}", flush=True)
    if not held:
        FAILED.append(what)


def load(folder, name):
    return np.load(os.path.join(folder, name + ".npy"))


class Run:
    """An output folder of earmark: its arrays, and their rows in clips.csv."""

    def __init__(self, folder):
        with open(os.path.join(folder, "clips.csv"), newline="", encoding="utf-8") as handle:
            clips = list(csv.DictReader(handle))
        self.audited = [row for row, clip in enumerate(clips) if clip["status"] == "ok"]
        self.names = [os.path.basename(clips[row]["path"]) for row in self.audited]
        self.folds = np.array([int(clips[row]["fold"]) for row in self.audited])
        self.labels, self.embeddings = load(folder, "labels"), load(folder, "embeddings")
        self.pred_probs = load(folder, "pred_probs")
        with open(os.path.join(folder, "issues.csv"), newline="", encoding="utf-8") as handle:
            row_of = {row: index for index, row in enumerate(self.audited)}
            self.issues = [row_of[int(issue["row"])] for issue in csv.DictReader(handle)]
        assert len(self.labels) == len(self.embeddings) == len(self.pred_probs) == len(self.audited)


def relative(values, reference):
    """Relative L2 distance of every row."""
    return np.linalg.norm(values - reference, axis=1) / np.linalg.norm(reference, axis=1)


def compare_features(arguments, features64, rows):
    """Features of every clip against float64 and against SpeechBrain, in dB; rows: the notebook's row of each clips.csv row."""
    theirs = np.split(load(arguments.notebook, "features"), np.cumsum(load(arguments.notebook, "frames"))[:-1])
    ours_error = theirs_error = between = 0.0
    count = 0
    for path in sorted(glob.glob(os.path.join(arguments.features, "*.npy"))):
        row = rows[int(os.path.basename(path)[:-4])]
        ours = np.load(path).astype(np.float64)
        ours_error = np.maximum(ours_error, np.abs(ours - features64[row]).max())
        theirs_error = np.maximum(theirs_error, np.abs(theirs[row] - features64[row]).max())
        between = np.maximum(between, np.abs(ours - theirs[row]).max())
        count += 1
    report("clips without features", len(rows) - count, 0)
    report("features from float64", ours_error, 2e-4, " dB")
    # SpeechBrain's own float32 error depends on the FFT that its PyTorch was built with.
    report("features from SpeechBrain", between, 2e-4 + theirs_error, " dB")
    print(f"       (SpeechBrain's from float64: {theirs_error:.3g} dB)")


def compare_embeddings(arguments, run, features64, rows):
    network = reference64.Network64(arguments.checkpoint)
    reference = np.stack([network.embed(features64[row]) for row in rows])
    error = relative(run.embeddings.astype(np.float64), reference)
    frames = np.array([len(features64[row]) for row in rows])
    for what, chosen, gate in (("25 frames or more", frames >= 25, 2e-6), ("fewer than 25 frames", frames < 25, 4e-6)):
        if chosen.any():
            report(f"embeddings from float64, {chosen.sum()} clips of {what}", error[chosen].max(), gate)
    noisy = load(arguments.notebook, "embeddings")[rows].astype(np.float64)
    print(f"       (from SpeechBrain with its noise: median {np.median(relative(run.embeddings, noisy)):.3g}, "
          f"greatest {relative(run.embeddings, noisy).max():.3g}; float64 from it: {relative(reference, noisy).max():.3g})")
    path = os.path.join(arguments.notebook, "embeddings_expected.npy")
    if os.path.exists(path):
        theirs = np.load(path)[rows].astype(np.float64)
        report("embeddings from SpeechBrain with the noise at its expectation", relative(run.embeddings, theirs).max(), 1e-4)
        print(f"       (SpeechBrain's from float64: {relative(theirs, reference).max():.3g})")


def compare_classifier(arguments, run):
    folds = StratifiedKFold(n_splits=arguments.folds)
    expected = np.empty_like(run.folds)
    for fold, (_, held_out) in enumerate(folds.split(run.embeddings, run.labels)):
        expected[held_out] = fold
    report("clips in another fold", np.count_nonzero(expected != run.folds), 0)
    model = LogisticRegression(C=arguments.C, tol=arguments.reference_tol, max_iter=10000)
    reference = cross_val_predict(model, run.embeddings.astype(np.float64), run.labels, cv=folds, method="predict_proba")
    report("probabilities from scikit-learn in float64 on the same embeddings", np.abs(run.pred_probs - reference).max(), 1e-4)


def compare_issues(run):
    """cleanlab with numpy's stable sort, on earmark's own probabilities."""
    from cleanlab.filter import find_label_issues
    unstable = np.argsort
    np.argsort = lambda a, axis=-1, kind=None, order=None, **rest: unstable(a, axis=axis, kind="stable", order=order, **rest)
    try:
        expected = find_label_issues(run.labels, run.pred_probs, return_indices_ranked_by="self_confidence", n_jobs=1)
    finally:
        np.argsort = unstable
    report("clips flagged by only one of the two", len(set(expected.tolist()) ^ set(run.issues)), 0)
    different = len(run.issues) if len(expected) != len(run.issues) else np.count_nonzero(expected != np.array(run.issues))
    report("ranks that differ", different, 0)
    print(f"       ({len(run.issues)} flagged; accuracy {(run.pred_probs.argmax(axis=1) == run.labels).mean():.4f})")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("checkpoint")
    arguments.add_argument("notebook", help="what notebook.py wrote")
    arguments.add_argument("out", help="what earmark audit wrote")
    arguments.add_argument("--features", help="what earmark embed --features wrote")
    arguments.add_argument("--folds", type=int, default=5)
    arguments.add_argument("--C", type=float, default=0.01)
    arguments.add_argument("--reference-tol", type=float, default=1e-10)
    arguments = arguments.parse_args()

    run = Run(arguments.out)
    with open(os.path.join(arguments.notebook, "names.json"), encoding="utf-8") as handle:
        names = json.load(handle)
    report("clips of the notebook that were not audited", len(names) - len(run.names), 0)
    row_of = {name: row for row, name in enumerate(names)}
    rows = [row_of[name] for name in run.names]
    report("labels that differ", np.count_nonzero(load(arguments.notebook, "labels")[rows] != run.labels), 0)
    features64 = [reference64.features64(soundfile.read(os.path.join(arguments.folder, name), dtype="float32")[0])
                  for name in names]
    if arguments.features:
        compare_features(arguments, features64, {clip: row_of[name] for clip, name in zip(run.audited, run.names)})
    compare_embeddings(arguments, run, features64, rows)
    compare_classifier(arguments, run)
    compare_issues(run)
    print(f"{len(FAILED)} gates not held" if FAILED else "every gate held")
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()
