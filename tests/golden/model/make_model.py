"""Makes the files in this folder: an x-vector of 8 channels as PyTorch and safetensors write it, in several ways.

    python tests/golden/model/make_model.py     (torch, speechbrain, safetensors)

speechbrain/       embedding_model.ckpt and hyperparams.yaml, as SpeechBrain's checkpointer writes them
expected.f32       its arrays in the order of the model file, float32 little-endian, end to end
archive.ckpt       the same, saved through a file object (root folder archive/), last tensors first
views.ckpt         the same, every tensor a transposed view into one storage, at odd offsets
half.ckpt, brain.ckpt, double.ckpt   rounded to float16, bfloat16; float64 (beyond float32's digits)
*.expected.f32     the values in these
legacy.ckpt        the format from before PyTorch 1.6: to be refused
protocol4.ckpt     pickle protocol 4: to be refused
parameters.ckpt    torch.nn.Parameter objects: to be refused
module.ckpt        a pickled Python object: to be refused
float32.safetensors, float16.safetensors   the model file as the safetensors package writes it;
                   its training facts have torch's own count of parameters
"""
import json
import os
import sys
from collections import OrderedDict

import numpy as np
import torch
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))
from make_random_checkpoint import make_network, write_folder  # noqa: E402

CHANNELS, POOLED, EMBEDDING = 8, 12, 6


def path(name):
    return os.path.join(HERE, name)


def model_order(state):
    """Tensors of the model file: blocks in order, the counters left out."""
    return {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}


def write_expected(state, name):
    """State dict order is that of the model file: convolution, normalisation, ..., linear layer."""
    arrays = [tensor.detach().to(torch.float32).numpy().ravel() for tensor in model_order(state).values()]
    np.concatenate(arrays).astype("<f4").tofile(path(name))


def converted(state, dtype):
    return OrderedDict((name, tensor.to(dtype) if tensor.is_floating_point() else tensor) for name, tensor in state.items())


def views(state):
    """Each tensor with its axes in reverse order in one shared storage, three elements apart."""
    storage = torch.full((sum(tensor.numel() + 3 for tensor in state.values()),), float("nan"))
    result, offset = OrderedDict(), 1
    for name, tensor in model_order(state).items():
        sizes = tensor.shape
        strides, step = [], 1
        for size in sizes:  # the first axis runs fastest
            strides.append(step)
            step *= size
        view = storage.as_strided(sizes, strides, offset)
        view.copy_(tensor)
        result[name] = view
        offset += tensor.numel() + 3
    return result


def main():
    network = make_network(20261, CHANNELS, POOLED, EMBEDDING, random_statistics=True)
    state = network.state_dict()
    os.makedirs(path("speechbrain"), exist_ok=True)
    write_folder(network, path("speechbrain"), CHANNELS, POOLED, EMBEDDING)
    write_expected(state, "expected.f32")
    with open(path("archive.ckpt"), "wb") as handle:
        torch.save(OrderedDict(reversed(list(state.items()))), handle)
    torch.save(views(state), path("views.ckpt"))
    for name, dtype in (("half", torch.float16), ("brain", torch.bfloat16)):
        torch.save(converted(state, dtype), path(name + ".ckpt"))
        write_expected(converted(state, dtype), name + ".expected.f32")
    double = OrderedDict((name, tensor.double() / 3 if tensor.is_floating_point() else tensor) for name, tensor in state.items())
    torch.save(double, path("double.ckpt"))
    write_expected(double, "double.expected.f32")
    torch.save(state, path("legacy.ckpt"), _use_new_zipfile_serialization=False)
    torch.save(state, path("protocol4.ckpt"), pickle_protocol=4)
    torch.save(OrderedDict(network.named_parameters()), path("parameters.ckpt"))
    torch.save({"blocks.0.conv.weight": torch.nn.ReLU()}, path("module.ckpt"))
    facts = {"format": "earmark-xvector", "format_version": "1", "sample_rate": "16000", "mels": "24",
             "dilations": "1,2,3,1,1", "name": "tiny \u2603", "licence": "Apache-2.0", "source": "made by make_model.py",
             "training": json.dumps({"seed": 20261, "sources": {"none": {"clips": 0}},
                                     "parameters": sum(p.numel() for p in network.parameters())})}
    save_file({k: v.contiguous() for k, v in model_order(state).items()}, path("float32.safetensors"), metadata=facts)
    save_file({k: v.half() for k, v in model_order(state).items()}, path("float16.safetensors"), metadata=facts)
    for name in ("float32.safetensors", "float16.safetensors"):
        os.chmod(path(name), 0o644)


if __name__ == "__main__":
    main()
