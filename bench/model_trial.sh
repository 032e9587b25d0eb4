#!/usr/bin/env bash
# One trial of bench/model_check.sh: plants label errors in embedded data and looks
# for them. Writes its results to $OUT/NETWORK/DATA/PERCENT-KIND-SEED.tsv: with C by
# log-loss and, at 5%, also with every single C of the default grid.
#
#   model_trial.sh NETWORK DATA PERCENT KIND RECALL SEED
set -euo pipefail
network=$1 data=$2 percent=$3 kind=$4 recall=$5 seed=$6
folder=$OUT/$network/$data
trial=$folder/$percent-$kind-$seed

# judge OPTION...: cross-validation, on one thread since trials run in parallel.
judge() {
    "$EARMARK" crossval --detector logistic --copies apart \
        --embeddings "$folder/embeddings.npy" --labels "$trial/labels.npy" \
        -o "$trial/crossval" --folds 5 --shuffle --seed "$seed" --scale standard --threads 1 --quiet "$@"
}

# grid: every C that `--C auto` tried.
grid() {
    sed -n 's/.*"grid": \[\([^]]*\)\].*/\1/p' "$trial/crossval/crossval.json" |
        grep -o '"C": [^,]*' | awk '{ printf "%g\n", $2 }'
}

# score SUFFIX [NAME ISSUES]...: the figures of the last cross-validation, each name with SUFFIX.
score() {
    local suffix=$1
    shift
    "$PROGRAMS/score_crossval" "$trial/crossval" "$trial/planted.csv" "$recall" "$@" |
        awk -v data="$data" -v task="$percent% $kind errors" -v network="${network%-*}" \
            -v suffix="$suffix" -F'\t' \
            '{ printf "%s\t%s\t%s%s\t%s\t%s\n", data, task, $1, suffix, network, $2 }'
}

mkdir -p "$trial"
"$PROGRAMS/plant_labels" "$folder/labels.npy" "$kind" "$seed" "$percent" "$trial/labels.npy" \
    "$trial/planted.csv"
judge --C auto
scores=()
for filter in prune_by_noise_rate confident_learning; do
    "$EARMARK" issues --labels "$trial/crossval/labels.npy" \
        --pred-probs "$trial/crossval/pred_probs.npy" -o "$trial/$filter" --filter "$filter" \
        --threads 1 --quiet
    scores+=("$filter" "$trial/$filter/issues.csv")
done
score "" "${scores[@]}" >"$trial.tsv"
if [ "$percent" = 5 ]; then
    tried=$(grid)
    for C in $tried; do
        judge --C "$C" --fresh
        score " at C $C" >>"$trial.tsv"
    done
fi
rm -rf "$trial"
