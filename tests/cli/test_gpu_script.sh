#!/usr/bin/env bash
# tests/cuda/gpu.sh and tests/cuda/first_gpu_run.sh with stand-ins for the program, the tests and
# compute-sanitizer: every step has a time limit, and what fails or hangs does not keep the next one from
# running.
source tests/cli/lib.sh

bin=$TMP/bin
mkdir "$bin" "$TMP/programs"

# stand_in FILE LINE...: a program that runs these lines of shell
stand_in() {
    local to=$1
    shift
    printf '%s\n' '#!/usr/bin/env bash' "$@" >"$to"
    chmod +x "$to"
}
stand_in "$bin/earmark" 'echo "device      cuda:0: a stand-in"'
stand_in "$TMP/programs/test_hangs" 'echo 1..1' 'sleep 60'
stand_in "$TMP/programs/test_fails" 'echo 1..1' 'echo "not ok 1 - wrong"' 'exit 1'
stand_in "$TMP/programs/test_tensor" 'echo 1..1' 'echo "ok 1 - right"'
stand_in "$bin/compute-sanitizer" "echo \"\$*\" >>'$TMP/sanitized'" 'shift 4' \
    'case $* in *test_hangs) sleep 60 ;; esac' 'exec "$@"'
programs=("$TMP/programs/test_hangs" "$TMP/programs/test_fails" "$TMP/programs/test_tensor")

# gpu NAME CODE ENVIRONMENT...: the script, with the stand-ins
gpu() {
    local name=$1 code=$2
    shift 2
    rm -f "$TMP/sanitized"
    expect_exit "$name" "$code" env STEP_SECONDS=1 PATH="$bin:$PATH" "$@" \
        bash tests/cuda/gpu.sh "$bin/earmark" "$TMP/plugin" "${programs[@]}"
}

gpu 'a program hangs, one fails' 1
expect_grep 'each is reported, and the last one ran' '^1 passed, 2 failed' "$TMP/stdout"
expect_equal 'one program is sanitized, by two tools' "$(cut -d ' ' -f 2 "$TMP/sanitized" | tr '\n' ' ')" \
    'memcheck racecheck '
expect_no_grep 'and no other' 'test_hangs|test_fails' "$TMP/sanitized"
gpu 'a sanitizer hangs' 1 SANITIZED=test_hangs
expect_grep 'its limit ends it' '^FAILED memcheck: still running after 1 s' "$TMP/stdout"
expect_grep 'the next tool follows' '^FAILED racecheck: still running after 1 s' "$TMP/stdout"
programs=("$TMP/programs/test_tensor")
gpu 'nothing fails' 0
stand_in "$bin/compute-sanitizer" 'exit 99'
gpu 'a sanitizer finds something' 1
expect_grep 'and says so' '^FAILED memcheck: exit code 99' "$TMP/stdout"
stand_in "$bin/earmark" 'echo "device      cuda: none, no driver"'
gpu 'no GPU' 0
expect_grep 'is no failure' '^\*\*\* NO GPU: ' "$TMP/stdout"
stand_in "$bin/earmark" 'sleep 60'
gpu 'a driver that does not answer' 1
expect_grep 'is one' '^FAILED earmark info: exit code 124' "$TMP/stdout"

# ---- the first run on a GPU, in a folder like that of `make gpu-bundle`
tree=$TMP/tree
mkdir -p "$tree"/{bin,lib,tests/cuda,tests/cli,bench/kernels}
cp tests/cli/sounds.sh "$tree/tests/cli"
cp bench/kernels/computed.sh bench/kernels/gpus.csv bench/kernels/counts_*.tsv "$tree/bench/kernels"
cp tests/cuda/first_gpu_run.sh "$tree"
echo libcublas.so.0 >"$tree/cublas.txt"
for name in tensor embedding front_end tails device_cuda classifier nearest statistics; do
    stand_in "$tree/tests/cuda/test_$name" 'echo 1..1' 'echo "ok 1 - right"'
done
stand_in "$tree/tests/cuda/test_wide" 'echo 1..1' 'echo "not ok 1 - too wide"' 'exit 1'
stand_in "$tree/tests/cuda/test_whole_program.sh" 'exit 3'
# bench stream: 500 clips of 0.42 s a second, half as many one by one
bench='[ "$2" = stream ] && echo "waiting  4.0  250 clips  9.1" && echo "streamed  2.0  500 clips  18.2" &&
    echo && echo "kernel  launches" && echo "layer_of_$6 3"'
stand_in "$tree/bin/earmark" 'case $1 in' \
    'info) echo "device      cuda:0: NVIDIA H200, compute capability 9.0, 132 multiprocessors" ;;' \
    "bench) $bench ;;" 'esac'

# first NAME CODE: the script in the tree; its lines are in $TMP/stdout
first() {
    rm -rf "$TMP/results" "$TMP/results.tar.gz"
    expect_exit "$1" "$2" env PATH="$bin:$PATH" HOME="$TMP" bash "$tree/first_gpu_run.sh" \
        "$TMP/results"
}
stand_in "$bin/compute-sanitizer" 'exit 99'
stand_in "$bin/find" 'exit 1'
first 'the first run, where a test fails' 1
expect_grep 'a step that fails says so' '^test_wide +FAILED: exit code 1, 0 of 1 tests passed' "$TMP/stdout"
expect_grep 'with what failed' '^    not ok 1 - too wide' "$TMP/stdout"
expect_grep 'the next one follows' '^test_embedding +done, 1 of 1 tests passed' "$TMP/stdout"
expect_grep 'to the last' '^racecheck +FAILED: exit code 99' "$TMP/stdout"
expect_grep 'missing cuBLAS is named' '^cublas +SKIPPED: there is no libcublas\.so\.0 here' "$TMP/stdout"
computed=$(bash bench/kernels/computed.sh | awk -F ' *[|] *' '/^###/ { f = /bf16/ } f && $2 == "H200" { print $9 }')
expect_grep 'streamed beside waiting and computed' "^\| bf16 \| short \| 210 \| 105 \| $computed \|" "$TMP/stdout"
expect_grep 'of long clips, too' "^\| tf32 \| long \| 2000 \| 1000 \|" "$TMP/stdout"
expect_equal 'and the kernels of each' "$(grep -c '^layer_of_\(float32\|tf32\|bf16\) 3' "$TMP/results/compared.md")" 6
check 'the results are packed' tar -tzf "$TMP/results.tar.gz" results/compared.md results/test_wide.txt
expect_exit 'and not overwritten' 1 bash "$tree/first_gpu_run.sh" "$TMP/results"
stand_in "$tree/bin/earmark" 'if [ "$1" = info ]; then echo "device      cuda: none, no driver"; fi'
first 'without a GPU' 0
expect_grep 'each step says so' '^test_tensor +SKIPPED: no GPU \(no driver\)' "$TMP/stdout"
expect_grep 'the CPU is used' '^audit_cpu +done' "$TMP/stdout"
