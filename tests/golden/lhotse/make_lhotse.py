#!/usr/bin/env python3
"""Makes cut sets with Lhotse, and lists the clips that Lhotse finds in them.

Makes, in this folder:

  plain.jsonl        CutSet.from_manifests: a cut for each recording and channel (MultiCut for a file of two channels),
                     with the supervisions in it
  trimmed.jsonl.gz   the same by trim_to_supervisions: a cut for each supervision
  windows.jsonl      the same by cut_into_windows: supervisions extend beyond the windows on both sides
  odd.jsonl          cuts that earmark refuses (mixed, padded and perturbed cuts, features without recording, commands,
                     addresses) among cuts that it reads: cuts without supervisions, fields of the cut itself
  expected.tsv       a line for each supervision of each file, and for each cut without any, in their order, as Lhotse
                     reads them back: file, id, path, start in the recording, duration (both of trimmed_supervisions),
                     custom label, speaker ("-": none), and "clip", "outside" (nothing of it is in its cut) or
                     "refused"

Recordings are described, not written: nothing here opens a sound.

usage: python make_lhotse.py     (lhotse 1.33.0; it imports torch, but computes nothing with it here)
"""
import os
import random

from lhotse import CutSet, Recording, RecordingSet, SupervisionSegment, SupervisionSet
from lhotse.audio import AudioSource
from lhotse.cut import MixedCut, MonoCut
from lhotse.utils import fix_random_seed

HERE = os.path.dirname(os.path.abspath(__file__))
SETS = ("plain.jsonl", "trimmed.jsonl.gz", "windows.jsonl", "odd.jsonl")
LABELS = ("dog", "cat", "Möwe", "a,b")


def recording(name, rate, samples, sources):
    channels = sorted(channel for source in sources for channel in source.channels)
    return Recording(id=name, sources=sources, sampling_rate=rate, num_samples=samples, duration=samples / rate,
                     channel_ids=channels)


def file_source(path, channels=(0,)):
    return AudioSource(type="file", channels=list(channels), source=path)


def make_recordings():
    return RecordingSet.from_recordings([
        recording("speech", 16000, 160000, [file_source("wav/speech.flac")]),
        recording("music", 44100, 300001, [file_source("wav/mu sic.wav")]),
        recording("phone", 8000, 70007, [file_source("wav/phone.wav")]),
        recording("stereo", 48000, 333333, [file_source("wav/stereo.wav", (0, 1))]),
        recording("pair", 16000, 99999, [file_source("wav/left.wav"), file_source("wav/right.wav", (1,))]),
    ])


def make_supervisions(recordings):
    """Some overlap, and some begin or end with their recording; times as annotators and as machines give them."""
    made = []
    for rec in recordings:
        for i in range(7):
            duration = random.uniform(0.2, 3.0)
            start = 0.0 if i == 0 else random.uniform(0, rec.duration - duration)
            if i == 6:
                start = rec.duration - duration
            if i % 2:
                start, duration = round(start, 3), round(duration, 2)
            made.append(SupervisionSegment(
                id=f"{rec.id}-{i}", recording_id=rec.id, start=start, duration=min(duration, rec.duration - start),
                channel=i % len(rec.channel_ids), speaker=f"s{i % 3}" if i != 4 else None, text="ja — nein",
                custom={"label": LABELS[(i + len(made)) % 4], "quality": 0.5}))
    return SupervisionSet.from_segments(made)


def whole(rec, name, **fields):
    return MonoCut(id=name, start=0, duration=rec.duration, channel=0, recording=rec, supervisions=[], **fields)


def make_odd(recordings, plain):
    speech, phone = recordings["speech"], recordings["phone"]
    labelled = next(cut for cut in plain if cut.recording_id == "speech")
    own = labelled.truncate(offset=1.25, duration=6.5, preserve_id=True)
    for segment in own.supervisions:
        segment.custom = {"quality": 0.5}
    own.custom = {"label": "of the cut"}
    outside = labelled.supervisions[0].with_offset(20)
    cuts = [
        whole(speech, "bare"),
        whole(phone, "labelled", custom={"label": "whole"}).truncate(offset=0.3, duration=2.7),
        own,
        labelled.truncate(offset=2, duration=3).mix(whole(speech, "noise"), snr=10),
        labelled.pad(duration=20),
        labelled.append(own),
        labelled.perturb_speed(1.1),
        MonoCut(id="features", start=0, duration=1, channel=0, supervisions=labelled.supervisions[:1]),
        MonoCut(id="outside", start=0, duration=5, channel=0, recording=speech, supervisions=[outside]),
    ]
    for kind, source in (("command", "touch evil"), ("url", "https://example.org/a.wav")):
        rec = recording(kind, 16000, 16000, [AudioSource(type=kind, channels=[0], source=source)])
        cuts.append(whole(rec, kind + "-cut"))
    for i, cut in enumerate(cuts):
        cuts[i] = cut.with_id(f"odd-{i}")
    return CutSet.from_cuts(cuts)


def refused(cut):
    return (isinstance(cut, MixedCut) or not cut.has_recording or bool(cut.recording.transforms)
            or any(source.type != "file" for source in cut.recording.sources))


def source_of(cut, channel):
    channels = channel if isinstance(channel, list) else [channel]
    return next(source.source for source in cut.recording.sources if set(channels) <= set(source.channels))


def lines_of(name, cut):
    own = {} if isinstance(cut, MixedCut) else cut.custom or {}
    if isinstance(cut, MixedCut) or not cut.supervisions:
        label = own.get("label", "-")
        if refused(cut):
            yield name, cut.id, "-", "-", "-", label, "-", "refused"
        else:
            yield name, cut.id, source_of(cut, cut.channel), cut.start, cut.duration, label, "-", "clip"
        return
    for segment in cut.trimmed_supervisions:
        fields = (segment.custom.get("label", own.get("label", "-")), segment.speaker or "-")
        if refused(cut):
            yield name, segment.id, "-", "-", "-", *fields, "refused"
        elif segment.duration <= 0:
            yield name, segment.id, source_of(cut, segment.channel), "-", "-", *fields, "outside"
        else:
            yield (name, segment.id, source_of(cut, segment.channel), cut.start + segment.start, segment.duration,
                   *fields, "clip")


def main():
    fix_random_seed(20)  # of Lhotse's identifiers, too
    recordings = make_recordings()
    plain = CutSet.from_manifests(recordings, make_supervisions(recordings)).to_eager()
    made = (plain, plain.trim_to_supervisions(keep_overlapping=False).to_eager(),
            plain.cut_into_windows(1.3).to_eager(), make_odd(recordings, plain))
    with open(os.path.join(HERE, "expected.tsv"), "w", encoding="utf-8") as expected:
        for name, cuts in zip(SETS, made):
            cuts.to_file(os.path.join(HERE, name))
            for cut in CutSet.from_file(os.path.join(HERE, name)):
                for line in lines_of(name, cut):
                    expected.write("\t".join(map(str, line)) + "\n")


main()
