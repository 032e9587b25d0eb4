#!/usr/bin/env bash
# earmark agree: how far the reviewers of a run agree.
. tests/cli/lib.sh
. tests/cli/arrays.sh

golden=tests/golden/agreement
agree() { "$EARMARK" agree "$TMP/out" "$@"; }
fresh() {
    rm -rf "$TMP/out"
    mkdir "$TMP/out"
    cp $golden/*.json $golden/*.jsonl $golden/clips.csv "$TMP/out"
}
# decide FILE PATH GIVEN DECISION LABEL BY...: adds a line.
decide() {
    printf '{"v":1,"path":"%s","start":0,"end":1,"given":"%s","decision":"%s","label":"%s","by":"%s"}\n' \
        "${@:2}" >>"$TMP/out/$1"
}

# ---- three reviewers, against scikit-learn
fresh
expect_exit 'three reviewers' 0 agree
expect_grep 'reviewers are counted' '^anna: 56 decided \(22 keep, 14 relabel, 7 exclude, 13 unsure\), 1 not counted$' "$TMP/stdout"
awk '$1 != "conflicts" { printf "%s and %s: %d clips in common, the same answer for %d (%.1f%%), kappa %.3f\n",
    $1, $2, $3, $4, 100 * $4 / $3, $5 }' $golden/expected.txt >"$TMP/expected"
grep ' in common' "$TMP/stdout" >"$TMP/pairs"
expect_same 'agreement and kappa are those of scikit-learn' "$TMP/pairs" "$TMP/expected"
expect_grep 'a conflict is named' '^  0/clip10.wav, labelled 0; anna: relabel 1; bob: relabel 2; cleo: relabel 1$' "$TMP/stdout"
expect_grep 'long lists are cut' '^  and 5 more; --json lists all$' "$TMP/stdout"
expect_grep 'stale decisions are named' '^  0/clip40.wav, labelled x; bob: keep; it has another label now$' "$TMP/stdout"
expect_exit 'conflicts can fail' 4 agree --fail-on-conflicts --quiet
expect_equal 'quiet prints nothing' "$(cat "$TMP/stdout")" ''
expect_exit 'JSON' 0 agree --json
cp "$TMP/stdout" "$TMP/json"
sed -n 's/.*{"one": "\(.*\)", "other": "\(.*\)", "common": \([0-9]*\), "agreed": \([0-9]*\), "kappa": \([0-9.]*\)}.*/\1 \2 \3 \4 \5/p' \
    "$TMP/json" | awk '{ printf "%s %s %d %d %.9f\n", $1, $2, $3, $4, $5 }' >"$TMP/numbers"
echo "conflicts$(sed -n 's/^    \[{"state": "open", "row": \([0-9]*\),.*/ \1/p' "$TMP/json" | tr -d '\n')" >>"$TMP/numbers"
expect_same 'pairs and conflicts as JSON' "$TMP/numbers" $golden/expected.txt
expect_equal 'what is not counted as JSON' "$(grep -c '"state": "stale"' "$TMP/json")" 2

# ---- one reviewer, none, and answers that are all the same
rm "$TMP/out/decisions-bob.jsonl" "$TMP/out/decisions-cleo.jsonl"
expect_exit 'one reviewer' 0 agree --fail-on-conflicts
expect_grep 'it needs two' '^Agreement needs two reviewers: earmark review .*/out --as NAME$' "$TMP/stdout"
rm "$TMP/out/decisions-anna.jsonl"
expect_exit 'nobody' 1 agree
expect_grep 'nobody has decided' 'nothing is decided; give earmark review' "$TMP/stderr"
printf 'row,id,path,label,status,reason,start,duration\n0,a,a,6,ok,,0,1\n1,b,b,6,ok,,0,1\n' >"$TMP/out/clips.csv"
for by in anna bob; do
    decide "decisions-$by.jsonl" a 6 keep '' $by
    decide "decisions-$by.jsonl" b 6 keep '' $by
done
expect_exit 'one answer only' 0 agree
expect_grep 'kappa is not defined then' '^anna and bob: 2 clips in common, the same answer for 2 \(100.0%\)$' "$TMP/stdout"

# ---- after the corrected list was audited, what was applied still counts, and what is gone is named
printf 'row,id,path,label,status,reason,start,duration\n0,a,a,8,ok,,0,1\n' >"$TMP/out/clips.csv"
decide decisions-anna.jsonl a 6 relabel 8 anna
decide decisions-bob.jsonl a 8 keep '' bob
expect_exit 'a new audit' 0 agree
expect_grep 'an applied decision counts' '^  a, labelled 6; anna: relabel 8; bob: keep$' "$TMP/stdout"
expect_grep 'a clip that is gone is named' '^  b, labelled 6; anna: keep; there is no such clip$' "$TMP/stdout"

# ---- hostile files
printf '{"v":1,"path":"a","end' >>"$TMP/out/decisions-bob.jsonl"
expect_exit 'a torn line' 0 agree
expect_grep 'a torn line is left out with a word' 'warning: .*decisions-bob.jsonl ends in the middle of a line' "$TMP/stderr"
printf '\n' >>"$TMP/out/decisions-bob.jsonl"
expect_exit 'a damaged line' 1 agree
expect_grep 'a damaged line is named' 'decisions-bob.jsonl, line 4: not JSON' "$TMP/stderr"
rm "$TMP/out/decisions-bob.jsonl"
ln -s /etc/passwd "$TMP/out/decisions-bob.jsonl"
expect_exit 'a link' 1 agree
expect_grep 'a link is not followed' 'is a symbolic link' "$TMP/stderr"
rm "$TMP/out/decisions-bob.jsonl"
mkfifo "$TMP/out/decisions-bob.jsonl"
expect_exit 'a FIFO' 1 agree
rm "$TMP/out/decisions-bob.jsonl"
esc=$(printf '\\u001b[2J')
decide decisions-bob.jsonl "$esc" 6 relabel "$esc" bob
expect_exit 'escapes' 0 agree
expect_grep 'escapes are shown' 'x1b\[2J, labelled 6; bob: relabel .x1b\[2J; there is no such clip' "$TMP/stdout"
expect_no_grep 'no escape is printed' "$(printf '\033')" "$TMP/stdout"
expect_exit 'escapes as JSON' 0 agree --json
expect_no_grep 'no escape is in the JSON' "$(printf '\033')" "$TMP/stdout"
expect_exit 'no run' 1 "$EARMARK" agree "$TMP"
expect_exit 'no folder' 2 "$EARMARK" agree

# ---- a new audit into the same folder keeps decisions, and tells decided issues from new ones
awk 'BEGIN { s = 1; for (i = 0; i < 200; i++) { c = i % 4; line = c
    for (f = 0; f < 4; f++) { s = s * 16807 % 2147483647; line = line " " int((f == c ? 40 : 0) + 30 * s / 2147483647) }
    print line } }' >"$TMP/rows"
