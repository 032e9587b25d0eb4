#!/usr/bin/env python3
"""Makes sound files of every format that earmark reads, and of some that it refuses, with the samples that SoX decodes.

Makes, in this folder:

  table.tsv     a line a file: its name, earmark's name of its format ("refused": none), how it is compared (exact:
                every sample; step: within one step of 16 bits; shifted: likewise, where the two overlap, since SoX
                neither removes the delay of MP3 coders nor decodes a file's last block), rate, channels and
                frames (0: the file does not say how many were encoded; coders pad)
  <name>        the sound: noise and tones from a generator with a fixed seed, encoded by SoX. What SoX does not write
                is from elsewhere: RF64 and little-endian AU from libsndfile, Opus from FFmpeg with libopus, MPEG in WAV,
                ALAC and a CAF without a length from FFmpeg's command
  <name>.s32    the reference: int32, little-endian, (frames, channels), decoded by SoX without dither. RF64 and
                little-endian AU: from the file with the same samples. Opus and what FFmpeg encodes: decoded by FFmpeg's own decoders

Rates, channels and frames are soxi's, not this script's.

usage: python make_formats.py
    (sox 14.4.2 with libsox-fmt-base and libsox-fmt-mp3; ffmpeg 5.1; numpy, soundfile 0.13, av 18)
"""
import os
import subprocess
import tempfile
from fractions import Fraction

import av
import numpy as np
import soundfile

HERE = os.path.dirname(os.path.abspath(__file__))
FRAMES = 301  # odd, and not a multiple of any block
LOSSY_FRAMES = 2501

