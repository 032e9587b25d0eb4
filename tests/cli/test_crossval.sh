#!/usr/bin/env bash
# earmark crossval: files written, rows left out, the same bytes, and what it refuses.
source tests/cli/lib.sh

golden=$repository/tests/golden/crossval
x=$golden/ten_x.npy
y=$golden/ten_y.npy

# ---- usage
expect_exit "help" 0 "$EARMARK" crossval --help
expect_grep "help names the files" 'pred_probs.npy' "$TMP/stdout"
expect_exit "nothing given" 2 "$EARMARK" crossval
expect_exit "unknown option" 2 "$EARMARK" crossval --fold 3
expect_grep "unknown option is named" "--fold.*see earmark crossval --help" "$TMP/stderr"
expect_exit "C below 0" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no" --C -1
expect_exit "C with a word" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no" --C 1,b
expect_exit "one fold" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no" --folds 1
expect_exit "unknown scale" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no" --scale max
expect_exit "groups and folds" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no" \
    --groups "$y" --fold-of "$y"
check_fails "a missing file" "$EARMARK" crossval --embeddings "$TMP/none.npy" --labels "$y" -o "$TMP/no"
expect_grep "the missing file is named" 'none.npy' "$TMP/stderr"
check_fails "lengths that differ" "$EARMARK" crossval --embeddings "$x" \
    --labels "$golden/two_y.npy" -o "$TMP/no"
expect_grep "the lengths are reported" '200 rows, but the embeddings have 300' "$TMP/stderr"
check_fails "labels that are embeddings" "$EARMARK" crossval --embeddings "$x" --labels "$x" -o "$TMP/no"
head -c 5000 "$x" >"$TMP/cut.npy"
check_fails "a truncated file" "$EARMARK" crossval --embeddings "$TMP/cut.npy" --labels "$y" -o "$TMP/no"

# ---- the best C is the largest, or the smallest
check "too small" "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/edge" --C 1e-8,1e-7
expect_grep "larger ones are proposed" 'edge of the values tried; try more, e\.g\. --C 1e-07,1e-06$' \
    "$TMP/stderr"
check "too large" "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/edge" --C 1e5,1e4 --fresh
expect_grep "smaller ones are proposed" 'try more, e\.g\. --C 1000,10000$' "$TMP/stderr"

# ---- a run
expect_exit "default C" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/one" --threads 1
expect_grep "summary" '300 rows, 10 classes, 5 folds: log-loss ' "$TMP/stdout"
expect_grep "what to do next" \
    "^Next: earmark issues --labels $TMP/one/labels\.npy --pred-probs $TMP/one/pred_probs\.npy" \
    "$TMP/stdout"
for file in pred_probs.npy labels.npy folds.npy rows.npy classes.json crossval.json; do
    expect_file "$file" "$TMP/one/$file"
done
expect_lines "nothing left out" 1 "$TMP/one/not_auditable.csv"
expect_grep "report" '"folds_from": "labels"' "$TMP/one/crossval.json"
expect_grep "reason of stopping" '"stop": "gradient", "precision": "float32"' "$TMP/one/crossval.json"
check_fails "results are not overwritten" "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/one"
expect_grep "how to" '--fresh' "$TMP/stderr"
expect_exit "other threads" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/three" \
    --threads 3 --quiet
expect_lines "quiet" 0 "$TMP/stdout"
expect_lines "quiet, stderr" 0 "$TMP/stderr"
for file in pred_probs.npy labels.npy folds.npy rows.npy classes.json crossval.json not_auditable.csv; do
    expect_same "the same bytes: $file" "$TMP/one/$file" "$TMP/three/$file"
done
expect_exit "again with --fresh" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/three" \
    --fresh --json --shuffle --seed 3 --C 0.1,1
expect_grep "JSON" '"seed": 3' "$TMP/stdout"
expect_exit "issues takes the results" 0 "$EARMARK" issues --labels "$TMP/one/labels.npy" \
    --pred-probs "$TMP/one/pred_probs.npy"

# ---- given folds, groups, rows that cannot be audited
expect_exit "folds of a file" 0 "$EARMARK" crossval --embeddings "$golden/missing_x.npy" \
    --labels "$golden/missing_y.npy" --fold-of "$golden/missing_f.npy" -o "$TMP/column" --C 1
expect_grep "left out" '^[0-9]+,[23],all clips of its class are in one fold$' "$TMP/column/not_auditable.csv"
expect_grep "which classes are left" '^\[0, 1\]$' "$TMP/column/classes.json"
expect_grep "warning" 'rows that cannot be audited: [0-9]+, see' "$TMP/stderr"
expect_exit "groups" 0 "$EARMARK" crossval --embeddings "$golden/unbalanced_x.npy" \
    --labels "$golden/unbalanced_y.npy" --groups "$golden/unbalanced_f.npy" -o "$TMP/groups" --C 1 \
    --folds 5
expect_grep "groups are recorded" '"folds_from": "groups"' "$TMP/groups/crossval.json"
expect_exit "iterations run out" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/short" \
    --C 1 --max-iterations 2
