#!/usr/bin/env bash
# A run in a terminal: lines fit its width, messages have lines of their own.
source tests/cli/lib.sh

golden=$repository/tests/golden/help
if ! command -v script >/dev/null; then
    skip "runs in a terminal" "no script; Debian package: bsdutils"
    exit
fi
source tests/cli/terminal.sh
make_terminal_corpus "$TMP"
cd "$TMP" || exit 1

# What was written before the cursor went back, a piece a line.
pieces() {
    tr '\r' '\n' <"$1"
}

for columns in 40 80; do
    in_terminal "$columns" "$EARMARK" audit clips -o out --device cpu --fresh >"raw_$columns"
    expect_equal "$columns columns: the exit code" "$?" 3
    last_of_lines <"raw_$columns" | without_measures >"shown_$columns"
    expect_same "golden: terminal_$columns.txt" "$golden/terminal_$columns.txt" "shown_$columns"
    expect_no_grep "$columns columns: no piece is wider" "^.{$((columns + 1))}" <(pieces "raw_$columns")
    expect_grep "$columns columns: there is a bar" '^embedding (\[ {6,}\] )?0' <(pieces "raw_$columns")
    expect_no_grep "$columns columns: no message on the line of the bar" '..(earmark|warning): ' \
        <(pieces "raw_$columns")
done

# ---- messages while a stage runs, and the device
"$EARMARK" audit clips -o stopped --device cpu --C 1e-6,1e-5,1e-4,1e-3,1e-2,1e-1,1,10,100 --tol 1e-12 \
    --max-iterations 100000000 >stdout 2>stderr &
process=$!
for ((i = 0; i < 200; i++)); do
    if [ -n "$(find stopped/shards -name '*.shard' 2>/dev/null)" ]; then break; fi
    sleep 0.05
done
kill -TERM "$process"
wait "$process"
expect_equal "a run is stopped" "$?" 75
in_terminal 60 "$EARMARK" audit clips -o stopped >raw
expect_equal "and goes on in a terminal" "$?" 3
last_of_lines <raw >shown
expect_equal "the device is named once" "$(grep -c '^earmark: device' shown)" 1
expect_no_grep "no message on the line of the bar" '..(earmark|warning): ' <(pieces raw)
expect_no_grep "no piece is wider" '^.{61}' <(pieces raw)
check_fails "an input that is not there" "$EARMARK" audit nowhere -o other
expect_no_grep "is reported before any device" 'device' stderr
check_fails "arrays that are not there" "$EARMARK" crossval --embeddings x.npy --labels y.npy -o other
expect_no_grep "are reported before any device" 'device' stderr

# ---- warnings go to stderr, with --quiet only those that change the exit code
expect_exit "a run that is not in a terminal" 3 "$EARMARK" audit clips -o out --device cpu --fresh
expect_grep "a warning" '^warning: 1 class with fewer clips than there are folds cannot be audited: rare \(1\)$' \
    "$TMP/stderr"
expect_no_grep "is not in the summary" 'warning' "$TMP/stdout"
expect_grep "names are whole there" \
    ' a class with a name that is longer than a column of labels -> high .*recorded in the long corridor' \
    "$TMP/stdout"
expect_equal "the end says what to do next" "$(tail -n 1 "$TMP/stdout")" \
    "Next: open out/report.html in a browser and listen to the first clips of the ranking."
expect_exit "audit, quiet" 3 "$EARMARK" audit clips -o out --device cpu --fresh --quiet
expect_equal "says why the exit code is 3" "$(cat "$TMP/stdout" "$TMP/stderr")" \
    "warning: 1 clip could not be read; out/clips.csv says why"
expect_exit "embed, quiet" 3 "$EARMARK" embed clips -o embedded --device cpu --quiet
expect_equal "says it too" "$(cat "$TMP/stdout" "$TMP/stderr")" \
    "warning: 1 clip could not be read; embedded/clips.csv says why"
expect_exit "JSON" 3 "$EARMARK" audit clips -o out --device cpu --fresh --json
expect_lines "is one line" 1 "$TMP/stdout"
expect_grep "with the warnings beside it" '^warning: 1 class' "$TMP/stderr"
