#!/usr/bin/env bash
# earmark apply as a user runs it: for every kind of INPUT the list is audited, 12 clips get another
# label, 3 are excluded, 2 are unsure, and the new list is audited again.
source tests/cli/lib.sh
source tests/cli/sounds.sh

clips=$TMP/clips
make_square_corpus "$clips" 9

# list FORMAT: a line for each clip; FORMAT gets its path and its label.
list() {
    local class index
    for class in high low middle; do
        for index in 0 1 2 3 4 5 6 7 8; do printf "$1" "$class/clip$index.wav" "$class"; done
    done
}

# Of nine clips of a class four get the next label, one is excluded; two are unsure in all.
plan='function next_label(label) {
        if (label == "high") return "low"
        return label == "low" ? "middle" : "high" }
    function kind(row) {
        if (row % 9 < 4) return "relabel"
        if (row % 9 == 4) return "exclude"
        if (row % 9 == 5 && row < 18) return "unsure"
        return row % 9 == 6 ? "keep" : "" }
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    { row = $column["row"]; path = $column["path"]; label = $column["label"]; }'

# clips OUT: its clips.csv, without commas in ids.
clips() { sed 's/"\([^",]*\),\([^",]*\)"/\1_\2/' "$1/clips.csv"; }

# decide OUT: the decisions of anna.
decide() {
    clips "$1" | awk -F, "$plan"' kind(row) != "" {
        printf "{\"v\":1,\"row\":%d,\"id\":\"%s\",\"path\":\"%s\",\"start\":%s,\"end\":%.17g,", row, path,
            path, $column["start"], $column["start"] + $column["duration"]
        printf "\"given\":\"%s\",\"decision\":\"%s\",", label, kind(row)
        if (kind(row) == "relabel") printf "\"label\":\"%s\",", next_label(label)
        print "\"by\":\"anna\",\"at\":\"2026-11-29T19:02:11Z\",\"heard\":1,\"bulk\":false,\"note\":\"\"}" }' \
        >"$1/decisions-anna.jsonl"
}

# wanted OUT: path and label of the clips that stay; found OUT: of all clips.
wanted() {
    clips "$1" | awk -F, "$plan"' kind(row) != "exclude" {
        print path, kind(row) == "relabel" ? next_label(label) : label }' | sort
}
found() { clips "$1" | awk -F, "$plan"' { print path, label }' | sort; }

# end_of OUT ROW: the second at which the clip ends.
end_of() {
    clips "$1" | awk -F, -v wanted="$2" "$plan"' row == wanted {
        printf "%.17g", $column["start"] + $column["duration"] }'
}

said_so='^12 changed, 3 excluded, 2 unsure \(unchanged\), 0 stale, 3 kept$'

# audit NAME INPUT OUT OPTIONS...
audit() {
    local name=$1 input=$2 out=$3
    shift 3
    check "$name" "$EARMARK" audit "$input" -o "$out" --folds 2 --views xvector --quiet "$@"
}

# round KIND INPUT NEW OPTIONS...: NEW is the file that takes the place of INPUT.
round() {
    local kind=$1 input=$2 new=$3 out=$TMP/$1-out
    shift 3
    audit "$kind: an audit" "$input" "$out" "$@" || return
    run_command "$EARMARK" apply "$out" -o "$new"
    expect_same "$kind: nothing decided, the same bytes" "$input" "$new"
    rm -f "$new"
    decide "$out"
    check "$kind: 20 decisions" "$EARMARK" apply "$out" -o "$new" || return
    expect_grep "$kind: the summary" "$said_so" "$TMP/stdout"
    audit "$kind: the new list is audited" "$new" "$out-again" "$@" || return
    expect_equal "$kind: it has just the labels that were decided" "$(found "$out-again")" "$(wanted "$out")"
}

