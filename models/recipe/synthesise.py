"""Synthetic training speech: espeak-ng in many languages and voices, flite, and festival's recorded voices."""
import argparse
import io
import os
import random
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile
from scipy.signal import resample_poly
from wordfreq import top_n_list

import corpus

SEED = 20261
# wordfreq's code -> espeak-ng's voices. Several accents of one language share its language label.
LANGUAGES = {
    "en": ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"],
    "es": ["es", "es-419"], "pt": ["pt", "pt-br"], "fr": ["fr-fr", "fr-be", "fr-ch"], "de": ["de"], "it": ["it"],
    "ru": ["ru"], "nl": ["nl"], "pl": ["pl"], "cs": ["cs"], "sk": ["sk"], "sl": ["sl"], "hu": ["hu"], "ro": ["ro"],
    "bg": ["bg"], "mk": ["mk"], "uk": ["uk"], "lv": ["lv"], "fi": ["fi"], "sv": ["sv"], "da": ["da"], "nb": ["nb"],
    "is": ["is"], "ca": ["ca"], "tr": ["tr"], "id": ["id"], "ms": ["ms"], "vi": ["vi"], "hi": ["hi"], "bn": ["bn"],
    "ta": ["ta"], "ar": ["ar"], "fa": ["fa"], "ko": ["ko"]}
# Languages whose single words get a class each, besides English.
WORD_LANGUAGES = ["es", "fr", "de", "it", "ru", "pl", "tr", "hi", "vi", "sv", "fi", "id"]
ENGLISH_WORDS = 1400
PITCHES = [28, 50, 72]
FESTIVAL = {  # voice -> (language, encoding of its text, Debian package)
    "kal_diphone": ("en", "latin-1", "festvox-kallpc16k"), "cmu_us_slt_arctic_hts": ("en", "latin-1", "festvox-us-slt-hts"),
    "ked_diphone": ("en", "latin-1", "festvox-kdlpc16k"),
    "czech_dita": ("cs", "iso8859-2", "festvox-czech-dita"), "czech_krb": ("cs", "iso8859-2", "festvox-czech-krb"),
    "czech_machac": ("cs", "iso8859-2", "festvox-czech-machac"), "czech_ph": ("cs", "iso8859-2", "festvox-czech-ph"),
    "hy_fi_mv_diphone": ("fi", "latin-1", "festvox-suopuhe-mv"), "suo_fi_lj_diphone": ("fi", "latin-1", "festvox-suopuhe-lj"),
    "lp_diphone": ("it", "latin-1", "festvox-italp16k"), "pc_diphone": ("it", "latin-1", "festvox-itapc16k"),
    "msu_ru_nsh_clunits": ("ru", "utf-8", "festvox-ru"), "upc_ca_ona_hts": ("ca", "latin-1", "festvox-ca-ona-hts")}
FESTIVAL_LICENCES = {"festvox-kallpc16k": "MIT-like", "festvox-us-slt-hts": "EST and BSD-3-clause", "festvox-ru": "BSD-like",
                     "festvox-ca-ona-hts": "LGPL-2.1+", "festvox-suopuhe-mv": "LGPL-2+", "festvox-suopuhe-lj": "LGPL-2+",
                     "festvox-italp16k": "GPL-2+", "festvox-kdlpc16k": "MIT-like", "festvox-itapc16k": "GPL-2+"}


def words_of(language, count, shortest=3):
    words = [w for w in top_n_list(language, 6 * count) if w.isalpha() and len(w) >= (shortest if w.isascii() else 2)]
    return words[:count]


def phrase(rng, vocabulary):
    return " ".join(rng.choice(vocabulary) for _ in range(rng.choice([2, 3, 3, 4, 5, 6])))


