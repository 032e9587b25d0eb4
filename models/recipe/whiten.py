"""Replaces the last linear layer by shaped principal components of the pooled statistics of clean training clips.

The audit's classifier is a regularised logistic regression, which hardly uses directions of the embedding with little
variance. The layer as trained has nearly all its variance in some sixty directions, those of its training labels. The
pooled statistics below it hold far more information. Here every principal direction gets the deviation `deviation ** power`
(1: unchanged, 0: white), directions in which voices differ get more, directions in which tones are far from all speech
get less, and a random rotation spreads all of them over the columns, so that standardising the columns does not undo it.

Tones get less because outliers have leverage. A telephone's beep occurs among the clips of every language; the classifier
fits it, and it is ranked as more probably wrong than a word under another language's label."""
import argparse

import numpy as np
import torch

import corpus
from dataset import PARTS, classes, held_voice, held_word, is_human
from embed import each_clip
from network import EMBEDDING, Xvector
from tones import tones

SEED = 20261
LONGEST = 3 * corpus.RATE
COMPONENTS = 1200  # of 3,000; the variance of the others is negligible, and whitening would amplify noise
TONES = 600


def chosen_clips(folder, human, synthetic):
    """Random training clips, these numbers of human and synthetic ones; and the number of each clip's voice, or -1."""
    rows, clips = corpus.read_corpus(folder, PARTS)
    usable = np.array([i for i, r in enumerate(rows) if not held_voice(r) and not held_word(r)])
    voice, _ = classes([rows[i]["voice"] or None for i in usable], 5)
    recorded = np.array([is_human(rows[i]) for i in usable])
    rng = np.random.default_rng(SEED)
    chosen = [*rng.permutation(np.flatnonzero(recorded))[:human], *rng.permutation(np.flatnonzero(~recorded))[:synthetic]]
    return [clips[usable[i]][:LONGEST] for i in chosen], voice[chosen]


def between(white, voice):
    """Covariance of the voices' means, each with the weight of its clips."""
    means = torch.stack([white[voice == v].mean(dim=0) * (voice == v).sum().sqrt() for v in voice[voice >= 0].unique()])
    return means.T @ means / (voice >= 0).sum()


def shrunk(apart, strength):
    """[512, 512], symmetric: the inverse root of 1 + strength * second moment of `apart` [clip, 512], which is in units of the
    deviation that speech has along each axis."""
    values, axes = torch.linalg.eigh(apart.T @ apart / len(apart))
    return axes / (1 + strength * values.clamp(min=0)).sqrt() @ axes.T


def last_layer(statistics, tone_statistics, voice, power, voices, strength):
    """Weight [512, 3000] and bias: the directions of the largest variance when the principal components have the deviation
    `own ** power` and the voices' means `voices` times their total variance on top; of them, less of those of the tones."""
    mean, deviation = statistics.mean(dim=0), statistics.std(dim=0) + 1e-4
    scaled = ((statistics - mean) / deviation).double()
    values, directions = torch.linalg.eigh(scaled.T @ scaled / len(scaled))
    spread = values[-COMPONENTS:].clamp(min=1e-9).sqrt()
    whitening = directions[:, -COMPONENTS:] / spread
    shaped = torch.diag(torch.where(torch.arange(COMPONENTS) < COMPONENTS - EMBEDDING, 0.0, spread ** (2 * power)))
    apart = between(scaled @ whitening, voice)
    kept, axes = torch.linalg.eigh(shaped / shaped.trace() + voices * apart / apart.trace())
    generator = torch.Generator().manual_seed(SEED)
    rotation = torch.linalg.qr(torch.randn(EMBEDDING, EMBEDDING, generator=generator, dtype=torch.float64))[0]
    scale = (kept[-EMBEDDING:].clamp(min=0) * shaped.trace()).sqrt()
    kept_axes = whitening @ axes[:, -EMBEDDING:]
    calm = shrunk(((tone_statistics - mean) / deviation).double() @ kept_axes, strength)
    weight = kept_axes @ calm * scale @ rotation / deviation.double()[:, None]
    # in float16's own values, so that the shipped file's bias centres what the shipped file's weight gives
    weight = weight.T.half().float().contiguous()
    return weight, -(weight.double() @ mean.double()).float()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("corpus")
    arguments.add_argument("averaged", help="averaged.pt of train.py")
    arguments.add_argument("output", help="the same file with the new last layer")
    arguments.add_argument("--power", type=float, default=0.6)
    arguments.add_argument("--voices", type=float, default=0.3, help="variance of the voices' means, of the components'")
    arguments.add_argument("--tones", type=float, default=0.3, help="attenuation of the directions in which tones are far from speech")
    arguments.add_argument("--human", type=int, default=16000, help="number of human recordings")
    arguments.add_argument("--synthetic", type=int, default=1600, help="number of synthetic clips")
    options = arguments.parse_args()
    result = torch.load(options.averaged, weights_only=True)
    network = Xvector().eval()
    network.load_state_dict(result["network"])
    clips, voice = chosen_clips(options.corpus, options.human, options.synthetic)
    statistics, tone_statistics = (each_clip(network.pooled, each) for each in (clips, tones(TONES, SEED)))
    weight, bias = last_layer(statistics, tone_statistics, voice, options.power, options.voices, options.tones)
    result["network"]["blocks.16.w.weight"], result["network"]["blocks.16.w.bias"] = weight, bias
    result["facts"]["last_layer"] = {"kind": "shaped principal components, voices and tones", "power": options.power,
                                     "voices": options.voices, "tones": options.tones, "clips": len(clips)}
    torch.save(result, options.output)
    print(f"last layer from {len(clips)} clips, largest weight {weight.abs().max():.3g}")


if __name__ == "__main__":
    main()
