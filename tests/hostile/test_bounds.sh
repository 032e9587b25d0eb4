#!/usr/bin/env bash
# Lists that ask for more memory or time than they are large, and arrays that change while they
# are read.
source tests/hostile/lib.sh
source tests/cli/arrays.sh

# refused NAME LIST WORDS: embed fails within the bounds of finding 6, and says why.
refused() {
    rm -rf "$TMP/out"
    measured "$1: at most 400 MB and 5 s" 400 5 "$EARMARK" embed "$2" -o "$TMP/out" || return
    expect_equal "$1: refused" "$STATUS" 1
    expect_grep "$1: says why" "$3" "$TMP/stderr"
}

# bytes COUNT CHARACTER
bytes() { head -c "$1" /dev/zero | tr '\0' "$2"; }

cut_begin='{"id":"c","type":"MonoCut","start":0,"duration":1000000,"channel":0,'
recording() { printf '"recording":{"id":"%s","sources":[' "$1"; }
source_begin='{"type":"file","channels":[0],"source":"'
supervision='{"start":0,"duration":1}'
supervisions() { yes ",$supervision" | head -n "$1" | tr -d '\n' | tail -c +2; }

# ---- finding 6: two kilobytes that ask for 8 GiB: a path of a megabyte for each supervision.
{
    printf '%s' "$cut_begin"
    recording r
    printf '%s' "$source_begin"
    bytes 900000 a
    printf '"}]},"custom":{"label":"x"},"supervisions":['
    supervisions 5900
    printf ']}\n'
} | gzip -9 >"$TMP/path.jsonl.gz"
refused "finding 6: one path for many supervisions" "$TMP/path.jsonl.gz" 'path of more than 4095 bytes'

# The same with the recording's id, its sources, and a field of the cut.
{
    printf '%s' "$cut_begin"
    recording "$(bytes 100000 r)"
    yes "$source_begin"'a.wav"},' | head -n 63 | tr -d '\n'
    printf '%sa.wav"}]},"custom":{"label":"x"},"supervisions":[' "$source_begin"
    supervisions 8192
    printf ']}\n'
} | gzip -9 >"$TMP/id.jsonl.gz"
refused "finding 6: one id for many supervisions" "$TMP/id.jsonl.gz" 'long id'
{
    printf '%s' "$cut_begin"
    recording r
    printf '%sa.wav"}]},"custom":{"label":[' "$source_begin"
    yes '"",' | head -n 200000 | tr -d '\n'
    printf '""]},"supervisions":['
    supervisions 8000
    printf ']}\n'
} | gzip -9 >"$TMP/field.jsonl.gz"
rm -rf "$TMP/out"
measured "finding 6: one list of labels for many supervisions" 400 5 \
    "$EARMARK" embed "$TMP/field.jsonl.gz" --label-separator ';' -o "$TMP/out"
expect_grep "finding 6: says which field" 'longer than 1024 bytes or 128 labels' "$TMP/stderr"
{
    printf '%s' "$cut_begin"
    recording r
    printf '%sa.wav"}]},"custom":{"label":"x"},"supervisions":[' "$source_begin"
    supervisions 8193
    printf ']}\n'
} | gzip -9 >"$TMP/many.jsonl.gz"
refused "finding 6: more supervisions than a cut has" "$TMP/many.jsonl.gz" 'more than 8192 supervisions'

# Megabytes that ask for gigabytes.
long=$(bytes 4000 p)
awk -v long="$long" 'BEGIN { print "path,label"; for (i = 0; i < 50000; i++) print long i ".wav,a" }' |
    gzip -1 >"$TMP/long.csv.gz"
