#!/usr/bin/env bash
# Prints what a step of the next tensor kernel would take on an H100 (SXM) or H200, for bounds.md:
#
#   bash bench/kernels/next_kernel.sh
#
# A block of 128 frames x 256 channels and a step of 64 values of bfloat16 (one tap) by WGMMA, with frames
# in registers and weights in shared memory; bounds_head.md has the words. All of it is arithmetic: no such
# kernel was built.
set -eu
awk -v frames=128 -v channels=256 -v values=64 '
function larger(a, b) { return a > b ? a : b }
BEGIN {
    # A multiprocessor: dense bfloat16 multiply-adds and bytes of shared memory in a clock.
    multiply_adds = 2048; shared_bytes = 128
    processors = 132; clock = 1.83
    reach = 3 # frames that taps reach beyond the tile on either side: three taps, dilation 3
    present = 2 * 1020 # clocks of two steps of the present kernel, as many products; bounds_head.md
    # Steps of the default model, in tiles of 256 channels: layers 1 to 3 have five or three taps, 4 and 5 one.
    steps[3] = 5 + 48 + 48; steps[1] = 16 + 48
    rates = split("10138 7000 5500", rate, " ")

    tensor = frames * channels * values / multiply_adds
    weights = channels * values * 2
    row = values * 2
    read = frames / 64 * weights + frames * row # WGMMA reads the weights for every 64 frames; ldmatrix
    print "| taps | weights shared by | bytes from L2 | tensor cores | shared memory | L2 at 10.1, 7.0, 5.5 TB/s |"
    print "|---|---|---|---|---|---|"
    for (taps = 3; taps >= 1; taps -= 2) {
        copied = taps == 1 ? frames * row : (frames + 2 * reach) * row / taps
        shared = (read + weights + copied) / shared_bytes
        now = 2 * (128 * 64 + (taps == 1 ? 256 : (256 + 2 * reach) / taps) * 64) # its bytes from L2
        for (blocks = 1; blocks <= 2; blocks++) {
            bytes = weights / blocks + copied
            line = ""
            for (r = 1; r <= rates; r++) {
                l2 = bytes / (rate[r] / processors / clock)
                line = line sprintf("%s%.0f", r == 1 ? "" : ", ", l2)
                clocks[blocks, r] += steps[taps] * larger(l2, larger(tensor, shared))
                old[blocks, r] += steps[taps] * larger(present, now / (rate[r] / processors / clock))
            }
            printf "| %d | %d block%s | %.0f | %.0f | %.0f | %s |\n", taps, blocks, \
                blocks == 1 ? "" : "s", bytes, tensor, shared, line
        }
    }
    for (blocks = 1; blocks <= 2; blocks++)
        for (r = 1; r <= rates; r++)
            gain[blocks] = gain[blocks] sprintf("%s%.1f", r == 1 ? "" : ", ", \
                old[blocks, r] / clocks[blocks, r])
    printf "\nAll layers would be at most %s times as fast as now at these rates of L2, and %s times with pairs of blocks. ", \
        gain[1], gain[2]
    printf "Registers: 256 threads x 232 + 128 x 40 = %d of 65,536. ", 256 * 232 + 128 * 40
    printf "Shared memory: 4 x %d bytes of weights + 3 x %d of frames = %d of %d.\n", weights, 160 * row, \
        4 * weights + 3 * 160 * row, 227 * 1024
}'
