"""The training set in memory, its labels, and batches of clips of similar length."""
import collections
import os
import re
import zlib

import numpy as np
import torch

import corpus
from teacher import windows_within

PARTS = ["espeak", "flite", "festival", "human"]
LONGEST = int(2.0 * corpus.RATE)  # longer clips get a new random crop every time
# Held out for the recipe's own validation, never trained on: a quarter of the festival voices, one espeak-ng variant
# in eight, one English word in twenty, and five human speakers.
HELD_SPEAKERS = {"ktuberling-data-lt", "ktuberling-data-el", "ktuberling-data-gl", "ktuberling-data-sl", "ktuberling-data-de",
                 "festival-czech_dita", "festival-lp_diphone", "festival-suo_fi_lj_diphone"}


def held_voice(row):
    variant = re.match(r"espeak-(.*)-\d$", row["voice"])
    return row["voice"] in HELD_SPEAKERS or bool(variant and zlib.crc32(variant.group(1).encode()) % 8 == 0)


def held_word(row):
    return row["language"] == "en" and " " not in row["text"] and zlib.crc32(row["text"].encode()) % 20 == 0


def is_human(row):
    return row["text"].startswith(row["source"])


def pool_windows(windows):
    """Mean, deviation and maximum of the teacher's windows: [288]."""
    windows = windows.astype(np.float32)
    return np.concatenate([windows.mean(0), windows.std(0), windows.max(0)])


def classes(names, least):
    """Numbers the names that occur `least` times or more; -1, which the losses ignore, for the others."""
    counts = collections.Counter(n for n in names if n is not None)
    number = {n: i for i, n in enumerate(sorted(n for n, c in counts.items() if c >= least))}
    return torch.tensor([number.get(n, -1) for n in names]), len(number)


class TrainingSet:
    def __init__(self, folder):
        self.rows, self.clips, self.windows = [], [], []  # of each clip: facts, samples, teacher's windows
        for name in PARTS:
            rows, clips = corpus.read_part(folder, name)
            teacher = np.load(os.path.join(folder, name + ".teacher.npy"), mmap_mode="r")
            starts = np.load(os.path.join(folder, name + ".windows.npy"))
            for i, (row, clip) in enumerate(zip(rows, clips)):
                if not held_voice(row) and not held_word(row):
                    self.rows.append(row)
                    self.clips.append(np.array(clip))
                    self.windows.append(np.array(teacher[starts[i]:starts[i + 1]]))
        self.label(self.rows)
        targets = np.stack([pool_windows(w) for w in self.windows])
        self.teacher_mean, self.teacher_deviation = targets.mean(0), targets.std(0) + 1e-3
        self.whole = self.standard(targets)  # the teacher's view of every clip as a whole
        self.lengths = np.minimum([len(c) for c in self.clips], LONGEST)

    def standard(self, targets):
        return torch.from_numpy(((targets - self.teacher_mean) / self.teacher_deviation).clip(-5, 5))

    def label(self, rows):
        # the same text by several voices: single words of the synthesisers, and the syllables that two people recorded
        words = [r["text"] if r["source"] == "gcin-voice" else None if is_human(r) or " " in r["text"] else r["language"] + " " + r["text"]
                 for r in rows]
        counts = collections.Counter(words)
        words = [w if r["source"] == "gcin-voice" or counts[w] >= 4 else None for w, r in zip(words, rows)]
        self.word, self.words = classes(words, 1)
        self.voice, self.voices = classes([r["voice"] or None for r in rows], 5)
        self.language, self.languages = classes([r["language"] or None for r in rows], 20)

    def epoch(self, rng, batch):
        """Batches of indices: sorted by length inside pools, in random order."""
        order = rng.permutation(len(self.clips))
        batches = []
        for start in range(0, len(order), 24 * batch):
            pool = order[start:start + 24 * batch]
            pool = pool[np.argsort(self.lengths[pool], kind="stable")]
            batches += [pool[i:i + batch] for i in range(0, len(pool) - batch + 1, batch)]
        rng.shuffle(batches)
        return batches

    def waves(self, rng, indices):
        """[clip, sample], every clip at a random place in silence, longer ones cropped; and the teacher's targets."""
        size = int(self.lengths[indices].max()) + int(rng.choice([0, 0, 1600, 4800]))
        size = -(-size // 1600) * 1600  # few distinct shapes: the matrix library prepares each one separately
        waves, targets = np.zeros((len(indices), size), np.float32), []
        for wave, i in zip(waves, indices):
            clip, windows = self.clips[i], self.windows[i]
            if len(clip) > LONGEST:
                begin = int(rng.integers(len(clip) - LONGEST))
                first, last = windows_within(begin, begin + LONGEST, len(windows))
                clip, windows = clip[begin:begin + LONGEST], windows[first:last]
            begin = rng.integers(size - len(clip) + 1)
            wave[begin:begin + len(clip)] = clip
            targets.append(pool_windows(windows))
        return torch.from_numpy(waves / 32768), self.standard(np.stack(targets))
