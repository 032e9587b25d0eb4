#!/usr/bin/env python3
"""Golden data of S87, the 87 statistics of a clip's mel powers (kernels/front_end.h).

Made from the wave alone in float64, by code that shares nothing with the program:

  signals.npy      int16 samples of the made clips, end to end, at 16 kHz
  lengths.npy      samples of each
  floats.npy       float32 samples of further clips, end to end: a tone that fades below the floor,
                   and those named in CLIPS, which are only read
  float_lengths.npy
  long_samples.npy samples of signal_noise(count, 1) of tests/support/signal.c, the last clip
  statistics.npy   float64 (clips, 87): of signals, then floats, then the long clip
  spread.npy       float64 (87): the deviation of every column over these clips

usage: python make_statistics.py [FOLDER]     (numpy 1.24 or later)

FOLDER has NAME.wave.npy (float32, 16 kHz) for each of CLIPS; without it they are taken from
floats.npy. `statistics(wave)` is also what measures other recordings: import it.
"""
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CLIPS = ("decay", "sweep", "bursts")
RATE, WINDOW, SHIFT, BINS, MELS = 16000, 400, 160, 201, 24
LONG = 60 * RATE


# ---- the front end ----

def mel_filters():
    points = 700.0 * (10.0 ** (np.linspace(0.0, 2595.0 * np.log10(1.0 + RATE / 2 / 700.0), MELS + 2) / 2595.0) - 1.0)
    bins = np.arange(BINS) * RATE / WINDOW
    centre, width = points[1:-1], points[1:-1] - points[:-2]
    slope = (bins[:, None] - centre) / width
    return np.maximum(0.0, np.minimum(1.0 + slope, 1.0 - slope))


HAMMING = 0.54 - 0.46 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)
FILTERS = mel_filters()


