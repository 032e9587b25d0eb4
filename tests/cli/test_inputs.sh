#!/usr/bin/env bash
# Every kind of INPUT as a user types it: data sets known by their columns, parts of files.
source tests/cli/lib.sh
source tests/cli/sounds.sh

# The same 24 clips in every shape: 4,000 samples at 8 kHz, half a second each.
pieces=$TMP/pieces
mkdir -p "$pieces"
for class in low:60 middle:30 high:10; do
    for index in 0 1 2 3 4 5 6 7; do
        write_square_wav "$pieces/${class%:*}$index.wav" $((${class#*:} + index)) 4000
    done
done

# list HEADER FORMAT: a table of the clips; FORMAT gets name, class, index.
list() {
    local class index
    if [ -n "$1" ]; then printf '%s\n' "$1"; fi
    for class in low middle high; do
        for index in 0 1 2 3 4 5 6 7; do
            printf "$2\n" "$class$index" "$class" "$index"
        done
    done
}
list 'path,label' '%s.wav,%s%.0s' >"$pieces/list.csv"
check "the clips as files of their own" "$EARMARK" audit "$pieces/list.csv" -o "$TMP/rows" --quiet
expect_lines "no pair of classes that is not confused" 1 "$TMP/rows/overlapping_classes.csv"
expect_grep "the page says that there is none" 'No two classes overlap' "$TMP/rows/report.html"
cp "$TMP/rows/report.html" "$TMP/rows.html"
check "also made again" "$EARMARK" report "$TMP/rows" --quiet
expect_same "from the files of the run" "$TMP/rows.html" "$TMP/rows/report.html"

# ---- ESC-50
mkdir -p "$TMP/esc/meta" "$TMP/esc/audio"
cp "$pieces"/*.wav "$TMP/esc/audio"
list 'filename,fold,target,category' '%s.wav,0,%s,%s' | awk -F, -v OFS=, \
    'NR > 1 { $2 = $4 % 4 + 1; $4 = $3; $3 = 7 } { print }' >"$TMP/esc/meta/esc50.csv"
check "ESC-50" "$EARMARK" audit "$TMP/esc/meta/esc50.csv" -o "$TMP/esc-out"
expect_grep "a message says what is read" 'is read as ESC-50: .*folds from .fold' "$TMP/stderr"
expect_grep "and kept" '"reading": ".*ESC-50' "$TMP/esc-out/run.json"
expect_grep "the folds are those of the column" '"fold_column": "fold"' "$TMP/esc-out/run.json"
expect_equal "clips of one fold stay together" \
    "$(awk -F, 'NR > 1 { split($2, name, /[a-z.\/]+/); print name[2] % 4 "," $7 }' \
        "$TMP/esc-out/clips.csv" | sort -u | wc -l)" 4
expect_same "its embeddings are the files'" "$TMP/rows/embeddings.npy" "$TMP/esc-out/embeddings.npy"
check "its folds can be left" "$EARMARK" audit "$TMP/esc/meta/esc50.csv" -o "$TMP/esc-dealt" \
    --fold-column '' --quiet
expect_same "and are dealt then" "$TMP/rows/pred_probs.npy" "$TMP/esc-dealt/pred_probs.npy"
expect_equal "quiet says nothing" "$(cat "$TMP/stdout" "$TMP/stderr")" ""

# ---- parts of one long recording
{
    head -c 4 "$pieces/low0.wav"
    little_endian 4 $((36 + 24 * 8000))
    head -c 40 "$pieces/low0.wav" | tail -c 32
    little_endian 4 $((24 * 8000))
    list '' '%s%.0s%.0s' | while read -r name; do tail -c 8000 "$pieces/$name.wav"; done
} >"$pieces/long.wav"
list 'path,label,from,to' 'long.wav,%s,%s,%s' | awk -F, -v OFS=, \
    'NR > 1 { $2 = $3; $3 = (NR - 2) / 2; $4 = (NR - 1) / 2 } { print }' >"$pieces/parts.csv"
check "parts of a recording" "$EARMARK" audit "$pieces/parts.csv" -o "$TMP/parts" \
    --start-column from --end-column to
expect_grep "a message says that they are" '24 of 24 clips are segments of files, from .from. and .to.' \
    "$TMP/stderr"
for file in embeddings.npy statistics.npy labels.npy pred_probs.npy; do
    expect_same "$file: as of files of their own" "$TMP/rows/$file" "$TMP/parts/$file"
done
expect_grep "clips.csv says which part" ',"long\.wav#t=1\.5,2",long.wav,low,.*,ok,,1.5,0.5,8000,' \
    "$TMP/parts/clips.csv"
awk -F, 'NR > 1 { printf "{\"audio_filepath\": \"long.wav\", \"label\": \"%s\", \"offset\": %s, \"duration\": 0.5}\n", $2, $3 }' \
    "$pieces/parts.csv" >"$pieces/nemo.jsonl"
check "NeMo's lines" "$EARMARK" audit "$pieces/nemo.jsonl" -o "$TMP/nemo" --quiet
expect_same "the same parts" "$TMP/parts/clips.csv" "$TMP/nemo/clips.csv"
expect_same "the same results" "$TMP/parts/issues.csv" "$TMP/nemo/issues.csv"

# Invalid ones are rows with a reason, and the run continues.
sed '2s/low/high/' "$pieces/parts.csv" >"$pieces/bad.csv"
printf 'long.wav,low,%s\n' -1,2 nan,2 3,2 11,13 50,51 >>"$pieces/bad.csv"
expect_exit "impossible parts" 3 "$EARMARK" audit "$pieces/bad.csv" -o "$TMP/bad" --detector logistic \
    --start-column from --end-column to
expect_equal "each is a row" "$(grep -c ',bad_segment,' "$TMP/bad/clips.csv")" 5
expect_grep "before the file" 'line 26: the position in the file is negative' "$TMP/bad/clips.csv"
expect_grep "no number" 'line 27: the position in the file is not a number' "$TMP/bad/clips.csv"
expect_grep "backwards" 'line 28: its end is before its start' "$TMP/bad/clips.csv"
expect_grep "over the end" 'ends at 13 s, but the file is only 12 s long' "$TMP/bad/clips.csv"
expect_grep "after the end" 'begins at 50 s, but the file is only 12 s long' "$TMP/bad/clips.csv"
expect_grep "issues.csv says which part" '^1,0,"long\.wav#t=0,0\.5",long\.wav,0,0\.5,high,low,' \
    "$TMP/bad/issues.csv"
expect_grep "so does issues.jsonl" '"path": "long\.wav", "start": 0, "end": 0\.5, ' \
    "$TMP/bad/issues.jsonl"
expect_grep "the summary names the part" 'high .*-> low .*long\.wav#t=0,0\.5' "$TMP/stdout"
expect_grep "so does the page" 'long\.wav#t=0,0\.5</bdi>' "$TMP/bad/report.html"
check "another part is another run" test "$(grep -o '"clips_hash": "[^"]*"' "$TMP/bad/run.json")" != \
    "$(grep -o '"clips_hash": "[^"]*"' "$TMP/parts/run.json")"

# ---- the same clips as an audiofolder, as a Kaldi data folder, as Speech Commands
mkdir "$TMP/hf" "$TMP/kaldi" "$TMP/parts-kaldi" "$TMP/commands"
cp "$pieces"/{low,middle,high}?.wav "$TMP/hf"
list 'file_name,label' '%s.wav,%s%.0s' >"$TMP/hf/metadata.csv"
check "an audiofolder" "$EARMARK" audit "$TMP/hf" -o "$TMP/hf-out"
expect_grep "a message says so" 'hf is read as an audiofolder: clips and labels from metadata.csv' \
    "$TMP/stderr"
expect_same "the same clips" "$TMP/rows/clips.csv" "$TMP/hf-out/clips.csv"
cp "$TMP/hf"/*.wav "$TMP/kaldi"
list '' '%s%.0s%.0s' | awk '{ print "u-" $1, $1 ".wav" }' >"$TMP/kaldi/wav.scp"
list '' '%s %s%.0s' | awk '{ print "u-" $1, $2 }' >"$TMP/kaldi/utt2label"
printf 'evil touch %s/evil |\n' "$TMP" >>"$TMP/kaldi/wav.scp"
echo "evil low" >>"$TMP/kaldi/utt2label"
expect_exit "a Kaldi folder" 3 "$EARMARK" audit "$TMP/kaldi" -o "$TMP/kaldi-out"
expect_same "the same results" "$TMP/rows/pred_probs.npy" "$TMP/kaldi-out/pred_probs.npy"
expect_grep "a command is a row" '^24,evil,.*,bad_row,.*a shell command for it, which is never run' \
    "$TMP/kaldi-out/clips.csv"
check_fails "and is not run" test -e "$TMP/evil"
cp "$pieces/long.wav" "$TMP/parts-kaldi"
echo "rec long.wav" >"$TMP/parts-kaldi/wav.scp"
awk -F, 'NR > 1 { print "u" NR, "rec", $3, $4 }' "$pieces/parts.csv" >"$TMP/parts-kaldi/segments"
awk -F, 'NR > 1 { print "u" NR, $2 }' "$pieces/parts.csv" >"$TMP/parts-kaldi/utt2label"
awk -F, 'NR > 1 { print "u" NR, "s" NR % 6 }' "$pieces/parts.csv" >"$TMP/parts-kaldi/utt2spk"
check "a Kaldi folder with segments" "$EARMARK" audit "$TMP/parts-kaldi" -o "$TMP/parts-kaldi-out"
expect_same "the same results" "$TMP/parts/pred_probs.npy" "$TMP/parts-kaldi-out/pred_probs.npy"
expect_grep "clips.csv says which part" '^3,u5,long.wav,low,.*,ok,,1\.5,0\.5,8000,' \
    "$TMP/parts-kaldi-out/clips.csv"
check "its speakers as groups" "$EARMARK" audit "$TMP/parts-kaldi" -o "$TMP/speakers" \
    --group speaker --folds 3 --quiet
expect_equal "a speaker is in one fold" \
    "$(awk -F, 'NR > 1 { print $6 "," $7 }' "$TMP/speakers/clips.csv" | sort -u | wc -l)" 6

# ---- Lhotse: the parts again
mkdir "$TMP/lhotse"
cp "$pieces/long.wav" "$TMP/lhotse"
echo '{"id": "rec", "sources": [{"type": "file", "channels": [0], "source": "long.wav"}]}' \
    >"$TMP/lhotse/recordings.jsonl"
awk -F, 'NR > 1 { printf "{\"id\": \"u%d\", \"recording_id\": \"rec\", \"start\": %s, \"duration\": 0.5, \"channel\": 0, \"speaker\": \"s%d\", \"custom\": {\"label\": \"%s\"}}\n", NR, $3, NR % 6, $2 }' \
    "$pieces/parts.csv" | gzip >"$TMP/lhotse/supervisions.jsonl.gz"
check "a set of Lhotse" "$EARMARK" audit "$TMP/lhotse" -o "$TMP/lhotse-out"
expect_grep "a message says so" 'is read as a supervision set of Lhotse: .*labels from custom.label' \
    "$TMP/stderr"
expect_same "the same results" "$TMP/parts/pred_probs.npy" "$TMP/lhotse-out/pred_probs.npy"
check "its speakers as groups" "$EARMARK" audit "$TMP/lhotse/supervisions.jsonl.gz" \
    -o "$TMP/lhotse-speakers" --group speaker --folds 3 --quiet
expect_same "the same folds as Kaldi's" "$TMP/speakers/pred_probs.npy" \
    "$TMP/lhotse-speakers/pred_probs.npy"
expect_exit "labels that are not there" 2 "$EARMARK" audit "$TMP/lhotse" -o "$TMP/x" \
    --label-column gender
expect_grep "those that are there are named" 'there are: speaker, custom.label' "$TMP/stderr"
# As cuts: windows of 3 s, six supervisions in each.
mkdir "$TMP/cuts"
cp "$pieces/long.wav" "$TMP/cuts"
awk -F, 'NR > 1 {
    at = $3 % 3
    if (at == 0) printf "%s{\"id\": \"c%d\", \"start\": %s, \"duration\": 3, \"channel\": 0, \"recording\": {\"id\": \"rec\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": \"long.wav\"}]}, \"type\": \"MonoCut\", \"supervisions\": [", (NR > 2 ? "]}\n" : ""), NR, $3
    printf "%s{\"id\": \"u%d\", \"recording_id\": \"rec\", \"start\": %s, \"duration\": 0.5, \"speaker\": \"s%d\", \"custom\": {\"label\": \"%s\"}}", (at == 0 ? "" : ", "), NR, at, NR % 6, $2
} END { print "]}" }' "$pieces/parts.csv" >"$TMP/cuts/all_cuts.jsonl"
gzip -c "$TMP/cuts/all_cuts.jsonl" >"$TMP/cuts/cuts.jsonl.gz"
check "cuts of Lhotse" "$EARMARK" audit "$TMP/cuts" -o "$TMP/cuts-out"
expect_grep "a message says so" 'cuts.jsonl.gz is read as a cut set of Lhotse: labels from custom.label' \
    "$TMP/stderr"
expect_grep "and kept" '"kind": "lhotse-cuts"' "$TMP/cuts-out/run.json"
expect_same "the same clips" "$TMP/lhotse-out/clips.csv" "$TMP/cuts-out/clips.csv"
expect_same "the same results" "$TMP/parts/pred_probs.npy" "$TMP/cuts-out/pred_probs.npy"
echo '{"id": "mix", "tracks": [], "type": "MixedCut"}' >>"$TMP/cuts/all_cuts.jsonl"
expect_exit "a mixed cut among them" 3 "$EARMARK" audit "$TMP/cuts/all_cuts.jsonl" \
    -o "$TMP/cuts-mixed" --group speaker --folds 3
expect_grep "is a row with its reason" ',mix,.*,bad_row,.*a mixed cut, whose sound is not in one file' \
    "$TMP/cuts-mixed/clips.csv"
expect_same "the others are as before" "$TMP/speakers/pred_probs.npy" \
    "$TMP/cuts-mixed/pred_probs.npy"
for class in low middle high; do
    mkdir "$TMP/commands/$class"
    cp "$pieces/$class"?.wav "$TMP/commands/$class"
done
mkdir "$TMP/commands/_background_noise_"
cp "$pieces/long.wav" "$TMP/commands/_background_noise_"
check "Speech Commands" "$EARMARK" audit "$TMP/commands" -o "$TMP/commands-out"
expect_grep "a message says what was left out" \
    'sound files skipped in _background_noise_: 1 ' "$TMP/stderr"
expect_no_grep "it is no class" 'background' "$TMP/commands-out/clips.csv"

# ---- parts of the data set, and files that are not read
for class in low middle high; do
    mkdir -p "$TMP/parts-of/test/$class" "$TMP/parts-of/train/$class"
    cp "$pieces/$class"[0-5].wav "$TMP/parts-of/train/$class"
    cp "$pieces/$class"[67].wav "$TMP/parts-of/test/$class"
done
cp "$pieces/low0.wav" "$TMP/parts-of/test/low"
echo 'RealAudio' >"$TMP/parts-of/train/high/9.aax"
echo 'notes' >"$TMP/parts-of/train/high/notes.txt"
mkdir "$TMP/parts-of/test/none"
expect_exit "train and test" 3 "$EARMARK" audit "$TMP/parts-of" -o "$TMP/parts-of-out"
expect_grep "are no labels" 'test/, train/ are taken as parts of the data set' "$TMP/stderr"
expect_equal "the labels are the folders in them" "$(tr -d ' \n' <"$TMP/parts-of-out/classes.json")" \
    '["high","low","middle"]'
expect_grep "clips.csv has them" '^0,test/high/high6.wav,.*,test$' "$TMP/parts-of-out/clips.csv"
expect_grep "run.json counts them" '"splits": \[{"split": "test", "clips": 7}' \
    "$TMP/parts-of-out/run.json"
expect_grep "a sound in both is told" \
    "several parts of the data set: 2 clips, .*'test/low/low0.wav' .test. and 'train/low/low0.wav'" \
    "$TMP/stderr"
expect_grep "a sound that is not read is a row" 'train/high/9.aax,.*,unreadable,.sounds of the kind' \
    "$TMP/parts-of-out/clips.csv"
expect_grep "the summary counts what is not read" \
    'note: not read: 2 files: 1 .aax in train/high/, 1 .txt in train/high/' "$TMP/stdout"
expect_grep "so does run.json" '"not_read": \[{"ending": ".aax", "files": 1, "sound": true' \
    "$TMP/parts-of-out/run.json"
expect_grep "so does the page" 'Files of the input that were not read' \
    "$TMP/parts-of-out/report.html"
expect_grep "a class without a clip is named" "folders without a sound.*: 1: 'test/none/'" \
    "$TMP/stderr"

# ---- messages say what is wrong with the labels, the first before anything is decoded
list 'path,label,who' '%s.wav,%s,s%s' >"$pieces/warn.csv"
printf '%s\n' 'low0.wav,,s1' 'low1.wav,  ,s1' 'low0.wav,Low,s1' 'low2.wav,rare,s1' \
    'low3.wav,rare,s1' >>"$pieces/warn.csv"
check "an audit with warnings" "$EARMARK" audit "$pieces/warn.csv" -o "$TMP/warn"
expect_grep "empty labels" 'warning: clips without a label: 2;' "$TMP/stderr"
expect_grep "labels alike" "warning: the labels 'Low' and 'low' differ only in case" \
    "$TMP/stderr"
expect_grep "classes with too few clips" \
    'warning: 2 classes with fewer clips than there are folds .*: Low \(1\), rare \(2\)' \
    "$TMP/stderr"
expect_grep "run.json keeps them" 'with fewer clips than there are folds' "$TMP/warn/run.json"
expect_grep "the rows have their reason" ',rare,.*,too_few_examples,' "$TMP/warn/clips.csv"
expect_exit "fewer groups than folds" 1 "$EARMARK" audit "$pieces/warn.csv" -o "$TMP/few" \
    --group who --folds 9
expect_grep "a message says what to do" '--group who has 8 different values, .* give --folds 8' \
    "$TMP/stderr"
expect_no_grep "before anything is decoded" 'embedding' "$TMP/stderr"
list 'path,label,who,empty' '%s.wav,%s,me,%.0s' >"$pieces/alone.csv"
expect_exit "one group" 1 "$EARMARK" audit "$pieces/alone.csv" -o "$TMP/few" --group who
expect_grep "no number of folds helps" '--group who has one value, .*; give a column or field with several' \
    "$TMP/stderr"
expect_exit "no group" 1 "$EARMARK" audit "$pieces/alone.csv" -o "$TMP/few" --group empty
expect_grep "is said" 'none of its clips can be used .*: no value for --group empty: fill it in' "$TMP/stderr"
# Different sounds, since equal ones join their groups.
make_square_corpus "$TMP/own" 4
mkdir "$TMP/own/rare"
for index in 0 1; do write_square_wav "$TMP/own/rare/clip$index.wav" $((40 + index)) 3000; done
{
    echo path,label,who
    for class in low middle high; do
        for index in 0 1 2 3; do echo "$class/clip$index.wav,$class,s$((index % 2))"; done
    done
    printf '%s\n' rare/clip0.wav,rare,s1 rare/clip1.wav,rare,s1
} >"$TMP/own/list.csv"
check "a class in one group" "$EARMARK" audit "$TMP/own/list.csv" -o "$TMP/one-group" --group who \
    --folds 2
expect_grep "is reported" 'warning: 1 class with all clips in one group .*: rare \(2\)' "$TMP/stderr"
check "a class in one fold" "$EARMARK" audit "$TMP/own/list.csv" -o "$TMP/one-fold" \
    --fold-column who
expect_grep "is reported, too" 'warning: 1 class with all clips in one fold .*: rare \(2\)' \
    "$TMP/stderr"

# ---- lists as other programs save them
list 'path;label' '%s.wav;%s%.0s' >"$pieces/spreadsheet.csv"
check "columns separated by ;" "$EARMARK" audit "$pieces/spreadsheet.csv" -o "$TMP/semicolons"
expect_grep "a message says so" "is read with columns separated by ';'" "$TMP/stderr"
expect_same "the same clips" "$TMP/rows/clips.csv" "$TMP/semicolons/clips.csv"
{
    list 'path,label' '%s.wav,%s%.0s'
    echo 'sounds\low0.wav,low'
} >"$pieces/slashes.csv"
expect_exit "a path with \\" 3 "$EARMARK" audit "$pieces/slashes.csv" -o "$TMP/slashes"
expect_grep "the reason is in its row" 'its path has \\ where this system has /' "$TMP/slashes/clips.csv"
{
    list 'path,label' '%s.wav,%s%.0s'
    echo ',low'
} >"$pieces/no-path.csv"
expect_exit "a row without a path" 3 "$EARMARK" audit "$pieces/no-path.csv" -o "$TMP/no-path"
expect_grep "the summary has its line" '^ +first: line 26: no path of a sound file$' "$TMP/stdout"
