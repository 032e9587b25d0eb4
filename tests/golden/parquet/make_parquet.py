#!/usr/bin/env python3
"""Makes parquet files with sounds as several libraries write them, and lists the values that pyarrow finds in them.

Makes, in this folder:

  flat-*.parquet      pyarrow: each codec, both versions of pages, with and without dictionaries, whose limit is so low
                      that later pages of a column have none; nulls at every level, several row groups and pages
  encodings.parquet   pyarrow: deltas and split bytes
  required.parquet    pyarrow: columns that cannot be null, of all kinds of whole numbers
  kinds.parquet       pyarrow: decimals, dates, times, lists of lists
  fast.parquet, polars.parquet, duckdb.parquet    the same kind of table by other writers
  hub.parquet         datasets: bytes and path, ClassLabel, as on the Hugging Face Hub
  several.parquet     datasets: a list of ClassLabels
  tones.parquet       datasets: the 24 clips of tests/cli/sounds.sh that test_parquet.sh compares with, one with a
                      wrong label
  array.parquet       datasets: sounds that were decoded to lists of numbers
  expected.tsv        a line for each file and column that earmark reads: file, column, and the hash that
                      tests/support/parquet_hash.c explains, of what pyarrow reads

usage: python make_parquet.py
    (pyarrow 26.0, datasets 5.2, fastparquet 2026.9, polars 2.1, duckdb 2.0, pandas 3.1, xxhash 4.1)
"""
import os
import random
import struct

import datasets
import duckdb
import fastparquet
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from datasets import Audio, ClassLabel, Dataset, Features, List, Value

HERE = os.path.dirname(os.path.abspath(__file__))
datasets.disable_progress_bars()


def wav(samples, rate=8000):
    """A WAV file of 8-bit samples."""
    return (struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, rate, 1, 8,
                        b"data", len(samples)) + bytes(samples))


