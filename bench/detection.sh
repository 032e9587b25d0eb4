#!/usr/bin/env bash
# The table of detection: plants errors in the labels of sets of embeddings, looks for
# them with `earmark detect` and measures the list.
#
#   detection.sh DIR... -o OUT [OPTION...]
#
# A DIR is one set, named by its folder: embeddings.npy and labels.npy (whole numbers
# from 0), as `earmark embed` writes them, and where they exist statistics.npy and
# view-*.npy, further views of the same rows, and groups.npy, whole numbers. Logistic
# regression takes embeddings.npy alone.
#
#   -o OUT            the folder to write: runs.tsv, a line for every run, and table.md
#   --errors "..."    kinds of errors with their amounts (see plant_labels):
#                     symmetric:5 is 5 percent, groups:3 are three groups' labels; by
#                     default 2, 5, 10 and 20 percent of each kind, and groups:3
#   --folds "..."     dealt: as rows are listed; groups: a group stays in one fold, where
#                     there is groups.npy (both)
#   --detectors "..." (ensemble logistic)
#   --seeds "..."     of the planted errors (1 2 3 4 5)
#   --threads N       of earmark
#
# Runs that are in runs.tsv are not run again, so the same command continues after a stop
# and more seeds, errors or sets can be added. Start with another OUT when the program or
# a set has changed. The table is printed, too; progress goes to stderr.
#
# Variables:
#   PROGRAMS      the folder of bench/'s small programs
#   EARMARK       the program (./earmark)
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8
program=detection
programs=${PROGRAMS:?the folder of bench/\'s small programs}
earmark=${EARMARK:-./earmark}
tables=$(dirname "$0")/detection_tables.awk

source "$(dirname "$0")/lib.sh"
errors="symmetric:2 symmetric:5 symmetric:10 symmetric:20 pair:2 pair:5 pair:10 pair:20 groups:3
    vocabulary:2 vocabulary:5 vocabulary:10 vocabulary:20"
folds="dealt groups" detectors="ensemble logistic" seeds="1 2 3 4 5" threads=
take_sets "errors folds detectors seeds threads" "$@"

# trial SET ERRORS FOLDS DETECTOR SEED: one run; its figures, in the order of `figures`, with tabs.
figures=(rows planted average_precision within_budget flagged precision recall F1
    flagged_per_planted count low high count_error count_held)
trial() {
    local set=$1 options=(${threads:+--threads "$threads"}) view groups=()
    if [ "$4" = ensemble ]; then
        for view in "$set"/statistics.npy "$set"/view-*.npy; do
            if [ -e "$view" ]; then options+=(--embeddings "$view"); fi
        done
    fi
    if [ "$3" = groups ]; then options+=(--groups "$set/groups.npy"); fi
    if [ "${2%:*}" = groups ]; then groups=("$set/groups.npy"); fi
    "$programs/plant_labels" "$set/labels.npy" "${2%:*}" "$5" "${2#*:}" "$work/labels.npy" \
        "$work/planted.csv" "${groups[@]}"
    "$earmark" detect --embeddings "$set/embeddings.npy" --labels "$work/labels.npy" \
        --unlabelled -1 -o "$work/found" --detector "$4" --fresh --quiet "${options[@]}"
    "$programs/score_detection" "$work/found" "$work/planted.csv" | awk -F'\t' -v names="${figures[*]}" '
        { value[$1] = $2 }
        END {
            count = split(names, name, " ")
            for (i = 1; i <= count; i++) printf "\t%s", value[name[i]]
        }'
}

mkdir -p "$out"
runs=$out/runs.tsv
work=$out/.work
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
if [ ! -e "$runs" ]; then
    { printf 'set\terrors\tamount\tfolds\tdetector\tseed'; printf '\t%s' "${figures[@]}"; echo; } >"$runs"
fi
declare -A known
while IFS=$'\t' read -r set kind amount how detector seed rest; do
    known[$set/$kind:$amount/$how/$detector/$seed]=1
done <"$runs"

plan=()
for set in "${sets[@]}"; do
    for error in $errors; do
        for how in $folds; do
            if [ ! -e "$set/groups.npy" ] && [[ $how = groups || $error = groups:* ]]; then continue; fi
            for detector in $detectors; do
                for seed in $seeds; do
                    if [ -n "${known[${set##*/}/$error/$how/$detector/$seed]:-}" ]; then continue; fi
                    plan+=("$error $how $detector $seed $set")
                done
            done
        done
    done
done
done=0
for run in "${plan[@]}"; do
    read -r error how detector seed set <<<"$run"
    say "$((++done)) of ${#plan[@]}: ${set##*/}, $error, $how, $detector, seed $seed"
    line=$(trial "$set" "$error" "$how" "$detector" "$seed")
    printf '%s\t%s\t%s\t%s\t%s\t%s%s\n' "${set##*/}" "${error%:*}" "${error#*:}" "$how" "$detector" \
        "$seed" "$line" >>"$runs"
done
awk -f "$tables" "$runs" | tee "$out/table.md"
say "${#plan[@]} runs, $((${#known[@]} - 1)) were there before; $runs has all"
