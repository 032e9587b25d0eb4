#!/usr/bin/env bash
# Simulated reviewers: plants errors in the labels of sets of embeddings, ranks them with
# `earmark detect`, and counts how many a reviewer finds with the fixed list and with the one that
# learns (host/review/learning.h).
#
#   review_simulation.sh DIR... -o OUT [OPTION...]
#
# A DIR is one set, named by its folder, as for detection.sh: embeddings.npy, labels.npy and, for
# errors of groups, groups.npy; further views are not taken.
#
#   -o OUT           the folder to write: runs.tsv, a line for every run, and table.md
#   --errors "..."   kinds of errors with their amounts (see plant_labels)
#   --seeds "..."    of the planted errors (1 2 3)
#   --decisions N    (200)
#   --batch N        decisions between two orders (10)
#
# Runs that are in runs.tsv are not run again. Variables: PROGRAMS, the folder of bench/'s programs
# with simulate_review (make BUILD/bench/simulate_review); EARMARK, the program (./earmark).
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8
program=review_simulation
programs=${PROGRAMS:?the folder of bench/\'s programs}
earmark=${EARMARK:-./earmark}
source "$(dirname "$0")/lib.sh"
errors="symmetric:5 pair:20 pair:40 groups:4" seeds="1 2 3" decisions=200 batch=10
take_sets "errors seeds decisions batch" "$@"
mkdir -p "$out"
runs=$out/runs.tsv
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
[ -e "$runs" ] || : >"$runs"

# trial SET ERRORS SEED: the figures of simulate_review.
trial() {
    local set=$1 groups=()
    if [ "${2%:*}" = groups ]; then groups=("$set/groups.npy"); fi
    "$programs/plant_labels" "$set/labels.npy" "${2%:*}" "$3" "${2#*:}" "$work/labels.npy" \
        "$work/planted.csv" "${groups[@]}"
    "$earmark" detect --embeddings "$set/embeddings.npy" --labels "$work/labels.npy" \
        --unlabelled -1 -o "$work/found" --fresh --quiet
    cp "$set/embeddings.npy" "$work/found/embeddings.npy"
    "$programs/simulate_review" "$work/found" "$work/planted.csv" "$decisions" "$batch"
}

for seed in $seeds; do
    for set in "${sets[@]}"; do
        for error in $errors; do
            if [ "${error%:*}" = groups ] && [ ! -e "$set/groups.npy" ]; then continue; fi
            key=$(printf '%s\t%s\t%s' "${set##*/}" "$error" "$seed")
            if grep -qF "$key"$'\t' "$runs"; then continue; fi
            line=$(trial "$set" "$error" "$seed")
            printf '%s\t%s\n' "$key" "$line" | tee -a "$runs" >&2
        done
    done
done

# Columns of runs.tsv: 1 set, 2 errors, 3 seed, 4 rows, 5 planted, 6 flagged; found in so many
# decisions: 7 8 among the flagged, fixed and learning; in 50, 100 and all decisions among all
# clips: 9 to 11 with the fixed list, 12 to 14 with the learning one.
awk -F'\t' -v decisions="$decisions" '
    function spread(values,   n, v, i, least, most, sum) {
        n = split(values, v, " "); least = most = v[1]
        for (i = 1; i <= n; i++) { sum += v[i]; if (v[i] + 0 < least + 0) least = v[i]; if (v[i] + 0 > most + 0) most = v[i] }
        return sprintf("%.1f (%d to %d)", sum / n, least, most) }
    function share(one, other) { return one / (other > 0 ? other : 1) }
    # One pair of lists: kind, errors found with the fixed and with the learning one, ceiling.
    function compare(kind, one, other, most) {
        runs[kind]++; sum[kind] += share(other, one); bound[kind] += share(most, one)
        fewer[kind] += other < one; more[kind] += other > one; lost[kind] += other < one ? one - other : 0
        if (one < .95 * most) { room[kind]++; room_sum[kind] += share(other, one); room_bound[kind] += share(most, one) } }
    function say(kind, words) {
        printf "%s: mean ratio %.3f, at most %.3f; more errors in %d runs, fewer in %d (%d errors in all)", \
            words, sum[kind] / runs[kind], bound[kind] / runs[kind], more[kind], fewer[kind], lost[kind]
        if (room[kind]) printf "; in the %d where the fixed list finds less than 95%% of what it could: %.3f, at most %.3f", \
            room[kind], room_sum[kind] / room[kind], room_bound[kind] / room[kind]
        print "." }
    { key = $1 " | " $2; if (!(key in seeds)) order[++count] = key
      most = $5 < decisions ? $5 : decisions
      seeds[key]++; planted[key] += $5
      flagged[key] = flagged[key] " " $7
      fixed[key] = fixed[key] " " $11; learning[key] = learning[key] " " $14
      ratio[key] += share($14, $11)
      compare("flagged", $7, $8, most); compare("all", $11, $14, most) }
    END {
        print "| set | errors | planted | flagged: fixed | all clips: fixed | learning | ratio |"
        print "|---|---|---|---|---|---|---|"
        for (i = 1; i <= count; i++) { k = order[i]
            printf "| %s | %.0f | %s | %s | %s | %.3f |\n", k, planted[k] / seeds[k], spread(flagged[k]), \
                spread(fixed[k]), spread(learning[k]), ratio[k] / seeds[k] }
        printf "\n%d runs of %d decisions. ", NR, decisions
        say("all", "All clips"); say("flagged", "Flagged clips only"); }' "$runs" | tee "$out/table.md"
