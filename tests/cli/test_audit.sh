#!/usr/bin/env bash
# earmark audit and embed as a user runs them.
source tests/cli/lib.sh
source tests/cli/sounds.sh

clips=$TMP/clips
make_square_corpus "$clips" 8
cp "$clips/high/clip0.wav" "$clips/low/wrong label.wav" # planted

# ---- the plain run
check "an audit" "$EARMARK" audit "$clips" -o "$TMP/out"
expect_grep "the summary counts clips and classes" '25 clips, 3 classes' "$TMP/stdout"
expect_grep "the first issue is in it" 'low .*-> high .*wrong label\.wav' "$TMP/stdout"
expect_grep "it says where the page is" 'out/report\.html' "$TMP/stdout"
for file in run.json timing.json clips.csv embeddings.npy statistics.npy labels.npy pred_probs.npy \
    classes.json issues.csv issues.jsonl classes.csv confident_joint.csv overlapping_classes.csv report.html; do
    expect_file "$file is there" "$TMP/out/$file"
done
expect_lines "clips.csv has every clip" 26 "$TMP/out/clips.csv"
expect_grep "the planted clip is ranked first" '^1,[0-9]+,low/wrong label\.wav,' "$TMP/out/issues.csv"
expect_equal "nothing half-written is left" "$(ls -A "$TMP/out" | grep -c part)" 0

# shellcheck disable=SC2016
expect_exit "a closed standard output" 1 bash -c '"$0" "$@" >&-' "$EARMARK" audit "$clips" \
    -o "$TMP/closed"
expect_grep "the summary is missed" '^earmark: cannot write the summary' "$TMP/stderr"

# ---- a second run, other threads
expect_exit "a finished run is not overwritten" 1 "$EARMARK" audit "$clips" -o "$TMP/out"
expect_grep "it says how" '--fresh' "$TMP/stderr"
check "one thread" "$EARMARK" audit "$clips" -o "$TMP/one" --threads 1 --quiet
expect_equal "quiet says nothing" "$(cat "$TMP/stdout" "$TMP/stderr")" ""
for file in clips.csv embeddings.npy statistics.npy pred_probs.npy issues.csv issues.jsonl classes.csv \
    run.json; do
    expect_same "$file: the same bytes with one thread" "$TMP/out/$file" "$TMP/one/$file"
done
check "fresh replaces it" "$EARMARK" audit "$clips" -o "$TMP/out" --fresh --quiet
expect_same "two runs" "$TMP/out/report.html" "$TMP/one/report.html"
expect_exit "issues as an exit code" 4 "$EARMARK" audit "$clips" -o "$TMP/fail" --fail-on-issues

# ---- embeddings alone, features, crossval and issues: the sum of the stages
check "embed" "$EARMARK" embed "$clips" -o "$TMP/embedded" --features "$TMP/features"
expect_same "embed gives the audit's embeddings" "$TMP/out/embeddings.npy" \
    "$TMP/embedded/embeddings.npy"
expect_same "and its statistics" "$TMP/out/statistics.npy" "$TMP/embedded/statistics.npy"
expect_equal "87 float32 for each of 25 clips, after a header of 128 bytes" \
    "$(wc -c <"$TMP/out/statistics.npy")" $((128 + 25 * 87 * 4))