refused "finding 6: long paths in gzip" "$TMP/long.csv.gz" 'uncompress it with gunzip'
{
    echo path,label
    yes a.wav,dog | head -n 1300000
} | gzip -1 >"$TMP/same.csv.gz"
refused "finding 6: many equal rows in gzip" "$TMP/same.csv.gz" 'uncompress it with gunzip'
{
    echo path,label
    yes a,b
} | tr '\n' '\r' | head -c 10000000 | gzip -1 >"$TMP/returns.csv.gz"
refused "finding 6: lines that end in returns" "$TMP/returns.csv.gz" 'uncompress it with gunzip'
{
    echo path,label
    yes a | head -n 1000002
} >"$TMP/bad.csv"
refused "finding 6: a million rows that are none" "$TMP/bad.csv" 'more than 1000000 rows'
mkdir "$TMP/lhotse"
printf '{"id":"r","sources":[%sa.wav"}]}\n' "$source_begin" >"$TMP/lhotse/recordings.jsonl"
bytes 30000000 ' ' | gzip -9 >>"$TMP/lhotse/recordings.jsonl.gz"
rm "$TMP/lhotse/recordings.jsonl"
printf '{"recording_id":"r","start":0,"duration":1,"custom":{"label":"x"}}\n' |
    gzip >"$TMP/lhotse/supervisions.jsonl.gz"
refused "finding 6: a recording set of spaces" "$TMP/lhotse" 'recordings.jsonl.gz: .*gunzip'

# A list that compresses well, but as lists do, is read whole: 1.2 million rows.
if long; then
    awk 'BEGIN { print "path,label"; for (i = 0; i < 1200000; i++) print i ".wav,a" }' |
        gzip -9 >"$TMP/good.csv.gz"
    run_command "$EARMARK" embed "$TMP/good.csv.gz" -o "$TMP/out"
    expect_grep "finding 6: a long list is read" 'none of the 1200000 clips' "$TMP/stderr"
fi

# Files with holes: they take no room, and go on for as long as a file can be.
truncate -s 1T "$TMP/holes.jsonl" "$TMP/holes.csv"
refused "holes in JSON lines" "$TMP/holes.jsonl" 'longer than 1 MiB and holds NUL bytes'
refused "holes in CSV" "$TMP/holes.csv" 'NUL byte'
mkdir "$TMP/kaldi"
truncate -s 2000M "$TMP/kaldi/wav.scp"
refused "holes in a Kaldi folder" "$TMP/kaldi" 'NUL byte'

# ---- finding 6: strings of a list.
make_square_corpus "$TMP/names" 3
{
    echo path,label
    for name in low middle high; do
        for sound in "$TMP/names/$name"/*; do echo "$name/${sound##*/},$name"; done
    done
    echo "$(bytes 5000 p).wav,low"
    echo "low/x.wav,$(bytes 5000 l)"
} >"$TMP/names/list.csv"
run_command "$EARMARK" embed "$TMP/names/list.csv" -o "$TMP/names-out"
expect_equal "finding 6: a list with names that are too long is read" "$STATUS" 3
expect_grep "finding 6: the row of the path says so" \
    "bad_row.*path is longer than 4095 bytes .5004.: 'p{60}\.\.\.'" "$TMP/names-out/clips.csv"
expect_grep "finding 6: so does the row of the label" \
    "bad_row.*label is longer than 4095 bytes .5000.: 'l{60}\.\.\.'" "$TMP/names-out/clips.csv"
expect_no_grep "finding 6: and neither is kept" 'p{61}|l{61}' "$TMP/names-out/clips.csv"

# ---- finding 12: labels that look like lists.
awk 'BEGIN { for (i = 0; i < 2000; i++) pieces = pieces ";a"
             print "path,label"; for (i = 0; i < 1000; i++) print i ".wav,q" i pieces }' |
    gzip -9 >"$TMP/pieces.csv.gz"
refused "finding 12: labels of thousands of pieces" "$TMP/pieces.csv.gz" 'none of the 1000 clips'

# ---- finding 5: arrays that change while they are read.
# arrays ROWS: labels 1 and 2, probabilities of 0, embeddings of any numbers.
arrays() {
    npy "$TMP/labels.npy" '|i1' "($1,)" ''
    yes $'\001' | head -c "$1" | tr '\n' '\002' >>"$TMP/labels.npy"
    cp "$TMP/labels.npy" "$TMP/kept.npy"
    npy "$TMP/probabilities.npy" '<f4' "($1, 3)" ''
    bytes $(($1 * 12)) '\0' >>"$TMP/probabilities.npy"
    npy "$TMP/embeddings.npy" '<f4' "($1, 2)" ''
    awk -v rows="$1" 'BEGIN { for (i = 0; i < rows; i++) print i * 7 % 127, i * i % 101 }' |
        numbers '<f4' >"$TMP/escapes"
    printf '%b' "$(cat "$TMP/escapes")" >>"$TMP/embeddings.npy"
}

