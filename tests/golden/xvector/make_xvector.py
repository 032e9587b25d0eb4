#!/usr/bin/env python3
"""Golden data of the front end and the network.

Makes, in this folder, from SpeechBrain's own feature extractor and network and
from a re-implementation in float64 that shares nothing with them:

  signals.npy            int16 samples of all clips, end to end
  lengths.npy            samples of each clip
  speech.npy             1 where the clip is speech-like (the gate is 2e-4 dB there)
  features.npy           float64 reference rounded to float32, (frames, 24) end to end
  features_error.npy     per clip, SpeechBrain's own largest error against float64, in dB
  small.npy, wide.npy    float64 embeddings of the models of tests/support/random_model.c
                         with 32 and 512 channels, (clips, 32) and (clips, 512)
  *_speechbrain.npy      the same from SpeechBrain, float32
  wide_bf16_error.npy    per clip, relative L2 of the wide model when every convolution's and the
                         linear layer's inputs and (folded) weights are rounded to bfloat16
  odd.npy                float64 embeddings of a model of another architecture (40 mels)
  long.npy               float64 embeddings, 32 channels, of signal_noise() clips
  long_lengths.npy       samples of those

usage: python make_xvector.py     (numpy, torch 2, speechbrain 1.0.3 or later)
"""
import os

import numpy as np
import torch

# The reference runs on the CPU; SpeechBrain's check of torchaudio's CUDA version would end it.
torch.version.cuda = None
from speechbrain.lobes.features import Fbank  # noqa: E402
from speechbrain.lobes.models.Xvector import Xvector  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(2)
torch.manual_seed(1)  # SpeechBrain adds noise to the pooled means


# ---- the same integers as tests/support/signal.c and random_model.c ----

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


def even(seed, tensor, count):
    return (signal_hash(seed, tensor, np.arange(count)) >> np.uint32(8)).astype(np.float64) / 8388608.0 - 1.0


def fill(seed, tensor, count, centre, width):
    return (centre + width * even(seed, tensor, count)).astype(np.float32)


def random_model(seed, mels, channels, kernels, dilations, size):
    model = {"blocks": [], "mels": mels}
    before = mels
    for i, (out, kernel, dilation) in enumerate(zip(channels, kernels, dilations)):
        tensor, inputs = 100 + 10 * i, before * kernel
        gamma = fill(seed, tensor + 2, out, 1.0, 0.5)
        gamma[::5] *= -1
        model["blocks"].append({
            "weight": fill(seed, tensor, out * inputs, 0.0, np.sqrt(6.0 / inputs)).reshape(out, before, kernel),
            "bias": fill(seed, tensor + 1, out, 0.0, 0.3),
            "gamma": gamma,
            "beta": fill(seed, tensor + 3, out, 0.0, 0.3),
            "mean": fill(seed, tensor + 4, out, 0.3, 0.5),
            "variance": fill(seed, tensor + 5, out, 0.8, 0.6),
            "dilation": dilation,
        })
        before = out
    model["linear"] = fill(seed, 90, size * 2 * before, 0.0, np.sqrt(3.0 / (2 * before))).reshape(size, 2 * before)
    model["linear_bias"] = fill(seed, 91, size, 0.0, 0.3)
    return model


def standard_model(channels, seed):
    last = 1500 if channels == 512 else 3 * channels - 4
    return random_model(seed, 24, [channels] * 4 + [last], [5, 3, 3, 1, 1], [1, 2, 3, 1, 1], channels)


# ---- the reference in float64 ----

