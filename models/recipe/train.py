"""Trains the x-vector with several objectives at once. Resumes from its checkpoint; the budget is a number of steps."""
import argparse
import copy
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from augment import Augmenter
from dataset import TrainingSet
from muon import Muon
from network import EMBEDDING, MELS, Xvector

SEED = 20261
WEIGHTS = {"word": 1.0, "voice": 1.4, "language": 0.8, "statistics": 2.0, "teacher": 2.0, "match": 2.0}


def statistics(feats):
    """Statistics of a clip's mels over time: deviation, deviation of differences, skew, correlations, quantiles."""
    deviation = feats.std(dim=1) + 1e-3
    scaled = feats / deviation[:, None]
    change = feats.diff(dim=1).std(dim=1)
    upper = torch.triu_indices(MELS, MELS, 1)
    correlation = (scaled.transpose(1, 2) @ scaled / feats.shape[1])[:, upper[0], upper[1]]
    quantiles = torch.quantile(scaled, torch.tensor([0.1, 0.9]), dim=1)
    return torch.cat([deviation.log(), change.clamp(min=1e-3).log(), scaled.pow(3).mean(dim=1).clamp(-5, 5), quantiles[0],
                      quantiles[1], correlation], dim=1)


KEYS = 128  # dimensions in which a clip is matched with the teacher's outputs
STATISTICS = 5 * MELS + MELS * (MELS - 1) // 2


class Heads(nn.Module):
    """Each objective has a separate hidden layer, so that the embedding need not collapse onto its labels.

    The embedding is standardised first, as it is before the audit's classifier."""

    def __init__(self, sizes):
        super().__init__()
        self.standard = nn.BatchNorm1d(EMBEDDING, affine=False)
        self.targets = nn.BatchNorm1d(STATISTICS, affine=False)
        self.keys = nn.Linear(sizes["teacher"], sizes["match"], bias=False)
        self.heads = nn.ModuleDict({name: nn.Sequential(nn.Linear(EMBEDDING, 512), nn.ReLU(), nn.Dropout(0.1), nn.Linear(512, size))
                                    for name, size in sizes.items()})

    def forward(self, embedding):
        standard = self.standard(embedding)
        return {name: head(standard) for name, head in self.heads.items()}


def match(queries, keys, temperature=0.1):
    """Which of the keys has the teacher outputs of this clip: cross-entropy over the cosines (InfoNCE, van den Oord
    2018). The first keys are those of the batch, in its order."""
    similarity = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T / temperature
    return F.cross_entropy(similarity, torch.arange(len(queries)))


def losses(outputs, heads, feats, labels):
    """A dictionary of losses; classes of -1 and missing teachers count nothing."""
    result = {}
    for name in ("word", "voice", "language"):
        known = labels[name] >= 0
        if known.any():
            result[name] = F.cross_entropy(outputs[name][known], labels[name][known], label_smoothing=0.1)
    result["statistics"] = F.mse_loss(outputs["statistics"], heads.targets(statistics(feats)).clamp(-5, 5))
    result["match"] = match(outputs["match"], heads.keys(torch.cat([labels["teacher"], labels["others"]])))
    result["teacher"] = F.mse_loss(outputs["teacher"], labels["teacher"])
    return result


