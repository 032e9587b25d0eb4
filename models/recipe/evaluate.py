"""The figures of the model card, by the protocols named in it. Run once, at the end: nothing may be chosen by them.

Spoken digits: a folder of Free Spoken Digit Dataset recordings, named digit_speaker_take.wav. Prompts: the human
recordings of the asterisk-core-sounds packages, labelled by language, fetched with apt and unpacked."""
import argparse
import glob
import json
import os
import random
import subprocess

import numpy as np

from embed import embed, load_network
from human import decode
from measures import accuracy, audit, folds_by
from sklearn.model_selection import KFold

LANGUAGES = ["en", "es", "fr", "it", "ru"]


def read(paths):
    clips = []
    for path in paths:
        with open(path, "rb") as handle:
            clips.append(decode(handle.read()))
    return clips


def fetch_prompts(folder):
    """Paths and languages of the prompts."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for language in LANGUAGES:
        target = os.path.join(folder, language)
        if not os.path.isdir(target):
            package = f"asterisk-core-sounds-{language}-wav"
            subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", package], cwd=folder, check=True)
            archive = glob.glob(os.path.join(folder, package + "_*.deb"))[0]
            subprocess.run(["dpkg-deb", "-x", archive, target], check=True)
        found = sorted(glob.glob(os.path.join(target, "**", "*.wav"), recursive=True))
        paths += [(p, language) for p in found if os.path.isfile(p) and not os.path.islink(p)]
    return paths


def digits(network, folder, seeds):
    paths = sorted(glob.glob(os.path.join(folder, "*.wav")))
    names = [os.path.basename(p)[:-4].split("_") for p in paths]
    digit, speaker = np.array([n[0] for n in names]), np.array([n[1] for n in names])
    embeddings = embed(network, read(paths))
    order = list(range(len(paths)))
    random.Random(456).shuffle(order)  # the tutorial's order
    folds = list(KFold(5).split(order))
    return {"clips": len(paths),
            "shuffled five folds": round(accuracy(embeddings[order], digit[order], folds), 4),
            "leave one speaker out": round(accuracy(embeddings, digit, folds_by(speaker)), 4),
            "which speaker": round(accuracy(embeddings[order], speaker[order], folds), 4),
            "5% planted errors": audit(embeddings, digit, 0.05, range(seeds))}


def prompts(network, folder, seeds):
    listed = fetch_prompts(folder)
    clips = read([path for path, _ in listed])
    usable = [i for i, clip in enumerate(clips) if len(clip) >= 480]
    labels = np.array([listed[i][1] for i in usable])
    embeddings = embed(network, [clips[i] for i in usable])
    order = np.random.default_rng(456).permutation(len(labels))
    return {"clips": len(labels),
            "language, five folds": round(accuracy(embeddings[order], labels[order], list(KFold(5).split(order))), 4),
            "5% planted errors": audit(embeddings, labels, 0.05, range(seeds))}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("models", nargs="+", help="safetensors files, or random:SEED")
    arguments.add_argument("--digits", help="folder of the spoken digits")
    arguments.add_argument("--prompts", help="folder to fetch the prompts into")
    arguments.add_argument("--seeds", type=int, default=10, help="how many sets of planted errors")
    options = arguments.parse_args()
    for path in options.models:
        network, result = load_network(path), {"model": path.split("/")[-1]}
        if options.prompts:
            result["prompts"] = prompts(network, options.prompts, options.seeds)
            print(json.dumps(result), flush=True)
        if options.digits:
            result["digits"] = digits(network, options.digits, options.seeds)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
