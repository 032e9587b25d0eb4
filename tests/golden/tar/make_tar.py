#!/usr/bin/env python3
"""Tar files of every form that GNU tar 1.34, Python 3.11's tarfile and webdataset 1.0.2 write, and
what Python's tarfile (unpacking as tar does) says is in them; shar/ is written by Lhotse 1.33, nemo/
as by NeMo's convert_to_tarred_audio_dataset.py. Needs: pip install webdataset==1.0.2 lhotse, tar, gzip, zstd, xz, bzip2. Run in the folder of this script:

    python make_tar.py

expected.tsv has a line for each member of each file: file, name (Python's repr of its bytes), kind,
bytes, CRC-32 of its bytes. Hard links are those of the member that they lead to."""
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import wave
import zlib

import webdataset

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = "long/" + "/".join(["d" * 60] * 3) + "/" + "n" * 90 + ".wav"  # more than ustar's 255
SPLIT = "s" * 90 + "/" + "t" * 90 + ".wav"  # ustar's prefix and name


def sound(number, frames=40):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(((i * 37 + number * 911) % 4000 - 2000).to_bytes(2, "little", signed=True)
                                  for i in range(frames)))
    return buffer.getvalue()


def add(tar, name, data, **facts):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for fact, value in facts.items():
        setattr(info, fact, value)
    tar.addfile(info, io.BytesIO(data))


def python_tars():
    for form, name in ((tarfile.USTAR_FORMAT, "ustar"), (tarfile.GNU_FORMAT, "gnu"), (tarfile.PAX_FORMAT, "pax")):
        with tarfile.open(f"python-{name}.tar", "w", format=form, encoding="utf-8",
                          errors="surrogateescape") as tar:
            add(tar, "yes/a.wav", sound(1))
            add(tar, SPLIT, sound(2))
            add(tar, "no/\u00e4 b\u65e5.wav", sound(3))
            add(tar, "no/latin-\udce4.wav", sound(4))
            add(tar, "no/empty.wav", b"")
            add(tar, "dir", b"", type=tarfile.DIRTYPE)
            add(tar, "link.wav", b"", type=tarfile.SYMTYPE, linkname="yes/a.wav")
            add(tar, "hard.wav", b"", type=tarfile.LNKTYPE, linkname="yes/a.wav")
            add(tar, "fifo.wav", b"", type=tarfile.FIFOTYPE)
            add(tar, "/abs/../x.wav", sound(5))
            if name != "ustar":
                add(tar, LONG, sound(6))
                add(tar, "longlink.wav", b"", type=tarfile.LNKTYPE, linkname=LONG)
            add(tar, "yes/block.wav", sound(7, 234))  # 512 bytes: no padding
            add(tar, "yes/a.wav", sound(8))  # replaces the first
    with tarfile.open("python-pax-records.tar", "w", format=tarfile.PAX_FORMAT,
                      pax_headers={"comment": "global"}) as tar:
        add(tar, "a.wav", sound(1), pax_headers={"size": str(len(sound(1))), "mtime": "1.5", "my.note": "a=b\nc"})
        add(tar, "b.wav", sound(2), pax_headers={"SCHILY.xattr.user.x": "\u00e4"})


def gnu_tars():
    with tempfile.TemporaryDirectory() as folder:
        def put(name, data):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)

        def tar(name, *arguments):
            subprocess.run(["tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner",
                            "-cf", os.path.join(HERE, name), *arguments], cwd=folder, check=True)

        put("c/yes/a.wav", sound(1))
        put("c/no/b.wav", sound(2))
        put("c/README", b"hello\n")
        os.link(os.path.join(folder, "c/yes/a.wav"), os.path.join(folder, "c/yes/z.wav"))
        os.symlink("a.wav", os.path.join(folder, "c/yes/link.wav"))
        for form in ("v7", "oldgnu", "gnu", "ustar", "posix"):
            tar(f"tar-{form}.tar", f"--format={form}", "c")
        tar("tar-dot.tar", "-C", "c", ".")
        put(LONG, sound(3))
        tar("tar-gnu-long.tar", "--format=gnu", "long")
        tar("tar-posix-long.tar", "--format=posix", "long")
        with open(os.path.join(folder, "holes.wav"), "wb") as file:
            for at in range(6):  # more than fit into one header
                file.seek(at * 65536)
                file.write(b"x" * 512)
            file.truncate(7 * 65536)
        put("whole.wav", sound(4))
        tar("tar-sparse-gnu.tar", "--format=gnu", "-S", "holes.wav", "whole.wav")
        for version in ("0.0", "0.1", "1.0"):
            tar(f"tar-sparse-{version}.tar", "--format=posix", "-S", f"--sparse-version={version}",
                "holes.wav", "whole.wav")
        for option, ending in (("-z", "gz"), ("--zstd", "zst"), ("-J", "xz"), ("-j", "bz2")):
            tar(f"tar-compressed.tar.{ending}", option, "c")
        path = os.path.join(HERE, "tar-appended.tar")
        tar("tar-appended.tar", "c/no/b.wav", "c/yes/a.wav")
        put("c/no/b.wav", sound(9))
        subprocess.run(["tar", "-rf", path, "--mtime=@0", "c/no/b.wav"], cwd=folder, check=True)
        with open(os.path.join(HERE, "tar-joined.tar"), "wb") as joined:  # as of cat
            for part in ("tar-appended.tar", "tar-ustar.tar"):
                with open(os.path.join(HERE, part), "rb") as file:
                    joined.write(file.read())