expect_grep "and are reported" 'limit of iterations' "$TMP/stderr"
check_fails "too many folds" "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/many" --folds 200

# ---- rows without a label do not change the results
source tests/cli/arrays.sh
npy "$TMP/unknown_y.npy" '<i4' '(300,)' ''
tail -c 1200 "$y" | head -c 1120 >>"$TMP/unknown_y.npy"
printf '\377%.0s' {1..80} >>"$TMP/unknown_y.npy"
npy "$TMP/known_y.npy" '<i4' '(280,)' ''
tail -c 1200 "$y" | head -c 1120 >>"$TMP/known_y.npy"
npy "$TMP/known_x.npy" '<f4' '(280, 24)' ''
tail -c 28800 "$x" | head -c 26880 >>"$TMP/known_x.npy"
expect_exit "rows without a label" 0 "$EARMARK" crossval --embeddings "$x" \
    --labels "$TMP/unknown_y.npy" --unlabelled -1 -o "$TMP/unknown"
expect_grep "are left out" '^280 rows, 10 classes' "$TMP/stdout"
expect_equal "and listed, without a label" "$(sed -n '2p;$p' "$TMP/unknown/not_auditable.csv")" \
    $'280,,it has no labels\n299,,it has no labels'
expect_grep "the setting is kept" '"unlabelled": -1,' "$TMP/unknown/crossval.json"
expect_exit "the others alone" 0 "$EARMARK" crossval --embeddings "$TMP/known_x.npy" \
    --labels "$TMP/known_y.npy" -o "$TMP/known"
for file in pred_probs.npy labels.npy folds.npy rows.npy classes.json; do
    expect_same "come out the same: $file" "$TMP/known/$file" "$TMP/unknown/$file"
done
expect_exit "rows without a label, folds given" 0 "$EARMARK" crossval --embeddings "$x" --C 1 \
    --labels "$TMP/unknown_y.npy" --unlabelled -1 --fold-of "$golden/ten_f.npy" -o "$TMP/unknown-folds"
expect_grep "are left out, too" '^280 rows, 10 classes' "$TMP/stdout"
expect_exit "-1 as a class" 0 "$EARMARK" crossval --embeddings "$x" --labels "$TMP/unknown_y.npy" \
    -o "$TMP/minus" --C 1
expect_grep "is reported" 'warning: rows with the label -1: 20; .*--unlabelled -1' "$TMP/stderr"
expect_exit "no number" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no" \
    --unlabelled none
expect_exit "not with several labels" 2 "$EARMARK" crossval --embeddings "$x" --labels "$y" \
    -o "$TMP/no" --unlabelled -1 --multi-label
npy "$TMP/none_y.npy" '<i4' '(300,)' "$(printf '\\377%.0s' {1..1200})"
check_fails "no label at all" "$EARMARK" crossval --embeddings "$x" --labels "$TMP/none_y.npy" \
    -o "$TMP/no" --unlabelled -1
expect_grep "is reported with the number of rows" 'none of the 300 clips has a label' "$TMP/stderr"

# ---- several labels a row
several=$repository/tests/golden/multilabel
x=$several/noisy_x.npy
y=$several/noisy_y.npy
check_fails "a matrix is not one label a row" "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/no"
expect_grep "which option it needs" '200 x 5 .*--multi-label' "$TMP/stderr"
expect_exit "several labels" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" --multi-label \
    -o "$TMP/several" --threads 1 --seed 3
expect_grep "their summary" '200 rows, 5 classes, 5 folds: C = 1, log-loss 0\.309' "$TMP/stdout"
expect_grep "how folds came about" '"multi_label": true,$' "$TMP/several/crossval.json"
expect_grep "and by which seed" '"folds_from": "shuffle", "seed": 3' "$TMP/several/crossval.json"
expect_lines "nothing is left out" 1 "$TMP/several/not_auditable.csv"
cmp -s <(tail -c 800 "$several/noisy_f.npy") <(tail -c 800 "$TMP/several/folds.npy") &&
    ok "KFold's folds of that seed" || not_ok "KFold's folds of that seed"
expect_exit "with other threads" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" --multi-label \
    -o "$TMP/several2" --threads 3 --fold-of "$several/noisy_f.npy" --quiet
for file in pred_probs.npy labels.npy folds.npy rows.npy classes.json not_auditable.csv; do
    expect_same "the same bytes for several labels: $file" "$TMP/several/$file" "$TMP/several2/$file"
done
expect_exit "issues takes several labels" 0 "$EARMARK" issues --multi-label \
    --labels "$TMP/several/labels.npy" --pred-probs "$TMP/several/pred_probs.npy"
tail -c 212 "$several/noisy_issues.npy" | od -An -v -t d4 -w4 | tr -d ' ' >"$TMP/expected"
expect_same "the rows that cleanlab flags, in its order" "$TMP/stdout" "$TMP/expected"

# Eight rows: class 0 has one clip only, class 2 all of them; row 7 is not known.
npy "$TMP/few_y.npy" '|i1' '(8, 3)' \
    '\1\1\1\0\0\1\0\1\1\0\0\1\0\1\1\0\0\1\0\1\1\0377\0377\0377'
