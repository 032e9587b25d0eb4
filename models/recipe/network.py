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


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, kernel, dilation):
        super().__init__()
        self.pad = dilation * (kernel - 1) // 2
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)

    def forward(self, x):
        return self.conv(F.pad(x, (self.pad, self.pad), mode="reflect") if self.pad else x)


class Normalisation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, momentum=0.05)

    def forward(self, x):
        return self.norm(x)


class Pooling(nn.Module):
    def forward(self, x):
        x = x.float()
        # SpeechBrain adds noise of expectation 5e-5 to the mean; its expectation keeps the output deterministic
        return torch.cat([x.mean(dim=2) + 5e-5, x.std(dim=2) + 1e-5], dim=1)


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

    def forward(self, feats):
        """[clip, time, mel] of one length -> [clip, 512]."""
        x = feats.transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return x

    def weights(self):
        """The tensors of the model file: conv.conv.weight of this module is conv.weight there."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.endswith("num_batches_tracked")}
