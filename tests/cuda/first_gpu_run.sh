#!/usr/bin/env bash
# The first ten minutes on a GPU, in the folder that `make gpu-bundle` packed. Needs an NVIDIA driver and
# cuBLAS, which it looks for; nothing is built or installed.
#
#   bash first_gpu_run.sh [OUT]     OUT: a new folder for what every step says (default gpu-results)
#
# Every step has its own time limit, and the next one follows whatever became of it. Where there is no
# GPU, each step that needs one says so. At the end there is a table of measured against computed
# speeds, and OUT.tar.gz. Exit code: 0, or 1 when a step failed.
#
#   SHARE=N    the clips of each benchmark are divided by N (1; the simulator needs some thousands)
#   LIMIT=N    the limits are multiplied by N (1)
set -u
export LC_ALL=C
out=$(realpath -m "${1:-gpu-results}")
cd "$(dirname "$(realpath "$0")")" || exit 1
here=$PWD
if [ -e "$out" ]; then echo "first_gpu_run.sh: $out exists; give another folder" >&2 && exit 1; fi
mkdir -p "$out" || exit 1
share=${SHARE:-1}
short=0.42 long=4 # seconds of a clip
failed=0 gpu='' why=''
export LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export EARMARK=$here/bin/earmark EARMARK_CUDA_PLUGIN=$here/bin/earmark-cuda.so CMOCKA_MESSAGE_OUTPUT=TAP

# say NAME RESULT [SECONDS]
say() { printf '%-24s %s%s\n' "$1" "$2" "${3:+, $3 s}" | tee -a "$out/steps.txt"; }

# step LIMIT NAME COMMAND...: its output goes to OUT/NAME.txt. False when it failed.
step() {
    local limit=$(($1 * ${LIMIT:-1})) name=$2 code=0 began=$SECONDS tests bad result
    shift 2
    timeout --kill-after=10 "$limit" "$@" >"$out/$name.txt" 2>&1 </dev/null || code=$?
    tests=$(grep -c '^ok ' "$out/$name.txt")
    bad=$(grep -c '^not ok ' "$out/$name.txt")
    case $code in
    0) result='done' ;;
    124 | 137) result="FAILED: still running after $limit s" ;;
    *) result="FAILED: exit code $code" ;;
    esac
    if [ $((tests + bad)) -gt 0 ]; then result="$result, $tests of $((tests + bad)) tests passed"; fi
    say "$name" "$result" $((SECONDS - began))
    [ "$code" -eq 0 ] && return
    failed=$((failed + 1))
    grep -m 3 -E '^not ok|^# .*(error|is not|!=)|^earmark: |^cudasim: ' "$out/$name.txt" | sed 's/^/    /'
    return 1
}

# gpu_step LIMIT NAME COMMAND...: skipped, with the reason, where there is no GPU
gpu_step() {
    if [ -n "$gpu" ]; then step "$@"; else say "$2" "SKIPPED: no GPU ($why)"; fi
}

# optional LIMIT NAME PROGRAM ARGUMENTS...: skipped where the machine has no such program
optional() {
    if ! command -v "$3" >/dev/null; then say "$2" "SKIPPED: there is no $3"; else gpu_step "$@"; fi
}

# find_cublas: the folder of the library that the plug-in names, for the loader
find_cublas() {
    local name path
    name=$(cat cublas.txt)
    path=$(ldconfig -p 2>/dev/null | awk -v name="$name" '$1 == name { print $NF; exit }')
    [ -n "$path" ] || path=$(timeout 30 find /usr/local /opt /usr/lib "$HOME" / -xdev -name "$name" -not -path '/proc/*' 2>/dev/null | head -n 1)
    if [ -z "$path" ]; then
        say cublas "SKIPPED: there is no $name here (CUDA's, or python3 -m pip install nvidia-cublas)"
        return
    fi
    export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:${path%/*}
    say cublas "$path"
}

# clips FOLDER: forty short clips in four classes, for an audit
clips() {
    # shellcheck source=tests/cli/sounds.sh
    source tests/cli/sounds.sh
    local half take
    for half in 4 8 15 27; do
        mkdir -p "$1/tone_$half"
        for take in 0 1 2 3 4 5 6 7 8 9; do
            write_square_wav "$1/tone_$half/$take.wav" "$half" $((2000 + 160 * take))
        done
    done
}

# PyTorch's product of the network's layers in bfloat16, where it is installed
torch_layers() {
    python3 -c '
import torch
rows = 8448
for inputs, outputs in ((120, 512), (1536, 512), (1536, 512), (512, 512), (512, 1500)):
    x = torch.randn(rows, inputs, device="cuda", dtype=torch.bfloat16)
    w = torch.randn(inputs, outputs, device="cuda", dtype=torch.bfloat16)
    for _ in range(5): x @ w
    begin, end = torch.cuda.Event(True), torch.cuda.Event(True)
    begin.record()
    for _ in range(50): x @ w
    end.record(); torch.cuda.synchronize()
    us = begin.elapsed_time(end) / 50 * 1e3
    print(f"{rows} x {inputs} x {outputs}: {us:.1f} us, {2 * rows * inputs * outputs / us / 1e6:.0f} TFLOP/s")'
}

# bench NAME PRECISION CLIPS SECONDS RATE: embedding with batches in flight beside waiting for each, and the
# time of every kernel. Some twenty batches, so that the first and the last weigh little.
bench() {
    local count=$(($3 / share))
    gpu_step 60 "$1" "$EARMARK" bench stream --device cuda --precision "$2" --clips $((count > 0 ? count : 1)) \
        --seconds "$4" --rate "$5" --repeats "$((share > 1 ? 1 : 5))"
}

# measured FILE ROW SECONDS: the speed in a row of clips, in times real time
measured() {
    awk -v row="$2" -v length_="$3" '$1 == row && $4 == "clips" { printf "%.0f", $3 * length_ }' "$1" 2>/dev/null
}

# kernels FILE: where the time of one bench went
kernels() {
    printf '\n%s:\n\n```\n%s\n```\n' "${1##*/}" "$(sed -n '/^kernel /,$p' "$1" 2>/dev/null)"
}

