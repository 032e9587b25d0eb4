"""Augmentation and the front end in one pass; nearly everything happens on the power spectrum, where it is cheap."""
import torch
import torch.nn.functional as F

from network import BINS, FFT, HOP, frame_power, log_mel, mel_weights

WARPS = torch.linspace(0.84, 1.20, 25)  # factors of the frequency axis
PLAIN_WARP = (0.96, 1.04)  # within this range a clip counts as the same voice


class Augmenter:
    def __init__(self, generator):
        self.generator = generator
        self.filters = torch.stack([mel_weights(float(w)) for w in WARPS])
        self.frequency = torch.arange(BINS) * 40.0

    def uniform(self, count, low, high):
        return low + (high - low) * torch.rand(count, generator=self.generator)

    def chance(self, count, probability):
        return torch.rand(count, generator=self.generator) < probability

    def __call__(self, wave):
        """[clip, sample] in -1..1 -> features [clip, time, mel] and a mask of clips whose voice is unchanged."""
        count = len(wave)
        wave = self.reverberate(wave)
        power = frame_power(self.frames(wave)) * self.response(count)[:, None, :]
        power = power + self.noise(power)
        power = power * self.low_pass(count)[:, None, :]
        warped = self.chance(count, 0.5)
        index = torch.randint(len(WARPS), (count,), generator=self.generator)
        index = torch.where(warped, index, torch.full_like(index, int((WARPS - 1).abs().argmin())))
        factor = WARPS[index]
        same_voice = (factor > PLAIN_WARP[0]) & (factor < PLAIN_WARP[1])
        return log_mel(torch.bmm(power, self.filters[index])), same_voice

    def frames(self, wave):
        """Frames at a hop of 0.82 to 1.22 of the usual, one for each clip: another tempo at the same pitch."""
        count, samples = wave.shape
        steps = 1 + samples // HOP
        padded = F.pad(wave, (FFT // 2, FFT // 2))
        tempo = torch.where(self.chance(count, 0.7), self.uniform(count, 0.82, 1.22), torch.ones(count))
        # faster clips would run past their end: they wrap around to their start
        start = (torch.arange(steps) * HOP * tempo[:, None]).long() % (samples + 1)
        index = start[:, :, None] + torch.arange(FFT)
        return padded.gather(1, index.view(count, -1)).view(count, steps, FFT)

    def reverberate(self, wave):
        count, samples = wave.shape
        chosen = self.chance(count, 0.3).nonzero()[:, 0]
        if len(chosen) == 0:
            return wave
        length = 4800
        decay = self.uniform(len(chosen), 0.05, 0.35)[:, None] * 16000 / 6.9  # 6.9 nepers are 60 dB
        room = torch.randn(len(chosen), length, generator=self.generator) * torch.exp(-torch.arange(length) / decay)
        room = room * self.uniform(len(chosen), 0.1, 0.6)[:, None] / room.norm(dim=1, keepdim=True)
        room[:, 0] = 1
        size = samples + length
        wet = torch.fft.irfft(torch.fft.rfft(wave[chosen], size) * torch.fft.rfft(room, size), size)[:, :samples]
        return wave.index_copy(0, chosen, wet)

    def response(self, count):
        """A smooth random equaliser of a few decibels."""
        knots = self.uniform((count, 1, 8), -6, 6)
        decibels = F.interpolate(knots, BINS, mode="linear", align_corners=True)[:, 0]
        return 10 ** (decibels * self.chance(count, 0.6)[:, None] / 10)

    def low_pass(self, count):
        """Telephone and 8 kHz sources: for 40% nothing is left above 3.4 to 4 kHz."""
        cut = self.uniform(count, 3400, 4000)[:, None]
        slope = self.uniform(count, 0.05, 0.5)[:, None]  # dB per Hz
        decibels = -((self.frequency - cut).clamp(min=0) * slope).clamp(max=100)
        return 10 ** (decibels * self.chance(count, 0.4)[:, None] / 10)

    def noise(self, power):
        """Stationary coloured noise 5 to 50 dB below the clip's mean power (its cross term is left out)."""
        count, steps, _ = power.shape
        ratio = torch.where(self.chance(count, 0.5), self.uniform(count, 5, 30), self.uniform(count, 30, 60))
        knots = self.uniform((count, 1, 6), -12, 12)
        colour = 10 ** (F.interpolate(knots, BINS, mode="linear", align_corners=True) / 10)
        exponential = -torch.rand(power.shape, generator=self.generator).clamp(min=1e-9).log()
        level = power.mean(dim=(1, 2), keepdim=True) * 10 ** (-ratio[:, None, None] / 10)
        return exponential * colour / colour.mean(dim=2, keepdim=True) * level
