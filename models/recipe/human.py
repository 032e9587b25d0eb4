"""Human speech (and some other sounds) from Debian packages, which are unpacked, not installed.

Part `human` is for training; parts `judges` and `sounds` hold packages that training never sees, for the recipe's own
validation."""
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

SPEECH = r"\.(?:ogg|wav|opus)$"
SOUND = r"/(?P<sound>(?!notfound|audio-channel)[^/]+)\.(?:oga|ogg|wav)$"  # those two are speech
TUXPAINT_LANGUAGES = "be|bg|ca|da|de|el|en_GB|es|fr|it|lt|ml|nb|nl|nn|pt_BR|ro|ru|zh_tw"
# part -> package -> (licence in its copyright file, patterns). Named groups: language, voice, text; what is missing is unknown.
PACKAGES = {
    "human": {
        "ktuberling-data": ("GPL-2+", [r"ktuberling/sounds/(?P<language>[a-z]+)(?P<voice>[^/]*)/(?P<text>[^/]+)" + SPEECH]),
        "klettres-data": ("GPL-2+", [r"klettres/(?P<language>[a-z]+)(?P<voice>[^/]*)/(?:alpha|syllab)/(?P<text>[^/]+)" + SPEECH]),
        "tuxpaint-stamps-default": ("GPL-2", [
            r"stamps/(?P<text>.*)_desc_(?P<language>" + TUXPAINT_LANGUAGES + r")\.ogg$", r"stamps/(?P<text>.*)_desc\.ogg$",
            r"stamps/(?P<text>symbols/(?:math|alphabets)/.*)_(?P<language>" + TUXPAINT_LANGUAGES + r")\.ogg$",
            r"stamps/(?P<sound>.*)\.ogg$"]),
        "gcin-voice": ("GPL-3 or LGPL-3; CC-BY-3.0", [r"gcin-voice/ogg/(?P<text>[^/]+)/(?P<voice>[0-9])\.ogg$"]),
        "fillets-ng-data-cs": ("GPL-2", [r"sound/(?P<text>[^/]+/(?P<language>cs)/(?:[a-z0-9]+-)?(?P<voice>[mv])[-.].*)ogg$",
                                         r"sound/(?P<text>[^/]+/(?P<language>cs)/.*)\.ogg$"]),
        "fillets-ng-data-nl": ("GPL-2", [r"sound/(?P<text>[^/]+/(?P<language>nl)/(?:[a-z0-9]+-)?(?P<voice>[mv])[-.].*)ogg$",
                                         r"sound/(?P<text>[^/]+/(?P<language>nl)/.*)\.ogg$"])},
    "judges": {
        "kajongg": ("GPL-2+", [r"voices/(?P<language>de)/(?P<voice>[^/]+)/(?P<text>[^/]+)\.ogg$", r"voices/(?P<voice>[^/]+)/(?P<text>[^/]+)\.ogg$"]),
        "qabcs-data": ("GPL-3+", [r"abcs/(?P<language>be|de|en|fr|pl|ru|uk)/sounds/words/(?P<text>[^/]+)\.(?:ogg|wav|mp3)$"]),
        "hedgewars-data": ("GPL-2", [r"Sounds/voices/(?P<voice>[^/]+)/(?P<text>[^/]+)\.ogg$"])},
    "sounds": {  # of telephones and desktops
        "baresip-core": ("BSD-3-clause", [SOUND]),
        "oxygen-sounds": ("LGPL-3+", [SOUND]),
        "sound-theme-freedesktop": ("GPL-2+; CC-BY-SA-3.0; CC-BY-3.0", [SOUND])}}
ONE_LANGUAGE = {"gcin-voice": "zh", "tuxpaint-stamps-default": "en", "kajongg": "en"}


def decode(data):
    wave, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    wave = wave.mean(axis=1)
    if rate != corpus.RATE:
        common = np.gcd(rate, corpus.RATE)
        wave = resample_poly(wave, corpus.RATE // common, rate // common)
    return np.clip(wave * 32768, -32768, 32767).astype(np.int16)


def facts_of(package, match):
    """Language, voice and text of a path; empty where they are not known."""
    found = {name: value or "" for name, value in match.groupdict().items()}
    if "sound" in found:
        return dict(language="", voice="", text=f"{package}/{found['sound']}")
    language = found.get("language") or ONE_LANGUAGE.get(package, "")
    if package.startswith("fillets") and not found.get("voice"):  # one of some twenty other characters
        voice = ""
    else:
        voice = f"{package}-{language}{found.get('voice', '')}"
    # only here do several people say the same text under one name
    shared = package in ("gcin-voice", "kajongg", "hedgewars-data")
    return dict(language=language.split("_")[0], voice=voice, text=f"{package}/{found['text']}" if shared else f"{package}/{language}{found.get('voice', '')}/{found['text']}")


def package_files(package):
    """Yields (path inside the package, content) in sorted order."""
    with tempfile.TemporaryDirectory() as folder:
        # apt downloads as another user by default, which cannot write here
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", package], cwd=folder, check=True)
        archive = next(f for f in os.listdir(folder) if f.endswith(".deb"))
        subprocess.run(["dpkg-deb", "-x", os.path.join(folder, archive), os.path.join(folder, "x")], check=True)
        for path in sorted(os.path.join(where, f) for where, _, files in os.walk(os.path.join(folder, "x")) for f in files):
            if re.search(r"\.(oga|ogg|wav|opus|mp3)$", path) and not os.path.islink(path):
                with open(path, "rb") as handle:
                    yield path, handle.read()


def add_package(part, package, licence, patterns, seen):
    for path, data in package_files(package):
        match = next(filter(None, (re.search(pattern, path) for pattern in patterns)), None)
        digest = hashlib.sha256(data).digest()
        if match is None or digest in seen:  # the packages repeat recordings under several names
            continue
        seen.add(digest)
        try:
            samples = decode(data)
        except soundfile.LibsndfileError as error:
            print(f"skipped {os.path.basename(path)}: {error}")
            continue
        part.add(samples, source=package, licence=licence, **facts_of(package, match))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus", help="folder of the corpus parts")
    options = arguments.parse_args()
    seen = set()
    for name, packages in PACKAGES.items():
        if corpus.exists(options.corpus, name):
            continue
        part = corpus.PartWriter(options.corpus, name)
        for package, (licence, patterns) in packages.items():
            before = len(seen)
            add_package(part, package, licence, patterns, seen)
            print(f"{package}: {len(seen) - before} distinct recordings", flush=True)
        part.close()


if __name__ == "__main__":
    main()
