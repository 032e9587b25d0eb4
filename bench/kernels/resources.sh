#!/usr/bin/env bash
# What ptxas says that every kernel takes, as CSV: bench/kernels/resources.csv is this, and
# tests/cli/test_cuda_resources.sh compares the two.
#
#   bash bench/kernels/resources.sh FOLDER VERSION     (make cuda-resources gives both)
#
# FOLDER has the .ptxas file that nvcc's -Xptxas -v left beside each object.
set -eu
folder=$1
version=$2

echo "# nvcc $version"
echo 'kernel,architecture,registers,shared_bytes,stack_bytes,spill_store_bytes,spill_load_bytes'
for source in kernels/cuda/*.cu; do cat "$folder/${source%.cu}.ptxas"; done | awk '
    # lines of one kernel: Compiling entry function NAME for ARCHITECTURE; its stack and
    # spills; what it used
    /Compiling entry function/ {
        split($0, quoted, "\047")
        name = quoted[2]
        architecture = quoted[4]
        stack = stores = loads = "?"
    }
    /bytes stack frame/ && name != "" { stack = $1; stores = $5; loads = $9 }
    /Used [0-9]+ registers/ && name != "" {
        registers = shared = 0
        for (i = 1; i < NF; i++) {
            if ($(i + 1) ~ /^registers/) registers = $i
            if ($(i + 1) == "bytes" && $(i + 2) ~ /^smem/) shared = $i
        }
        print name "," architecture "," registers "," shared "," stack "," stores "," loads
        name = ""
    }' |
    # Templates: the return type, the types of arguments and spaces go, commas become |.
    while IFS=, read -r name rest; do
        name=$(printf '%s' "$name" | c++filt | sed -E \
            -e 's/^void //' -e 's/\(anonymous namespace\):://g' -e 's/\(int\)|\(bool\)//g' \
            -e 's/\([^()]*(\([^()]*\)[^()]*)*\)$//' -e 's/, /|/g' -e 's/ //g')
        printf '%s,%s\n' "$name" "$rest"
    done | LC_ALL=C sort -t, -k1,1 -k2,2