def to_16k(data):
    wave, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    if rate != corpus.RATE:
        common = np.gcd(rate, corpus.RATE)
        wave = resample_poly(wave, corpus.RATE // common, rate // common)
    return np.clip(wave * 32768, -32768, 32767).astype(np.int16)


def espeak_variants():
    listing = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    names = [line.split("!v/")[1].split()[0] for line in listing.splitlines() if "!v/" in line]
    return sorted(n for n in names if "whisper" not in n.lower())


def espeak(job):
    command = ["espeak-ng", "--stdout", "-v", f"{job['accent']}+{job['variant']}", "-p", str(job["pitch"]),
               "-s", str(job["rate"]), job["text"]]
    result = subprocess.run(command, capture_output=True)
    return to_16k(result.stdout) if len(result.stdout) > 44 else np.zeros(0, np.int16)


def espeak_job(rng, variants, language, text):
    variant, bucket = rng.choice(variants), rng.randrange(len(PITCHES))
    return dict(language=language, text=text, accent=rng.choice(LANGUAGES[language]), variant=variant,
                pitch=PITCHES[bucket] + rng.randint(-7, 7), rate=rng.randint(115, 215), voice=f"espeak-{variant}-{bucket}")


def espeak_jobs(rng, scale):
    variants, jobs = espeak_variants(), []
    for text in words_of("en", ENGLISH_WORDS):
        jobs += [espeak_job(rng, variants, "en", text) for _ in range(round(9 * scale))]
    for language in WORD_LANGUAGES:
        for text in words_of(language, 60):
            jobs += [espeak_job(rng, variants, language, text) for _ in range(round(8 * scale))]
    for language in LANGUAGES:
        vocabulary = words_of(language, 1500, shortest=1)
        jobs += [espeak_job(rng, variants, language, phrase(rng, vocabulary)) for _ in range(round(200 * scale))]
    rng.shuffle(jobs)
    return jobs


def flite(job):
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        subprocess.run(["flite", "-voice", job["variant"], "--setf", f"duration_stretch={job['stretch']:.2f}",
                        "--setf", f"int_f0_target_mean={job['pitch']}", "-t", job["text"], "-o", out.name], check=True)
        return to_16k(out.read())


def flite_jobs(rng, scale):
    means = {"kal16": 105, "awb": 120, "rms": 95, "slt": 175}  # mean pitch of each voice in Hz
    texts = [t for t in words_of("en", ENGLISH_WORDS) for _ in range(round(3 * scale))]
    texts += [phrase(rng, words_of("en", 1500, 1)) for _ in range(round(700 * scale))]
    jobs = []
    for text in texts:
        variant, bucket = rng.choice(sorted(means)), rng.randrange(3)
        pitch = round(means[variant] * (0.82, 1.0, 1.22)[bucket] * rng.uniform(0.95, 1.05))
        jobs.append(dict(language="en", text=text, variant=variant, pitch=pitch, stretch=rng.uniform(0.8, 1.3),
                         voice=f"flite-{variant}-{bucket}"))
    return jobs


def write_jobs(folder, name, speak, jobs, licence):
    if corpus.exists(folder, name):
        return
    part = corpus.PartWriter(folder, name)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # map keeps the order, so the part does not depend on timing
        for job, samples in zip(jobs, pool.map(speak, jobs)):
            part.add(samples, source=name, licence=licence, language=job["language"], voice=job["voice"], text=job["text"])
    part.close()
    print(f"{name}: {len(jobs)} utterances", flush=True)


def festival_voice(part, rng, voice, count):
    language, encoding, package = FESTIVAL[voice]
    vocabulary = words_of(language, 800)
    texts = [rng.choice(vocabulary) if i % 2 else phrase(rng, vocabulary) for i in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "say.scm")
        with open(script, "wb") as out:
            out.write(f"(voice_{voice})\n".encode())
            for i, text in enumerate(texts):  # a word that the voice cannot say must not end the whole batch
                out.write(f'(unwind-protect (utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{i}.wav" (quote riff)))\n'
                          .encode(encoding, "ignore"))
        subprocess.run(["festival", "--batch", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
        for i, text in enumerate(texts):
            path = os.path.join(folder, f"{i}.wav")
            if os.path.exists(path) and os.path.getsize(path) > 44:
                samples = to_16k(open(path, "rb").read())
                part.add(samples, source=package, licence=FESTIVAL_LICENCES.get(package, "GPL-2+ or GPL-3+"),
                         language=language, voice=f"festival-{voice}", text=text)


def write_festival(folder, count):
    if corpus.exists(folder, "festival"):
        return
    part = corpus.PartWriter(folder, "festival")
    for voice in FESTIVAL:
        festival_voice(part, random.Random(f"{SEED} {voice}"), voice, count)
    part.close()
    print("festival: done", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus", help="folder of the corpus parts")
    arguments.add_argument("--scale", type=float, default=1.0, help="share of the full corpus, for a quick trial")
    options = arguments.parse_args()
    write_jobs(options.corpus, "espeak", espeak, espeak_jobs(random.Random(SEED), options.scale), "GPL-3+ (program)")
    write_jobs(options.corpus, "flite", flite, flite_jobs(random.Random(SEED + 1), options.scale), "MIT-like")
    write_festival(options.corpus, round(300 * options.scale))


if __name__ == "__main__":
    main()
