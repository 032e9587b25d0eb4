#!/usr/bin/env bash
# Measures a model file beside random weights, called by `make model-check`: how
# well a classifier on its embeddings separates digits, speakers and languages,
# and how well planted label errors are found. Prints tables on stdout and into
# $OUT/figures.md, progress on stderr.
#
# Clips are embedded once for each network, at 16 kHz; then follow `earmark crossval`
# (columns scaled, C from the default grid) and `earmark issues`. A figure is a
# line of $OUT/results.tsv: data, task, figure, network (model or random), value.
#
# Variables:
#   MODEL         the model file (models/default.safetensors)
#   DIGITS        a folder of spoken digits, {digit}_{speaker}_{take}.wav; skipped where not set
#   PROMPTS       a manifest (path,label) in place of the prompts that are downloaded
#   SEEDS         of the planted errors (1 to 10)
#   RANDOM_SEEDS  of the random networks (1 2 3)
#   JOBS          number of trials run in parallel
#   OUT           the folder to write (build/model-check)
#   PROGRAMS      the folder of bench/'s small programs
#   EARMARK       the program (./earmark)
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
program=model-check
source bench/lib.sh
source bench/prompts.sh
model=${MODEL:-models/default.safetensors}
seeds=${SEEDS:-1 2 3 4 5 6 7 8 9 10}
random_seeds=${RANDOM_SEEDS:-1 2 3}
digit_source=https://github.com/Jakobovski/free-spoken-digit-dataset
export OUT=${OUT:-build/model-check} PROGRAMS=${PROGRAMS:?the folder of bench/\'s small programs}
export EARMARK=${EARMARK:-./earmark}

# embed NETWORK DATA INPUT [OPTION]...: embeddings into $OUT/NETWORK/DATA.
embed() {
    local folder=$OUT/$1/$2 file=$OUT/$1.safetensors
    if [ "$1" = model ]; then file=$model; fi
    say "$1: embedding $2"
    shift 2
    mkdir -p "${folder%/*}"
    audited "$EARMARK" embed "$@" -o "$folder" --model "$file" --fresh --quiet
}

# accuracy NETWORK DATA TASK LABELS [OPTION]...: one cross-validation, one result.
accuracy() {
    local network=$1 folder=$OUT/$1/$2 task=$3 labels=$4
    shift 4
    "$EARMARK" crossval --detector logistic --copies apart \
        --embeddings "$folder/embeddings.npy" --labels "$labels" \
        -o "$folder/crossval" --folds 5 --scale standard --C auto --fresh --quiet "$@"
    printf '%s\t%s\taccuracy\t%s\t%s\n' "${folder##*/}" "$task" "${network%-*}" \
        "$("$PROGRAMS/accuracy" "$folder/crossval")" >>"$OUT/results.tsv"
}

measure_digits() { # NETWORK
    local folder=$OUT/$1/digits
    embed "$1" digits "$DIGITS" --label-pattern '{label}_{speaker}_{take}.wav' --group speaker
    "$PROGRAMS/column_codes" "$folder/clips.csv" group "$folder/speakers.npy"
    say "$1: accuracy on digits"
    accuracy "$1" digits "which digit, leave one speaker out" "$folder/labels.npy" \
        --groups "$folder/speakers.npy"
    accuracy "$1" digits "which digit, shuffled" "$folder/labels.npy" --shuffle
    accuracy "$1" digits "which speaker, shuffled" "$folder/speakers.npy" --shuffle
}

measure_prompts() { # NETWORK
    embed "$1" prompts "$prompts"
    say "$1: accuracy on prompts"
    accuracy "$1" prompts "which language, shuffled" "$OUT/$1/prompts/labels.npy" --shuffle
}

# plant DATA PERCENT KIND RECALL: trials with every network and seed.
plant() {
    local network seed
    say "$1: $2% $3 errors"
    for network in "${networks[@]}"; do
        for seed in $seeds; do echo "$network $* $seed"; done
    done | xargs -P "${JOBS:-$(nproc)}" -L 1 bash bench/model_trial.sh
    for network in "${networks[@]}"; do
        for seed in $seeds; do cat "$OUT/$network/$1/$2-$3-$seed.tsv"; done
    done >>"$OUT/results.tsv"
}

describe() {
    echo "Model: \`${model##*/}\`. Random weights: seeds $random_seeds. Planted errors: seeds $seeds." | visible
    if [ -z "${DIGITS:-}" ]; then echo "Spoken digits were skipped: DIGITS was not set."; fi
    echo
    "$EARMARK" model info "$model" | sed -n -E 's/^(name|file|parameters) +/    \1: /p'
}

if [ ! -e "$model" ]; then
    say "$model: no such file; MODEL=FILE names another"
    exit 1
fi
started=$SECONDS
rm -rf "$OUT"
mkdir -p "$OUT"
networks=(model)
for seed in $random_seeds; do
    networks+=("random-$seed")
    "$PROGRAMS/random_weights" "$seed" "$OUT/random-$seed.safetensors"
done
awk -v bytes="$(wc -c <"$model")" 'BEGIN {
    printf "model file\tsize\tmegabytes\tmodel\t%.6f\n", bytes / 1e6 }' >"$OUT/results.tsv"

prompts=${PROMPTS:-build/demo/prompts.csv}
if [ -z "${PROMPTS:-}" ]; then prompts_fetch build/demo >&2; fi
for network in "${networks[@]}"; do
    if [ -n "${DIGITS:-}" ]; then measure_digits "$network"; fi
    measure_prompts "$network"
done
if [ -n "${DIGITS:-}" ]; then
    for kind in symmetric pair; do
        plant digits 5 "$kind" 0.88
        for percent in 10 20 40; do plant digits "$percent" "$kind" 0.9; done
    done
fi
plant prompts 5 symmetric 0.9

{
    describe
    awk -f bench/model_tables.awk bench/model_targets.tsv "$OUT/results.tsv"
} | tee "$OUT/figures.md"
say "done in $((SECONDS - started)) s; the tables are in $OUT/figures.md"
if [ -z "${DIGITS:-}" ]; then
    say "SKIPPED: spoken digits. Set DIGITS to the recordings of the Free Spoken Digit Dataset," \
        "$digit_source (folder recordings), to measure them"
fi
