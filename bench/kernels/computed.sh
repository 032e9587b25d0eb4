#!/usr/bin/env bash
# Prints the computed speed of embedding on each GPU of gpus.csv as Markdown, for bounds.md:
#
#   bash bench/kernels/computed.sh
#
# It counts steps and waves of the default model's layers on the multiprocessors of each GPU, with the
# rows that kernels/cuda/chunk_rows.h chooses, and adds the other kernels from counts_*.tsv, at the
# busiest unit's peak or half of it. Nothing in it was measured on a GPU. The slow ends were chosen to
# span a review's estimate; bounds_page.sh says which figures are assumed. Decoding is measured on a CPU: bench/RESULTS.md.
set -eu
wav=15150 flac=5080 # times real time, of one processor: 10 s of 16 kHz WAV, 60 s of FLAC
here=$(dirname "$0")
for precision in float32 tf32 bf16; do
    printf '\n### Whole embedding in %s, computed\n\n' "$precision"
    awk -v wav="$wav" -v flac="$flac" -v precision="$precision" -v frames=5376 '
function ceil(x) { return x == int(x) ? x : int(x) + 1 }
# ns of a step along K on one multiprocessor: 64 bytes of each row and channel of its tiles. On tensor
# cores mma.sync takes its share of the peak, and `exposed` clocks are not hidden: barrier, ldmatrix and
# addresses of the only block. Two float32 blocks hide these; of FFMA the limits allow 70% (60% when slow).
function step_ns(exposed) {
    if (precision == "float32")
        return 2 * 2 * 128 * 128 * 16 / (gpu["float32_tflops"] * 1e3 / gpu["multiprocessors"] * (exposed > 200 ? 0.60 : 0.70))
    return 2 * 256 * 128 * values / (gpu[precision "_tflops"] * 1e3 / gpu["multiprocessors"] * gpu["mma_share"]) + \
        exposed / gpu["clock_ghz"]
}
# ns of a chunk; nothing hides the clocks in which a wave begins and ends, ten times those of a step, and
# on tensor cores those in which the last layer pools its tile: 18 times (bounds_head.md).
function chunk_ns(exposed,   l, tiles, waves, open, total) {
    for (l = 1; l <= layers; l++) {
        tiles = ceil(rows / tile) * ceil(out[l] / 128)
        waves = ceil(tiles / (gpu["multiprocessors"] * held))
        open = l == layers && precision != "float32" ? 10 + 18 : 10
        total += waves * (steps[l] * step_ns(exposed) + open * exposed / gpu["clock_ghz"])
    }
    return total
}
# ns a frame of all kernels but the layers, each at the peak of what it needs most.
function others_ns(   k, arithmetic, transfer, reuse, cut, all) {
    for (k = 1; k <= kernels; k++) {
        arithmetic = operations[k] / frames / (gpu["float32_tflops"] * 1e3)
        # 9,200 instructions in double precision (bounds_head.md)
        if (name[k] ~ /^features/) arithmetic = 9200 / gpu["float64_units"] / gpu["clock_ghz"] / gpu["multiprocessors"]
        reuse = name[k] ~ /^(resample|features|linear)/
        # One in six segments of 42 rows is cut by the tiles of 256 rows: its rows are read from memory.
        cut = name[k] ~ /^pooling/ && precision != "float32" ? 1504 * 4 * frames / 6 : 0
        transfer = (bytes[k] + cut) / frames / gpu[reuse ? "l2_gbs" : "memory_gbs"]
        all += arithmetic > transfer ? arithmetic : transfer
    }
    return all
}
function thousands(x) { return sprintf("%.0f,000", x / 1000) }
BEGIN {
    # The default model: taps, channels in and out; values of 64 bytes.
    layers = split("5x24x512 3x512x512 3x512x512 1x512x512 1x512x1500", layer, " ")
    values = precision == "bf16" ? 32 : 16
    tile = precision == "float32" ? 128 : 256
    held = precision == "float32" ? 2 : 1
    for (l = 1; l <= layers; l++) {
        split(layer[l], part, "x")
        steps[l] = precision == "float32" ? ceil(part[1] * part[2] / values) : part[1] * ceil(part[2] / values)
        out[l] = part[3]
        useful += 2 * part[1] * part[2] * part[3]
    }
}
FILENAME ~ /gpus.csv$/ {
    if (/^#/) next
    n = split($0, value, ",")
    if ($0 ~ /^gpu,/) { for (i = 1; i <= n; i++) column[i] = value[i]; next }
    gpus++
    for (i = 1; i <= n; i++) known[gpus, column[i]] = value[i]
    next
}
/^#/ || /^kernel\t/ || /^layer/ || /fill_matrix/ || /2048x2048x2048/ { next }
{
    split($0, field, "\t")
    kernels++
    name[kernels] = field[1]; operations[kernels] = field[7]; bytes[kernels] = field[9] + field[10]
}
END {
    print "| GPU | multi-processors | rows of a chunk | clocks of a step | layers, ns a frame | of the dense peak | others, ns | times real time | GB/s of PCIe | processors that decode WAV | FLAC |"
    print "|---|---|---|---|---|---|---|---|---|---|---|"
    for (g = 1; g <= gpus; g++) {
        for (i in column) gpu[column[i]] = known[g, column[i]]
        rows = int(gpu["multiprocessors"] * held / 4) * tile
        quick = chunk_ns(200) / rows; slow = chunk_ns(400) / rows; other = others_ns()
        high = 1e7 / (quick + other); low = 1e7 / (slow + 2 * other)
        peak = gpu[precision "_tflops"] * 1e3
        step = precision == "float32" ? "" : sprintf("%.0f to %.0f", step_ns(200) * gpu["clock_ghz"], step_ns(400) * gpu["clock_ghz"])
        printf "| %s | %d | %d | %s | %.1f to %.1f | %.0f to %.0f%% | %.1f to %.1f | %s to %s | %.1f to %.1f of %d | %.0f to %.0f | %.0f to %.0f |\n",
            gpu["gpu"], gpu["multiprocessors"], rows,
            step, quick, slow,
            100 * useful / peak / slow, 100 * useful / peak / quick, other, 2 * other,
            thousands(low), thousands(high), 32000 * low / 1e9, 32000 * high / 1e9, gpu["pcie_gbs"],
            low / wav, high / wav, low / flac, high / flac
    }
}' "$here/gpus.csv" "$here/counts_$precision.tsv"
done
