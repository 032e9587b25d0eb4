"""The recipe's own validation, on what dataset.py holds out of training. Settings are chosen on these figures only."""
import argparse
import json

import numpy as np

import corpus
from dataset import PARTS, held_voice, held_word
from embed import embed, load_network
from measures import accuracy, audit, folds_by, shuffled_folds


def held_sets(folder):
    """name -> (clips, labels, groups): words by voices never heard, voices never heard, languages of human speakers."""
    rows, clips = corpus.read_corpus(folder, PARTS)
    words = [i for i, r in enumerate(rows) if held_word(r) and r["source"] in ("espeak", "flite")]
    voices = [i for i, r in enumerate(rows) if held_voice(r) and r["source"] == "espeak"]
    counts = {}
    for i in voices:
        counts.setdefault(rows[i]["voice"], []).append(i)
    voices = sorted(i for group in counts.values() for i in group[:25] if len(group) >= 25)
    human = [i for i, r in enumerate(rows) if r["voice"].startswith("ktuberling") and held_voice(r)]
    engine = lambda row: row["voice"].split("-")[0] + "-" + row["voice"].split("-")[1][:1]
    pick = lambda chosen, label: ([clips[i] for i in chosen], np.array([label(rows[i]) for i in chosen]))
    return {"held words, voices apart": (*pick(words, lambda r: r["text"]), np.array([engine(rows[i]) for i in words])),
            "held voices": (*pick(voices, lambda r: r["voice"]), None),
            "held human speakers": (*pick(human, lambda r: r["language"]), None)}


def validate(path, sets):
    network, result = load_network(path), {}
    for name, (clips, labels, groups) in sets.items():
        embeddings = embed(network, clips)
        folds = shuffled_folds(labels) if groups is None else folds_by(groups)
        result[name] = {"clips": len(clips), "classes": len(set(labels)), "accuracy": round(accuracy(embeddings, labels, folds, (0.01,)), 4)}
        if name == "held human speakers":
            result[name].update(audit(embeddings, labels, 0.05, range(5), (0.01,)))
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus")
    arguments.add_argument("models", nargs="+", help="safetensors files, or random:SEED")
    options = arguments.parse_args()
    sets = held_sets(options.corpus)
    for path in options.models:
        print(json.dumps({"model": path.split("/")[-1], **validate(path, sets)}), flush=True)


if __name__ == "__main__":
    main()
