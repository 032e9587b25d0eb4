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
from dataset import PARTS, held_voice, held_word
from network import EMBEDDING, Xvector, features

SEED = 20261
LONGEST = 3 * corpus.RATE


def chosen_clips(folder, count):
    """Training clips only; every human one, and synthetic ones at random up to `count`."""
    rows, clips = corpus.read_corpus(folder, PARTS)
    usable = [i for i, r in enumerate(rows) if not held_voice(r) and not held_word(r)]
    human = [i for i in usable if rows[i]["text"].startswith(rows[i]["source"])]
    others = np.setdiff1d(usable, human)
    others = np.random.default_rng(SEED).permutation(others)[:max(0, count - len(human))]
    return [clips[i][:LONGEST] for i in [*human, *others]]


def pooled(network, clips):
    rows = []
    with torch.inference_mode():
        for clip in clips:
            rows.append(network.pooled(features(torch.tensor(clip).float()[None] / 32768)))
    return torch.cat(rows)


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
    arguments.add_argument("--clips", type=int, default=6000)
    options = arguments.parse_args()
    result = torch.load(options.averaged, weights_only=True)
    network = Xvector().eval()
    network.load_state_dict(result["network"])
    clips = chosen_clips(options.corpus, options.clips)
    weight, bias = last_layer(pooled(network, clips), options.power)
    result["network"]["blocks.16.w.weight"], result["network"]["blocks.16.w.bias"] = weight, bias
    result["facts"]["last_layer"] = {"kind": "shaped principal components", "power": options.power, "clips": len(clips)}
    torch.save(result, options.output)
    print(f"last layer from {len(clips)} clips, largest weight {weight.abs().max():.3g}")


if __name__ == "__main__":
    main()