def table(count, nulls, seed):
    rnd = random.Random(seed)

    def maybe(value):
        return None if rnd.random() < nulls else value

    def sound(row):
        return wav([rnd.randint(100, 150) if row % 3 else 7 for _ in range(20 + 5 * (row % 7))])

    return pa.table({
        "audio": pa.array([maybe({"bytes": maybe(sound(i)), "path": maybe("clip%d.wav" % (i % 20))})
                           for i in range(count)], pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        "label": pa.array([maybe(rnd.choice(["dog", "cat", "väx"])) for _ in range(count)]),
        "number": pa.array([maybe(rnd.randint(-5, 5)) for _ in range(count)], pa.int8()),
        "score": pa.array([maybe(rnd.random()) for _ in range(count)], pa.float32()),
        "flag": pa.array([maybe(rnd.random() < 0.5) for _ in range(count)]),
        "tags": pa.array([maybe([maybe("t%d" % rnd.randint(0, 3)) for _ in range(rnd.randint(0, 3))])
                          for _ in range(count)], pa.list_(pa.string())),
        "meta": pa.array([maybe({"speaker": maybe({"id": maybe("s%d" % (i % 4))}), "take": maybe(i)})
                          for i in range(count)],
                         pa.struct([("speaker", pa.struct([("id", pa.string())])), ("take", pa.int64())])),
    })


def write(name, content, **options):
    pq.write_table(content, os.path.join(HERE, name), **options)


def write_flat():
    for number, codec in enumerate(("none", "snappy", "zstd", "gzip")):
        for version in ("1.0", "2.0"):
            for dictionary in (False, True):
                nulls = 0.2 if (version == "2.0") != dictionary else 0
                name = "flat-%s-%s-%s.parquet" % (codec, version[0], "dictionary" if dictionary else "plain")
                write(name, table(40, nulls, number), compression=codec, data_page_version=version,
                      use_dictionary=dictionary, dictionary_pagesize_limit=300, row_group_size=17, data_page_size=400,
                      write_batch_size=4, write_page_checksum=dictionary, write_statistics=number != 2)


def write_kinds():
    write("encodings.parquet", pa.table({
        "name": ["clip%04d.wav" % (i * i) for i in range(300)], "text": ["x" * (i % 9) for i in range(300)],
        "number": pa.array([i * i - 10 ** 12 for i in range(300)], pa.int64()),
        "small": pa.array([-i if i % 5 else None for i in range(300)], pa.int32()),
        "score": pa.array([i / 7 if i % 3 else None for i in range(300)], pa.float64()),
        "sound": [wav([i % 256] * (i % 50)) for i in range(300)]}),
        use_dictionary=False, compression="zstd", data_page_size=700, write_batch_size=32, column_encoding={
            "name": "DELTA_BYTE_ARRAY", "text": "DELTA_LENGTH_BYTE_ARRAY", "number": "DELTA_BINARY_PACKED",
            "small": "DELTA_BINARY_PACKED", "score": "BYTE_STREAM_SPLIT", "sound": "DELTA_LENGTH_BYTE_ARRAY"})
    whole = {str(kind): pa.array([0, 1, 100, 7], kind) for kind in (
        pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64())}
    whole["uint32"] = pa.array([0, 1, 2 ** 32 - 1, 7], pa.uint32())
    whole["uint64"] = pa.array([0, 1, 2 ** 64 - 1, 7], pa.uint64())
    whole["audio"] = pa.array([wav([9] * i) for i in range(4)])
    whole = pa.table(whole)
    write("required.parquet", whole.cast(pa.schema([field.with_nullable(False) for field in whole.schema])))
    write("kinds.parquet", pa.table({
        "audio": [wav([3]), wav([4, 5])], "price": pa.array([1, 2]).cast(pa.decimal128(22, 2)),
        "day": pa.array([1, 2], pa.date32()), "when": pa.array([1, 2], pa.timestamp("us")),
        "half": pa.array([1.0, 2.0], pa.float16()), "nested": [[["a"]], [["b"], []]],
        "regions": [[{"label": "x", "end": 1.5}], []], "category": pa.array(["a", "b"]).dictionary_encode()}))


def write_others():
    content = table(30, 0.2, 9)
    polars.from_arrow(content).write_parquet(os.path.join(HERE, "polars.parquet"), row_group_size=11)
    connection = duckdb.connect()
    connection.register("content", content)
    connection.execute("copy content to '%s' (format parquet, parquet_version v2, codec zstd)"
                       % os.path.join(HERE, "duckdb.parquet"))
    frame = pandas.DataFrame({"audio": [wav([i] * i) for i in range(20)],
                              "file_name": ["clip%d.wav" % i for i in range(20)],
                              "category": pandas.Categorical(["dog", "cat"] * 10), "fold": [i % 3 for i in range(20)]})
    fastparquet.write(os.path.join(HERE, "fast.parquet"), frame, compression="SNAPPY", row_group_offsets=8,
                      object_encoding={"audio": "bytes", "file_name": "utf8"})


def write_hub():
    sounds = [{"bytes": wav([50 + i] * 30), "path": "clip%d.wav" % i} for i in range(6)]
    sounds[3]["path"] = "clip1.wav"  # a name twice
    names = ClassLabel(names=["dog", "cat", "bird"])
    Dataset.from_dict({"audio": sounds, "label": [0, 1, 2, 1, 0, -1], "speaker": ["a", "a", "b", "b", "c", "c"]}).cast(
        Features({"audio": Audio(decode=False), "label": names, "speaker": Value("string")})).to_parquet(
            os.path.join(HERE, "hub.parquet"))
    # datasets puts the bytes of every file into what it writes; older versions did not.
    content = pq.read_table(os.path.join(HERE, "hub.parquet"))
    sounds[4] = {"bytes": None, "path": "beside.wav"}
    sounds[5] = {"bytes": None, "path": None}
    write("hub.parquet", content.set_column(0, content.schema.field(0), pa.array(sounds, content.schema.field(0).type)))
    Dataset.from_dict({"audio": sounds[:4], "labels": [[0, 2], [], [1], [2, 0, 2]]}).cast(
        Features({"audio": Audio(decode=False), "labels": List(names)})).to_parquet(
            os.path.join(HERE, "several.parquet"))
    Dataset.from_dict({"audio": [{"array": [0.0, 0.5], "sampling_rate": 8000}], "label": ["x"]}).to_parquet(
        os.path.join(HERE, "array.parquet"))


def square_wav(half, count, rate=8000):
    """The file that write_square_wav writes: 16 bits."""
    samples = struct.pack("<h", 4096) * half + struct.pack("<h", -4096) * half
    samples = (samples * (count // (2 * half) + 1))[:2 * count]
    return (struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + 2 * count, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16,
                        b"data", 2 * count) + samples)


def write_tones():
    clips = [(name, first, i) for name, first in (("low", 60), ("middle", 30), ("high", 10)) for i in range(8)]
    Dataset.from_dict({
        "audio": [{"bytes": square_wav(first + i, 4000), "path": "%s%d.wav" % (name, i)} for name, first, i in clips],
        "label": [("low", "middle", "high").index(name) if (name, i) != ("low", 3) else 2 for name, _, i in clips]}).cast(
            Features({"audio": Audio(decode=False), "label": ClassLabel(names=["low", "middle", "high"])})).to_parquet(
                os.path.join(HERE, "tones.parquet"))
    write("tones.parquet", pq.read_table(os.path.join(HERE, "tones.parquet")), compression="zstd", row_group_size=10)


def leaves(kind, name):
    """(name, steps to it, type, lists around it) of each column that a type becomes."""
    if pa.types.is_struct(kind):
        for field in kind:
            for column, steps, leaf, lists in leaves(field.type, name + "." + field.name):
                yield column, [field.name] + steps, leaf, lists
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        for column, steps, leaf, lists in leaves(kind.value_type, name):
            yield column, [None] + steps, leaf, lists + 1
    else:
        yield name, [], kind.value_type if pa.types.is_dictionary(kind) else kind, 0


def reach(value, steps):
    if not steps or value is None:
        return value
    if steps[0] is None:
        return [reach(element, steps[1:]) for element in value]
    return reach(value[steps[0]], steps[1:])


def put(state, value, kind):
    if value is None:
        state.update(b"n")
    elif isinstance(value, (bool, int)):
        bits = 32 if pa.types.is_uint32(kind) else 64
        state.update(b"i" + struct.pack("<q", (value + 2 ** (bits - 1)) % 2 ** bits - 2 ** (bits - 1)
                                        if pa.types.is_unsigned_integer(kind) and kind.bit_width >= 32 else value))
    elif isinstance(value, float):
        state.update(b"f" + struct.pack("<d", value))
    else:
        value = value.encode() if isinstance(value, str) else value
        state.update(b"b" + struct.pack("<I", len(value)) + value)


def hash_column(values, kind, lists):
    state = xxhash.xxh3_64()
    for value in values:
        if lists == 0:
            put(state, value, kind)
        elif value is None:
            state.update(b"N")
        else:
            state.update(b"[")
            for element in value:
                put(state, element, kind)
            state.update(b"]")
    return state.hexdigest()


def is_read(kind, lists):
    return not (lists > 1 or pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or pa.types.is_float16(kind))


def write_expected():
    with open(os.path.join(HERE, "expected.tsv"), "w", encoding="utf-8") as out:
        for name in sorted(os.listdir(HERE)):
            if not name.endswith(".parquet"):
                continue
            content = pq.read_table(os.path.join(HERE, name))
            for field in content.schema:
                values = content.column(field.name).to_pylist()
                for column, steps, kind, lists in leaves(field.type, field.name):
                    if is_read(kind, lists):
                        cells = [reach(value, steps) for value in values]
                        out.write("%s\t%s\t%s\n" % (name, column, hash_column(cells, kind, lists)))


if __name__ == "__main__":
    write_flat()
    write_kinds()
    write_others()
    write_hub()
    write_tones()
    write_expected()
