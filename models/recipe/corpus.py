"""A corpus part: `NAME.pcm` (16 kHz int16 samples, one clip after another) and `NAME.tsv` (one row a clip)."""
import csv
import os

import numpy as np

RATE = 16000
FIELDS = ["source", "licence", "language", "voice", "text", "start", "length"]
SHORTEST, LONGEST = int(0.2 * RATE), 5 * RATE


def trim(samples, floor_db=-42.0, margin=int(0.03 * RATE)):
    """Cuts near-silence off both ends: synthesisers differ in it, and padding must not identify a voice."""
    level = np.abs(samples.astype(np.float32))
    loud = np.flatnonzero(level > level.max(initial=1.0) * 10 ** (floor_db / 20))
    if loud.size == 0:
        return samples[:0]
    return samples[max(0, loud[0] - margin):loud[-1] + margin]


class PartWriter:
    """Writes to temporary names and renames in close(), so that a part exists only when it is complete."""

    def __init__(self, folder, name):
        os.makedirs(folder, exist_ok=True)
        self.base = os.path.join(folder, name)
        self.pcm = open(self.base + ".pcm.part", "wb")
        self.rows = open(self.base + ".tsv.part", "w", encoding="utf-8", newline="")
        self.table = csv.DictWriter(self.rows, FIELDS, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar="\\")
        self.table.writeheader()
        self.position = 0

    def add(self, samples, **facts):
        samples = trim(samples)[:LONGEST]
        if len(samples) < SHORTEST:
            return
        self.pcm.write(samples.astype("<i2").tobytes())
        self.table.writerow(dict(facts, start=self.position, length=len(samples)))
        self.position += len(samples)

    def close(self):
        for handle, suffix in ((self.pcm, ".pcm"), (self.rows, ".tsv")):
            handle.close()
            os.replace(self.base + suffix + ".part", self.base + suffix)


def exists(folder, name):
    return os.path.exists(os.path.join(folder, name + ".tsv"))


def read_part(folder, name):
    """Returns the rows and one int16 array a clip (views of one memory map)."""
    base = os.path.join(folder, name)
    samples = np.memmap(base + ".pcm", "<i2", "r")
    with open(base + ".tsv", encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar="\\"))
    clips = [samples[int(r["start"]):int(r["start"]) + int(r["length"])] for r in rows]
    return rows, clips


def read_corpus(folder, names):
    rows, clips = [], []
    for name in names:
        more_rows, more_clips = read_part(folder, name)
        rows += more_rows
        clips += more_clips
    return rows, clips