# name: (earmark's name, comparison, rate, channels, SoX's options for the output)
ENCODED = {
    "u8.wav": ("WAV PCM_U8", "exact", 8000, 1, ["-b", "8"]),
    "s16.wav": ("WAV PCM_16", "exact", 16000, 1, ["-b", "16"]),
    "s16_stereo.wav": ("WAV PCM_16", "exact", 44100, 2, ["-b", "16"]),
    "rifx.wav": ("WAV PCM_16", "exact", 22050, 1, ["-B", "-b", "16"]),
    "s24.wav": ("WAV PCM_24", "exact", 48000, 1, ["-t", "wavpcm", "-b", "24"]),
    "s32.wav": ("WAV PCM_32", "exact", 96000, 1, ["-t", "wavpcm", "-b", "32"]),
    "f32.wav": ("WAV FLOAT", "exact", 16000, 1, ["-e", "float", "-b", "32"]),
    "f64.wav": ("WAV DOUBLE", "exact", 32000, 2, ["-e", "float", "-b", "64"]),
    "mulaw.wav": ("WAV ULAW", "exact", 8000, 1, ["-e", "mu-law"]),
    "alaw.wav": ("WAV ALAW", "exact", 8000, 2, ["-e", "a-law"]),
    "ima.wav": ("WAV IMA_ADPCM", "exact", 11025, 1, ["-e", "ima-adpcm"]),
    "ima_stereo.wav": ("WAV IMA_ADPCM", "exact", 44100, 2, ["-e", "ima-adpcm"]),
    "ms.wav": ("WAV MS_ADPCM", "exact", 22050, 1, ["-e", "ms-adpcm"]),
    "ms_stereo.wav": ("WAV MS_ADPCM", "exact", 16000, 2, ["-e", "ms-adpcm"]),
    "extensible_s16_8.wav": ("WAV PCM_16", "exact", 48000, 8, ["-b", "16"]),
    "extensible_s24.wav": ("WAV PCM_24", "exact", 192000, 1, ["-b", "24"]),
    "extensible_s32_6.wav": ("WAV PCM_32", "exact", 88200, 6, ["-b", "32"]),
    "s16.flac": ("FLAC PCM_16", "exact", 16000, 1, ["-b", "16"]),
    "s8.flac": ("FLAC PCM_S8", "exact", 8000, 1, ["-b", "8"]),
    "s24.flac": ("FLAC PCM_24", "exact", 96000, 2, ["-b", "24"]),
    "s24_192.flac": ("FLAC PCM_24", "exact", 192000, 1, ["-b", "24"]),
    "s16_3.flac": ("FLAC PCM_16", "exact", 48000, 3, ["-b", "16"]),
    "s16_5.flac": ("FLAC PCM_16", "exact", 24000, 5, ["-b", "16"]),
    "s16_7.flac": ("FLAC PCM_16", "exact", 32000, 7, ["-b", "16"]),
    "s16_8.flac": ("FLAC PCM_16", "exact", 44100, 8, ["-b", "16"]),
    "s8.aiff": ("AIFF PCM_S8", "exact", 22050, 1, ["-b", "8"]),
    "s16.aiff": ("AIFF PCM_16", "exact", 12000, 4, ["-b", "16"]),
    "s24.aiff": ("AIFF PCM_24", "exact", 48000, 2, ["-b", "24"]),
    "s32.aiff": ("AIFF PCM_32", "exact", 44100, 1, ["-b", "32"]),
    "s16.aifc": ("AIFF PCM_16", "exact", 16000, 1, ["-b", "16"]),
    "mulaw.au": ("AU ULAW", "exact", 8000, 1, ["-e", "mu-law"]),
    "alaw.au": ("AU ALAW", "exact", 8000, 1, ["-e", "a-law"]),
    "s8.au": ("AU PCM_S8", "exact", 11025, 1, ["-b", "8", "-e", "signed"]),
    "s16.au": ("AU PCM_16", "exact", 16000, 2, ["-b", "16"]),
    "s24.au": ("AU PCM_24", "exact", 48000, 1, ["-b", "24"]),
    "s32.au": ("AU PCM_32", "exact", 44100, 3, ["-b", "32"]),
    "f32.au": ("AU FLOAT", "exact", 16000, 1, ["-e", "float", "-b", "32"]),
    "f64.au": ("AU DOUBLE", "exact", 16000, 1, ["-e", "float", "-b", "64"]),
    "vorbis.ogg": ("Ogg VORBIS", "step", 16000, 1, ["-C", "6"]),
    "vorbis_8.ogg": ("Ogg VORBIS", "step", 8000, 2, ["-C", "3"]),
    "vorbis_48.ogg": ("Ogg VORBIS", "step", 48000, 2, ["-C", "6"]),
    "layer3_16.mp3": ("MPEG LAYER_III", "shifted", 16000, 1, ["-C", "32.2"]),
    "layer3_44.mp3": ("MPEG LAYER_III", "shifted", 44100, 2, ["-C", "128.2"]),
    "layer3_8.mp3": ("MPEG LAYER_III", "shifted", 8000, 1, ["-C", "16.2"]),
    "variable.mp3": ("MPEG LAYER_III", "shifted", 24000, 1, ["-C", "-4.2"]),
    "layer2.mp2": ("MPEG LAYER_II", "shifted", 48000, 1, ["-C", "64.2"]),
    "s16.w64": ("W64 PCM_16", "exact", 16000, 1, ["-t", "w64", "-b", "16"]),
    "s16.caf": ("CAF PCM_16", "exact", 16000, 1, ["-t", "caf", "-b", "16"]),
    "u8.voc": ("VOC PCM_U8", "exact", 8000, 1, ["-b", "8"]),
    # Not read by libsndfile, or not exactly.
    "s16.sph": ("SPHERE PCM_16", "exact", 16000, 1, ["-t", "nist", "-b", "16"]),
    "8svx.aiff": ("refused", "refused", 16000, 1, ["-t", "8svx", "-b", "8"]),
    "dec.au": ("refused", "refused", 16000, 1, ["-L", "-b", "16"]),
    "gsm.wav": ("WAV GSM610", "exact", 8000, 1, ["-e", "gsm"]),
    "raw.wav": ("refused", "refused", 16000, 1, ["-t", "raw", "-b", "16"]),
    "wavpack.wav": ("refused", "refused", 16000, 1, ["-t", "wv", "-b", "16"]),
    "amr.wav": ("refused", "refused", 8000, 1, ["-t", "amr-nb"]),
    "s24.caf": ("CAF PCM_24", "exact", 44100, 2, ["-b", "24"]),
    "mulaw.caf": ("CAF ULAW", "exact", 8000, 1, ["-e", "mu-law"]),
    "ms.w64": ("W64 MS_ADPCM", "exact", 16000, 2, ["-e", "ms-adpcm"]),
    "s24.w64": ("W64 PCM_24", "exact", 48000, 2, ["-b", "24"]),
    "s8.avr": ("AVR PCM_S8", "exact", 11025, 1, ["-b", "8"]),
    "s16.avr": ("AVR PCM_16", "exact", 44100, 2, ["-b", "16"]),
    "big.sph": ("SPHERE PCM_16", "exact", 16000, 2, ["-B", "-b", "16"]),
    "s8.sph": ("SPHERE PCM_S8", "exact", 8000, 1, ["-b", "8"]),
    "s24.sph": ("SPHERE PCM_24", "exact", 32000, 1, ["-b", "24"]),
    "mulaw.sph": ("SPHERE ULAW", "exact", 8000, 2, ["-e", "mu-law"]),
    "s16.ircam": ("IRCAM PCM_16", "exact", 22050, 2, ["-b", "16"]),
    "big.ircam": ("IRCAM PCM_32", "exact", 22050, 1, ["-B", "-b", "32"]),
    "s16.paf": ("PAF PCM_16", "exact", 16000, 2, ["-b", "16"]),
    "little.fap": ("PAF PCM_16", "exact", 16000, 1, ["-b", "16"]),
    "s24.paf": ("refused", "refused", 16000, 1, ["-b", "24"]),
    "s16.pvf": ("PVF PCM_16", "exact", 8000, 1, ["-b", "16"]),
    "s16.htk": ("HTK PCM_16", "exact", 16000, 1, []),
    "alaw.wve": ("WVE ALAW", "exact", 8000, 1, []),
    "u8_stereo.voc": ("VOC PCM_U8", "exact", 8000, 2, ["-b", "8"]),
}


