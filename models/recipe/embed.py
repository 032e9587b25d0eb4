"""Embeddings of clips, one clip at a time as the program does it."""
import torch
from safetensors.torch import load_file

from network import Xvector, features


def load_network(path):
    """The network of a safetensors file, or one of random weights for `random:SEED`."""
    if path.startswith("random:"):
        torch.manual_seed(int(path.split(":")[1]))
        return Xvector().eval()
    network = Xvector()
    missing, unknown = network.load_state_dict({k: v.float() for k, v in load_file(path).items()}, strict=False)
    if unknown or any(not m.endswith("num_batches_tracked") for m in missing):
        raise ValueError(f"{path} is not an x-vector of this shape: {missing} {unknown}")
    return network.eval()


def embed(network, clips):
    """clips: int16 arrays at 16 kHz -> [clip, 512] float32."""
    with torch.inference_mode():
        return torch.cat([network(features(torch.tensor(clip).float()[None] / 32768)) for clip in clips]).numpy()