def reference_features(samples, mels=24):
    x = np.concatenate([np.zeros(200), np.asarray(samples, dtype=np.float64), np.zeros(200)])
    frames = 1 + len(samples) // 160
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 400)
    rows = np.stack([x[160 * t:160 * t + 400] for t in range(frames)]) * window
    spectrum = np.fft.rfft(rows, axis=1)
    power = spectrum.real ** 2 + spectrum.imag ** 2
    points = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), mels + 2) / 2595) - 1)
    centre, band = points[1:-1], (points[1:] - points[:-1])[:-1]
    slope = (40.0 * np.arange(201)[:, None] - centre[None, :]) / band[None, :]
    weights = np.maximum(0, np.minimum(1 + slope, 1 - slope))
    decibels = 10 * np.log10(np.maximum(power @ weights, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    return decibels - decibels.mean(axis=0)


def reference_embedding(model, features):
    x = features
    for block in model["blocks"]:
        weight = block["weight"].astype(np.float64)
        kernel, dilation = weight.shape[2], block["dilation"]
        padding = dilation * (kernel - 1) // 2
        padded = np.pad(x, ((padding, padding), (0, 0)), mode="reflect") if padding else x
        y = block["bias"].astype(np.float64) + sum(
            padded[k * dilation:k * dilation + len(x)] @ weight[:, :, k].T for k in range(kernel))
        y = np.where(y > 0, y, 0.01 * y)
        x = (y - block["mean"]) / np.sqrt(block["variance"].astype(np.float64) + 1e-5) * block["gamma"] + block["beta"]
    statistics = np.concatenate([x.mean(axis=0) + 5e-5, x.std(axis=0, ddof=1) + 1e-5])
    return model["linear"].astype(np.float64) @ statistics + model["linear_bias"]


def bfloat16(x):
    return torch.from_numpy(np.asarray(x, dtype=np.float32)).to(torch.bfloat16).to(torch.float64).numpy()


def rounded_embedding(model, features):
    """What exact arithmetic on bfloat16 inputs gives, batch normalisation folded forward."""
    x, scale, shift = features, 1.0, 0.0
    for block in model["blocks"]:
        weight = block["weight"].astype(np.float64)
        kernel, dilation = weight.shape[2], block["dilation"]
        folded = weight * np.broadcast_to(scale, weight.shape[1])[None, :, None]
        bias = block["bias"] + np.einsum("ock,c->o", weight, np.broadcast_to(shift, weight.shape[1]))
        padding = dilation * (kernel - 1) // 2
        x = bfloat16(x)
        padded = np.pad(x, ((padding, padding), (0, 0)), mode="reflect") if padding else x
        y = bias + sum(padded[k * dilation:k * dilation + len(x)] @ bfloat16(folded[:, :, k]).T for k in range(kernel))
        x = np.where(y > 0, y, 0.01 * y)
        scale = block["gamma"] / np.sqrt(block["variance"].astype(np.float64) + 1e-5)
        shift = block["beta"] - block["mean"] * scale
    mean, deviation = np.split(model["linear"].astype(np.float64), 2, axis=1)
    bias = model["linear_bias"] + mean @ (shift + 5e-5) + 1e-5 * deviation.sum(axis=1)
    return bfloat16(mean * scale) @ bfloat16(x.mean(axis=0)) + \
        bfloat16(deviation * np.abs(scale)) @ bfloat16(x.std(axis=0, ddof=1)) + bias


# ---- SpeechBrain's own ----

def speechbrain_network(model):
    channels = [len(block["bias"]) for block in model["blocks"]]
    network = Xvector(in_channels=model["mels"], activation=torch.nn.LeakyReLU, tdnn_blocks=len(channels),
                      tdnn_channels=channels, tdnn_kernel_sizes=[b["weight"].shape[2] for b in model["blocks"]],
                      tdnn_dilations=[b["dilation"] for b in model["blocks"]], lin_neurons=len(model["linear_bias"]))
    state = network.state_dict()
    for i, block in enumerate(model["blocks"]):
        for name, key in (("conv.weight", "weight"), ("conv.bias", "bias")):
            state[f"blocks.{3 * i}.{name}"] = torch.from_numpy(block[key])
        for name, key in (("weight", "gamma"), ("bias", "beta"), ("running_mean", "mean"), ("running_var", "variance")):
            state[f"blocks.{3 * i + 2}.norm.{name}"] = torch.from_numpy(block[key])
    state[f"blocks.{3 * len(channels) + 1}.w.weight"] = torch.from_numpy(model["linear"])
    state[f"blocks.{3 * len(channels) + 1}.w.bias"] = torch.from_numpy(model["linear_bias"])
    network.load_state_dict(state)
    return network.eval()


def speechbrain_features(samples):
    with torch.no_grad():
        fbank = Fbank(n_mels=24)(torch.from_numpy(samples.astype(np.float32))[None])
        return (fbank - fbank.mean(dim=1, keepdim=True))[0]


def speechbrain_embedding(network, samples):
    with torch.no_grad():
        return network(speechbrain_features(samples)[None])[0, 0].numpy()


# ---- clips ----

def speech(count, seed):
    """Pitch pulses through moving resonances, noise and pauses: like signal_speech()."""
    generator = np.random.default_rng(seed)
    time = np.arange(count) / 16000
    syllable = (time * 5).astype(int)
    pitch = 90 + 120 * generator.random(syllable[-1] + 1)[syllable]
    phase = np.cumsum(pitch / 16000)
    source = np.diff(np.floor(phase), prepend=0.0) + 0.02 * (generator.random(count) - 0.5)
    source[(generator.random(syllable[-1] + 1) < 0.15)[syllable]] *= 0.01
    total = np.zeros(count)
    for f in range(3):
        frequency = 300 + 900 * f + 600 * generator.random(syllable[-1] + 1)
        radius = np.exp(-np.pi * (80 + 40 * f) / 16000)
        past = [0.0, 0.0]
        for i in range(count):
            value = source[i] * (1 - radius) + 2 * radius * np.cos(
                2 * np.pi * frequency[syllable[i]] / 16000) * past[0] - radius ** 2 * past[1]
            past = [value, past[0]]
            total[i] += value
    return np.clip(np.rint(30000 * total + 3 * (generator.random(count) - 0.5)), -32768, 32767).astype(np.int16)


def make_clips():
    clips = []  # (samples, is speech)
    for seed, count in enumerate([480, 639, 640, 799, 1000, 1279, 1600, 2399, 3999, 4000, 6720, 6879, 16000, 48159]):
        clips.append((speech(count, seed), 1))
    click = speech(8000, 50) // 64
    click[-1] = 32767
    clips.append((click, 0))
    clips.append((np.zeros(4000, dtype=np.int16), 0))
    tone = 20000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000)
    clips.append((np.rint(tone).astype(np.int16), 0))
    generator = np.random.default_rng(60)
    clips.append((np.rint(8000 + 2 * generator.standard_normal(8000)).astype(np.int16), 0))
    clips.append((np.rint(32767 * (2 * generator.random(8000) - 1)).astype(np.int16), 0))
    # Speech with hardly anything above 2 kHz: float32 transforms are off by 3e-4 dB there.
    dark = speech(16000, 70).astype(np.float64)
    for _ in range(3):
        for i in range(1, len(dark)):
            dark[i] = 0.8 * dark[i - 1] + 0.2 * dark[i]
    clips.append((np.rint(dark * 30000 / np.abs(dark).max()).astype(np.int16), 1))
    return clips


def save(name, array):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array))