# What FFmpeg encodes and decodes: (earmark's name, comparison, rate, channels, its options).
# MP3 in a WAV has a chunk "fact" with another number of samples than its data have.
BY_FFMPEG = {
    "mp3_16.wav": ("MPEG LAYER_III", "step", 16000, 1, ["-c:a", "libmp3lame"]),
    "mp3_44.wav": ("MPEG LAYER_III", "step", 44100, 2, ["-c:a", "libmp3lame", "-b:a", "128k"]),
    "mp3_variable.wav": ("MPEG LAYER_III", "step", 22050, 1, ["-c:a", "libmp3lame", "-q:a", "2"]),
    "mp2.wav": ("MPEG LAYER_II", "step", 48000, 1, ["-c:a", "mp2"]),
    "alac.caf": ("CAF ALAC_16", "exact", 16000, 2, None),  # encoded by libsndfile
    "unknown_length.caf": ("CAF PCM_16", "exact", 16000, 1, ["-c:a", "pcm_s16be", "-f", "caf"]),
}


def path(name):
    return os.path.join(HERE, name)


def run(*words):
    return subprocess.run(words, check=True, capture_output=True)


def signal(seed, frames, channels, rate, smooth):
    """int32 (frames, channels): tones and noise, of all 32 bits; smooth: little noise, as coders like it"""
    random = np.random.default_rng(seed)
    time = np.arange(frames)[:, None] / rate
    tones = 0.4 * np.sin(2 * np.pi * (400 + 170 * np.arange(channels)) * time)
    noise = random.uniform(-1, 1, (frames, channels)) * (0.02 if smooth else 0.5)
    return np.round((tones + noise) * 0x7fffffff).astype("<i4")


def raw_options(rate, channels):
    return ["-t", "raw", "-e", "signed", "-b", "32", "-L", "-r", str(rate), "-c", str(channels)]


def facts(name):
    """[rate, channels, frames], as soxi reads them"""
    return [int(run("soxi", "-V1", option, path(name)).stdout) for option in ("-r", "-c", "-s")]


def encode(scratch, name, rate, channels, options, samples):
    source = os.path.join(scratch, "source.raw")
    samples.tofile(source)
    run("sox", "-D", "-V1", *raw_options(rate, channels), source, *options, path(name))