# compare: a Markdown table of measured and computed speeds in times real time, and where the time went
compare() {
    local precision length seconds file name computed
    name=$(grep -m 1 -oE 'A100|H100 PCIe|H100|H200|L40S|L4|RTX 5090|B200' <<<"$gpu" | head -n 1)
    echo "GPU: $gpu"
    echo
    echo '| precision | clips | streamed, times real time | waiting for each batch | computed (bounds.md) |'
    echo '|---|---|---|---|---|'
    for precision in float32 tf32 bf16; do
        computed=$(bash bench/kernels/computed.sh | awk -F ' *[|] *' -v want="in $precision," -v name="$name" \
            'index($0, "###") { inside = index($0, want) } inside && $2 == name { print $9 }')
        for length in short long; do
            file=$out/bench_${precision}_$length.txt seconds=$short
            [ $length = short ] || seconds=$long
            echo "| $precision | $length | $(measured "$file" streamed "$seconds") | $(measured "$file" waiting "$seconds") |" \
                "${computed:-not computed for this GPU} |"
        done
    done
    for precision in float32 tf32 bf16; do
        for length in short long; do kernels "$out/bench_${precision}_$length.txt"; done
    done
}

echo "first_gpu_run.sh: $(uname -srm), $(date -u +%FT%TZ)" | tee "$out/steps.txt"
if command -v nvidia-smi >/dev/null; then step 30 nvidia_smi nvidia-smi -q; else say nvidia_smi 'SKIPPED: there is no nvidia-smi'; fi
find_cublas
step 60 info "$EARMARK" info
gpu=$(sed -n 's/^device  *cuda:0: *//p' "$out/info.txt")
case $gpu in *'compute capability'*multiprocessors*) ;; *) gpu='' ;; esac
why=$(sed -n 's/^device  *cuda: none, //p' "$out/info.txt")
why=${why:-it cannot be used}
echo "    ${gpu:-no GPU: $why}"

clips "$out/clips"
step 120 audit_cpu "$EARMARK" audit "$out/clips" -o "$out/audit_cpu" --folds 4 --device cpu
gpu_step 120 audit_gpu "$EARMARK" audit "$out/clips" -o "$out/audit_gpu" --folds 4 --device cuda
for name in tensor wide embedding front_end tails device_cuda classifier nearest statistics; do
    gpu_step 120 "test_$name" "tests/cuda/test_$name"
done
gpu_step 180 whole_program bash tests/cuda/test_whole_program.sh
for precision in float32 tf32 bf16; do
    bench "bench_${precision}_short" "$precision" 100000 "$short" 8000
    bench "bench_${precision}_long" "$precision" 10000 "$long" 16000
done
gpu_step 60 bench_stages "$EARMARK" bench --device cuda --clips $((20000 / share + 1)) --repeats "$((share > 1 ? 1 : 5))"
optional 90 counters ncu --clock-control none --launch-skip 120 --launch-count 40 --metrics \
    gpu__time_duration.sum,sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed,lts__t_bytes.sum,dram__bytes.sum,launch__waves_per_multiprocessor \
    "$EARMARK" bench network --device cuda --precision bf16 --clips $((20000 / share + 1)) --repeats 1
if [ -n "$gpu" ] && ! python3 -c 'import torch' 2>/dev/null; then
    say pytorch 'SKIPPED: there is no PyTorch'
else
    export -f torch_layers
    gpu_step 90 pytorch bash -c torch_layers
fi
optional 120 memcheck compute-sanitizer --tool memcheck --error-exitcode 99 tests/cuda/test_tensor
optional 120 racecheck compute-sanitizer --tool racecheck --error-exitcode 99 tests/cuda/test_tensor
if [ -n "$gpu" ]; then
    echo
    compare | tee "$out/compared.md"
fi
rm -rf "$out/clips"
tar -czf "$out.tar.gz" -C "${out%/*}" "${out##*/}"
echo
echo "$failed steps failed; all that they said is in $out.tar.gz"
[ "$failed" -eq 0 ]
