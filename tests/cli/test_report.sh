#!/usr/bin/env bash
# earmark report: makes the page of a run again from the files of the run.
. tests/cli/lib.sh

# little_endian BYTES NUMBER
little_endian() {
    local i number=$2
    for ((i = 0; i < $1; i++)); do
        printf "\\x$(printf %02x $((number & 255)))"
        number=$((number >> 8))
    done
}

# A WAV file of 8 kHz: 400 samples of a square wave.
write_wav() {
    {
        printf RIFF
        little_endian 4 836
        printf 'WAVEfmt '
        little_endian 4 16
        little_endian 2 1
        little_endian 2 1
        little_endian 4 8000
        little_endian 4 16000
        little_endian 2 2
        little_endian 2 16
        printf data
        little_endian 4 800
        for ((i = 0; i < 200; i++)); do
            printf "\\x$(printf %02x $((i % 40 < 20 ? 0 : 255)))\\x$(printf %02x $((i % 40 < 20 ? 32 : 223)))"
        done
        head -c 400 /dev/zero
    } >"$1"
}

# make_run FOLDER: three clips, two of them issues, one silent.
make_run() {
    mkdir -p "$1/clips/one" "$1/clips/two" "$1/out"
    write_wav "$1/clips/one/=a <b> & 'c'.wav"
    write_wav "$1/clips/two/plain.wav"
    cat >"$1/out/run.json" <<END
{"format": 1, "source": "clips", "root": "$1/clips", "counts": {"clips": 3, "ok": 2, "silent": 1},
 "score": "self_confidence", "overall_health": 0.5, "warnings": ["a <warning>"],
 "settings": {"folds": 5}}
END
    echo '["one", "two"]' >"$1/out/classes.json"
    cat >"$1/out/clips.csv" <<END
row,id,path,label,class,group,fold,status,reason,start,duration,sample_rate,channels,silent
0,one/=a <b> & 'c'.wav,one/=a <b> & 'c'.wav,one,0,,0,ok,,0,0.05,8000,1,false
1,two/plain.wav,two/plain.wav,two,1,,1,ok,,0,0.05,8000,1,false
2,two/silent.wav,two/silent.wav,two,1,,,silent,nothing to hear,0,0.05,8000,1,true
END
    cat >"$1/out/issues.jsonl" <<END
{"rank": 1, "row": 0, "given_label": "one", "suggested_label": "two", "score": 0.01, "neighbours": [{"row": 1, "similarity": 0.5}]}
{"rank": 2, "row": 1, "given_label": "two", "suggested_label": "one", "score": 0.25, "neighbours": []}
END
}

check "report --help" "$EARMARK" report --help
expect_grep "help has the usage" '^usage: earmark report' "$TMP/stdout"
expect_grep "help has the options" '--threads N' "$TMP/stdout"
expect_exit "no folder" 2 "$EARMARK" report
expect_grep "no folder: what is missing" 'report: OUT is missing; usage: earmark report OUT' "$TMP/stderr"
expect_exit "two folders" 2 "$EARMARK" report a b
expect_exit "unknown option" 2 "$EARMARK" report --nonsense "$TMP"
expect_grep "unknown option: which" 'nonsense.*earmark report --help' "$TMP/stderr"
expect_exit "threads that are no number" 2 "$EARMARK" report --threads many "$TMP"
expect_exit "no run there" 1 "$EARMARK" report "$TMP"
expect_grep "no run there: which file" 'run\.json' "$TMP/stderr"

make_run "$TMP/run"
check "a report" "$EARMARK" report "$TMP/run/out"
expect_grep "what was done" '2 issues, 2 with their sound, from /' "$TMP/stderr"
expect_equal "nothing on stdout" "$(cat "$TMP/stdout")" ""
page=$TMP/run/out/report.html
expect_equal "two players" "$(grep -o '<audio ' "$page" | wc -l)" 2
expect_equal "their sound is in the page" "$(grep -o ' src="data:audio/' "$page" | wc -l)" 2
expect_no_grep "nothing from elsewhere" '(src|href)="(https?:|//)' "$page"
expect_grep "a link to the clip" 'href="file:///[^"]*/run/clips/one/%3Da%20%3Cb%3E%20%26%20%27c%27\.wav"' "$page"
expect_grep "its name" '=a &lt;b&gt; &amp; &#39;c&#39;\.wav' "$page"
expect_equal "a spectrogram for each" "$(grep -o ' data-top="4000" src="data:image/png;base64,' "$page" | wc -l)" 2
expect_grep "the data of a review" '"run":"[0-9a-f]{16}","carrier":"file"' "$page"
expect_grep "why the two figures differ" 'are 100.0% of those audited\. The two figures need not' "$page"
expect_grep "the silent clip" 'nothing to hear' "$page"
expect_grep "the warning" 'a &lt;warning&gt;' "$page"
expect_equal "no temporary files" "$(find "$TMP/run/out" -name '*.part')" ""

cp "$page" "$TMP/first.html"
check "again with one thread" "$EARMARK" report --quiet --threads 1 "$TMP/run/out"
expect_equal "quiet" "$(cat "$TMP/stderr")" ""
expect_same "the same bytes" "$TMP/first.html" "$page"

