"""The x-vector of SpeechBrain, layer for layer, and its front end; names are those of its state dict."""
import math

import torch
import torch.nn.functional as F
from torch import nn

FFT, HOP, MELS, BINS = 400, 160, 24, 201
CHANNELS, KERNELS, DILATIONS, EMBEDDING = [512, 512, 512, 512, 1500], [5, 3, 3, 1, 1], [1, 2, 3, 1, 1], 512


def mel_weights(warp=1.0):
    """[201, 24] triangles. warp > 1 reads every band at a higher frequency: the voice of a longer vocal tract."""
    top = 2595 * math.log10(1 + 8000 / 700)
    points = 700 * (10 ** (torch.linspace(0, top, MELS + 2, dtype=torch.float64) / 2595) - 1)
    centre, band = points[1:-1], points[1:-1] - points[:-2]
    slope = (torch.arange(BINS, dtype=torch.float64)[:, None] * 40 / warp - centre) / band
    return torch.minimum(1 + slope, 1 - slope).clamp(min=0).float()


def frame_power(frames):
    """Power spectrum of frames [..., 400]."""
    return torch.fft.rfft(frames * torch.hamming_window(FFT, periodic=True)).abs().square()


def log_mel(mel_power):
    """Decibels cut 80 below the clip's own maximum, less the mean of every mel: [clip, time, mel]."""
    level = 10 * mel_power.clamp(min=1e-10).log10()
    level = torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - 80)
    return level - level.mean(dim=1, keepdim=True)


def features(wave):
    """[clip, sample] -> [clip, time, mel], exactly SpeechBrain's Fbank and sentence mean."""
    frames = F.pad(wave, (FFT // 2, FFT // 2)).unfold(1, FFT, HOP)
    return log_mel(frame_power(frames) @ mel_weights())


class GatherTaps(torch.autograd.Function):
    """[clip, time, channel] -> [clip, time, taps * channel]: the inputs of every tap, reflected at both ends."""

    @staticmethod
    def forward(context, x, kernel, dilation):
        context.kernel, context.dilation, steps = kernel, dilation, x.shape[1]
        pad = dilation * (kernel - 1) // 2
        padded = torch.cat([x[:, 1:pad + 1].flip(1), x, x[:, steps - pad - 1:steps - 1].flip(1)], dim=1)
        return torch.cat([padded[:, tap * dilation:tap * dilation + steps] for tap in range(kernel)], dim=2)

    @staticmethod
    def backward(context, grad):
        kernel, dilation, (count, steps, width) = context.kernel, context.dilation, grad.shape
        pad, channels = dilation * (kernel - 1) // 2, width // kernel
        padded = grad.new_zeros(count, steps + 2 * pad, channels)
        for tap in range(kernel):
            padded[:, tap * dilation:tap * dilation + steps] += grad[:, :, tap * channels:(tap + 1) * channels]
        inner = padded[:, pad:pad + steps]
        inner[:, 1:pad + 1] += padded[:, :pad].flip(1)
        inner[:, steps - pad - 1:steps - 1] += padded[:, pad + steps:].flip(1)
        return inner, None, None


class Convolution(nn.Module):
    """A dilated convolution on [clip, time, channel] as one matrix product over gathered taps: several times faster to
    train on a CPU than a convolution primitive, above all in bfloat16."""

    def __init__(self, inputs, outputs, kernel, dilation):
        super().__init__()
        self.kernel, self.dilation = kernel, dilation
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)

    def forward(self, x):
        if self.kernel > 1:
            x = GatherTaps.apply(x, self.kernel, self.dilation)
        return F.linear(x, self.conv.weight.transpose(1, 2).flatten(1), self.conv.bias)


class Normalisation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, momentum=0.05)

    def forward(self, x):
        return self.norm(x.flatten(0, 1)).view_as(x)


class Pooling(nn.Module):
    def forward(self, x):
        x = x.float()
        # SpeechBrain adds noise of expectation 5e-5 to the mean; its expectation keeps the output deterministic
        return torch.cat([x.mean(dim=1) + 5e-5, x.std(dim=1) + 1e-5], dim=1)


class Last(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Linear(2 * CHANNELS[-1], EMBEDDING)

    def forward(self, x):
        return self.w(x)


class Xvector(nn.Module):
    def __init__(self):
        super().__init__()
        blocks, inputs = [], MELS
        for outputs, kernel, dilation in zip(CHANNELS, KERNELS, DILATIONS):
            blocks += [Convolution(inputs, outputs, kernel, dilation), nn.LeakyReLU(0.01), Normalisation(outputs)]
            inputs = outputs
        self.blocks = nn.ModuleList(blocks + [Pooling(), Last()])

    def pooled(self, feats):
        """[clip, time, mel] of one length -> means and deviations over time [clip, 3000]."""
        x = feats
        for block in self.blocks[:-1]:
            x = block(x)
        return x

    def forward(self, feats):
        """[clip, time, mel] of one length -> [clip, 512]."""
        return self.blocks[-1](self.pooled(feats))

    def weights(self):
        """The tensors of the model file: conv.conv.weight of this module is conv.weight there."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.endswith("num_batches_tracked")}
