"""Human training speech out of Debian packages (unpacked, not installed)."""
import argparse
import hashlib
import io
import os
import re
import subprocess
import tempfile

import numpy as np
import soundfile
from scipy.signal import resample_poly

import corpus

PACKAGES = {  # package -> (licence in its copyright file, pattern whose first group is the language)
    "ktuberling-data": ("GPL-2+", re.compile(r"ktuberling/sounds/([a-z]+)[^/]*/([^/]+)\.(?:ogg|wav|opus)$")),
    "klettres-data": ("GPL-2+", re.compile(r"klettres/([a-z]+)[^/]*/(?:alpha|syllab)/([^/]+)\.(?:ogg|wav|opus)$"))}


def decode(data):
    wave, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    wave = wave.mean(axis=1)
    if rate != corpus.RATE:
        common = np.gcd(rate, corpus.RATE)
        wave = resample_poly(wave, corpus.RATE // common, rate // common)
    return np.clip(wave * 32768, -32768, 32767).astype(np.int16)


def add_package(part, package, seen):
    licence, pattern = PACKAGES[package]
    with tempfile.TemporaryDirectory() as folder:
        # apt fetches as its own user unless told otherwise, and that user cannot write here
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", package], cwd=folder, check=True)
        archive = next(f for f in os.listdir(folder) if f.endswith(".deb"))
        subprocess.run(["dpkg-deb", "-x", os.path.join(folder, archive), os.path.join(folder, "x")], check=True)
        paths = sorted(os.path.join(where, f) for where, _, files in os.walk(os.path.join(folder, "x")) for f in files)
        for path in paths:
            match = pattern.search(path)
            if match:
                add_file(part, package, licence, path, match, seen)


def add_file(part, package, licence, path, match, seen):
    with open(path, "rb") as handle:
        data = handle.read()
    digest = hashlib.sha256(data).digest()
    if digest in seen:  # the packages repeat recordings under several names
        return
    seen.add(digest)
    try:
        samples = decode(data)
    except soundfile.LibsndfileError as error:
        print(f"skipped {os.path.basename(path)}: {error}")
        return
    folder = os.path.basename(os.path.dirname(path.replace("/alpha/", "/").replace("/syllab/", "/")))
    part.add(samples, source=package, licence=licence, language=match.group(1), voice=f"{package}-{folder}",
             text=f"{package}/{folder}/{match.group(2)}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus", help="folder of the corpus parts")
    options = arguments.parse_args()
    if corpus.exists(options.corpus, "human"):
        return
    part, seen = corpus.PartWriter(options.corpus, "human"), set()
    for package in PACKAGES:
        add_package(part, package, seen)
    part.close()
    print(f"human: {len(seen)} distinct recordings", flush=True)


if __name__ == "__main__":
    main()
