#!/usr/bin/env bash
# bench/detection.sh: its small programs, and the table of two made sets.
source tests/cli/lib.sh
source tests/cli/arrays.sh
programs=${PROGRAMS:-$(dirname "$(realpath "$EARMARK")")/bench}
plant() { "$programs/plant_labels" "$@" "$TMP/p.npy" "$TMP/p.csv" "${groups[@]}"; }
groups=()

# ---- a set: 120 rows of labels 2, 5, 6 and 9, and five groups; a group has six rows of a label
awk 'BEGIN {
    state = 3
    for (row = 0; row < 120; row++) {
        class = row % 4
        line = substr("2569", class + 1, 1) " " int(row / 4) % 5
        for (f = 0; f < 8; f++) {
            state = state * 16807 % 2147483647
            line = line " " int((f % 4 == class ? 60 : 0) + 40 * (state / 2147483647 - 0.5))
        }
        print line
    } }' >"$TMP/rows"
one=$TMP/one two=$TMP/two
mkdir "$one" "$two"
cut -d' ' -f1 "$TMP/rows" | vector "$one/labels.npy" '<i4'
cut -d' ' -f3- "$TMP/rows" | matrix "$one/embeddings.npy" '<f4'
cp "$one"/*.npy "$two"
cut -d' ' -f2 "$TMP/rows" | vector "$one/groups.npy" '<i4'
cut -d' ' -f3-5 "$TMP/rows" | matrix "$one/statistics.npy" '<f4'
truth=$(cut -d' ' -f1 "$TMP/rows")

# ---- labels that do not follow one another
check "pair errors" plant "$one/labels.npy" pair 1 100
expect_equal "go to the next label that occurs" "$(elements "$TMP/p.npy" d8 | head -n 4 | xargs)" '5 6 9 2'

# ---- out of vocabulary: of 90 + 10 rows 10 are errors, 20 are left out
check "a label is taken out" plant "$one/labels.npy" vocabulary 3 10
expect_lines "some of its rows are errors" 11 "$TMP/p.csv"
expect_equal "of one label" "$(tail -n +2 "$TMP/p.csv" | cut -d, -f3 | sort -u | wc -l)" 1
removed=$(tail -n 1 "$TMP/p.csv" | cut -d, -f3)
expect_equal "which no row has any more" "$(elements "$TMP/p.npy" d8 | grep -c -x "$removed")" 0
expect_equal "the others are left out" "$(elements "$TMP/p.npy" d8 | grep -c -x -- -1)" 20
expect_equal "the other labels stay" \
    "$(paste -d' ' <(echo "$truth") <(elements "$TMP/p.npy" d8) | awk '$1 == $2' | wc -l)" 90
check "more than there are" plant "$one/labels.npy" vocabulary 3 60
expect_lines "are all of them" 31 "$TMP/p.csv"
cut -d' ' -f1 "$TMP/rows" | sed 's/[69]/2/' | vector "$TMP/pair.npy" '<i4'
check_fails "two labels are refused" plant "$TMP/pair.npy" vocabulary 3 10

# ---- whole groups
check_fails "whole groups without groups are refused" plant "$one/labels.npy" groups 1 3
groups=("$one/groups.npy")
check "whole groups" plant "$one/labels.npy" groups 1 3
expect_lines "three cells of six rows" 19 "$TMP/p.csv"
expect_equal "of one group, one label and one other label each" \
    "$(tail -n +2 "$TMP/p.csv" | awk -F, '{ print int($1 / 4) % 5, $3, $2 }' | sort | uniq -c |
        awk '$1 == 6 && $3 != $4' | wc -l)" 3
cp "$TMP/p.npy" "$TMP/first.npy"
check "again" plant "$one/labels.npy" groups 1 3
expect_same "the same" "$TMP/p.npy" "$TMP/first.npy"
check "all cells" plant "$one/labels.npy" groups 1 100
expect_lines "are all rows" 121 "$TMP/p.csv"
seq 120 | vector "$TMP/alone.npy" '<i4'
groups=("$TMP/alone.npy")
check_fails "groups of one row are refused" plant "$one/labels.npy" groups 1 3
expect_grep "with the reason" 'alone\.npy: no group has 4 rows of one label' "$TMP/stderr"
check_fails "so is no cell" plant "$one/labels.npy" groups 1 0

# ---- scoring: rows 0, 2, 3, 4, 5, 6 of 7 were audited; their scores are 0, 1/4, 1/2, 1/2, 1, 1.
found=$TMP/found
mkdir "$found"
npy "$found/rows.npy" '<i4' '(6,)' "$(int32 0 2 3 4 5 6)"
npy "$found/scores.npy" '<f4' '(6,)' \
    "$float_0$float_quarter$float_half$float_half$float_1$float_1"
{ echo row; seq 0 6; } >"$found/clips.csv"
printf 'rank,row\n1,0\n2,2\n3,3\n' >"$found/issues.csv"
printf '{\n  "error_count": {"errors": {"number": 5, "low": 4.5, "high": 6}, "x": 1},\n}\n' \
    >"$found/run.json"
printf 'row,label,true_label\n1,2,0\n0,0,1\n3,0,1\n5,1,0\n' >"$TMP/planted.csv"
score() { check "$1" "$programs/score_detection" "$found" "$TMP/planted.csv"; }
score "a run is scored"
# (1/1 + 2/4 + 3/6) / 4, and of the first four rows two are planted. Flagged: 0, 2 and 3.
expect_equal "as it should be" "$(xargs <"$TMP/stdout")" "$(xargs <<'END'
rows 6 planted 4 average_precision 0.500000 within_budget 0.500000 flagged 3 precision 0.666667
recall 0.500000 F1 0.571429 flagged_per_planted 0.750000
count 5.00 low 4.50 high 6.00 count_error 0.250000 count_held 0
END
)"
printf 'row,label,true_label\n0,2,0\n2,0,1\n3,0,1\n' >"$TMP/planted.csv"
score "a budget that ends among equals"
expect_grep "takes its share of them" '^within_budget	0\.833333$' "$TMP/stdout"
sed -i 's/: {.*/: null,/' "$found/run.json"
score "a run without an estimate"
expect_grep "has none" '^count_held	-$' "$TMP/stdout"
echo '{}' >"$found/run.json"
check_fails "a file of another program is refused" "$programs/score_detection" "$found" "$TMP/planted.csv"
expect_grep "by name" 'run\.json: no error_count' "$TMP/stderr"