def mel_powers(wave):
    """(frames, MELS): frame t covers samples 160 t - 200 .. 160 t + 199, zero outside."""
    padded = np.pad(np.asarray(wave, np.float64), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::SHIFT]
    parts = [np.abs(np.fft.rfft(some * HAMMING)) ** 2 @ FILTERS for some in np.array_split(frames, len(frames) // 4096 + 1)]
    return np.concatenate(parts)


# ---- S87 ----

def decibels(power):
    """Floored at 1e-10 and 80 dB below the largest, relative to that."""
    values = 10.0 * np.log10(np.maximum(power, 1e-10))
    return np.maximum(values, values.max() - 80.0) - values.max()


def envelope(power, weight):
    level = decibels(power)
    frames = len(level)
    time = np.arange(frames) / max(frames - 1, 1)
    centre = (weight * time).sum()
    peak = int(np.argmax(level))
    after = level[peak:]
    decaying = int((after > -30.0).sum())
    line = after[: max(decaying, 2)]
    steps = np.arange(len(line)) - (len(line) - 1) / 2.0
    slope = (steps * (line - line.mean())).sum() / max((steps**2).sum(), 1e-6) if len(line) > 1 else 0.0
    change = np.diff(level) if frames > 1 else np.zeros(1)
    return [
        np.log(frames), centre, np.sqrt((weight * (time - centre) ** 2).sum()), peak / max(frames - 1, 1), np.log1p(peak),
        level.mean(), level.std(), *np.quantile(level, [0.1, 0.25, 0.5, 0.75]),
        (level > -10.0).mean(), (level > -20.0).mean(), (level > -40.0).mean(),
        slope, np.log1p(decaying), np.abs(change).mean(), np.maximum(change, 0.0).max(), change.std(),
    ]


def shape(powers, weight):
    share = powers / np.maximum(powers.sum(1, keepdims=True), 1e-12)
    mel = np.arange(MELS)
    centroid = share @ mel
    width = np.sqrt((share * (mel - centroid[:, None]) ** 2).sum(1))
    rolloff = (np.cumsum(share, 1) < 0.85).sum(1)
    flatness = np.log(share + 1e-6).mean(1) - np.log(share.mean(1) + 1e-6)
    flux = np.concatenate([[0.0], np.maximum(np.diff(share, axis=0), 0.0).sum(1)])
    series = np.stack([centroid, width, rolloff, flatness, flux])
    mean = series @ weight
    return [*mean, *np.sqrt((series - mean[:, None]) ** 2 @ weight), *series.mean(1), *series.std(1)]


def statistics(wave):
    """The 87 numbers of one clip at 16 kHz; clips are padded with zeros to 0.1 s."""
    wave = np.asarray(wave, np.float64)
    powers = mel_powers(np.pad(wave, (0, max(0, RATE // 10 - len(wave)))))
    level = decibels(powers)
    power = powers.sum(1)
    weight = power / max(power.sum(), 1e-12)
    return np.array([*level.mean(0), *level.std(0), *envelope(power, weight), *shape(powers, weight)])


# ---- the clips ----

def signal_hash(seed, stream, index):
    index = np.asarray(index, dtype=np.uint32)
    with np.errstate(over="ignore"):
        h = index * np.uint32(0x9E3779B1)
        h = h ^ np.uint32(stream * 0x85EBCA6B & 0xFFFFFFFF) ^ np.uint32(seed * 0xC2B2AE35 & 0xFFFFFFFF)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
        h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
        return h ^ (h >> np.uint32(16))


def signal_noise(count, seed):
    i = np.arange(count)
    value = (signal_hash(seed, 1, i) >> np.uint32(16)).astype(np.int32) - 32768
    loudness = (signal_hash(seed, 2, i // 1000) >> np.uint32(24)).astype(np.int32)
    product = value * loudness
    return (np.sign(product) * (np.abs(product) // 512)).astype(np.int16)  # C rounds to zero


def whole(wave):
    return np.rint(20000.0 * np.asarray(wave)).astype(np.int16)


def made_clips():
    time = np.arange(8000) / RATE
    noise = signal_noise(8000, 7) / 32768.0
    click = np.zeros(5000)
    click[2345] = 1.0
    clicks = np.zeros(8000)
    clicks[1720::1600] = 0.5
    one_sample = np.zeros(160)
    one_sample[3] = 1.0
    bursts = np.where((np.arange(12000) // 1700) % 3 == 0, signal_noise(12000, 8) / 32768.0, 0.0)
    late = np.concatenate([np.zeros(6000), np.sin(2.0 * np.pi * 333.0 * time[:500])])
    return [
        np.zeros(4000, np.int16),
        whole(click),
        whole(clicks),                                                       # equal peaks
        signal_noise(480, 3),                                                # 0.03 s
        signal_noise(1, 4) + np.int16(100),                                  # one sample
        whole(one_sample),
        signal_noise(1599, 5),                                               # padded by one sample
        signal_noise(1600, 5),
        whole(np.sin(2.0 * np.pi * (100.0 + 7000.0 * time) * time)),         # a sweep
        whole(np.exp(-12.0 * time) * np.sin(2.0 * np.pi * 440.3 * time)),    # a decay
        whole(np.exp(-4.0 * time) * noise * 2.0),
        whole(bursts),
        signal_noise(16000, 9),
        whole(np.sin(2.0 * np.pi * 1234.5 * time)),                          # a steady tone
        whole(late),                                                         # ends at its loudest
        signal_noise(8000, 10) // 8000,                                      # a few steps of int16
    ]  # fmt: skip


def float_clips(folder):
    time = np.arange(16000) / RATE
    fading = (0.8 * 10.0 ** (-8.0 * time) * np.sin(2.0 * np.pi * 700.7 * time)).astype(np.float32)
    if folder is None:
        ends = np.cumsum(np.load(os.path.join(HERE, "float_lengths.npy")))
        return [fading, *np.split(np.load(os.path.join(HERE, "floats.npy")), ends)[1:-1]]
    return [fading, *(np.load(os.path.join(folder, name + ".wave.npy")) for name in CLIPS)]


def main():
    shorts = made_clips()
    floats = float_clips(sys.argv[1] if len(sys.argv) > 1 else None)
    long = signal_noise(LONG, 1)
    waves = [clip / 32768.0 for clip in shorts] + floats + [long / 32768.0]
    values = np.stack([statistics(wave) for wave in waves])
    assert np.isfinite(values).all()
    files = {
        "signals": np.concatenate(shorts).astype(np.int16),
        "lengths": np.array([len(clip) for clip in shorts], np.int32),
        "floats": np.concatenate(floats).astype(np.float32),
        "float_lengths": np.array([len(clip) for clip in floats], np.int32),
        "long_samples": np.array([LONG], np.int32),
        "statistics": values,
        "spread": values.std(0),
    }
    for name, array in files.items():
        np.save(os.path.join(HERE, name + ".npy"), array)


if __name__ == "__main__":
    main()
