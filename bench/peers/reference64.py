"""The x-vector front end and network in float64, written from the formulas, not from SpeechBrain's code.

features64(samples) and Network64(checkpoint).embed(features) are the reference for float32 results.
"""
import os

import numpy as np
import torch
from torch.nn import functional

RATE, WINDOW, HOP, BINS, MELS = 16000, 400, 160, 201, 24
DILATIONS = (1, 2, 3, 1, 1)
EXPECTED_NOISE = 5e-5  # SpeechBrain adds uniform noise with this mean to the pooled means


def mel_filters():
    """(BINS, MELS): triangles symmetric in Hz, as wide as the gap to the left neighbour, with peak 1."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, MELS + 2) / 2595) - 1)
    centre, band = hertz[1:-1], np.diff(hertz)[:-1]
    slope = (np.arange(BINS)[:, None] * RATE / WINDOW - centre) / band
    return np.maximum(0, np.minimum(1 + slope, 1 - slope))


HAMMING = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
FILTERS = mel_filters()


def features64(samples):
    """(frames, MELS) of one clip: log mel energies in dB, at most 80 below the clip's maximum, minus their means."""
    padded = np.pad(np.asarray(samples, dtype=np.float64), WINDOW // 2)
    count = 1 + (len(padded) - WINDOW) // HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * HAMMING)) ** 2
    decibels = 10 * np.log10(np.maximum(power @ FILTERS, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    return decibels - decibels.mean(axis=0)


class Network64:
    """The network of a SpeechBrain checkpoint folder, in float64 from its float32 weights."""

    def __init__(self, checkpoint):
        weights = torch.load(os.path.join(checkpoint, "embedding_model.ckpt"), map_location="cpu", weights_only=True)
        self.weights = {name: tensor.double() for name, tensor in weights.items()}

    def block(self, x, index):
        w = self.weights
        kernel = w[f"blocks.{3 * index}.conv.weight"]
        reach = DILATIONS[index] * (kernel.shape[2] - 1) // 2
        if reach > 0:
            x = functional.pad(x, (reach, reach), mode="reflect")
        x = functional.conv1d(x, kernel, w[f"blocks.{3 * index}.conv.bias"], dilation=DILATIONS[index])
        x = torch.where(x > 0, x, 0.01 * x)
        norm = f"blocks.{3 * index + 2}.norm."
        scale = w[norm + "weight"] / torch.sqrt(w[norm + "running_var"] + 1e-5)
        return (x - w[norm + "running_mean"][:, None]) * scale[:, None] + w[norm + "bias"][:, None]

    def embed(self, features):
        """(embedding size) of one clip's (frames, MELS)."""
        with torch.no_grad():
            x = torch.from_numpy(np.ascontiguousarray(features.T, dtype=np.float64))[None]
            for index in range(5):
                x = self.block(x, index)
            mean, deviation = x[0].mean(dim=1), x[0].std(dim=1, unbiased=True)
            pooled = torch.cat([mean + EXPECTED_NOISE, deviation + 1e-5])
            return (self.weights["blocks.16.w.weight"] @ pooled + self.weights["blocks.16.w.bias"]).numpy()
