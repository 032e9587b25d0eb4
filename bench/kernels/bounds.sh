#!/usr/bin/env bash
# Computes what bounds every kernel, for bench/kernels/bounds.md.
#
#   bash bench/kernels/bounds.sh COUNTS UNITS WORDS
#
# COUNTS is a file of the simulator's counts (CUDASIM_COUNTS) for UNITS units of work (frames, rows);
# registers come from resources.csv, peaks from gpus.csv. Prints one Markdown table for each GPU with
# tables = 1:
#
#   warps      resident on a multiprocessor, of how many; what limits them
#   flop, bytes  per unit: a multiply-add counts two; bytes as the threads request them
#   flop/byte  their ratio
#   bound      what takes longest at its peak: ffma or tensor (arithmetic), memory, or l2 where
#              a kernel reads what others have read (layers, filters, tables, products)
#   ns         per unit, at that peak, without launches, tails and waits
#   share      of the time of all kernels
set -eu
here=$(dirname "$0")
awk -v units="$2" -v words="$3" '
function split_csv(line) { return split(line, value, ",") }
# Maps a name in the counts to the name in the table of resources.
function table_name(name) {
    gsub(/, /, "|", name)
    gsub(/short unsigned int/, "unsignedshort", name)
    gsub(/ /, "", name)
    return name
}
# Blocks per multiprocessor: registers of a warp are allocated by 256, a block takes 1 KiB of shared
# memory beside its own.
function resident(threads, registers, shared,   warps, by_registers, by_shared, by_threads, n) {
    warps = int((threads + 31) / 32)
    by_registers = int(gpu["registers"] / (int((registers * 32 + 255) / 256) * 256 * warps))
    by_shared = int(gpu["shared_bytes"] / (int((shared + 127) / 128) * 128 + 1024))
    by_threads = int(gpu["threads"] / (warps * 32))
    n = gpu["blocks"]; limit = "blocks"
    if (by_threads < n) { n = by_threads; limit = "threads" }
    if (by_registers < n) { n = by_registers; limit = "registers" }
    if (by_shared < n) { n = by_shared; limit = "shared memory" }
    return n * warps
}
function bytes_of_product(name, launches,   part, size) {
    split(name, part, " "); split(part[2], size, "x")
    return launches * (size[1] * size[3] + size[2] * size[3] + size[1] * size[2]) * \
        (name ~ /^cublasD/ ? 8 : 4)
}
FILENAME ~ /gpus.csv$/ {
    if (/^#/) next
    n = split_csv($0)
    if ($0 ~ /^gpu,/) { for (i = 1; i <= n; i++) column[i] = value[i]; next }
    gpus++
    for (i = 1; i <= n; i++) known[gpus, column[i]] = value[i]
    next
}
FILENAME ~ /resources.csv$/ {
    if (/^#/ || /^kernel,/) next
    split_csv($0)
    registers_of[value[1], value[2]] = value[3]
    static_of[value[1], value[2]] = value[4]
    next
}
/^#/ || /^kernel\t/ || /fill_matrix/ || /2048x2048x2048/ { next }
{
    split($0, field, "\t")
    kernels++
    name[kernels] = field[1]; launches[kernels] = field[2]
    threads[kernels] = field[3] > 0 ? field[4] / field[3] : 0
    steps[kernels] = field[6]; operations[kernels] = field[7]
    shared[kernels] = field[8]; bytes[kernels] = field[9] + field[10]
    if (field[1] ~ /^cublas/) bytes[kernels] = bytes_of_product(field[1], field[2])
}
END {
    for (g = 1; g <= gpus; g++) {
        for (i in column) gpu[column[i]] = known[g, column[i]]
        if (!gpu["tables"]) continue
        total = 0
        for (k = 1; k <= kernels; k++) {
            tensor = steps[k] > 0
            peak = gpu["float32_tflops"]; unit = "ffma"
            if (name[k] ~ /double|^cublasD/) { peak = gpu["float64_tflops"]; unit = "float64" }
            if (tensor) { peak = gpu[(name[k] ~ /<true/ ? "bf16" : "tf32") "_tflops"]; unit = "tensor" }
            arithmetic = operations[k] / units / peak / 1e3
            reuse = name[k] ~ /^(layer|linear|cublas|resample|features)/
            transfer = bytes[k] / units / gpu[reuse ? "l2_gbs" : "memory_gbs"]
            ns[k] = arithmetic > transfer ? arithmetic : transfer
            bound[k] = arithmetic > transfer ? unit : (reuse ? "l2" : "memory")
            part_peak[k] = ns[k] > 0 ? arithmetic / ns[k] : 0
            total += ns[k]
        }
        printf "### %s, %s, computed\n\n", gpu["gpu"], words
        print "| kernel | threads | registers | shared | warps | flop | bytes | flop/byte | bound | ns | share |"
        print "|---|---|---|---|---|---|---|---|---|---|---|"
        other = 0
        for (k = 1; k <= kernels; k++) {
            key = table_name(name[k])
            shown = " | | | "
            if (name[k] !~ /^cublas/) {
                if (!((key, gpu["architecture"]) in registers_of)) {
                    print "no registers of " key > "/dev/stderr"
                    exit 1
                }
                r = registers_of[key, gpu["architecture"]]
                s = shared[k] + static_of[key, gpu["architecture"]]
                w = resident(threads[k], r, s)
                shown = sprintf("%d | %d | %d | %d of %d: %s", threads[k], r, s, w, gpu["threads"] / 32, limit)
            }
            intensity = (bytes[k] > 0) ? operations[k] / bytes[k] : 0
            if (name[k] ~ /^cublas/) key = name[k]
            gsub(/\|/, ",", key)
            printf "| %s | %s | %.0f | %.0f | %.1f | %s, %.0f%% of its peak | %.3f | %.1f%% |\n", key, shown, \
                operations[k] / units, bytes[k] / units, intensity, \
                (bound[k] ~ /ffma|tensor|float64/ ? bound[k] " (arithmetic)" : bound[k]), 100 * part_peak[k], \
                ns[k], 100 * ns[k] / total
            if (name[k] !~ /^layer/) other += ns[k]
        }
        printf "\nAll: %.2f ns", total
        if (words ~ /frame/) {
            # 16 kHz in int16 is 320 bytes a frame, the most that is copied to the GPU; 2 KiB a clip come back
            printf ", of which all but the layers %.1f%% of the layers; copied up at that speed: %.1f GB/s of PCIe at 16 kHz in int16 (%.0f%% of %d)", \
                100 * other / (total - other), 320 / total, 100 * 320 / total / gpu["pcie_gbs"], gpu["pcie_gbs"]
        }
        print ".\n"
    }
}' "$here/gpus.csv" "$here/resources.csv" "$1"
