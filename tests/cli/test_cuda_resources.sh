#!/usr/bin/env bash
# The kernels' registers, shared memory and spills: nvcc reports what is committed.
source tests/cli/lib.sh

table=bench/kernels/resources.csv
check "there is a table" test -s "$table"
expect_grep "it says of which nvcc" '^# nvcc [0-9]+\.[0-9]+\.[0-9]+$' "$table"
awk -F, '!/^#/ && NR > 2 && NF != 7' "$table" >"$TMP/malformed"
expect_lines "every line has seven values" 0 "$TMP/malformed"
for architecture in sm_80 sm_90 sm_100 sm_120; do
    expect_grep "kernels for $architecture" ",$architecture," "$table"
done
# Compared by value: one that is not a number is a spill, too.
awk -F, '!/^#/ && $1 != "kernel" && !($6 == "0" && $7 == "0")' "$table" >"$TMP/spills"
expect_equal "no kernel of the table spills" "$(cat "$TMP/spills")" ""

bash bench/kernels/bounds_page.sh >"$TMP/bounds.md"
expect_same "the computed bounds are those of the tables (make cuda-bounds)" bench/kernels/bounds.md \
    "$TMP/bounds.md"

decision=$(make -s show-cuda)
folder=$(make -s cuda-folder)
version=$(sed -n 's/^# nvcc //p' "$table")
if [ -z "$folder" ] || [ ! -e "$folder/earmark-cuda.so" ]; then
    skip "what nvcc says now" "the CUDA plug-in is not built here ($decision)"
elif [ "$(make -s cuda-version)" != "$version" ]; then
    skip "what nvcc says now" "the table is of nvcc $version, this one is $(make -s cuda-version)"
else
    bash bench/kernels/resources.sh "$folder" "$version" >"$TMP/now" || echo failed >>"$TMP/now"
    difference=$(diff "$table" "$TMP/now")
    expect_equal "what nvcc says now is the table (make cuda-resources writes it)" \
        "$difference" ""
    awk -F, '!/^#/ && $1 != "kernel" && !($6 == "0" && $7 == "0")' "$TMP/now" >"$TMP/spills"
    expect_equal "no kernel spills" "$(cat "$TMP/spills")" ""
fi
