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
expect_grep "the lengths are told" '200 rows, but the embeddings have 300' "$TMP/stderr"
check_fails "labels that are embeddings" "$EARMARK" crossval --embeddings "$x" --labels "$x" -o "$TMP/no"
head -c 5000 "$x" >"$TMP/cut.npy"
check_fails "a truncated file" "$EARMARK" crossval --embeddings "$TMP/cut.npy" --labels "$y" -o "$TMP/no"

# ---- a run
expect_exit "default C" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/one" --threads 1
expect_grep "summary" '300 rows, 10 classes, 5 folds: C = ' "$TMP/stdout"
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
expect_grep "warning" 'rows cannot be audited' "$TMP/stderr"
expect_exit "groups" 0 "$EARMARK" crossval --embeddings "$golden/unbalanced_x.npy" \
    --labels "$golden/unbalanced_y.npy" --groups "$golden/unbalanced_f.npy" -o "$TMP/groups" --C 1 \
    --folds 5
expect_grep "groups are told" '"folds_from": "groups"' "$TMP/groups/crossval.json"
expect_exit "iterations run out" 0 "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/short" \
    --C 1 --max-iterations 2
expect_grep "and are told" 'limit of iterations' "$TMP/stderr"
check_fails "too many folds" "$EARMARK" crossval --embeddings "$x" --labels "$y" -o "$TMP/many" --folds 200
