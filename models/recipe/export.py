"""Writes the averaged weights as a float16 safetensors file with their facts in its metadata, and checks them."""
import argparse
import json
import os
import subprocess

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import corpus
from embed import embed
from network import DILATIONS, Xvector

NAMED = {"format": "earmark-xvector", "format_version": "1", "sample_rate": "16000", "mels": "24",
         "dilations": ",".join(map(str, DILATIONS)), "name": "earmark-default-5", "licence": "Apache-2.0",
         "source": "trained from random weights by models/recipe of the earmark repository"}


def halve(weights):
    """To float16; refuses what overflows or, without being zero, vanishes in any number that matters."""
    halved = {}
    for name, tensor in weights.items():
        half = tensor.half()
        if not torch.isfinite(half).all():
            raise ValueError(f"{name} overflows float16")
        if name.endswith("running_var") and half.min() < 6.2e-5:  # below it float16 loses digits
            raise ValueError(f"{name} has a variance of {tensor.min():.2e}, too small for float16")
        halved[name] = half.contiguous()
    return halved


def difference(full, halved, folder):
    """Largest relative L2 distance between the embeddings of both, on a few dozen recordings."""
    one, other = Xvector().eval(), Xvector().eval()
    one.load_state_dict(full, strict=False)
    other.load_state_dict({k: v.float() for k, v in halved.items()}, strict=False)
    _, clips = corpus.read_part(folder, "human")
    a, b = embed(one, clips[::50]), embed(other, clips[::50])
    return float((np.linalg.norm(a - b, axis=1) / np.linalg.norm(a, axis=1)).max())


def recipe_commit():
    """The last commit that changed the recipe, and whether there are changes since."""
    here = os.path.dirname(os.path.abspath(__file__))
    git = lambda *words: subprocess.run(["git", "-C", here, *words], capture_output=True, text=True).stdout.strip()
    return (git("log", "-1", "--format=%H", "--", ".") or "unknown") + (" with changes" if git("status", "--porcelain", "--", ".") else "")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("averaged", help="the file of train.py or whiten.py")
    arguments.add_argument("corpus", help="folder of the corpus parts, for the check")
    arguments.add_argument("output", help="the float16 file to write")
    arguments.add_argument("--float32", help="also keep the float32 result in this file")
    arguments.add_argument("--figures", help="a JSON file of validate.py to put into the facts")
    options = arguments.parse_args()
    result = torch.load(options.averaged, weights_only=True)
    weights = {k: v.contiguous() for k, v in result["network"].items() if not k.endswith("num_batches_tracked")}
    halved = halve(weights)
    facts = dict(result["facts"], recipe_commit=recipe_commit())
    if options.figures:
        with open(options.figures, encoding="utf-8") as handle:
            facts["figures"] = json.load(handle)
    metadata = dict(NAMED, training=json.dumps(facts, sort_keys=True))
    if options.float32:
        save_file(weights, options.float32, metadata=metadata)
    save_file(halved, options.output, metadata=metadata)
    os.chmod(options.output, 0o644)  # the library makes it readable to its owner only
    distance = difference(weights, load_file(options.output), options.corpus)
    print(f"{options.output}: {len(halved)} tensors, embeddings within {distance:.1e} of float32")
    if distance > 2e-3:
        raise SystemExit("float16 moves the embeddings too far")


if __name__ == "__main__":
    main()
