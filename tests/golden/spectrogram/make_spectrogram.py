#!/usr/bin/env python3
"""Expected spectrograms of made signals: python tests/golden/spectrogram/make_spectrogram.py

  spectrograms.npy  int16 (cases, 96, 80): each number has four greys of a row, the first in its
                    highest bits

Made with Python 3.11.7, numpy 2.4.6 and scipy 1.17.1 (windows and transforms in float64). The
signals are made from integers, as tests/unit/test_spectrogram.c makes them.
"""

import os

import numpy as np
import scipy.fft
import scipy.signal

COLUMNS, ROWS, GREYS, RANGE, LOOKS = 320, 96, 16, 70.0, 32
# rate in Hz, length in ms, channels
CASES = [(8000, 100, 1), (16000, 1000, 1), (44100, 3000, 2), (48000, 700, 1), (8000, 600000, 1),
         (16000, 20000, 1), (44100, 10, 1), (48000, 60000, 1)]


def signal(frames, channel):
    i = np.arange(frames, dtype=np.uint64)
    rise = np.uint64((1 << 31) // frames // 2 + 1)
    phase = (i * np.uint64(40000000 + channel * 90000000) + i * i // np.uint64(2) * rise) & np.uint64(0xFFFFFFFF)
    v = (phase >> np.uint64(15)).astype(np.int64)
    triangle = np.where(v < 65536, v - 32768, 98303 - v)
    quieter = 3 * (i.astype(np.int64) * 4 // frames)
    noise = ((i * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)) >> np.uint64(29)).astype(np.int64) - 4
    return np.clip((triangle >> quieter >> 1) + noise, -32768, 32767)


def spectrogram(samples, rate):
    frames = len(samples)
    size = 256
    while size < 0.02 * rate:
        size *= 2
    looks = min(max(-(-frames // (COLUMNS * (size // 2))), 1), LOOKS)
    window = scipy.signal.get_window("hann", size, fftbins=True)
    padded = np.concatenate([np.zeros(size // 2), samples, np.zeros(size)])
    middles = (2 * np.arange(COLUMNS * looks, dtype=np.int64) + 1) * frames // (2 * looks * COLUMNS)
    power = np.empty((COLUMNS * looks, size // 2))
    for i, middle in enumerate(middles):
        power[i] = np.abs(scipy.fft.rfft(window * padded[middle:middle + size])[:-1]) ** 2
    power = power.reshape(COLUMNS, looks, -1).mean(axis=1)
    bins = size // 2
    picture = np.empty((ROWS, COLUMNS))
    for row in range(ROWS):
        first, end = row * bins // ROWS, -(-(row + 1) * bins // ROWS)
        picture[ROWS - 1 - row] = power[:, first:end].mean(axis=1)
    with np.errstate(divide="ignore"):
        level = -10 * np.log10(picture / picture.max())
    return np.clip(np.rint(level / RANGE * (GREYS - 1)), 0, GREYS - 1).astype(np.int32)


packed = []
for rate, milliseconds, channels in CASES:
    frames = rate * milliseconds // 1000
    samples = sum(signal(frames, c) for c in range(channels)) / (32768.0 * channels)
    greys = spectrogram(samples, rate)
    print(rate, milliseconds, np.bincount(greys.ravel(), minlength=GREYS))
    four = greys.reshape(ROWS, COLUMNS // 4, 4)
    packed.append(four[..., 0] << 12 | four[..., 1] << 8 | four[..., 2] << 4 | four[..., 3])
out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spectrograms.npy")
np.save(out, np.array(packed).astype(np.uint16).view(np.int16))
