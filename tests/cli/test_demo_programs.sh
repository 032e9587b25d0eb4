#!/usr/bin/env bash
# The demo's two small programs: planting label errors, and scoring the results.
source tests/cli/lib.sh
source tests/cli/arrays.sh
programs=${PROGRAMS:-$(dirname "$(realpath "$EARMARK")")/bench}
plant=$programs/plant_errors
score=$programs/score_planted

# ---- planting
{
    echo path,label
    for i in $(seq 1 300); do echo "folder $((i % 3))/$i.wav,label $((i % 3))"; done
} >"$TMP/manifest.csv"
check "errors are planted" "$plant" "$TMP/manifest.csv" 20 5 "$TMP/labelled.csv" "$TMP/planted.csv"
expect_grep "it says how many" '^15 of 300 labels changed, seed 20$' "$TMP/stdout"
expect_lines "every clip is still there" 301 "$TMP/labelled.csv"
expect_lines "the list has those that were changed" 16 "$TMP/planted.csv"
expect_equal "only the listed labels differ" \
    "$(diff "$TMP/manifest.csv" "$TMP/labelled.csv" | grep -c '^>')" 15
differences=$(paste -d, "$TMP/manifest.csv" "$TMP/labelled.csv" |
    awk -F, 'NR > 1 && $2 != $4 { print NR - 2 "," $1 "," $4 "," $2 }')
expect_equal "the list has row, new label and true label" \
    "$(tail -n +2 "$TMP/planted.csv")" "$differences"
check "again" "$plant" "$TMP/manifest.csv" 20 5 "$TMP/again.csv" "$TMP/again-planted.csv"
expect_same "the same seed changes the same" "$TMP/labelled.csv" "$TMP/again.csv"
check "another seed" "$plant" "$TMP/manifest.csv" 21 5 "$TMP/other.csv" "$TMP/other-planted.csv"
check_fails "another seed changes others" cmp "$TMP/labelled.csv" "$TMP/other.csv"
check "none" "$plant" "$TMP/manifest.csv" 1 0 "$TMP/none.csv" "$TMP/none-planted.csv"
expect_same "no change" "$TMP/manifest.csv" "$TMP/none.csv"
check "all" "$plant" "$TMP/manifest.csv" 1 100 "$TMP/all.csv" "$TMP/all-planted.csv"
expect_equal "all change to another label" \
    "$(diff "$TMP/manifest.csv" "$TMP/all.csv" | grep -c '^>')" 300
expect_equal "evenly among the others: 300 changes, 50 expected a pair" \
    "$(tail -n +2 "$TMP/all-planted.csv" | cut -d, -f3,4 | sort | uniq -c |
        awk '$1 >= 30 && $1 <= 70 { n++ } END { print n }')" 6
printf 'path,label\na.wav,x\nb.wav,x\n' >"$TMP/one.csv"
check_fails "one label only is refused" "$plant" "$TMP/one.csv" 1 5 "$TMP/x" "$TMP/y"

# ---- what a terminal or a spreadsheet would obey
printf 'path,label\na.wav,=1+2\nb.wav,\033[31m;-x\n' >"$TMP/hostile.csv"
check "hostile labels" "$plant" "$TMP/hostile.csv" 1 100 "$TMP/hostile-labelled.csv" "$TMP/hostile-planted.csv"
expect_equal "the list is escaped" "$(tail -n +2 "$TMP/hostile-planted.csv")" \
    "0,a.wav,\"%1B[31m%3B-x\",'=1+2
1,b.wav,'=1+2,\"%1B[31m%3B-x\""
expect_equal "the labels are the manifest's" "$(tail -n +2 "$TMP/hostile-labelled.csv" | cut -d, -f2 | sort)" \
    "$(tail -n +2 "$TMP/hostile.csv" | cut -d, -f2 | sort)"
check_fails "a hostile name" "$plant" $'\e[31m\u009b\rx' 1 5 "$TMP/x" "$TMP/y"
expect_equal "is shown" "$(cat "$TMP/stderr")" '\x1b[31m\xc2\x9b\x0dx: No such file or directory'

# ---- scoring: six clips, one of them silent; rows 1, 3 and 5 are planted.
mkdir "$TMP/out"
cat >"$TMP/out/clips.csv" <<'END'
row,path,label,status,reason
0,a.wav,x,ok,
1,b.wav,x,ok,"a ""quoted"", comma
and line end"
2,c.wav,y,ok,
3,d.wav,y,ok,
4,e.wav,x,ok,
5,f.wav,x,silent,silent
END
printf 'rank,row,path\n1,1,b.wav\n2,2,c.wav\n' >"$TMP/out/issues.csv"
printf 'row,path,label,true_label\n1,b.wav,x,y\n3,d.wav,y,x\n5,f.wav,x,y\n' >"$TMP/planted.csv"

# Probabilities of the given labels in rows 0 to 4: 1, 0, 1/4, 1/2, 1/2. The ranking is
# row 1 (planted), 2, then 3 (planted) and 4 as one rank, then 0.
npy "$TMP/out/pred_probs.npy" '<f4' '(5, 2)' \
    "$float_1$float_0$float_0$float_1$float_1$float_quarter$float_half$float_half$float_half$float_1"
npy "$TMP/out/labels.npy" '<i4' '(5,)' \
    '\0\0\0\0\0\0\0\0\x1\0\0\0\x1\0\0\0\0\0\0\0'
check "an audit is scored" "$score" "$TMP/out" "$TMP/planted.csv"
expect_grep "counts" 'clips 6, audited 5; errors planted 3, 1 of them' "$TMP/stdout"
expect_grep "one of two flagged clips was planted" '^precision 0\.500$' "$TMP/stdout"
expect_grep "one of three planted clips was flagged" '^recall 0\.333$' "$TMP/stdout"
# 1/3 (1/1 + 2/4): the second planted clip shares ranks 3 and 4, the third is never found.
expect_grep "average precision" '^average precision 0\.500 \(by chance 0\.500\)$' "$TMP/stdout"

printf 'row,path,label,true_label\n9,b.wav,x,y\n' >"$TMP/lying.csv"
check_fails "a row that is not there is refused" "$score" "$TMP/out" "$TMP/lying.csv"
npy "$TMP/out/labels.npy" '<i4' '(4,)' '\0\0\0\0\0\0\0\0\x1\0\0\0\x1\0\0\0'
check_fails "arrays of another length are refused" "$score" "$TMP/out" "$TMP/planted.csv"