# ---- tables of runs: a mean has the cells where every detector ran
{
    printf 'set\terrors\tamount\tfolds\tdetector\tseed\trows\taverage_precision\tcount_held\n'
    printf 'a\tpair\t5\tdealt\t%s\n' 'x	1	9	0.5	1' 'x	2	9	0.75	0' 'y	1	9	0.25	-'
    printf 'b\tgroups\t2\tdealt\tx\t1\t9\t1\t1\n'
} >"$TMP/runs.tsv"
check "tables" awk -f bench/detection_tables.awk "$TMP/runs.tsv"
expect_grep "detectors side by side" '^\| a \| pair 5% \| dealt \| 0\.625 \(0\.500 to 0\.750\) \| 0\.250 \|$' \
    "$TMP/stdout"
expect_grep "one that did not run" '^\| b \| whole groups, 2 cells \| dealt \| 1\.000 \| - \|$' "$TMP/stdout"
expect_grep "means" '^\| mean of 1 \| \| \| 0\.625 \| 0\.250 \|$' "$TMP/stdout"
expect_grep "intervals" '^\| a \| pair 5% \| dealt \| x \| 2 \| .* \| 1 of 2 \|$' "$TMP/stdout"
expect_grep "none" '^\| a \| pair 5% \| dealt \| y \| 1 \| .* \| - \|$' "$TMP/stdout"

# ---- the table
out=$TMP/out
detection() { # OPTION...
    PROGRAMS="$programs" bash bench/detection.sh "$one" "$two/" -o "$out" --threads 1 "$@"
}
check "a table" detection --seeds 1 --errors 'symmetric:10 vocabulary:8 groups:2'
# Set one: three kinds, folds and detectors: 12; set two: two kinds, one way of folds: 4.
expect_lines "a line a run" 17 "$out/runs.tsv"
expect_grep "a row a cell" '^\| one \| symmetric 10% \| groups \| ensemble \| 1 \| 12 \| [01]\.[0-9]{3} \| ' \
    "$TMP/stdout"
expect_grep "whole groups" '^\| one \| whole groups, 2 cells \| dealt \| logistic \| 1 \| 12 \|.* - \| - \|$' \
    "$TMP/stdout"
expect_grep "out of vocabulary" '^\| two \| out of vocabulary 8% \| dealt \| ensemble \| 1 \| 8 \| ' \
    "$TMP/stdout"
expect_equal "as many rows, and half as many where detectors are compared" \
    "$(grep -c '^| [ot]' "$TMP/stdout")" 24
expect_same "the table is kept" "$TMP/stdout" "$out/table.md"
cp "$out/runs.tsv" "$TMP/before.tsv"
check "one seed more" detection --seeds '1 2' --errors symmetric:10 --folds dealt
expect_grep "only that is run" '^detection: 4 runs, 16 were there before' "$TMP/stderr"
expect_same "the runs of before stay" <(head -n 17 "$out/runs.tsv") "$TMP/before.tsv"
expect_grep "the spread is shown" \
    '^\| one \| symmetric 10% \| dealt \| ensemble \| 2 \| 12 \| [01]\.[0-9]+ \([01]\.[0-9]+ to [01]\.[0-9]+\) \| ' \
    "$TMP/stdout"
check_fails "a trial that fails ends the run" detection --seeds x --errors symmetric:10
expect_grep "for its reason" 'SEED: not a whole number' "$TMP/stderr"
check_fails "a set without labels" env PROGRAMS="$programs" bash bench/detection.sh "$TMP" -o "$out"
check_fails "two sets of one name" env PROGRAMS="$programs" bash bench/detection.sh "$one" "$one" -o "$out"
expect_grep "are refused" 'two sets have the name one' "$TMP/stderr"
check_fails "no folder to write" env PROGRAMS="$programs" bash bench/detection.sh "$one"
expect_grep "shows how" 'usage: detection\.sh DIR' "$TMP/stderr"