mv "$TMP/run/clips" "$TMP/run/moved"
check "clips that are gone" "$EARMARK" report "$TMP/run/out"
expect_grep "reported on the terminal" 'the sound of 2 clips could not be read' "$TMP/stderr"
expect_equal "reported in the page" "$(grep -c 'The sound is not in the page' "$page")" 2
check "clips found elsewhere" "$EARMARK" report --root "$TMP/run/moved" "$TMP/run/out"
expect_grep "they are linked there" 'href="file:///[^"]*/run/moved/two/plain\.wav"' "$page"
mkdir "$TMP/run/out/inside"
cp -R "$TMP/run/moved/." "$TMP/run/out/inside"
check "clips in the page's folder" "$EARMARK" report --root "$TMP/run/out/inside" "$TMP/run/out"
expect_grep "they are linked from the page" 'href="inside/two/plain\.wav"' "$page"
rm -R "$TMP/run/out/inside"

check "an export" "$EARMARK" report "$TMP/run/out" --root "$TMP/run/moved" --export raven
expect_grep "what was done, and what to do" 'raven: 2 issues in 2 sound files' "$TMP/stderr"
expect_grep "the sound where it is now" "/run/moved/two/plain.wav.0.000000.two.one" \
    "$TMP/run/out/raven/00002_two_plain.Table.1.selections.txt"
expect_exit "a second one" 1 "$EARMARK" report "$TMP/run/out" --export raven
expect_exit "another program" 2 "$EARMARK" report "$TMP/run/out" --export praat
expect_grep "which are known" 'give audacity, raven or label-studio' "$TMP/stderr"

cp "$page" "$TMP/before.html"
sed -i 's/"given_label": "two"/"given_label": "three"/' "$TMP/run/out/issues.jsonl"
expect_exit "a damaged run" 1 "$EARMARK" report "$TMP/run/out"
expect_grep "which line" 'issues\.jsonl, line 2' "$TMP/stderr"
expect_same "the old page stays" "$TMP/before.html" "$page"

# ---- a run with a detector: marks, estimates and groups come from its files
make_run "$TMP/found"
cat >"$TMP/found/out/run.json" <<JSON
{"format": 1, "source": "clips", "root": "$TMP/found/clips", "counts": {"clips": 3, "ok": 2, "silent": 1},
 "score": "log_margin", "overall_health": 0.5, "warnings": [], "detector": "ensemble", "views": ["xvector"],
 "error_count": {"errors": {"number": 1.6, "low": 1, "high": 2}, "flagged_right": {"number": 0.7, "low": 0, "high": 1},
  "unflagged_wrong": {"number": 0.3, "low": 0, "high": 1}},
 "belief": {"balanced_accuracy": 0.5, "chance": 0.5, "majority": 0.5}, "cautions": ["worth <little>"],
 "settings": {"folds": 5, "group": "speaker"}}
JSON
cat >"$TMP/found/out/issues.jsonl" <<'JSON'
{"rank": 1, "row": 0, "given_label": "one", "suggested_label": "two", "score": -2.5, "none_of_classes": false, "entropy": 0.25, "certain": true, "same_sound": 1, "evidence": [{"view": "xvector", "logistic": {"given": 0.02, "suggested": 0.91}, "counted": {"neighbours": 20, "with_given": 2, "with_suggested": 17}}], "neighbours": []}
{"rank": 2, "row": 1, "given_label": "two", "suggested_label": "one", "score": -1.5, "none_of_classes": true, "entropy": 0.75, "certain": false, "same_sound": null, "evidence": [], "neighbours": []}
JSON
printf 'group,given_label,suggested_label,clips,matching\nanna & co,one,two,15,14\n' >"$TMP/found/out/group_errors.csv"
check "a run with a detector" "$EARMARK" report --quiet "$TMP/found/out"
page=$TMP/found/out/report.html
expect_grep "the caution" '<li>worth &lt;little&gt;</li>' "$page"
expect_grep "the estimate" 'About 2 labels are wrong \(95% interval: 1 to 2\): 1 of the 2 flagged, and 1 that is not flagged; 0\.00% are right' "$page"
expect_grep "the copy" '<b>Certain:</b> <a href="file:///[^"]*/clips/two/plain\.wav">.*has the same sound and is labelled <b><bdi>two' "$page"
expect_grep "the evidence" '<li><bdi>xvector</bdi>: logistic 2% → 91%, 17 of 20 neighbours labelled <bdi>two</bdi>, 2 labelled <bdi>one</bdi></li>' "$page"
expect_grep "none of the classes" 'none of the classes</b> <small>closest</small> <bdi>one' "$page"
expect_grep "the group" '<bdi>anna &amp; co</bdi></th>' "$page"
sed -i 's/"same_sound": 1,/"same_sound": 9,/' "$TMP/found/out/issues.jsonl"
expect_exit "a copy that is not in the list" 1 "$EARMARK" report "$TMP/found/out"
expect_grep "which row" 'clips\.csv: has 3 rows, but issues\.jsonl is about row 9' "$TMP/stderr"
