#!/usr/bin/env bash
# Prints the resources of every kernel as ptxas reports them, as CSV. The output is committed as
# bench/kernels/resources.csv; tests/cli/test_cuda_resources.sh compares the two.
#
#   bash bench/kernels/resources.sh FOLDER VERSION     (make cuda-resources sets both)
#
# FOLDER has the .ptxas files, the output of nvcc's -Xptxas -v, beside the objects.
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
    # Templates: drop the return type, the argument types and spaces; replace commas by |.
    while IFS=, read -r name rest; do
        name=$(printf '%s' "$name" | c++filt | sed -E \
            -e 's/^void //' -e 's/\(anonymous namespace\):://g' -e 's/\(int\)|\(bool\)//g' \
            -e 's/\([^()]*(\([^()]*\)[^()]*)*\)$//' -e 's/, /|/g' -e 's/ //g')
        printf '%s,%s\n' "$name" "$rest"
    done | LC_ALL=C sort -t, -k1,1 -k2,2