expect_grep "run.json names the views" '"views": \["xvector", "statistics"\]' "$TMP/out/run.json"
expect_exit "views are named as they are" 2 "$EARMARK" embed "$clips" -o "$TMP/x" --views both
check "the network alone" "$EARMARK" embed "$clips" -o "$TMP/alone" --views xvector
expect_same "gives the same embeddings" "$TMP/out/embeddings.npy" "$TMP/alone/embeddings.npy"
expect_equal "and no statistics" "$(ls "$TMP/alone" | grep -c statistics)" 0
expect_grep "as its run.json says" '"views": \["xvector"\]' "$TMP/alone/run.json"
expect_equal "one features file a clip" "$(ls "$TMP/features" | wc -l)" 25
next_command() { # the command that the last summary says is next
    sed -n "s|^Next: earmark|'$EARMARK'|p" "$TMP/stdout" "$TMP/stderr"
}
check "embed into a folder that needs quoting" "$EARMARK" embed "$clips" -o "$TMP/it's a folder"
check "the command that it names next" bash -c "cd '$TMP' && $(next_command)"
expect_same "takes its embeddings" "$TMP/out/pred_probs.npy" "$TMP/found/pred_probs.npy"
expect_same "and gives the audit's scores" "$TMP/out/scores.npy" "$TMP/found/scores.npy"
check "crossval" "$EARMARK" crossval --embeddings "$TMP/embedded/embeddings.npy" \
    --embeddings "$TMP/embedded/statistics.npy" --labels "$TMP/embedded/labels.npy" -o "$TMP/crossval"
expect_same "crossval gives the audit's probabilities" "$TMP/out/pred_probs.npy" \
    "$TMP/crossval/pred_probs.npy"
check "the command that crossval names next" bash -c "cd '$TMP' && $(next_command)"
expect_grep "says what to look at" '^Next: look at the first rows of issues/issues\.csv' "$TMP/stdout"
check "issues" "$EARMARK" issues --labels "$TMP/out/labels.npy" \
    --pred-probs "$TMP/out/pred_probs.npy"
rank_1=$(awk -F, '$3 == "low/wrong label.wav" { print $1 - 0 }' "$TMP/out/clips.csv")
expect_equal "issues ranks the audit's first issue first" "$(head -n 1 "$TMP/stdout")" "$rank_1"

# ---- labels from file names, groups
mkdir "$TMP/flat"
for class in low middle high; do
    for index in 0 1 2 3 4 5 6 7; do
        cp "$clips/$class/clip$index.wav" "$TMP/flat/${class}_speaker$((index / 2))_$index.wav"
    done
done
expect_exit "files at the root want a pattern" 1 "$EARMARK" audit "$TMP/flat" -o "$TMP/x"
check "labels from names, groups by speaker" "$EARMARK" audit "$TMP/flat" -o "$TMP/grouped" \
    --label-pattern '{label}_{speaker}_{take}.wav' --group speaker --folds 4
expect_equal "a speaker is in one fold" \
    "$(awk -F, 'NR > 1 { print $6 "," $7 }' "$TMP/grouped/clips.csv" | sort -u | wc -l)" 4

# ---- clips that cannot be used are rows, and the run continues
echo "no sound" >"$clips/low/text.wav"
write_square_wav "$clips/middle/short.wav" 5 200
: >"$clips/high/empty.wav"
mkdir "$clips/rare"
cp "$clips/low/clip1.wav" "$clips/rare/only.wav"
echo notes >"$clips/README.txt"
expect_exit "unreadable clips give exit code 3" 3 "$EARMARK" audit "$clips" -o "$TMP/bad"
expect_grep "the summary names the first, and what to do" \
    '^ +first: high/empty\.wav: the file is empty; copy it again$' "$TMP/stdout"
expect_exit "issues come before unreadable clips" 4 "$EARMARK" audit "$clips" -o "$TMP/both" \
    --fail-on-issues --quiet
expect_exit "embed says it too" 3 "$EARMARK" embed "$clips" -o "$TMP/bad-embedded"
mkdir -p "$TMP/useless/low" "$TMP/useless/high"
for copy in "" 2; do
    cp "$clips/low/text.wav" "$TMP/useless/low/text$copy.wav"
    cp "$clips/high/empty.wav" "$TMP/useless/high/empty$copy.wav"
