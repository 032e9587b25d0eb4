#!/usr/bin/env python3
"""Times `earmark crossval` against scikit-learn's cross_val_predict, each as a whole
process that includes start-up, imports and reading the same .npy files.

usage: crossval_sklearn.py [EARMARK]     (numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1)

Two data sets of 20,000 x 512 float32, 10 classes: one with separate classes, one with
overlapping classes. 5 folds, tol 1e-4, C = 1, no scaling, two threads each. Prints
medians of RUNS (default 5) and the largest difference of probabilities; at this
tolerance both solvers stop early, which makes most of it.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

THREADS = "2"
RUNS = int(os.environ.get("RUNS", "5"))

PEER = """
import sys
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
x, y, out = sys.argv[1:]
p = cross_val_predict(LogisticRegression(C=1.0, tol=1e-4, max_iter=1000), np.load(x), np.load(y),
                      cv=5, method="predict_proba")
np.save(out, p)
"""


def timed(command, environment):
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, env=environment)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main():
    import numpy as np
    earmark = sys.argv[1] if len(sys.argv) > 1 else "./earmark"
    environment = dict(os.environ, OMP_NUM_THREADS=THREADS, OPENBLAS_NUM_THREADS=THREADS)
    with tempfile.TemporaryDirectory() as folder:
        x, y = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
        peer_out, out = os.path.join(folder, "p.npy"), os.path.join(folder, "out")
        for name, apart in (("apart", 4.0), ("overlapping", 1.2)):
            random = np.random.default_rng(0)
            labels = random.integers(0, 10, 20000)
            centres = random.standard_normal((10, 512)) * apart / np.sqrt(512)
            np.save(x, (random.standard_normal((20000, 512)) + centres[labels]).astype(np.float32))
            np.save(y, labels)
            ours = timed([earmark, "crossval", "--detector", "logistic", "--copies", "apart",
                         "--embeddings", x, "--labels", y, "-o", out,
                          "--fresh", "--quiet", "--C", "1", "--scale", "none", "--tol", "1e-4",
                          "--threads", THREADS], environment)
            peer = timed([sys.executable, "-c", PEER, x, y, peer_out], environment)
            difference = np.abs(np.load(peer_out) - np.load(f"{out}/pred_probs.npy")).max()
            print(f"{name}: scikit-learn {peer:.2f} s, earmark {ours:.2f} s, {peer / ours:.1f} x, "
                  f"largest difference {difference:.1e}", flush=True)


main()