class Trainer:
    def __init__(self, options):
        torch.manual_seed(SEED)
        self.options, self.step, self.seconds = options, 0, 0.0
        self.weights = WEIGHTS | dict(options.weight)
        self.data = TrainingSet(options.corpus)
        self.rng, generator = np.random.default_rng(SEED), torch.Generator().manual_seed(SEED)
        self.augment = Augmenter(generator)
        self.network = Xvector()
        self.heads = Heads({"word": self.data.words, "voice": self.data.voices, "language": self.data.languages,
                            "statistics": STATISTICS, "teacher": len(self.data.teacher_mean), "match": KEYS})
        self.average = copy.deepcopy(self.network)
        hidden = [*self.network.parameters(), *(p for head in self.heads.heads.values() for p in head[0].parameters())]
        matrices = [p for p in hidden if p.ndim > 1]
        others = [p for p in hidden if p.ndim == 1] + [*self.heads.keys.parameters()]
        others += [p for head in self.heads.heads.values() for p in head[-1].parameters()]
        self.optimisers = {"matrices": Muon(matrices, torch.bfloat16 if options.bf16 else torch.float32),
                           "others": torch.optim.AdamW(others, weight_decay=0.02)}
        self.rates = {"matrices": options.matrix_rate, "others": options.rate}
        self.log = {}

    def set_rates(self):
        """Warm-up, then a cosine down to a fiftieth."""
        warm, done = min(1.0, (self.step + 1) / 100), min(1.0, self.step / self.options.steps)
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = self.rates[name] * warm * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))

    def batch(self, indices):
        with torch.no_grad():
            waves, teacher = self.data.waves(self.rng, indices)
            feats, same_voice = self.augment(waves)
        index = torch.from_numpy(indices)
        voice = torch.where(same_voice, self.data.voice[index], torch.tensor(-1))
        return feats, {"word": self.data.word[index], "voice": voice, "language": self.data.language[index],
                       "teacher": teacher, "others": self.data.whole[self.rng.integers(len(self.data.clips), size=self.options.others)]}

    def learn(self, indices):
        feats, labels = self.batch(indices)
        self.set_rates()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.bf16):
            embedding = self.network(feats)
        parts = losses(self.heads(embedding.float()), self.heads, feats, labels)
        loss = sum(self.weights[name] * value for name, value in parts.items())
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        for optimiser in self.optimisers.values():
            optimiser.step()
        self.update_average()
        for name, value in parts.items():
            self.log[name] = 0.98 * self.log.get(name, value.item()) + 0.02 * value.item()

    def update_average(self):
        decay = min(0.998, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.average.state_dict().values(), self.network.state_dict().values()):
                if mean.is_floating_point():
                    mean.lerp_(now, 1 - decay)

    def save(self):
        path = os.path.join(self.options.out, "checkpoint.pt")
        torch.save({"network": self.network.state_dict(), "heads": self.heads.state_dict(), "step": self.step,
                    "average": self.average.state_dict(), "seconds": self.seconds,
                    "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
                    "numpy": self.rng.bit_generator.state, "augment": self.augment.generator.get_state(),
                    "torch": torch.get_rng_state()}, path + ".part")
        os.replace(path + ".part", path)

    def resume(self):
        path = os.path.join(self.options.out, "checkpoint.pt")
        if not os.path.exists(path):
            return
        state = torch.load(path, weights_only=False)  # written by this program
        for name in ("network", "heads", "average"):
            getattr(self, name).load_state_dict(state[name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.step, self.seconds = state["step"], state["seconds"]
        self.rng.bit_generator.state = state["numpy"]
        self.augment.generator.set_state(state["augment"])
        torch.set_rng_state(state["torch"])
        print(f"resumed at step {self.step}", flush=True)

    def run(self):
        self.resume()
        print(f"{'bfloat16' if self.options.bf16 else 'float32'} products, {self.options.threads} threads", flush=True)
        started, first = time.monotonic(), self.step
        while self.step < self.options.steps:
            for indices in self.data.epoch(self.rng, self.options.batch):
                began = time.process_time()  # not the wall clock: the process may be paused
                self.learn(indices)
                self.step += 1
                self.seconds += time.process_time() - began
                if self.step % 20 == 0:
                    parts = " ".join(f"{k} {v:.3f}" for k, v in self.log.items())
                    left = (time.monotonic() - started) / (self.step - first) * (self.options.steps - self.step) / 60
                    print(f"step {self.step} of {self.options.steps}, {left:.0f} minutes left: {parts}", flush=True)
                if self.step % 100 == 0:
                    self.save()
                if self.step >= self.options.steps:
                    break
        self.recalibrate()
        self.finish()

    def recalibrate(self):
        """Normalisation statistics of the averaged weights, measured again instead of averaged."""
        self.average.train()
        for module in self.average.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.reset_running_stats()
                module.momentum = None  # a plain mean over the batches
        with torch.no_grad():
            for indices in self.data.epoch(self.rng, self.options.batch)[:40]:
                self.average(self.batch(indices)[0])
        self.average.eval()

    def finish(self):
        data = self.data
        sources = {}
        for row, clip in zip(data.rows, data.clips):
            entry = sources.setdefault(row["source"], {"licence": row["licence"], "clips": 0, "seconds": 0.0})
            entry["clips"] += 1
            entry["seconds"] = round(entry["seconds"] + len(clip) / 16000, 1)
        facts = {"seed": SEED, "steps": self.step, "batch": self.options.batch, "cpu_minutes": round(self.seconds / 60, 1),
                 "objectives": self.weights, "words": data.words, "voices": data.voices, "languages": data.languages,
                 "sources": sources, "torch": str(torch.__version__),
                 "bf16_autocast": self.options.bf16}
        torch.save({"network": self.average.state_dict(), "facts": facts}, os.path.join(self.options.out, "averaged.pt"))
        print(json.dumps(facts), flush=True)


def weight(text):
    name, _, number = text.partition("=")
    if name not in WEIGHTS:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(WEIGHTS)}")
    return name, float(number)


def has_bf16():
    with open("/proc/cpuinfo") as file:
        return any(word in ("amx_bf16", "avx512_bf16") for line in file if line.startswith("flags") for word in line.split())


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus")
    arguments.add_argument("out", help="folder of the checkpoint and the result")
    arguments.add_argument("--steps", type=int, default=7000)
    arguments.add_argument("--batch", type=int, default=96)
    arguments.add_argument("--others", type=int, default=1000,
                           help="clips of the corpus that the objective match uses as alternatives besides those of the batch")
    arguments.add_argument("--rate", type=float, default=1.5e-3, help="of AdamW at its peak: the heads' outputs, biases, scales")
    arguments.add_argument("--matrix-rate", type=float, default=3e-3, help="of Muon at its peak: the weights of all layers but the heads' outputs")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--weight", type=weight, action="append", default=[], metavar="OBJECTIVE=NUMBER",
                           help="another weight for an objective; 0 leaves it out, for ablations")
    arguments.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=has_bf16(),
                           help="matrix products in bfloat16; the default is whether this CPU has instructions for it")
    options = arguments.parse_args()
    os.makedirs(options.out, exist_ok=True)
    torch.set_num_threads(options.threads)
    Trainer(options).run()


if __name__ == "__main__":
    main()
