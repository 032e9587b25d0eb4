#!/usr/bin/env bash
# The whole program on a CUDA device, real or simulated, against the CPU: 200 recordings (or
# synthetic clips if there are none) through the full default model; a GPU that is lost half way.
#
#   EARMARK=program with earmark-cuda.so beside it  tests/cuda/test_whole_program.sh
source tests/cli/lib.sh
source tests/cli/sounds.sh

data=$repository/../shared/data/fsdd/recordings
model=$repository/models/default.safetensors
"$EARMARK" info >"$TMP/info" 2>&1
if ! grep -q 'device  *cuda:0:' "$TMP/info"; then
    skip 'whole program' "no GPU, and no simulated one: $(grep -m 1 'cuda' "$TMP/info")"
    exit 0
fi
clips=200
step=12
if [ ! -d "$data" ]; then
    skip '200 recordings' '../shared/data/fsdd is not there: made clips in their place'
    data=$TMP/made
    clips=80
    step=1
    mkdir "$data"
    number=0
    for half in 4 6 8 11 15 20 27 36 48 64; do
        for take in 0 1 2 3 4 5 6 7; do
            write_square_wav "$data/${number}_square_$take.wav" "$half" $((2000 + 160 * take))
        done
        number=$((number + 1))
    done
fi

# some NAME COUNT STEP: a folder of every STEP-th recording; every tenth is labelled as the next digit
some() {
    local number=0 name
    mkdir "$TMP/$1"
    find "$data" -name '*.wav' | sort | awk -v step="$3" 'NR % step == 1 % step' | head -n "$2" |
        while read -r file; do
            name=${file##*/}
            number=$((number + 1))
            if [ $((number % 10)) -eq 0 ]; then name=$(((${name%%_*} + 1) % 10))_${name#*_}x.wav; fi
            cp "$file" "$TMP/$1/$name"
        done
}

# compute NAME CODE COMMAND FOLDER DEVICE OUT
compute() {
    expect_exit "$1" "$2" "$EARMARK" "$3" "$TMP/$4" -o "$TMP/$6" --device "$5" --model "$model" \
        --label-pattern '{label}_{speaker}_{take}.wav' --threads 1
}

# difference FILE FILE COLUMNS [LEFT_OUT]: the largest relative L2 difference of rows of float32 after
# the 128-byte header, without the columns LEFT_OUT (from 0, ",3,7,").
difference() {
    paste -d ' ' <(tail -c +129 "$1" | od -An -v -w4 -tf4) <(tail -c +129 "$2" | od -An -v -w4 -tf4) |
        awk -v n="$3" -v out="${4:-}" 'index(out, "," (NR - 1) % n ",") == 0 { d += ($1 - $2)^2; s += $2^2 }
              NR % n == 0 { r = sqrt(d / s); d = s = 0
              if (!(r <= most)) most = r } END { printf "%.3g\n", NR == 0 ? "nan" : most }'
}

# The ranking without probabilities and what is computed from them.
ranking() { cut -d, -f1-8 "$1/issues.csv"; }

some clips "$clips" "$step"
compute 'audit on the CPU' 0 audit clips cpu cpu
compute 'audit on a GPU' 0 audit clips cuda cuda
far=$(difference "$TMP/cuda/embeddings.npy" "$TMP/cpu/embeddings.npy" 512)
printf '# embeddings of %s clips: %s from the CPU'\''s (relative L2)\n' "$clips" "$far"
check 'embeddings within 4e-6' awk -v far="$far" 'BEGIN { exit !(far > 0 && far <= 4e-6) }'
# All frames of a made clip are equally loud: which one is the loudest, and so its time (numbers 51 and
# 52) and the decay after it (62, 63), is a matter of rounding.
far=$(difference "$TMP/cuda/statistics.npy" "$TMP/cpu/statistics.npy" 87 ,51,52,62,63,)
printf '# their statistics: %s\n' "$far"
check 'statistics within 1e-6' awk -v far="$far" 'BEGIN { exit !(far <= 1e-6) }'
expect_equal 'the same issues' "$(ranking "$TMP/cuda")" "$(ranking "$TMP/cpu")"
check 'there are issues' test "$(ranking "$TMP/cuda" | wc -l)" -gt 5

# A GPU that is lost while it embeds: exit code 75, and a second run continues to the same results.
some few 8 $((step * 5))
compute 'embed on a GPU' 0 embed few cuda whole
if grep -q 'cuda:0: simulated' "$TMP/info"; then
    CUDASIM_FAIL=sticky:200 compute 'a lost GPU' 75 embed few cuda lost
    expect_grep 'says so' 'illegal address|IllegalAddress' "$TMP/stderr"
    compute 'and again' 0 embed few cuda lost
    expect_same 'to the same end' "$TMP/lost/embeddings.npy" "$TMP/whole/embeddings.npy"
    expect_same 'with its statistics' "$TMP/lost/statistics.npy" "$TMP/whole/statistics.npy"
else
    skip 'a lost GPU' 'only the simulator loses one on command'
fi

# A GPU that is full or cannot be used: auto says so and takes the CPU, cuda:all takes the others.
if grep -q 'cuda:0: simulated' "$TMP/info"; then
    CUDASIM_MEMORY=1000000 compute 'auto with a full GPU' 0 embed few auto full
    expect_grep 'says so' '^warning: the CPU computes, because .*cudaErrorMemoryAllocation' "$TMP/stderr"
    compute 'the CPU' 0 embed few cpu cpu_few
    expect_same 'computes' "$TMP/full/embeddings.npy" "$TMP/cpu_few/embeddings.npy"
    CUDASIM_MEMORY=1000000 compute 'cuda with it' 1 embed few cuda full_cuda
    CUDASIM_GPUS=2 CUDASIM_OLD=1 compute 'cuda:all with an old GPU' 0 embed few cuda:all mixed
    expect_grep 'leaves it out' '^warning: --device cuda:all: left out: GPU 0 .*capability 7\.' "$TMP/stderr"
    expect_same 'the other computes' "$TMP/mixed/embeddings.npy" "$TMP/whole/embeddings.npy"
    CUDASIM_OLD=1 compute 'cuda:all with old GPUs only' 1 embed few cuda:all none
else
    skip 'a GPU that cannot be used' 'only the simulator has one on command'
fi