cut -d' ' -f2- "$TMP/rows" | matrix "$TMP/x.npy" '|i1'
awk '{ print (NR % 20 == 0 ? ($1 + 1) % 4 : $1) }' "$TMP/rows" | vector "$TMP/y.npy" '<i4'
detect() { "$EARMARK" detect --embeddings "$TMP/x.npy" --labels "$TMP/y.npy" -o "$TMP/run" "$@"; }
check 'a run' detect
expect_no_grep 'nothing was decided before' 'decided before' "$TMP/stderr"
issues=$(wc -l <"$TMP/run/issues.jsonl")
# The first issue is decided, and another one with a label that it does not have.
sed -n '1s/.*"row": \([0-9]*\),.*"given_label": "\([^"]*\)".*/\1 \2/p' "$TMP/run/issues.jsonl" >"$TMP/first"
read -r row given <"$TMP/first"
printf '{"v":1,"row":%d,"given":"%s","decision":"keep"}\n{"v":1,"row":0,"given":"x","decision":"keep"}\n' \
    "$row" "$given" >"$TMP/run/decisions-anna.jsonl"
cp "$TMP/run/decisions-anna.jsonl" "$TMP/kept"
check 'the run again' detect --fresh
expect_same 'decisions are kept' "$TMP/run/decisions-anna.jsonl" "$TMP/kept"
expect_grep 'decided issues are told from new ones' "^decided before: 1 of $issues issues; $((issues - 1)) are new$" "$TMP/stderr"
expect_grep 'decisions that no longer fit are told' '^1 decisions are on clips that have another label now' "$TMP/stderr"
echo broken >"$TMP/run/decisions-anna.jsonl"
check 'damaged decisions are no failure of a run' detect --fresh
expect_grep 'they are named' 'warning: .*decisions-anna.jsonl, line 1: not JSON' "$TMP/stderr"