def webdataset_tars():
    with webdataset.TarWriter("webdataset.tar", mtime=0) as writer:
        for number, name in enumerate(("yes", "no", "yes")):
            writer.write({"__key__": f"k/{number:03d}", "wav": sound(number), "cls": name,
                          "json": {"speaker": f"s{number}", "label": name.upper(), "n": number},
                          "txt": "words"})


def lhotse_shar():
    from lhotse import CutSet, MonoCut, Recording, SupervisionSegment
    os.makedirs("shar", exist_ok=True)
    cuts = []
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(("yes", "no", "yes")):
            path = os.path.join(folder, f"{number}.wav")
            with open(path, "wb") as file:
                file.write(sound(number, 400))
            recording = Recording.from_file(path)
            cuts.append(MonoCut(
                id=f"cut.{number}", start=0, duration=recording.duration, channel=0, recording=recording,
                supervisions=[SupervisionSegment(id=f"s{number}", recording_id=recording.id, start=0,
                                                 duration=recording.duration, speaker="ann",
                                                 custom={"label": name})]))
        CutSet.from_cuts(cuts).to_shar("shar", fields={"recording": "wav"}, shard_size=2)


def nemo_tars():
    os.makedirs("nemo", exist_ok=True)
    lines = []
    for shard in range(2):
        with tarfile.open(f"nemo/audio_{shard}.tar", "w") as tar:
            for number in range(2):
                name = f"data_{shard}{number}.wav"
                add(tar, name, sound(2 * shard + number, 800))
                for part in range(1 + number):
                    entry = {"audio_filepath": name, "duration": 0.05, "text": "", "shard_id": shard,
                             "label": ("yes", "no")[part]}
                    if part > 0:
                        entry.update(audio_filepath=f"{name[:-4]}-sub{part}.wav", offset=0.05)
                    lines.append(json.dumps(entry) + "\n")
    with open("nemo/tarred_audio_manifest.json", "w", encoding="ascii") as file:
        file.writelines(lines)


def expected(name):
    """As tar unpacks it: tarfile, over the members of every tar file in it."""
    lines = []
    content = None
    if name.endswith(".zst"):
        content = io.BytesIO(subprocess.run(["zstd", "-dc", name], check=True, capture_output=True).stdout)
    with tarfile.open(name, "r:*", fileobj=content, encoding="utf-8", errors="surrogateescape",
                      ignore_zeros=name == "tar-joined.tar") as tar:
        members = {}
        for member in tar.getmembers():
            if member.isreg():
                members[member.name] = member  # a link is to the one that is there by then
            if member.isdir():
                continue
            kind, target = "other", member
            if member.issparse():
                kind = "sparse"
            elif member.isreg():
                kind = "file"
            elif member.islnk():
                kind, target = "file", members[member.linkname]
            elif member.issym():
                kind = "symlink"
            plain = member.name
            while plain.startswith("./"):
                plain = plain[2:]
            data = tar.extractfile(target).read() if kind == "file" else b""
            encoded = plain.encode("utf-8", "surrogateescape")
            lines.append(f"{name}\t{encoded.hex()}\t{kind}\t{len(data)}\t{zlib.crc32(data):08x}\n")
    return lines


def main():
    os.chdir(HERE)
    python_tars()
    gnu_tars()
    webdataset_tars()
    lhotse_shar()
    nemo_tars()
    lines = []
    for name in sorted(os.listdir(".")):
        if ".tar" in name:
            lines += expected(name)
    with open("expected.tsv", "w", encoding="ascii") as file:
        file.writelines(lines)


if __name__ == "__main__":
    sys.exit(main())
