#!/usr/bin/env python3
"""Times confident learning, earmark against cleanlab with one job, on the same synthetic arrays.

    python3 bench/peers/confident_cleanlab.py EARMARK FOLDER [ROWS CLASSES]

Times are medians of five and include start-up and imports; the page cache is warm. Memory is
the peak resident set minus the size of the two arrays.
"""
import os
import statistics
import subprocess
import sys
import time

import numpy as np

PEER = """
import numpy as np
unstable = np.argsort  # ties: the order of the rows, as earmark takes them
np.argsort = lambda a, axis=-1, kind=None, order=None: unstable(a, axis=axis, kind="stable")
from cleanlab.filter import find_label_issues
rows = find_label_issues(np.load({y!r}), np.load({p!r}), n_jobs=1,
                         return_indices_ranked_by="self_confidence")
print("\\n".join(map(str, rows)))
"""


def make(folder, rows, classes):
    random = np.random.default_rng(7)
    true = random.integers(0, classes, rows)
    p = random.random((rows, classes), dtype=np.float32) ** 4
    p[np.arange(rows), true] += random.random(rows, dtype=np.float32) * 20
    p /= p.sum(1, keepdims=True)
    labels = np.where(random.random(rows) < 0.1, random.integers(0, classes, rows), true)
    paths = [os.path.join(folder, name) for name in ("labels.npy", "pred_probs.npy")]
    np.save(paths[0], labels)
    np.save(paths[1], p)
    return paths


def measure(command):
    """Seconds, peak MB, output."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - begin, usage.ru_maxrss / 1024, output


def main():
    earmark, folder = sys.argv[1:3]
    rows, classes = (int(v) for v in sys.argv[3:5]) if len(sys.argv) > 4 else (1000000, 100)
    child = os.fork()  # its memory must not count as that of the programs measured
    if child == 0:
        make(folder, rows, classes)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    y, p = (os.path.join(folder, name) for name in ("labels.npy", "pred_probs.npy"))
    arrays = (os.path.getsize(y) + os.path.getsize(p)) / 2**20
    commands = {
        "earmark": [earmark, "issues", "--labels", y, "--pred-probs", p, "--threads", "2"],
        "cleanlab": [sys.executable, "-c", PEER.format(y=y, p=p)],
    }
    seconds, outputs = {}, {}
    for name, command in commands.items():
        runs = [measure(command) for _ in range(5)]
        seconds[name] = statistics.median(run[0] for run in runs)
        outputs[name] = runs[0][2]
        print(f"{name}: {seconds[name]:.3f} s, {runs[0][1] - arrays:.0f} MB beyond the arrays")
    same = set(outputs["earmark"].split()) == set(outputs["cleanlab"].split())
    print(f"{seconds['cleanlab'] / seconds['earmark']:.1f} times; the same rows: {same}")


main()
