#!/usr/bin/env bash
# Small inputs that ask for much: findings 6, 11 and 12. Each must end by itself within 400 MiB and
# a few seconds of one processor, in an ordinary way.
source tests/hostile/lib.sh

memory=400 seconds=6
out=$TMP/out

# bounded NAME COMMAND...: ends in an ordinary way, and says something where it did not succeed.
bounded() {
    local name=$1
    shift
    measured "$name" "$memory" "$seconds" "$@" || return
    case $STATUS in
    0 | 3) ok "$name: the run went on" ;;
    1) expect_grep "$name: with a sentence" '^earmark: .{20}' "$TMP/stderr" ;;
    *) not_ok "$name: an ordinary end" "exit code $STATUS
$(said)" ;;
    esac
}

# repeated MEGABYTES COMMAND...: compressed bytes that expand to what COMMAND prints (1 MiB), often.
repeated() {
    local count=$1
    shift
    "$@" | gzip -9 >"$TMP/member"
    for ((; count >= 50; count -= 50)); do cat $(printf "$TMP/member %.0s" {1..50}); done
    for ((; count > 0; count--)); do cat "$TMP/member"; done
}

spaces() { head -c "$1" /dev/zero | tr '\0' "${2:-a}"; }

# ---- finding 6: names
# One line of a MiB: a cut whose recording has a path of half of it, with 20,000 supervisions.
long_path=$(spaces 500000)
{
    printf '{"type":"MonoCut","id":"c","start":0,"duration":9,"channel":0,"custom":{"label":"x"},'
    printf '"recording":{"id":"r","sampling_rate":8000,"num_samples":72000,"duration":9,'
    printf '"sources":[{"type":"file","channels":[0],"source":"%s"}]},"supervisions":[' "$long_path"
    for ((i = 0; i < 19999; i++)); do printf '{"start":0,"duration":1},'; done
    printf '{"start":0,"duration":1}]}\n'
} | gzip -9 >"$TMP/cuts.jsonl.gz"
bounded "6: a long path that every supervision of a line repeats" \
    "$EARMARK" embed "$TMP/cuts.jsonl.gz" -o "$out"
if [ -e "$out/clips.csv" ]; then
    expect_equal "6: its clips are rows that are not stored" \
        "$(($(wc -c <"$out/clips.csv") < 8000000))" 1
fi
rm -rf "$out"
# The same as a Kaldi folder.
mkdir "$TMP/kaldi"
printf 'r %s\n' "$long_path" >"$TMP/kaldi/wav.scp"
for ((i = 0; i < 8192; i++)); do echo "u$i r 0 1"; done >"$TMP/kaldi/segments"
for ((i = 0; i < 8192; i++)); do echo "u$i x"; done >"$TMP/kaldi/utt2label"
bounded "6: a long path that every line of segments repeats" \
    "$EARMARK" embed "$TMP/kaldi" -o "$out"
rm -rf "$out"

# Some MB that expand to 4 GB: rows with a path, an identity, a label, a group of 4,000 bytes; one
# line; one cell; a path in many rows.
long_rows() {
    local row
    row=$(spaces "$1")
    for ((i = 0; i < 1048576 / $1; i++)); do printf "$2\n" "$row"; done
}
header() { printf '%s\n' "$1" | gzip; }
count=$(rounds 500 3900)
{
    header 'path,label'
    repeated "$count" long_rows 4000 'a/%s.wav,x'
} >"$TMP/paths.csv.gz"
bounded "6: gigabytes of paths" "$EARMARK" embed "$TMP/paths.csv.gz" -o "$out"
rm -rf "$out"
if long; then
    {
        header 'path,label'
        repeated "$count" long_rows 8000 'a/%s.wav,x'
    } >"$TMP/paths.csv.gz"
    bounded "6: gigabytes of paths that are too long" "$EARMARK" embed "$TMP/paths.csv.gz" -o "$out"
    rm -rf "$out"
    {
        header 'path,label,speaker'
        repeated "$count" long_rows 4000 'a.wav,x,%s'
    } >"$TMP/groups.csv.gz"
    bounded "6: gigabytes of groups" "$EARMARK" embed "$TMP/groups.csv.gz" -o "$out" --group speaker
    rm -rf "$out"