# ---- tables
{ echo path,label; list '%s,%s\n'; } >"$clips/list.csv"
round csv "$clips/list.csv" "$clips/new.csv"
{ echo '# of 2026'; printf 'label\tpath\n'; list '%s\t%s\n' | awk -F'\t' -v OFS='\t' '{ print $2, $1 }'; } >"$clips/list.tsv"
round tsv "$clips/list.tsv" "$clips/new.tsv"
expect_equal "tsv: comments stay" "$(head -n 1 "$clips/new.tsv")" '# of 2026'
{ printf '\357\273\277"path";"label";note\r\n'; list '"%s";"%s";"a ""b"""\r\n'; } >"$clips/list.txt"
round semicolons "$clips/list.txt" "$clips/new.txt"
expect_equal "semicolons: quotes, mark and line ends stay" "$(head -n 2 "$clips/new.txt" | od -c)" \
    "$(printf '\357\273\277"path";"label";note\r\n"high/clip0.wav";"low";"a ""b"""\r\n' | od -c)"
gzip -c "$clips/list.csv" >"$clips/list.csv.gz"
round gzip "$clips/list.csv.gz" "$clips/new.csv.gz"
expect_equal "gzip: it is packed again" "$(gzip -dc "$clips/new.csv.gz" | cksum)" "$(cksum <"$clips/new.csv")"
{ printf '\377\376'; { printf 'path,label,note\r\n'; list '%s,%s,\xc3\xa9\xf0\x9f\x90\xb6\r\n'; } |
    iconv -f UTF-8 -t UTF-16LE; } >"$clips/wide.csv"
round utf-16 "$clips/wide.csv" "$clips/wide-new.csv"
list '%s %s\n' >"$clips/plain.txt"
round headless "$clips/plain.txt" "$clips/plain-new.txt"

# ---- JSON
list '{"path": "%s", "n": [1, {"label": "x"}], "label": "%s"}\n' >"$clips/list.jsonl"
round jsonl "$clips/list.jsonl" "$clips/new.jsonl"
expect_grep "jsonl: other members stay" '^\{"path": "high/clip0.wav", "n": \[1, \{"label": "x"\}\], "label": "low"\}$' \
    "$clips/new.jsonl"
list '{"audio_filepath": "%s", "duration": 0.1, "label": "%s"}\n' >"$clips/nemo.json"
round nemo "$clips/nemo.json" "$clips/nemo-new.json"
{ printf '[\n'; list '  {"path": "%s",\n   "label": "%s"},\n' | sed '$ s/,$//'; printf ']\n'; } >"$clips/array.json"
round array "$clips/array.json" "$clips/array-new.json"
{ printf '{'; list ' "%s":\t"%s",' | sed 's/,$//'; printf ' }\n'; } >"$clips/members.json"
round members "$clips/members.json" "$clips/members-new.json"
{ printf '{'; list '"%s": {"label": "%s", "n": 1},\n' | sed '$ s/,$//'; printf '}'; } >"$clips/objects.json"
round objects "$clips/objects.json" "$clips/objects-new.json"

# ---- several labels
{ echo path,labels; list '%s,%s;loud\n'; } >"$clips/sets.csv"
{ echo path,labels; list "%s,\"['%s', 'loud']\"\n"; } >"$clips/printed.csv"
list '{"path": "%s", "labels": ["%s","loud"]}\n' >"$clips/sets.jsonl"
for kind in sets.csv printed.csv sets.jsonl; do
    out=$TMP/$kind-out new=$clips/new-$kind
    audit "$kind: an audit" "$clips/$kind" "$out" --label-separator ';' || continue
    check "$kind: nothing decided" "$EARMARK" apply "$out" -o "$new"
    expect_same "$kind: the same bytes" "$clips/$kind" "$new" && rm "$new"
    printf '{"v":1,"row":%s,"path":"%s","start":0,"end":%s,"given":%s,"decision":"relabel","label":%s,"by":"b"}\n' \
        0 high/clip0.wav "$(end_of "$out" 0)" '["high","loud"]' '["loud","low","a b"]' \
        1 high/clip1.wav "$(end_of "$out" 1)" '["high","loud"]' '[]' >"$TMP/sets.jsonl"
    check "$kind: two decided" "$EARMARK" apply "$out" "$TMP/sets.jsonl" -o "$new"
    expect_grep "$kind: the summary" '^2 changed, 0 excluded' "$TMP/stdout"
    audit "$kind: again" "$new" "$out-again" --label-separator ';'
    expect_equal "$kind: the sets" "$(grep '^[01],' "$out-again/clips.csv" | cut -d, -f3,4)" \
        "$(printf 'high/clip0.wav,"a b;loud;low"\nhigh/clip1.wav,')"
done
expect_grep "a separated cell keeps its order" '^high/clip0.wav,loud;a b;low$' "$clips/new-sets.csv"
expect_grep "a printed list stays one" "^high/clip0.wav,\"\['loud', 'a b', 'low'\]\"$" "$clips/new-printed.csv"
expect_grep "an array stays one" '"labels": \["loud","a b","low"\]' "$clips/new-sets.jsonl"

# ---- an audiofolder, and one with parts
cp -r "$clips" "$TMP/audiofolder" && rm "$TMP/audiofolder"/*.*
list '{"file_name": "%s", "label": "%s"}\n' >"$TMP/audiofolder/metadata.jsonl"
audit "audiofolder: an audit" "$TMP/audiofolder" "$TMP/audiofolder-out"
decide "$TMP/audiofolder-out"
expect_exit "audiofolder: NEW is not put into it" 2 "$EARMARK" apply "$TMP/audiofolder-out" -o "$TMP/audiofolder/new.jsonl"
check "audiofolder: 20 decisions" "$EARMARK" apply "$TMP/audiofolder-out" -o "$TMP/metadata.jsonl"
expect_grep "audiofolder: the summary" "$said_so" "$TMP/stdout"
cp "$TMP/metadata.jsonl" "$TMP/audiofolder/metadata.jsonl"
audit "audiofolder: again" "$TMP/audiofolder" "$TMP/audiofolder-again"
expect_equal "audiofolder: the labels" "$(found "$TMP/audiofolder-again")" "$(wanted "$TMP/audiofolder-out")"

mkdir -p "$TMP/parts/train" "$TMP/parts/test"
for part in train test; do
    cp -r "$clips"/{high,low,middle} "$TMP/parts/$part"
    { echo file_name,label; list '%s,%s\n'; } >"$TMP/parts/$part/metadata.csv"
done
audit "parts: an audit" "$TMP/parts" "$TMP/parts-out"
printf '{"v":1,"row":0,"path":"test/high/clip0.wav","start":0,"end":%s,"given":"high","decision":"relabel","label":"low","by":"b"}\n' \
    "$(end_of "$TMP/parts-out" 0)" >"$TMP/part.jsonl"
check "parts: one decision" "$EARMARK" apply "$TMP/parts-out" "$TMP/part.jsonl" -o "$TMP/parts-new"
expect_same "parts: the list of the other is the same" "$TMP/parts-new/train/metadata.csv" "$TMP/parts/train/metadata.csv"
expect_grep "parts: the label" '^high/clip0.wav,low$' "$TMP/parts-new/test/metadata.csv"

# ---- Kaldi
mkdir -p "$TMP/kaldi"
list '%s %s\n' | while read -r path class; do
    name=${path%.wav} && name=${name//\//-}
    echo "$name $clips/$path" >>"$TMP/kaldi/wav.scp"
    echo "$name $class" >>"$TMP/kaldi/utt2label"
done
tac "$TMP/kaldi/utt2label" >"$TMP/tac" && mv "$TMP/tac" "$TMP/kaldi/utt2label"
audit "kaldi: an audit" "$TMP/kaldi" "$TMP/kaldi-out" --allow-outside
check "kaldi: nothing decided" "$EARMARK" apply "$TMP/kaldi-out" -o "$TMP/kaldi-same"
expect_same "kaldi: the same bytes" "$TMP/kaldi/utt2label" "$TMP/kaldi-same/utt2label"
decide "$TMP/kaldi-out"
check "kaldi: 20 decisions" "$EARMARK" apply "$TMP/kaldi-out" -o "$TMP/kaldi-new"
expect_grep "kaldi: the summary" "$said_so" "$TMP/stdout"
expect_lines "kaldi: what is excluded" 3 "$TMP/kaldi-new/excluded.list"
expect_lines "kaldi: what stays" 24 "$TMP/kaldi-new/kept.list"
mkdir "$TMP/kaldi-corrected"
grep -wFf "$TMP/kaldi-new/kept.list" "$TMP/kaldi/wav.scp" >"$TMP/kaldi-corrected/wav.scp"
cp "$TMP/kaldi-new/utt2label" "$TMP/kaldi-corrected"
audit "kaldi: again" "$TMP/kaldi-corrected" "$TMP/kaldi-again" --allow-outside
expect_equal "kaldi: the labels" "$(found "$TMP/kaldi-again")" "$(wanted "$TMP/kaldi-out")"

# ---- Lhotse
mkdir -p "$TMP/lhotse" "$TMP/lhotse-new" "$TMP/cuts"
recording='"sampling_rate": 8000, "num_samples": 4000, "duration": 0.5, "channel_ids": [0]'
list '%s %s\n' | while read -r path class; do
    printf '{"id": "%s", "sources": [{"type": "file", "channels": [0], "source": "%s"}], %s}\n' \
        "$path" "$clips/$path" "$recording" >>"$TMP/lhotse/recordings.jsonl"
    printf '{"id": "%s", "recording_id": "%s", "start": 0, "duration": 0.1, "channel": 0, "custom": {"label": "%s"}}\n' \
        "$path" "$path" "$class" >>"$TMP/lhotse/supervisions.jsonl"
done
gzip "$TMP/lhotse/supervisions.jsonl"
cp "$TMP/lhotse/recordings.jsonl" "$TMP/lhotse-new"
round lhotse "$TMP/lhotse/supervisions.jsonl.gz" "$TMP/lhotse-new/supervisions.jsonl.gz" --allow-outside
list '%s %s\n' | while read -r path class; do
    printf '{"id": "%s", "start": 0, "duration": 0.1, "channel": 0, "supervisions": [%s, %s], "recording": %s, "type": "MonoCut"}\n' \
        "$path" "{\"id\": \"$path-a\", \"recording_id\": \"r\", \"start\": 0, \"duration\": 0.05, \"custom\": {\"label\": \"$class\"}}" \
        "{\"id\": \"$path-b\", \"recording_id\": \"r\", \"start\": 0.05, \"duration\": 0.05, \"custom\": {\"label\": \"$class\"}}" \
        "{\"id\": \"r\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": \"$clips/$path\"}], $recording}"
done >"$TMP/cuts/cuts.jsonl"
plan_of_27=$plan
plan=${plan//row % 9/int(row \/ 2) % 9}
plan=${plan//row < 18/row < 36}
said_so_of_27=$said_so
said_so='^24 changed, 6 excluded, 4 unsure \(unchanged\), 0 stale, 6 kept$'
round cuts "$TMP/cuts/cuts.jsonl" "$TMP/cuts/new.jsonl" --allow-outside
plan=$plan_of_27 said_so=$said_so_of_27

# ---- folders and names
cp -r "$clips" "$TMP/folder" && rm "$TMP/folder"/*.*
audit "folder: an audit" "$TMP/folder" "$TMP/folder-out"
decide "$TMP/folder-out"
expect_exit "folder: NEW is not put into it" 2 "$EARMARK" apply "$TMP/folder-out" -o "$TMP/folder/new"
# Four of nine names of each class change with those of the next: each is taken by a file that leaves it.
# sums FOLDER: the bytes of what is in it; sums_decided OUT: of $TMP/kept where it was decided to be
sums() { (cd "$1" && find . -name .earmark-\* -prune -o -type f -print | sort | xargs -d '\n' cksum | cut -d ' ' -f 1,3); }
sums_decided() {
    clips "$1" | awk -F, "$plan"' kind(row) != "exclude" {
        from = path; sub(/^[^\/]*/, kind(row) == "relabel" ? next_label(label) : label, path); print from, path }' |
        while read -r from to; do echo "$(cksum <"$TMP/kept/$from" | cut -d ' ' -f 1) ./$to"; done | sort -k 2
}
i=0
for file in "$TMP"/folder/*/*; do printf '%s' "$((i++))" >>"$file"; done # each has bytes of its own
rm -rf "$TMP/folder-out"
audit "exchange: an audit" "$TMP/folder" "$TMP/folder-out"
decide "$TMP/folder-out"
cp -r "$TMP/folder" "$TMP/kept"
swap=$TMP/folder-swap
check "exchange: 20 decisions" "$EARMARK" apply "$TMP/folder-out" -o "$swap"
expect_grep "exchange: the summary" "$said_so" "$TMP/stdout"
sums "$TMP/kept" >"$TMP/before"
sums_decided "$TMP/folder-out" >"$TMP/decided"
is_like() { sums "$TMP/folder" | cmp -s - "$1"; }
check "exchange: moves.sh" bash "$swap/moves.sh"
expect_equal "exchange: each file is where it belongs" "$(sums "$TMP/folder")" "$(cat "$TMP/decided")"
check "exchange: moves.sh twice does no harm" bash "$swap/moves.sh"
check "exchange: nor does it move anything" is_like "$TMP/decided"
check "exchange: undo.sh" bash "$swap/undo.sh"
check "exchange: undo.sh twice" bash "$swap/undo.sh"
expect_equal "exchange: all is where it was" "$(sums "$TMP/folder"; ls -A "$TMP/folder")" "$(cat "$TMP/before"; ls -A "$TMP/kept")"

# Either script is killed before one of its moves; then the same goes on, or the other takes it back.
mkdir "$TMP/killing"
cat >"$TMP/killing/mv" <<'END'
#!/bin/sh
left=$(cat "$KILL_AT") && echo $((left - 1)) >"$KILL_AT"
if [ "$left" -le 0 ]; then kill -KILL "$PPID"; exit 1; fi
exec /bin/mv "$@"
END
chmod +x "$TMP/killing/mv"
# killed COUNT SCRIPT: whether it was killed before its move COUNT
killed() {
    echo "$1" >"$TMP/kill-at"
    (KILL_AT=$TMP/kill-at PATH=$TMP/killing:$PATH bash "$swap/$2" || exit $?) >/dev/null 2>&1
    [ $? -eq 137 ]
}
# then_all SCRIPT FILE: it goes well, and all is as in the file
then_all() { bash "$swap/$1" >/dev/null 2>&1 && is_like "$2" || wrong+=" $1 after $count"; }
wrong='' count=0
while killed "$count" moves.sh; do
    if [ $((count % 2)) -eq 0 ]; then then_all moves.sh "$TMP/decided"; fi
    then_all undo.sh "$TMP/before"
    count=$((count + 3))
done 2>/dev/null
expect_equal "exchange: moves.sh killed up to its move $count" "$wrong" ""
check "exchange: that are all of them" test "$count" -ge 27
count=0
while killed "$count" undo.sh; do
    if [ $((count % 2)) -eq 0 ]; then then_all undo.sh "$TMP/before"; fi
    then_all moves.sh "$TMP/decided"
    count=$((count + 3))
done 2>/dev/null
expect_equal "exchange: undo.sh killed up to its move $count" "$wrong" ""
check "exchange: that are all of them, too" test "$count" -ge 27
check "exchange: all is where it was in the end" is_like "$TMP/before"
printf '{"v":1,"row":0,"path":"high/clip0.wav","start":0,"end":%s,"given":"high","decision":"relabel","label":"low","by":"b"}\n' \
    "$(end_of "$TMP/folder-out" 0)" >"$TMP/one.jsonl"
expect_exit "folder: a name that stays taken is refused" 1 "$EARMARK" apply "$TMP/folder-out" "$TMP/one.jsonl" -o "$TMP/folder-new"
expect_grep "folder: by its name" 'high/clip0.wav would become low/clip0.wav, and that name is taken \(names that collide: 1\)' \
    "$TMP/stderr"
check_fails "folder: and nothing is written" test -e "$TMP/folder-new"
sed 's/"label":"low"/"label":"high"/' "$TMP/one.jsonl" >"$TMP/same.jsonl"
check "folder: the label that it has is no change" "$EARMARK" apply "$TMP/folder-out" "$TMP/same.jsonl" -o "$TMP/folder-new"
expect_grep "folder: the label that it has: the summary" '^0 changed, .*1 .*already' "$TMP/stdout"
rm -rf "$TMP/folder-new"

# Names that no other class has; some of them are hostile.
rm -rf "$TMP/folder" "$TMP/folder-out"
list '%s %s\n' | while read -r path class; do
    mkdir -p "$TMP/folder/$class"
    cp "$clips/$path" "$TMP/folder/$class/$class-$(basename "$path")"
done
hostile="\$(touch pwned)'\`touch pwned\` &touch pwned #.wav"
mv "$TMP/folder/high/high-clip0.wav" "$TMP/folder/high/$hostile"
mv "$TMP/folder/high/high-clip1.wav" "$TMP/folder/high/-rf.wav"
# A link that leads nowhere from the folder of excluded clips.
mkdir "$TMP/folder/.kept"
mv "$TMP/folder/low/low-clip4.wav" "$TMP/folder/.kept/clip.wav"
ln -s ../.kept/clip.wav "$TMP/folder/low/low-clip4.wav"
audit "folder: names of its own" "$TMP/folder" "$TMP/folder-out"
decide "$TMP/folder-out"
tree() { (cd "$1" && find . | sort); }
tree "$TMP/folder" >"$TMP/tree-before"
check "folder: 20 decisions" "$EARMARK" apply "$TMP/folder-out" -o "$TMP/folder-new"
expect_grep "folder: the summary" "$said_so" "$TMP/stdout"
tree "$TMP/folder" | cmp -s - "$TMP/tree-before" && ok "folder: nothing is moved yet" || not_ok "folder: nothing is moved yet"
check "folder: moves.sh" bash "$TMP/folder-new/moves.sh"
check "folder: moves.sh twice does no harm" bash "$TMP/folder-new/moves.sh"
audit "folder: again" "$TMP/folder" "$TMP/folder-again"
expect_equal "folder: the labels" "$(found "$TMP/folder-again" | sed 's,^[^/]*/,,' | sort)" \
    "$(wanted "$TMP/folder-out" | sed 's,^[^/]*/,,' | sort)"
check "folder: undo.sh" bash "$TMP/folder-new/undo.sh"
expect_equal "folder: all is where it was" "$(tree "$TMP/folder")" "$(cat "$TMP/tree-before")"
expect_equal "folder: no name is a command" "$(find "$TMP" -name pwned; ls -d pwned 2>/dev/null)" ""
expect_lines "folder: changes.csv" 21 "$TMP/folder-new/changes.csv"
check "folder: marked clips stay" "$EARMARK" apply "$TMP/folder-out" -o "$TMP/folder-marked" --exclude mark
expect_no_grep "folder: where they are" 'earmark-excluded' "$TMP/folder-marked/moves.sh"

mkdir "$TMP/names"
list '%s %s\n' | while read -r path class; do cp "$clips/$path" "$TMP/names/${class}_$class-$(basename "$path")"; done
audit "pattern: an audit" "$TMP/names" "$TMP/names-out" --label-pattern '{label}_{rest}.wav'
decide "$TMP/names-out"
check "pattern: 20 decisions" "$EARMARK" apply "$TMP/names-out" -o "$TMP/names-new"
check "pattern: moves.sh" bash "$TMP/names-new/moves.sh"
audit "pattern: again" "$TMP/names" "$TMP/names-again" --label-pattern '{label}_{rest}.wav'
expect_equal "pattern: the labels" "$(found "$TMP/names-again" | sed 's/^[^_]*_//' | sort)" \
    "$(wanted "$TMP/names-out" | sed 's/^[^_]*_//' | sort)"
check "pattern: undo.sh" bash "$TMP/names-new/undo.sh"
audit "pattern: taken back" "$TMP/names" "$TMP/names-back" --label-pattern '{label}_{rest}.wav'
expect_equal "pattern: all is as it was" "$(found "$TMP/names-back")" "$(found "$TMP/names-out")"

# ---- what stays as it is
(cd "$clips" && tar cf "$TMP/set.tar" high low middle)
audit "tar: an audit" "$TMP/set.tar" "$TMP/tar-out"
decide "$TMP/tar-out"
cksum <"$TMP/set.tar" >"$TMP/tar-sum"
check "tar: 20 decisions" "$EARMARK" apply "$TMP/tar-out" -o "$TMP/tar-new"
expect_grep "tar: the summary" "$said_so" "$TMP/stdout"
expect_equal "tar: it stays as it is" "$(cksum <"$TMP/set.tar")" "$(cat "$TMP/tar-sum")"
expect_equal "tar: every clip with its label" \
    "$(sed 's/.*"path": "\([^"]*\)", "label": "\([^"]*\)".*/\1 \2/' "$TMP/tar-new/labels.jsonl" | sort)" "$(wanted "$TMP/tar-out")"
expect_lines "tar: changes.csv" 21 "$TMP/tar-new/changes.csv"

mkdir "$TMP/tracks"
list '%s %s\n' | while read -r path class; do
    name=$(basename "$path" .wav)-$class
    cp "$clips/$path" "$TMP/tracks/$name.wav"
    printf '0.000000\t0.100000\t%s\n' "$class" >"$TMP/tracks/$name.txt"
done
audit "tracks: an audit" "$TMP/tracks" "$TMP/tracks-out"
decide "$TMP/tracks-out"
check "tracks: 20 decisions" "$EARMARK" apply "$TMP/tracks-out" -o "$TMP/tracks-new"
audit "tracks: labels.jsonl is a list" "$TMP/tracks-new/labels.jsonl" "$TMP/tracks-again" --audio-root "$TMP/tracks"
expect_equal "tracks: the labels" "$(found "$TMP/tracks-again")" "$(wanted "$TMP/tracks-out")"

check "arrays: a run of detect" "$EARMARK" detect --embeddings "$TMP/csv-out/embeddings.npy" \
    --labels "$TMP/csv-out/labels.npy" -o "$TMP/detect-out" --folds 2 --quiet
printf '{"v":1,"row":3,"start":0,"given":"0","decision":"relabel","label":"1","by":"b"}\n' >"$TMP/detect.jsonl"
check "arrays: one decision" "$EARMARK" apply "$TMP/detect-out" "$TMP/detect.jsonl" -o "$TMP/detect-new"
expect_grep "arrays: the label" '^\{"row": 3, "label": "1"\}$' "$TMP/detect-new/labels.jsonl"
expect_lines "arrays: every row" 27 "$TMP/detect-new/labels.jsonl"

# ---- marks
check "mark: a table" "$EARMARK" apply "$TMP/csv-out" -o "$clips/marked.csv" --exclude mark
expect_equal "mark: a column more" "$(sed -n '1p;2p;6p' "$clips/marked.csv")" \
    "$(printf 'path,label,earmark\nhigh/clip0.wav,low,\nhigh/clip4.wav,high,exclude')"
audit "mark: it is audited" "$clips/marked.csv" "$TMP/marked-out"
check "mark: JSON lines" "$EARMARK" apply "$TMP/jsonl-out" -o "$clips/marked.jsonl" --exclude mark
expect_grep "mark: a member more" '"label": "high", "earmark": "exclude"\}$' "$clips/marked.jsonl"
expect_lines "mark: all lines stay" 27 "$clips/marked.jsonl"
expect_exit "mark: labels without an object are refused" 1 "$EARMARK" apply "$TMP/members-out" -o "$TMP/no" --exclude mark

# ---- what is refused, and what is named
new=$TMP/refused.csv
refused() { # NAME CODE PATTERN ARGUMENTS...
    local name=$1 code=$2 pattern=$3
    shift 3
    expect_exit "$name" "$code" "$EARMARK" apply "$@" -o "$new" && expect_grep "$name: the message" "$pattern" "$TMP/stderr"
    check_fails "$name: nothing is written" test -e "$new"
}
expect_exit "NEW that is there" 2 "$EARMARK" apply "$TMP/csv-out" -o "$clips/list.csv"
expect_grep "NEW that is there: the message" 'list.csv: it is there already, and nothing is ever replaced' "$TMP/stderr"
expect_exit "a dry run" 0 "$EARMARK" apply "$TMP/csv-out" -o "$new" --dry-run
expect_grep "a dry run: the summary" "$said_so" "$TMP/stdout"
check_fails "a dry run: nothing is written" test -e "$new"
sed 's/"given":"high"/"given":"other"/' "$TMP/csv-out/decisions-anna.jsonl" >"$TMP/stale.jsonl"
expect_exit "stale decisions" 3 "$EARMARK" apply "$TMP/csv-out" "$TMP/stale.jsonl" -o "$TMP/stale.csv"
expect_grep "stale decisions: counted" '^8 changed, 2 excluded, 1 unsure \(unchanged\), 7 stale' "$TMP/stdout"
expect_grep "stale decisions: named" 'not applied: high/clip0.wav \(anna\): the clip has another label' "$TMP/stderr"
sed 's/"by":"anna"/"by":"ben"/; s/"label":"low"/"label":"middle"/' "$TMP/csv-out/decisions-anna.jsonl" >"$TMP/ben.jsonl"
both=("$TMP/csv-out" "$TMP/csv-out/decisions-anna.jsonl" "$TMP/ben.jsonl")
refused "reviewers who do not agree" 1 'high/clip0.wav: reviewers do not agree' "${both[@]}"
expect_exit "reviewers: skipped" 3 "$EARMARK" apply "${both[@]}" -o "$TMP/skip.csv" --conflicts skip
expect_grep "reviewers: skipped and counted" '^8 changed, .* 4 without agreement' "$TMP/stdout"
check "reviewers: the first counts" "$EARMARK" apply "${both[@]}" -o "$TMP/first.csv" --conflicts first
expect_same "reviewers: it is anna's" "$TMP/first.csv" "$clips/new.csv"
cp -r "$TMP/csv-out" "$TMP/old-run"
sed -i '/^  "list": {/,/^  }/d' "$TMP/old-run/run.json"
refused "a run of an older version" 1 'did not note how the list was read; audit the list again' "$TMP/old-run"
cp "$clips/list.csv" "$TMP/kept.csv"
sed -i '2 s/high$/low/' "$clips/list.csv"
refused "a list that has changed" 1 'list.csv: other bytes in list.csv, so it has changed since the audit' "$TMP/csv-out"
cp "$TMP/kept.csv" "$clips/list.csv"
check "the list as it was" "$EARMARK" apply "$TMP/csv-out" -o "$new"
printf '{"v":1,"row":0,"path":"high/clip0.wav","start":0,"end":%s,"given":"high","decision":"relabel","label":"a b","by":"b"}\n' \
    "$(end_of "$TMP/headless-out" 0)" >"$TMP/space.jsonl"
check "a label with the separator of the table" "$EARMARK" apply "$TMP/headless-out" "$TMP/space.jsonl" -o "$TMP/space.txt"
expect_grep "a label with the separator of the table is quoted" '^high/clip0.wav "a b"$' "$TMP/space.txt"
rm "$new"
for label in '' ' ' '\\t '; do
    sed "s/\"a b\"/\"$label\"/" "$TMP/space.jsonl" >"$TMP/blank.jsonl"
    refused "the blank label '$label'" 1 'line 1: "label" is not there' "$TMP/csv-out" "$TMP/blank.jsonl"
done
echo '{"v":1,' >"$TMP/torn.jsonl" && echo '{' >>"$TMP/torn.jsonl"
refused "a line that is no JSON" 1 'torn\.jsonl, line 1: not JSON: ' "$TMP/csv-out" "$TMP/torn.jsonl"
expect_exit "no NEW" 2 "$EARMARK" apply "$TMP/csv-out"
expect_exit "no such run" 1 "$EARMARK" apply "$TMP/nowhere" -o "$TMP/never"
