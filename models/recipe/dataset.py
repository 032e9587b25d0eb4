"""The training set in memory, its labels, and batches of clips of similar length."""
import collections
import os
import re
import zlib

import numpy as np
import torch

import corpus

PARTS = ["espeak", "flite", "festival", "human"]
LONGEST = int(1.6 * corpus.RATE)  # longer clips are cropped anew every time they are seen
# Held out for the recipe's own validation, never trained on: a quarter of the festival voices, one espeak-ng variant
# in eight, one English word in twenty, and five human speakers.
HELD_SPEAKERS = {"ktuberling-data-lt", "ktuberling-data-el", "ktuberling-data-gl", "ktuberling-data-sl", "ktuberling-data-de",
                 "festival-czech_dita", "festival-lp_diphone", "festival-suo_fi_lj_diphone"}


def held_voice(row):
    variant = re.match(r"espeak-(.*)-\d$", row["voice"])
    return row["voice"] in HELD_SPEAKERS or bool(variant and zlib.crc32(variant.group(1).encode()) % 8 == 0)


def held_word(row):
    return row["language"] == "en" and " " not in row["text"] and zlib.crc32(row["text"].encode()) % 20 == 0


def classes(names, least):
    """Numbers the names that occur `least` times or more; -1, which the losses ignore, for the others."""
    counts = collections.Counter(n for n in names if n is not None)
    number = {n: i for i, n in enumerate(sorted(n for n, c in counts.items() if c >= least))}
    return torch.tensor([number.get(n, -1) for n in names]), len(number)


class TrainingSet:
    def __init__(self, folder, repeats):
        rows, clips, targets = [], [], []
        for name in PARTS:
            part_rows, part_clips = corpus.read_part(folder, name)
            path = os.path.join(folder, name + ".teacher.npy")
            teacher = np.load(path) if os.path.exists(path) else np.full((len(part_rows), 288), np.nan, np.float16)
            for row, clip, target in zip(part_rows, part_clips, teacher):
                if not held_voice(row) and not held_word(row):
                    rows.append(row)
                    clips.append(np.array(clip))
                    targets.append(target)
        self.rows, self.clips = rows, clips
        self.label(rows)
        targets = np.stack(targets).astype(np.float32)
        targets[[len(c) > LONGEST for c in clips]] = np.nan  # the teacher heard all of it
        self.standardise(targets)
        self.lengths = np.minimum([len(c) for c in clips], LONGEST)
        self.weights = np.array([repeats.get(r["source"], 1.0) for r in rows])

    def label(self, rows):
        human = [r["text"].startswith(r["source"]) for r in rows]
        # every human recording is a word of its own, told from the others under augmentation
        words = [r["language"] + " " + r["text"] if h or " " not in r["text"] else None for r, h in zip(rows, human)]
        counts = collections.Counter(words)
        words = [w if h or counts[w] >= 4 else None for w, h in zip(words, human)]
        self.word, self.words = classes(words, 1)
        self.voice, self.voices = classes([r["voice"] for r in rows], 5)
        self.language, self.languages = classes([r["language"] for r in rows], 20)

    def standardise(self, targets):
        known = np.isfinite(targets[:, 0])
        if known.any():
            targets = (targets - targets[known].mean(0)) / (targets[known].std(0) + 1e-3)
        self.has_teacher = torch.from_numpy(known)
        self.teacher = torch.from_numpy(np.nan_to_num(targets).clip(-5, 5))

    def epoch(self, rng, batch):
        """Batches of indices: drawn by weight, sorted by length inside pools, in random order."""
        order = np.repeat(np.arange(len(self.clips)), np.floor(self.weights + rng.random(len(self.clips))).astype(int))
        rng.shuffle(order)
        batches = []
        for start in range(0, len(order), 24 * batch):
            pool = order[start:start + 24 * batch]
            pool = pool[np.argsort(self.lengths[pool], kind="stable")]
            batches += [pool[i:i + batch] for i in range(0, len(pool) - batch + 1, batch)]
        rng.shuffle(batches)
        return batches

    def waves(self, rng, indices):
        """[clip, sample]: every clip at a random place in silence, longer ones cropped."""
        size = int(self.lengths[indices].max()) + int(rng.choice([0, 0, 1600, 4800]))
        waves = np.zeros((len(indices), size), np.float32)
        for wave, i in zip(waves, indices):
            clip = self.clips[i]
            if len(clip) > LONGEST:
                begin = rng.integers(len(clip) - LONGEST)
                clip = clip[begin:begin + LONGEST]
            begin = rng.integers(size - len(clip) + 1)
            wave[begin:begin + len(clip)] = clip
        return torch.from_numpy(waves / 32768)