def main():
    clips = make_clips()
    save("signals", np.concatenate([samples for samples, _ in clips]))
    save("lengths", np.array([len(samples) for samples, _ in clips], dtype=np.int32))
    save("speech", np.array([is_speech for _, is_speech in clips], dtype=np.int32))
    waves = [samples / 32768.0 for samples, _ in clips]
    features = [reference_features(wave) for wave in waves]
    theirs = [speechbrain_features(wave).numpy() for wave in waves]
    save("features", np.concatenate(features).astype(np.float32))
    save("features_error", np.array([np.abs(a - b).max() for a, b in zip(theirs, features)]))
    for name, channels, seed in (("small", 32, 1), ("wide", 512, 2)):
        model = standard_model(channels, seed)
        network = speechbrain_network(model)
        mine = np.stack([reference_embedding(model, f) for f in features])
        save(name, mine)
        reference = np.stack([speechbrain_embedding(network, wave) for wave in waves])
        save(name + "_speechbrain", reference)
        error = np.linalg.norm(reference - mine, axis=1) / np.linalg.norm(mine, axis=1)
        print(name, "SpeechBrain against float64:", " ".join(f"{e:.1e}" for e in error))
        if name == "wide":
            rounded = np.stack([rounded_embedding(model, f) for f in features])
            error = np.linalg.norm(rounded - mine, axis=1) / np.linalg.norm(mine, axis=1)
            save("wide_bf16_error", error)
            print(name, "bfloat16 against float64:", " ".join(f"{e:.1e}" for e in error))
    odd = random_model(3, 40, [48, 40, 72], [3, 7, 1], [4, 2, 1], 20)
    save("odd", np.stack([reference_embedding(odd, reference_features(wave, 40)) if 1 + len(wave) // 160 > 6
                          else np.full(20, np.nan) for wave in waves]))
    lengths = [480000, 480159, 1320000]
    save("long_lengths", np.array(lengths, dtype=np.int32))
    model = standard_model(32, 1)
    save("long", np.stack([reference_embedding(model, reference_features(signal_noise(n, 10 + i) / 32768.0))
                           for i, n in enumerate(lengths)]))


if __name__ == "__main__":
    main()
