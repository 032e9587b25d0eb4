"""Replaces the last linear layer by shaped principal components of the pooled statistics of clean training clips.

The audit's classifier is a regularised logistic regression: whatever has little variance in the embedding it hardly sees.
The layer that training leaves behind has nearly all its variance in some sixty directions, those of its own labels.
The pooled statistics under it know far more; here every principal direction gets the deviation `its own ** power`
(1: as it is, 0: white) and a random rotation spreads all of them over the columns, so that standardising the columns
does not undo the shape."""
import argparse

import numpy as np
import torch

import corpus
from dataset import PARTS, held_voice, held_word, is_human
from embed import each_clip
from network import EMBEDDING, Xvector

SEED = 20261
LONGEST = 3 * corpus.RATE


def chosen_clips(folder, human, synthetic):
    """Training clips only: so many human ones and so many synthetic ones, at random."""
    rows, clips = corpus.read_corpus(folder, PARTS)
    usable = np.array([i for i, r in enumerate(rows) if not held_voice(r) and not held_word(r)])
    recorded = np.array([is_human(rows[i]) for i in usable])
    rng = np.random.default_rng(SEED)
    chosen = [*rng.permutation(usable[recorded])[:human], *rng.permutation(usable[~recorded])[:synthetic]]
    return [clips[i][:LONGEST] for i in chosen]


def last_layer(statistics, power):
    """Weight [512, 3000] and bias of the shaped components."""
    mean, deviation = statistics.mean(dim=0), statistics.std(dim=0) + 1e-4
    scaled = ((statistics - mean) / deviation).double()
    values, directions = torch.linalg.eigh(scaled.T @ scaled / len(scaled))
    spread = values[-EMBEDDING:].clamp(min=1e-9).sqrt()
    generator = torch.Generator().manual_seed(SEED)
    rotation = torch.linalg.qr(torch.randn(EMBEDDING, EMBEDDING, generator=generator, dtype=torch.float64))[0]
    weight = (directions[:, -EMBEDDING:] * spread ** (power - 1)) @ rotation / deviation.double()[:, None]
    # in float16's own values, so that the shipped file's bias centres what the shipped file's weight gives
    weight = weight.T.half().float().contiguous()
    return weight, -(weight.double() @ mean.double()).float()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("corpus")
    arguments.add_argument("averaged", help="averaged.pt of train.py")
    arguments.add_argument("output", help="the same file with the new last layer")
    arguments.add_argument("--power", type=float, default=0.5)
    arguments.add_argument("--human", type=int, default=16000, help="how many human recordings")
    arguments.add_argument("--synthetic", type=int, default=1600, help="how many synthetic clips")
    options = arguments.parse_args()
    result = torch.load(options.averaged, weights_only=True)
    network = Xvector().eval()
    network.load_state_dict(result["network"])
    clips = chosen_clips(options.corpus, options.human, options.synthetic)
    weight, bias = last_layer(each_clip(network.pooled, clips), options.power)
    result["network"]["blocks.16.w.weight"], result["network"]["blocks.16.w.bias"] = weight, bias
    result["facts"]["last_layer"] = {"kind": "shaped principal components", "power": options.power, "clips": len(clips)}
    torch.save(result, options.output)
    print(f"last layer from {len(clips)} clips, largest weight {weight.abs().max():.3g}")


if __name__ == "__main__":
    main()