npy "$TMP/few_x.npy" '<f4' '(8, 1)' "$float_0$float_1$float_0$float_1$float_quarter$float_1$float_0$float_1"
expect_exit "classes that cannot be judged" 0 "$EARMARK" crossval --copies apart \
    --embeddings "$TMP/few_x.npy" \
    --labels "$TMP/few_y.npy" --multi-label -o "$TMP/few" --folds 2 --C 1
expect_equal "are listed, with the row that is not known" "$(cat "$TMP/few/not_auditable.csv")" \
    $'row,label,reason\n,0,fewer clips than folds have it\n,2,fewer clips than folds are without it\n7,,it has no labels'
expect_equal "which class is left" "$(cat "$TMP/few/classes.json")" '[1]'
expect_grep "a warning, too" 'classes that cannot be audited: 2, see' "$TMP/stderr"
npy "$TMP/two_y.npy" '|i1' '(8, 3)' \
    '\1\1\1\0\0\1\0\2\1\0\0\1\0\1\1\0\0\1\0\1\1\1\1\1'
check_fails "labels other than 0 and 1" "$EARMARK" crossval --embeddings "$TMP/few_x.npy" \
    --labels "$TMP/two_y.npy" --multi-label -o "$TMP/no"
expect_grep "which one" 'two_y.npy: row 2, column 1: the label 2 is neither 0 nor 1' "$TMP/stderr"
npy "$TMP/part_y.npy" '|i1' '(8, 3)' \
    '\1\1\1\0\0\1\0377\1\1\0\0\1\0\1\1\0\0\1\0\1\1\1\1\1'
check_fails "a row that is half known" "$EARMARK" crossval --embeddings "$TMP/few_x.npy" \
    --labels "$TMP/part_y.npy" --multi-label -o "$TMP/no"
check_fails "floats are no labels" "$EARMARK" crossval --embeddings "$x" --labels "$x" --multi-label -o "$TMP/no"

# ---- messages name the array, and the row as the array has it
zero='\0\0\0\0\0\0\0\0' one='\0\0\0\0\0\0\xf0\x3f' large='\x9c\x75\0\x88\x3c\xe4\x37\x7e' # 1e300
infinite='\0\0\0\0\0\0\xf0\x7f'
npy "$TMP/large_x.npy" '<f8' '(8, 2)' "$zero$one$one$zero$zero$one$one$zero$zero$one$one$large$zero$one$one$zero"
npy "$TMP/infinite_x.npy" '<f8' '(8, 2)' \
    "$zero$one$one$zero$zero$one$one$zero$zero$one$one$infinite$zero$one$one$zero"
npy "$TMP/eight_y.npy" '|i1' '(8,)' '\1\0\0\1\0\1\0\1'
npy "$TMP/alone_y.npy" '|i1' '(8,)' '\2\0\0\1\0\1\0\1' # row 0 cannot be audited
npy "$TMP/groups.npy" '|i1' '(8,)' '\1\1\1\1\1\1\1\1'
# refused NAME PATTERN ARRAYS...: exit code 1 and a message that says why
refused() {
    local name=$1 pattern=$2
    shift 2
    expect_exit "$name is refused" 1 "$EARMARK" crossval "$@" --folds 2 -o "$TMP/no"
    expect_grep "$name: why" "^earmark: $TMP/$pattern" "$TMP/stderr"
}
refused "a number above float32" 'large_x\.npy: row 5, column 1: 1e\+300 is too large for float32' \
    --embeddings "$TMP/large_x.npy" --labels "$TMP/eight_y.npy"
refused "infinity" 'infinite_x\.npy: row 5, column 1 is not finite' \
    --copies apart --embeddings "$TMP/infinite_x.npy" --labels "$TMP/alone_y.npy"
refused "one group" "eight_y\.npy, $TMP/groups\.npy: 2 folds, but only 1 group; at least two are needed" \
    --embeddings "$TMP/infinite_x.npy" --labels "$TMP/eight_y.npy" --groups "$TMP/groups.npy"
refused "one fold" "eight_y\.npy, $TMP/groups\.npy: the fold column has one value" \
    --embeddings "$TMP/infinite_x.npy" --labels "$TMP/eight_y.npy" --fold-of "$TMP/groups.npy"
refused "one label" "groups\.npy: all 8 clips have the same label" \
    --embeddings "$TMP/infinite_x.npy" --labels "$TMP/groups.npy"
refused "one value of half a row" 'part_y\.npy: row 2: its first label is -1' \
    --embeddings "$TMP/few_x.npy" --labels "$TMP/part_y.npy" --multi-label

# ---- a tolerance that rounding does not let a fit meet
expect_exit "fits that stop flat" 0 "$EARMARK" crossval --embeddings "$golden/ten_x.npy" \
    --labels "$golden/ten_y.npy" -o "$TMP/flat" --C 1 --tol 1e-14
expect_grep "are reported" 'warning: 5 of 5 fits stopped flat' "$TMP/stderr"
expect_grep "and counted" '"unconverged_by": \{"max-iterations": 0, "line-search": 0, "flat": 5\}' \
    "$TMP/flat/crossval.json"
