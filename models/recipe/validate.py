"""The recipe's validation, on data that training never sees: the data held out by dataset.py, and the packages of the parts
`judges` and `sounds`. Settings are chosen on these figures only."""
import argparse
import json

import numpy as np
from scipy.signal import resample_poly

import corpus
from dataset import PARTS, held_voice, held_word
from embed import embed, load_network
from measures import accuracy, codes, planted

SEED = 20261
SOUNDS = 10


def telephone(clip):
    """The clip resampled to 8 kHz and back."""
    narrow = resample_poly(clip.astype(np.float32), 1, 2)
    return resample_poly(narrow, 2, 1)[:len(clip)].clip(-32768, 32767).astype(np.int16)


def among_sounds(folder, languages):
    """The clips of `languages`, and sounds that are in no language, each of them once under the label of every language."""
    rows, clips = corpus.read_part(folder, "sounds")
    chosen = np.random.default_rng(SEED).permutation(len(rows))[:SOUNDS]
    names = sorted({r["language"] for r in languages[0]})
    return (languages[0] + [dict(rows[i], language=name) for i in chosen for name in names],
            languages[1] + [clips[i] for i in chosen for _ in names])


def engine(row):
    return row["voice"].split("-")[0] + "-" + row["voice"].split("-")[1][:1]


def held_sets(folder):
    """name -> (rows, clips, label of a row, group of a row or None for shuffled folds)."""
    rows, clips = corpus.read_corpus(folder, PARTS)
    judges, judge_clips = corpus.read_part(folder, "judges")
    pick = lambda chosen: ([rows[i] for i in chosen], [clips[i] for i in chosen])
    judge = lambda test: ([r for r in judges if test(r)], [c for r, c in zip(judges, judge_clips) if test(r)])
    words = [i for i, r in enumerate(rows) if held_word(r) and r["source"] in ("espeak", "flite")]
    counts = {}
    for i, r in enumerate(rows):
        if held_voice(r) and r["source"] == "espeak":
            counts.setdefault(r["voice"], []).append(i)
    voices = sorted(i for group in counts.values() for i in group[:25] if len(group) >= 25)
    human = [i for i, r in enumerate(rows) if r["voice"].startswith("ktuberling") and held_voice(r)]
    sets = {"synthetic words, voices apart": (*pick(words[::2]), lambda r: r["text"], engine),
            "synthetic voices": (*pick(voices[::2]), lambda r: r["voice"], None),
            "5 human speakers and languages": (*pick(human), lambda r: r["language"], None),
            "15 voices of a game": (*judge(lambda r: r["source"] == "hedgewars-data"), lambda r: r["voice"], None)}
    for language in ("de", "en"):
        tiles = judge(lambda r: r["source"] == "kajongg" and r["language"] == language)
        sets[f"tiles in {language}, speakers apart"] = (*tiles, lambda r: r["text"], lambda r: r["voice"])
    sets["who says the tile"] = (*judge(lambda r: r["source"] == "kajongg"), lambda r: r["voice"], None)
    sets["7 languages"] = (*judge(lambda r: r["source"] == "qabcs-data"), lambda r: r["language"], None)
    sets["7 languages among sounds"] = (*among_sounds(folder, sets["7 languages"]), lambda r: r["language"], None)
    for name in ("tiles in de, speakers apart", "tiles in en, speakers apart", "7 languages", "7 languages among sounds"):
        chosen, waves, label, group = sets[name]
        sets[name + ", telephone"] = (chosen, [telephone(w) for w in waves], label, group)
    return sets


def validate(network, sets):
    result = {}
    for name, (rows, clips, label, group) in sets.items():
        embeddings, labels = embed(network, clips), codes([label(r) for r in rows])
        fold_of = None if group is None else codes([group(r) for r in rows])
        result[name] = {"clips": len(clips), "classes": int(labels.max()) + 1, "accuracy": accuracy(embeddings, labels, fold_of)}
        if "languages" in name:
            result[name]["average_precision"] = planted(embeddings, labels, 0.05, range(10))
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus")
    arguments.add_argument("models", nargs="+", help="safetensors files, or random:SEED")
    options = arguments.parse_args()
    sets = held_sets(options.corpus)
    for path in options.models:
        print(json.dumps({"model": path.split("/")[-1], **validate(load_network(path), sets)}), flush=True)


if __name__ == "__main__":
    main()