# changing NAME FILE STEP A B COMMAND...: runs the command some times while every STEP-th byte of
# the array changes; every end is a result or a sentence. The last one, after the change, too.
changing() {
    local name=$1 file=$2 step=$3 a=$4 b=$5 round bad=''
    results=0 refusals=0
    shift 5
    "$HOSTILE/flip" "$file" $((128 + step - 1)) "$step" "$a" "$b" &
    local flip=$!
    for ((round = $(rounds 5 40); round > 0; round--)); do
        rm -rf "$TMP/changed"
        run_command timeout 60 "$@"
        if [ "$STATUS" -eq 0 ]; then
            results=$((results + 1))
        elif [ "$STATUS" -eq 1 ] && [ -s "$TMP/stderr" ]; then
            refusals=$((refusals + 1))
            if [ -e "$TMP/changed/health.json" ] || [ -e "$TMP/changed/crossval.json" ] ||
                [ -e "$TMP/changed/run.json" ]; then bad="finished, and exit code 1"; fi
        else
            bad="exit code $STATUS, $(said)"
        fi
    done
    kill "$flip"
    wait "$flip" 2>/dev/null
    if [ -n "$bad" ]; then not_ok "$name" "$bad"; else ok "$name"; fi
    echo "# results: $results, refusals: $refusals"
}

arrays "$(rounds 200000 1000000)"
for filter in both low_normalized_margin; do
    changing "finding 5: labels change beside issues ($filter)" "$TMP/labels.npy" 2 1 120 \
        "$EARMARK" issues --labels "$TMP/labels.npy" --pred-probs "$TMP/probabilities.npy" \
        --filter "$filter" -o "$TMP/changed"
done
arrays "$(rounds 200000 1000000)"
changing "finding 5: probabilities change beside issues" "$TMP/probabilities.npy" 4 0 62 \
    "$EARMARK" issues --labels "$TMP/labels.npy" --pred-probs "$TMP/probabilities.npy" \
    -o "$TMP/changed"
# Not each: the other program may not have had a processor while one ran.
expect_equal "finding 5: which is noticed" "$((refusals > 0))" 1
arrays "$(rounds 200000 1000000)"

# What is written during a run is noticed at its end. Beside other tests the writer may not have
# had a processor while a run took place: then there is nothing to notice, and another one follows.
noticed() {
    local name=$1 file=$2 attempt
    shift 2
    for attempt in {1..20}; do
        rm -rf "$TMP/changed"
        run_command bash -c '"$@" & run=$!
            while kill -0 "$run" 2>/dev/null; do touch "$0"; done
            wait "$run"' "$file" "$@"
        if [ "$STATUS" -ne 0 ]; then break; fi
    done
    echo "# noticed in attempt $attempt"
    expect_equal "$name: exit code" "$STATUS" 1
    expect_grep "$name: says so" "$(basename "$file"): was changed while it was read" "$TMP/stderr"
    expect_equal "$name: nothing is finished" "$(find "$TMP/changed" -name '*.json' 2>/dev/null)" ''
}
noticed "finding 5: issues" "$TMP/probabilities.npy" "$EARMARK" issues --labels "$TMP/labels.npy" \
    --pred-probs "$TMP/probabilities.npy" -o "$TMP/changed"
for command in crossval detect; do
    arrays 1000
    changing "finding 5: labels change beside $command" "$TMP/labels.npy" 2 1 120 \
        "$EARMARK" "$command" --embeddings "$TMP/embeddings.npy" --labels "$TMP/labels.npy" \
        -o "$TMP/changed"
    cp "$TMP/kept.npy" "$TMP/labels.npy"
    noticed "finding 5: $command" "$TMP/embeddings.npy" "$EARMARK" "$command" \
        --embeddings "$TMP/embeddings.npy" --labels "$TMP/labels.npy" -o "$TMP/changed"
done
