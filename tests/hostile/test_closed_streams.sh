#!/usr/bin/env bash
# Finding 13: with standard input, output or error closed, the next file that is opened would have
# their number, and messages would be written into it: a decoder's memory, results, the lock.
source tests/hostile/lib.sh
source tests/cli/arrays.sh
cd "$TMP" || exit 1
make_square_corpus clips 6
: >clips/low/empty.wav # so that there is something to say
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 2 * 9 + i % 5, i % 3, 7 * (i % 2) }' | matrix view.npy '<f8'
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 2 }' | vector labels.npy '<i4'
model=$repository/tests/golden/model/speechbrain

# closed STREAMS COMMAND...: the command with these streams closed; what it says on the others goes
# to stdout and stderr, as with run_command.
closed() {
    local streams=$1
    shift
    (
        case $streams in *0*) exec <&- ;; *) exec </dev/null ;; esac
        case $streams in *1*) exec >&- ;; *) exec >"$TMP/stdout" ;; esac
        case $streams in *2*) exec 2>&- ;; *) exec 2>"$TMP/stderr" ;; esac
        exec "$@"
    )
}

# The words of messages, which must be in no file.
said='earmark: |warning: |Next: |clips embedded| in [0-9.]+ s'

# same_without NAME OUT CODE CODE_OUT COMMAND...: the command, which writes OUT, with each set of
# streams closed: CODE_OUT where that of output is, and the files as they are without. OUT is - for
# a command that writes none.
same_without() {
    local name=$1 out=$2 code=$3 code_out=$4 streams expected
    shift 4
    rm -rf kept "$out"
    run_command "$@"
    expect_equal "finding 13: $name" "$STATUS" "$code"
    if [ "$out" != - ]; then mv "$out" kept; fi
    for streams in 1 2 012 $(long && echo 0 01 02 12); do
        : >stdout
        : >stderr
        closed "$streams" "$@"
        STATUS=$?
        expected=$code
        case $streams in *1*) expected=$code_out ;; esac
        expect_equal "finding 13: $name without $streams" "$STATUS" "$expected"
        if [ "$out" = - ]; then continue; fi
        expect_equal "finding 13: $name without $streams, the same files" "$(different kept "$out")" ""
        expect_equal "finding 13: $name without $streams, no message in a file" \
            "$(grep -a -r -l -E "$said" "$out" | grep -v -e run.json -e report.html)" ""
        rm -rf "$out"
    done
}

# different FOLDER FOLDER: the files that differ, without those that have times.
different() {
    diff -r -q "$1" "$2" | grep -v -e timing.json -e run.json -e report.html
}

same_without audit out 3 1 "$EARMARK" audit clips -o out --device cpu --folds 3
same_without "audit, JSON" out 3 1 "$EARMARK" audit clips -o out --device cpu --folds 3 --json
same_without "audit, quiet" out 3 3 "$EARMARK" audit clips -o out --device cpu --folds 3 --quiet
same_without embed out 3 3 "$EARMARK" embed clips -o out --device cpu
same_without crossval out 0 1 "$EARMARK" crossval --labels labels.npy --embeddings view.npy -o out
same_without detect out 0 1 "$EARMARK" detect --labels labels.npy --embeddings view.npy -o out --device cpu
same_without import out 0 1 "$EARMARK" model import "$model" -o out
"$EARMARK" crossval --labels labels.npy --embeddings view.npy -o cross --quiet
same_without issues out 0 1 "$EARMARK" issues --labels cross/labels.npy --pred-probs cross/pred_probs.npy -o out
"$EARMARK" audit clips -o ran --device cpu --folds 3 --quiet
same_without report - 0 0 "$EARMARK" report ran
same_without "model info" - 0 1 "$EARMARK" model info
same_without info - 0 1 "$EARMARK" info
same_without bench - 0 1 "$EARMARK" bench gemm --device cpu
same_without version - 0 1 "$EARMARK" version
same_without help - 0 1 "$EARMARK" help audit
same_without "no command" - 2 2 "$EARMARK"
same_without "an error" - 1 1 "$EARMARK" audit nowhere -o x
same_without "an option" - 2 2 "$EARMARK" audit --nothing

# While it runs, in the process and in those that it starts: the three numbers are /dev/null.
{
    echo path,label
    for ((i = 0; i < 300; i++)); do find clips -name 'clip*.wav' | awk -F/ '{ print $0 "," $2 }'; done
} >many.csv
(exec "$EARMARK" audit many.csv -o slow --device cpu <&- >&- 2>&-) &
process=$!
for ((i = 0; i < 400; i++)); do
    if [ -n "$(find slow/shards -name '*.shard' 2>/dev/null)" ]; then break; fi
    sleep 0.05
done
for pid in "$process" $(cat /proc/"$process"/task/*/children); do
    links=
    for stream in 0 1 2; do links+="$(readlink "/proc/$pid/fd/$stream") "; done
    expect_equal "finding 13: the streams of a process that runs without them" "$links" \
        "/dev/null /dev/null /dev/null "
done
kill -TERM "$process"
wait "$process"
expect_equal "finding 13: it is stopped as always" "$?" 75
