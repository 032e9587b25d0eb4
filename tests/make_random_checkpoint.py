"""Writes a SpeechBrain x-vector folder with random weights: embedding_model.ckpt and hyperparams.yaml.

    python tests/make_random_checkpoint.py DIR --seed N [--channels 512] [--random-statistics]

The network is SpeechBrain's class, initialised by SpeechBrain after torch.manual_seed(N), and saved with
torch.save(module.state_dict(), path), as SpeechBrain's checkpointer does. The same seed and versions give the same weights.
"""
import argparse
import os

import torch

# A torchaudio wheel built for another CUDA version cannot be imported; on the CPU the version is irrelevant.
torch.version.cuda = None
from speechbrain.lobes.models.Xvector import Xvector  # noqa: E402

KERNELS, DILATIONS, MELS = [5, 3, 3, 1, 1], [1, 2, 3, 1, 1], 24

HYPERPARAMETERS = """\
# Features
n_mels: {mels}
emb_dim: {embedding}

compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>

mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False

# Network
embedding_model: !new:speechbrain.lobes.models.Xvector.Xvector
    in_channels: !ref <n_mels>
    activation: !name:torch.nn.LeakyReLU
    tdnn_blocks: 5
    tdnn_channels: {channels}
    tdnn_kernel_sizes: {kernels}
    tdnn_dilations: {dilations}
    lin_neurons: !ref <emb_dim>

modules:
    compute_features: !ref <compute_features>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>

pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
"""


def make_network(seed, channels, pooled, embedding, random_statistics):
    """An Xvector in evaluation mode. Its normalisation has mean 0 and variance 1 unless random statistics are wanted."""
    torch.manual_seed(seed)
    network = Xvector(in_channels=MELS, tdnn_channels=[channels] * 4 + [pooled], tdnn_kernel_sizes=KERNELS,
                      tdnn_dilations=DILATIONS, lin_neurons=embedding)
    if random_statistics:
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                with torch.no_grad():
                    module.weight.copy_(torch.randn(module.weight.shape))  # negative ones, too
                    module.bias.copy_(torch.randn(module.bias.shape))
                module.running_mean.copy_(torch.randn(module.running_mean.shape))
                module.running_var.copy_(torch.rand(module.running_var.shape) * 4 + 0.01)
    return network.eval()


def write_folder(network, folder, channels, pooled, embedding):
    os.makedirs(folder, exist_ok=True)
    torch.save(network.state_dict(), os.path.join(folder, "embedding_model.ckpt"))
    with open(os.path.join(folder, "hyperparams.yaml"), "w", encoding="utf-8") as handle:
        handle.write(HYPERPARAMETERS.format(mels=MELS, embedding=embedding, channels=[channels] * 4 + [pooled],
                                            kernels=KERNELS, dilations=DILATIONS))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", help="folder to write; made when it is not there")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--channels", type=int, default=512, help="of the first four blocks, and of the embedding")
    arguments.add_argument("--pooled", type=int, help="channels of the last block; default: 1500 for every 512 of the others")
    arguments.add_argument("--random-statistics", action="store_true",
                           help="random normalisation (weights, biases, running means and variances) instead of 0 and 1")
    options = arguments.parse_args()
    pooled = options.pooled or max(1, options.channels * 1500 // 512)
    network = make_network(options.seed, options.channels, pooled, options.channels, options.random_statistics)
    write_folder(network, options.folder, options.channels, pooled, options.channels)
    print(f"{options.folder}: seed {options.seed}, {sum(p.numel() for p in network.parameters())} parameters")


if __name__ == "__main__":
    main()