fi
# Ten million clips of one path: many small rows.
{
    header 'path,label'
    repeated "$(rounds 100 1000)" long_rows 6 '%s,x'
} >"$TMP/rows.csv.gz"
bounded "6: tens of millions of rows" "$EARMARK" embed "$TMP/rows.csv.gz" -o "$out"
rm -rf "$out"
if long; then
    {
        header 'path,label'
        repeated "$count" spaces 1048576
    } >"$TMP/line.csv.gz"
    bounded "6: one cell of gigabytes" "$EARMARK" embed "$TMP/line.csv.gz" -o "$out"
    rm -rf "$out"
    {
        header 'path,label'
        repeated "$count" spaces 1048576 ,
    } >"$TMP/line.csv.gz"
    bounded "6: a row of a billion empty cells" "$EARMARK" embed "$TMP/line.csv.gz" -o "$out"
    rm -rf "$out"
    {
        printf '{"path": "' | gzip
        repeated "$count" spaces 1048576
    } >"$TMP/line.jsonl.gz"
    bounded "6: one line of JSON of gigabytes" "$EARMARK" embed "$TMP/line.jsonl.gz" -o "$out"
    rm -rf "$out"
fi
{
    printf '{"path": ' | gzip
    repeated "$(rounds 100 1000)" spaces 1048576 '['
} >"$TMP/deep.jsonl.gz"
bounded "held: JSON of any depth" "$EARMARK" embed "$TMP/deep.jsonl.gz" -o "$out"
rm -rf "$out"
{
    header 'path,label'
    repeated "$(rounds 100 9500)" head -c 1048576 /dev/zero
} >"$TMP/zeros.csv.gz"
bounded "held: gigabytes of zeros" "$EARMARK" embed "$TMP/zeros.csv.gz" -o "$out"
rm -rf "$out" "$TMP"/*.gz

# ---- finding 11: labels, groups and folds whose hashes collide
"$HOSTILE/chosen_names" 100000 >"$TMP/names"
{
    echo path,label
    sed 's/.*/x.wav,&/' "$TMP/names"
} >"$TMP/labels.csv"
bounded "11: chosen labels" "$EARMARK" embed "$TMP/labels.csv" -o "$out"
rm -rf "$out"
{
    echo path,label,group
    sed 's/.*/x.wav,x,&/' "$TMP/names"
} >"$TMP/groups.csv"
bounded "11: chosen groups" "$EARMARK" embed "$TMP/groups.csv" -o "$out" --group group
rm -rf "$out"
if long; then
    {
        echo path,label
        sed 's/.*/&,x/' "$TMP/names"
    } >"$TMP/paths.csv"
    bounded "11: chosen paths" "$EARMARK" embed "$TMP/paths.csv" -o "$out"
    rm -rf "$out"
    {
        echo path,label
        awk '{ line = line $0 ";" } NR % 100 == 0 { print "x.wav," line "z"; line = "" }' "$TMP/names"
    } >"$TMP/sets.csv"
    bounded "11: chosen labels, several a clip" "$EARMARK" embed "$TMP/sets.csv" -o "$out" \
        --label-separator ';'
    rm -rf "$out"

fi
# ---- finding 12: a thousand labels of 16 KB that look like lists
separators=';'
if long; then separators='; | ,'; fi
for separator in $separators; do
    list=$(spaces 16000 "$separator")
    {
        printf 'path\tlabel\n'
        for ((i = 0; i < 1000; i++)); do printf 'x.wav\tn%d%s%s\n' "$i" "$separator" "$list"; done
    } | gzip -9 >"$TMP/lists.tsv.gz"
    bounded "12: labels that look like lists of '$separator'" \
        "$EARMARK" embed "$TMP/lists.tsv.gz" -o "$out"
    rm -rf "$out"
done
# Names that differ in nothing but upper and lower case are compared, too.
for ((i = 0; i < 1000; i++)); do
    printf 'x.wav\t%s%s\n' "$(printf '%010d' "$i" | tr 0-9 a-j)" "$(spaces 16000 A)"
done | sed '1i path\tlabel' | gzip -9 >"$TMP/case.tsv.gz"
bounded "12: long labels that are almost the same" "$EARMARK" embed "$TMP/case.tsv.gz" -o "$out"
rm -rf "$out"
