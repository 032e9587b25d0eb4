#!/usr/bin/env bash
# Counts the bytes and operations of every kernel in the simulator, for bench/kernels/bounds.md:
#
#   bash bench/kernels/count.sh EARMARK MODEL      (make cuda-counts sets both; about 15 minutes)
#
# EARMARK is the program beside the simulated part with counting (make cudasim-race). Writes
# bench/kernels/counts_*.tsv: the network on two batches of 64 clips of 42 frames, 5,376
# frames, in each precision (bench computes one batch to warm up), and the cross-validation
# of 2,000 rows of 512 numbers, 10 classes, 5 folds at one C.
set -eu
earmark=$1
model=$2
here=bench/kernels
work=$(mktemp -d "${TMPDIR:-/tmp}/earmark-count.XXXXXX")
trap 'rm -rf "$work"' EXIT

for precision in bf16 tf32 float32; do
    rm -f "$work/$precision"
    CUDASIM_COUNTS=$work/$precision "$earmark" bench network --device cuda --model "$model" \
        --precision "$precision" --clips 64 --seconds 0.41 --rate 8000 --repeats 1
    mv "$work/$precision" "$here/counts_$precision.tsv"
done

# Only the shape of the data matters here, not its values.
python3 - "$work" <<'PYTHON'
import struct, sys
def npy(name, kind, shape, data):
    header = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).ljust(117) + "\n"
    with open(sys.argv[1] + "/" + name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)
rows, features, state, numbers = 2000, 512, 1, []
for i in range(rows * features):
    state = (state * 1664525 + 1013904223) % 2**32
    numbers.append(state / 2**31 - 1 + (0.3 if i % features % 10 == i // features % 10 else 0))
npy("x.npy", "<f4", "(%d, %d)" % (rows, features), struct.pack("<%df" % len(numbers), *numbers))
npy("y.npy", "<i4", "(%d,)" % rows, struct.pack("<%di" % rows, *(row % 10 for row in range(rows))))
PYTHON
CUDASIM_COUNTS=$work/crossval "$earmark" crossval --device cuda --embeddings "$work/x.npy" \
    --labels "$work/y.npy" --detector logistic --C 0.01 -o "$work/out"
mv "$work/crossval" "$here/counts_crossval.tsv"
