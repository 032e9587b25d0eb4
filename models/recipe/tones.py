"""Synthetic tones like those of telephones, machines and games: single, in chords, struck or held, in sequence with pauses."""
import numpy as np

import corpus

LOWEST, HIGHEST = 200, 3500  # Hz


def frequency(rng):
    return np.exp(rng.uniform(np.log(LOWEST), np.log(HIGHEST)))


def note(rng, size):
    """One to three sines, harmonic or not; held, or dying away as if struck."""
    time, base, harmonic = np.arange(size) / corpus.RATE, frequency(rng), rng.random() < 0.5
    frequencies = [base * (1 + i) if harmonic else frequency(rng) for i in range(rng.integers(1, 4))]
    wave = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * (f * time + rng.random())) for f in frequencies)
    if rng.random() < 0.4:
        wave = wave * np.exp(-time / rng.uniform(0.05, 0.4))
    edge = np.minimum(1, np.arange(size) / int(rng.uniform(32, 160)))  # no clicks
    return wave * edge * edge[::-1]


def tone(rng):
    parts = []
    for _ in range(rng.integers(1, 5)):
        size = int(corpus.RATE * rng.uniform(0.2, 0.6))
        parts.append(np.zeros(size) if parts and rng.random() < 0.25 else note(rng, size))
    wave = np.concatenate(parts)
    wave = wave / np.abs(wave).max() * rng.uniform(0.1, 0.9)
    wave = wave + rng.standard_normal(len(wave)) * 10 ** (-rng.uniform(45, 100) / 20)
    return np.clip(32768 * wave, -32768, 32767).astype(np.int16)


def tones(count, seed):
    """`count` clips: int16 at 16 kHz, 0.2 to 2.4 s."""
    rng = np.random.default_rng(seed)
    return [tone(rng) for _ in range(count)]
