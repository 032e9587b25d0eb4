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

# A peak is multiprocessors x clock x operations of one in a clock. FFMA runs at clocks that may be higher than that of
# the tensor peak. The L40S's data sheet is 1% below, TF32 of the L4 and the B200 is rounded.
awk -F, 'function near(x, wanted, above) { x /= wanted; return x > 0.97 && x < 1.01 + above ? "ok" : x }
    /^gpu,/ { for (i = 1; i <= NF; i++) at[$i] = i }
    /^[^#]/ && !/^gpu,/ {
        one = $at["multiprocessors"] * $at["clock_ghz"] / 1e3
        bf16 = 1024; ffma = 256 # Ada
        if ($at["float64_units"] == 32) { bf16 = 2048; ffma = 128 }
        if ($2 == "sm_90") bf16 = 4096
        if ($2 == "sm_100") bf16 = 8192
        if ($2 == "sm_120") bf16 = 512
        print $1, near($at["float32_tflops"], one * ffma, 0.09), near($at["bf16_tflops"], one * bf16, 0),
            near($at["tf32_tflops"], one * bf16 / 2, 0) }' bench/kernels/gpus.csv >"$TMP/peaks"
expect_lines "the peaks of all GPUs" 8 "$TMP/peaks"
expect_equal "are multiprocessors times clock" "$(grep -v ' ok ok ok$' "$TMP/peaks")" ""

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
