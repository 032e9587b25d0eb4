#!/usr/bin/env bash
# The whole program on one, two and three GPUs: the same bytes from each, and of a
# run in which one of them is lost, once it is run again. Only the simulator has so many GPUs.
#
#   EARMARK=program with the simulated earmark-cuda.so beside it  tests/cuda/test_several_gpus.sh
source tests/cli/lib.sh
source tests/cli/arrays.sh
source tests/cli/sounds.sh

"$EARMARK" info >"$TMP/info" 2>&1
if ! grep -q 'cuda:0: simulated' "$TMP/info"; then
    skip 'several GPUs' 'only the simulator has them, and loses one, on command'
    exit 0
fi

# made NAME ROWS COLUMNS CLASSES: NAME.npy and NAME_labels.npy; the class moves one column, every 20th
# label is wrong.
made() {
    awk -v count="$2" -v columns="$3" -v classes="$4" '
        function random() { state = state * 16807 % 2147483647; return state / 2147483647 }
        BEGIN {
            state = 17
            for (i = 0; i < count; i++) {
                class = int(classes * random())
                line = i % 20 == 7 ? (class + 1) % classes : class
                for (f = 0; f < columns; f++)
                    line = line " " int((f % classes == class ? 40 : 0) + 60 * (random() + random() - 1))
                print line
            }
        }' >"$TMP/rows"
    cut -d' ' -f2- "$TMP/rows" | matrix "$TMP/$1.npy" '|i1'
    cut -d' ' -f1 "$TMP/rows" | vector "$TMP/$1_labels.npy" '<i4'
}

# Rows of three slices of the classifier (kernels/cuda/classifier_state.h); five blocks of queries.
made many 24800 2 2
made few 1100 6 3

crossval=(crossval --detector logistic --embeddings "$TMP/many.npy" --labels "$TMP/many_labels.npy")
detect=(detect --embeddings "$TMP/few.npy" --labels "$TMP/few_labels.npy")

# compute NAME CODE OUT ARGUMENT...
compute() {
    local name=$1 code=$2 out=$TMP/$3
    shift 3
    CUDASIM_COUNTS=$out.counts expect_exit "$name" "$code" "$EARMARK" "$@" -o "$out" --device cuda:all \
        --folds 2 --C 0.1 --threads 1
}

calls() { sed -n 's/^# calls \([0-9]*\),.*/\1/p' "$TMP/$1.counts"; }

# launches OUT KERNEL
launches() { awk -v kernel="$2" 'index($1, kernel) == 1 { sum += $2 } END { print sum + 0 }' "$TMP/$1.counts"; }

# same NAME OUT OUT FILE...
same() {
    local name=$1 one=$TMP/$2 other=$TMP/$3 file
    shift 3
    for file in "$@"; do expect_same "$name: $file" "$one/$file" "$other/$file"; done
}

for gpus in 1 2 3; do
    CUDASIM_GPUS=$gpus compute "cross-validation on $gpus" 0 "crossval_$gpus" "${crossval[@]}"
    CUDASIM_GPUS=$gpus compute "the ensemble on $gpus" 0 "detect_$gpus" "${detect[@]}"
done
for gpus in 2 3; do
    same "cross-validation on $gpus" crossval_1 "crossval_$gpus" pred_probs.npy crossval.json
    same "the ensemble on $gpus" detect_1 "detect_$gpus" scores.npy pred_probs.npy issues.csv classes.csv
    check "all $gpus cross-validate" test "$(launches "crossval_$gpus" pack_weights)" -gt \
        "$(launches "crossval_$((gpus - 1))" pack_weights)"
    check "all $gpus look for neighbours" test "$(launches "detect_$gpus" row_lengths)" -eq \
        $((2 * (gpus - 1) + $(launches detect_1 row_lengths))) # of its queries and of the one tile
done
check 'there are issues' test "$(wc -l <"$TMP/detect_1/issues.csv")" -gt 20

# One GPU of three is lost in the middle: exit code 75, and the same end afterwards. make test-long, which sets
# EARMARK_EVERY_STEP, loses each of them, and in several places.
lost_gpus=(1) lost_parts=(60)
if [ -n "${EARMARK_EVERY_STEP:-}" ]; then lost_gpus=(0 1 2) lost_parts=(30 60 90); fi
for gpu in "${lost_gpus[@]}"; do
    half=$(($(calls crossval_3) / 2))
    CUDASIM_GPUS=3 CUDASIM_FAIL=gpu:$gpu:$half compute "cross-validation without GPU $gpu" 75 "lost_$gpu" \
        "${crossval[@]}"
    expect_grep 'says so' 'illegal address|IllegalAddress' "$TMP/stderr"
    check 'and leaves no result' test ! -e "$TMP/lost_$gpu/pred_probs.npy"
    CUDASIM_GPUS=2 compute 'on the others' 0 "lost_$gpu" "${crossval[@]}"
    same 'to the same end' crossval_1 "lost_$gpu" pred_probs.npy crossval.json
done
for part in "${lost_parts[@]}"; do
    call=$(($(calls detect_3) * part / 100))
    CUDASIM_GPUS=3 CUDASIM_FAIL=gpu:0:$call compute "the ensemble without a GPU after $part%" 75 "ensemble_$part" \
        "${detect[@]}"
    check 'leaves no result' test ! -e "$TMP/ensemble_$part/issues.csv"
    CUDASIM_GPUS=2 compute 'on the others' 0 "ensemble_$part" "${detect[@]}"
    same 'to the same end' detect_1 "ensemble_$part" scores.npy pred_probs.npy issues.csv
done

# An audit that loses its GPU after the clips were embedded embeds none again.
mkdir "$TMP/clips"
number=0
for half in 4 8 15 27 48; do
    for take in 0 1 2 3; do
        write_square_wav "$TMP/clips/${number}_square_$take.wav" "$half" $((2000 + 160 * take))
    done
    number=$((number + 1))
done
audit=(audit "$TMP/clips" --model "$repository/models/default.safetensors" --label-pattern '{label}_{speaker}_{take}.wav')
results=(embeddings.npy statistics.npy scores.npy pred_probs.npy issues.csv)
for gpus in 1 3; do CUDASIM_GPUS=$gpus compute "an audit on $gpus" 0 "audit_$gpus" "${audit[@]}"; done
same 'an audit on 3' audit_1 audit_3 "${results[@]}"
CUDASIM_FAIL=sticky:$(($(calls audit_1) * 8 / 10)) compute 'an audit that loses its GPU' 75 audit "${audit[@]}"
check 'once all is embedded' test "$(launches audit features_kernel)" -eq "$(launches audit_1 features_kernel)"
check 'and while it detects' test "$(launches audit pick_nearest)" -lt "$(launches audit_1 pick_nearest)"
rm "$TMP/audit.counts"
compute 'and again' 0 audit "${audit[@]}"
expect_equal 'nothing is embedded again' "$(launches audit features_kernel)" 0
same 'to the same end' audit_1 audit "${results[@]}"
