"""Embeddings of clips, one clip at a time as the program does it, one process a core."""
import functools
import multiprocessing

import numpy as np
import torch
from safetensors.torch import load_file

from network import Xvector, features


def load_network(path):
    """The network of a safetensors file or of a file of train.py or whiten.py (.pt), or of random weights: `random:SEED`."""
    if path.startswith("random:"):
        torch.manual_seed(int(path.split(":")[1]))
        return Xvector().eval()
    network = Xvector()
    weights = torch.load(path, weights_only=True)["network"] if path.endswith(".pt") else load_file(path)
    missing, unknown = network.load_state_dict({k: v.float() for k, v in weights.items()}, strict=False)
    if unknown or any(not m.endswith("num_batches_tracked") for m in missing):
        raise ValueError(f"{path} is not an x-vector of this shape: {missing} {unknown}")
    return network.eval()


def one_clip(output, clip):
    with torch.inference_mode():
        # as an array: tensors go between processes by a file descriptor each, and those run out
        return output(features(torch.tensor(np.array(clip)).float()[None] / 32768)).numpy()


def each_clip(output, clips):
    """clips: int16 arrays at 16 kHz -> `output` (a network, or its Xvector.pooled) of the features of each."""
    torch.set_num_threads(1)  # clips are short
    with multiprocessing.get_context("fork").Pool() as pool:
        return torch.from_numpy(np.concatenate(pool.map(functools.partial(one_clip, output), clips, chunksize=100)))


def embed(network, clips):
    """[clip, 512] float32."""
    return each_clip(network, clips).numpy()
