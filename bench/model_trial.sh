#!/usr/bin/env bash
# One trial of bench/model_check.sh: label errors are planted in embedded data,
# and looked for. Its results are lines of $OUT/NETWORK/DATA/PERCENT-KIND-SEED.tsv.
#
#   model_trial.sh NETWORK DATA PERCENT KIND RECALL SEED
set -euo pipefail
network=$1 data=$2 percent=$3 kind=$4 recall=$5 seed=$6
folder=$OUT/$network/$data
trial=$folder/$percent-$kind-$seed

mkdir -p "$trial"
"$PROGRAMS/plant_labels" "$folder/labels.npy" "$kind" "$seed" "$percent" "$trial/labels.npy" \
    "$trial/planted.csv"
# Several trials run at a time, so one thread each.
"$EARMARK" crossval --embeddings "$folder/embeddings.npy" --labels "$trial/labels.npy" \
    -o "$trial/crossval" --folds 5 --shuffle --seed "$seed" --scale standard --C auto --threads 1 --quiet
scores=()
for filter in prune_by_noise_rate confident_learning; do
    "$EARMARK" issues --labels "$trial/crossval/labels.npy" \
        --pred-probs "$trial/crossval/pred_probs.npy" -o "$trial/$filter" --filter "$filter" \
        --threads 1 --quiet
    scores+=("$filter" "$trial/$filter/issues.csv")
done
"$PROGRAMS/score_crossval" "$trial/crossval" "$trial/planted.csv" "$recall" "${scores[@]}" |
    awk -v data="$data" -v task="$percent% $kind errors" -v network="${network%-*}" -F'\t' '
        { printf "%s\t%s\t%s\t%s\t%s\n", data, task, $1, network, $2 }' >"$trial.tsv"
rm -rf "$trial"