def decode(name):
    run("sox", "-D", "-V1", path(name), *raw_options(*facts(name)[:2]), path(name + ".s32"))


def rewrite(name, like, **how):
    """The 16-bit file `like` in another format, by libsndfile."""
    samples, rate = soundfile.read(path(like), dtype="int16")
    soundfile.write(path(name), samples, rate, subtype="PCM_16", **how)
    with open(path(like + ".s32"), "rb") as source, open(path(name + ".s32"), "wb") as copy:
        copy.write(source.read())
    return facts(like)


def make_opus(name, channels, samples):
    layout = "mono" if channels == 1 else "stereo"
    floats = (samples / 0x80000000).astype(np.float32)
    with av.open(path(name), "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48000, layout=layout)
        stream.bit_rate = 96000
        frame = av.AudioFrame.from_ndarray(floats.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate = 48000
        frame.pts, frame.time_base = 0, Fraction(1, 48000)
        for packet in stream.encode(frame) + stream.encode(None):
            file.mux(packet)
    with av.open(path(name)) as file:
        assert file.streams.audio[0].codec_context.codec.name == "opus"  # and not libopus
        decoded = [frame.to_ndarray().T for frame in file.decode(audio=0)]
    values = np.round(np.concatenate(decoded).astype(np.float64) * 0x80000000)
    np.clip(values, -0x80000000, 0x7fffffff).astype("<i4").tofile(path(name + ".s32"))
    return [48000, channels, len(values)]


def make_by_ffmpeg(scratch, name, rate, channels, options, samples):
    source = os.path.join(scratch, "source.wav")
    soundfile.write(source, samples, rate, subtype="PCM_16")
    if options is None:
        soundfile.write(path(name), samples, rate, format="CAF", subtype="ALAC_16")
    elif name.startswith("unknown"):  # into a pipe
        with open(path(name), "wb") as file:
            file.write(run("ffmpeg", "-v", "error", "-bitexact", "-i", source, *options, "-").stdout)
    else:
        run("ffmpeg", "-v", "error", "-y", "-bitexact", "-i", source, *options, path(name))
    raw = run("ffmpeg", "-v", "error", "-i", path(name), "-f", "s32le", "-").stdout
    with open(path(name + ".s32"), "wb") as file:
        file.write(raw)
    return [rate, channels, len(raw) // 4 // channels]


def main():
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed, (name, (kind, comparison, rate, channels, options)) in enumerate(ENCODED.items()):
            lossy = comparison in ("step", "shifted")
            samples = signal(seed, LOSSY_FRAMES if lossy else FRAMES, channels, rate, lossy)
            encode(scratch, name, rate, channels, options, samples)
            if kind == "refused":
                lines.append([name, kind, comparison, 0, 0, 0])
                continue
            decode(name)
            rate, channels, frames = facts(name)
            # Only the file of variable rate has the tag with the number of encoded samples.
            if comparison == "shifted":
                frames = LOSSY_FRAMES if name == "variable.mp3" else 0
            lines.append([name, kind, comparison, rate, channels, frames])
        for seed, (name, (kind, comparison, rate, channels, options)) in enumerate(BY_FFMPEG.items(), 2000):
            samples = signal(seed, LOSSY_FRAMES, channels, rate, True)
            lines.append([name, kind, comparison] + make_by_ffmpeg(scratch, name, rate, channels, options, samples))
    lines.append(["rf64.wav", "RF64 PCM_16", "exact"] + rewrite("rf64.wav", "s16_stereo.wav", format="RF64"))
    lines.append(["little.au", "AU PCM_16", "exact"] + rewrite("little.au", "s16.au", format="AU", endian="LITTLE"))
    for channels in (1, 2):
        name = f"opus_{channels}.opus"
        samples = signal(1000 + channels, 48000 // 20, channels, 48000, True)
        lines.append([name, "Ogg OPUS", "step"] + make_opus(name, channels, samples))
    with open(path("table.tsv"), "w") as table:
        for line in lines:
            print(*line, sep="\t", file=table)


main()