done
expect_exit "embed without a readable clip" 1 "$EARMARK" embed "$TMP/useless" -o "$TMP/nothing"
expect_grep "says why of the first" 'the first, high/empty\.wav: the file is empty' "$TMP/stderr"
expect_exit "audit without a readable clip" 1 "$EARMARK" audit "$TMP/useless" -o "$TMP/nothing" \
    --folds 2
expect_grep "says why of the first too" 'the first, high/empty\.wav: the file is empty' "$TMP/stderr"
expect_grep "the text is a row" 'low/text\.wav.*,unreadable,' "$TMP/bad/clips.csv"
expect_grep "the empty file is a row" 'high/empty\.wav.*,unreadable,' "$TMP/bad/clips.csv"
expect_grep "the short one is a row" 'middle/short\.wav.*,too_short,' "$TMP/bad/clips.csv"
expect_grep "the only one of its class is a row" 'rare/only\.wav.*,too_few_examples,' \
    "$TMP/bad/clips.csv"
expect_lines "no clip is left out" 30 "$TMP/bad/clips.csv"
expect_same "the others get the same embeddings" "$TMP/out/embeddings.npy" \
    "$TMP/bad/embeddings.npy"
expect_same "and statistics" "$TMP/out/statistics.npy" "$TMP/bad/statistics.npy"

# ---- audio faults: reported, and nothing else changed
health=$TMP/health
cp -r "$clips" "$health"
cp "$clips/high/clip2.wav" "$health/low/twin.wav"
write_square_wav "$health/high/cut.wav" 5 2000
truncate -s 2000 "$health/high/cut.wav"
expect_exit "an audit with faulty sounds" 3 "$EARMARK" audit "$health" -o "$TMP/health-out"
expect_grep "the summary has a line a kind" '^ +6  identical to a clip with another label$' "$TMP/stdout"
expect_grep "a cut file is one of them" '^ +1  truncated$' "$TMP/stdout"
expect_grep "a column names the faults" '^audio_faults$' \
    <(head -n 1 "$TMP/health-out/clips.csv" | tr , '\n')
expect_grep "the twin has its fault" '^[0-9]+,low/twin\.wav,.*identical_other_label' \
    "$TMP/health-out/clips.csv"
expect_grep "run.json counts and gives the threshold" \
    '"narrow_band": \{"clips": 0, "measure": ".*", "at_least": 18' "$TMP/health-out/run.json"
expect_grep "the page has a section" '<h2 id="audio-faults">Audio faults' "$TMP/health-out/report.html"
cp "$TMP/health-out/report.html" "$TMP/page.html"
check "the page again" "$EARMARK" report "$TMP/health-out"
expect_same "from the files it is the same" "$TMP/page.html" "$TMP/health-out/report.html"
expect_exit "as JSON" 3 "$EARMARK" audit "$health" -o "$TMP/health-out" --fresh --json
expect_grep "the counts are in it" '"audio_health": \{"silent": 0, .*"truncated": 1,' "$TMP/stdout"

# ---- labels that no audit can compare: a message says so before anything is embedded
mkdir -p "$TMP/alike/low"
cp "$clips"/low/*.wav "$TMP/alike/low"
expect_exit "a single class" 1 "$EARMARK" audit "$TMP/alike" -o "$TMP/alike-out"
expect_grep "is named, with what to do" \
    'same label, low; an audit needs at least two classes: check INPUT' "$TMP/stderr"
check_fails "before anything is embedded" test -e "$TMP/alike-out"
printf 'path,label\nlow/clip0.wav,high\n' >"$TMP/alike/labels.csv"
expect_exit "a single folder beside a list" 1 "$EARMARK" audit "$TMP/alike" -o "$TMP/alike-out"
expect_grep "the list is named" 'not read: 1 file: 1 \.csv in \./; if one is a list .* give it as INPUT' \
    "$TMP/stderr"
rm "$TMP/alike/labels.csv"
ls "$clips/low" | awk 'BEGIN { print "path,label,begin,end" }
    { print "low/" $0 ",take" NR ",0,1" }' >"$clips/takes.csv"
expect_exit "a label for each clip" 1 "$EARMARK" audit "$clips/takes.csv" -o "$TMP/alike-out"
expect_grep "says so, not that folds are too many" 'every clip has another label \([0-9]+ clips, such as take' \
    "$TMP/stderr"
expect_grep "after what the list was warned of" "^warning: .*'begin' and 'end' are not used" "$TMP/stderr"
rm "$clips/takes.csv"
ln -s "$clips/high" "$TMP/alike/high"
expect_exit "the other class leads out of the folder" 1 "$EARMARK" audit "$TMP/alike" -o "$TMP/alike-out"
expect_grep "which is said, with what to do" \
    '1 of [0-9]+ clips cannot be used, the first, high/: a link .*--allow-outside' "$TMP/stderr"
expect_exit "and can be allowed (a clip of it is broken)" 3 "$EARMARK" audit "$TMP/alike" -o "$TMP/alike-out" --allow-outside
rm -r "$TMP/alike-out"
expect_exit "two classes, but more folds than clips" 1 "$EARMARK" audit "$clips" \
    -o "$TMP/alike-out" --folds 99
expect_grep "says so" 'fewer clips than the 99 folds: give fewer --folds' "$TMP/stderr"
check_fails "and embeds nothing" test -e "$TMP/alike-out"
expect_exit "embed takes a single class" 3 "$EARMARK" embed "$TMP/alike" -o "$TMP/alike-out"

# ---- usage
expect_exit "no input" 2 "$EARMARK" audit -o "$TMP/x"
expect_exit "no output" 2 "$EARMARK" audit "$clips"
expect_exit "an unknown option" 2 "$EARMARK" audit "$clips" -o "$TMP/x" --unknown
expect_grep "is named" '--unknown.*earmark audit --help' "$TMP/stderr"
expect_exit "a bad number" 2 "$EARMARK" audit "$clips" -o "$TMP/x" --folds one
expect_exit "a bad device" 2 "$EARMARK" audit "$clips" -o "$TMP/x" --device abacus
expect_exit "no such input" 1 "$EARMARK" audit "$TMP/nowhere" -o "$TMP/x"
expect_grep "names it" 'nowhere' "$TMP/stderr"
expect_exit "a model that is none" 1 "$EARMARK" audit "$clips" -o "$TMP/x" --model "$clips/README.txt"
for command in audit embed crossval issues report model bench info; do
    check "$command --help" "$EARMARK" "$command" --help
    expect_grep "$command --help says how to use it" "usage: earmark $command" "$TMP/stdout"
done
expect_exit "no such command" 2 "$EARMARK" find
expect_exit "no command" 2 "$EARMARK"
check "the version" "$EARMARK" --version

# ---- a signal
"$EARMARK" audit "$clips" -o "$TMP/stopped" --C 1e-6,1e-5,1e-4,1e-3,1e-2,1e-1,1,10,100,1000,1e4 \
    --tol 1e-12 --max-iterations 1000000 >"$TMP/stdout" 2>"$TMP/stderr" &
process=$!
until [ -e "$TMP/stopped/shards" ] || ! kill -0 "$process" 2>/dev/null; do sleep 0.01; done
kill -TERM "$process"
wait "$process"
expect_equal "TERM stops with exit code 75" "$?" 75
expect_grep "it says what is kept and how to go on" \
    '^earmark: stopped by .*(clips are safe in .*; the same command goes on from there|starts again|is kept)$' \
    "$TMP/stderr"
check_fails "no run.json after a stop" test -e "$TMP/stopped/run.json"
expect_exit "a run goes on with other settings" 3 "$EARMARK" audit "$clips" -o "$TMP/stopped"
expect_same "and ends as if nothing had been" "$TMP/bad/report.html" "$TMP/stopped/report.html"
check_fails "no shards are left" test -e "$TMP/stopped/shards"
