#!/usr/bin/env bash
# earmark review: the address, what is served, what is written, how it ends.
source tests/cli/lib.sh
source tests/cli/sounds.sh
source tests/cli/review.sh

check "review --help" "$EARMARK" review --help
expect_grep "help has the usage" '^usage: earmark review OUT' "$TMP/stdout"
expect_exit "no folder" 2 "$EARMARK" review
expect_exit "a name with a slash" 2 "$EARMARK" review "$TMP" --as ../anna
if "$EARMARK" review "$TMP" 2>&1 | grep -q 'built without libmicrohttpd'; then
    skip "earmark review" "built without libmicrohttpd"
    exit 0
fi
expect_grep "a name with a slash: why" "letters of A-Z a-z" "$TMP/stderr"
expect_exit "no run there" 1 "$EARMARK" review "$TMP"
expect_grep "no run there: which file" 'run\.json' "$TMP/stderr"
command -v curl >/dev/null || { skip "what the server answers" "no curl" && exit 0; }

make_review_run "$TMP/run" 8
out=$TMP/run/out
check "a review starts" start_review "$out" --as anna
expect_grep "the address" "^http://127\.0\.0\.1:$PORT/#[0-9a-f]{32}\$" "$TMP/address"
expect_grep "the tunnel" "^ssh -L $PORT:127\.0\.0\.1:$PORT " "$TMP/address"

# expect_code NAME CODE
expect_code() { expect_equal "$1" "$CODE" "$2"; }

ask /
expect_code "the page" 200
expect_grep "the page has the script" '<script>' "$TMP/body"
expect_grep "and an icon, so that none is asked for" '<link rel="icon" href="data:,">' "$TMP/body"
expect_no_grep "and nothing of the run" '0\.wav|anna|clips' <(sed '/<script>/,$d; /<style>/,/<\/style>/d' "$TMP/body" >"$TMP/shell" && cat "$TMP/shell")
ask_own /issues.json
expect_code "the issues" 200
expect_grep "their hash and carrier" '"run":"[0-9a-f]{16}".*"carrier":"server"' "$TMP/body"
KEY=$(sed -n 's/^{"key":"\([0-9a-f]*\)".*/\1/p' "$TMP/body")
expect_equal "the key of the sounds" "${#KEY}" 32
check_fails "it is not the token" test "$KEY" = "$TOKEN"
first_secrets="$TOKEN $KEY"
ask_own /overview
expect_code "the tables of the run" 200
expect_grep "without links to files" 'id="settings"' "$TMP/body"
expect_no_grep "without links to files, none" 'href="(file|\.|/|[a-z0-9])' "$TMP/body"
ask "/clip/$KEY/3"
expect_code "a sound" 200
expect_equal "it is FLAC" "$(head -c 4 "$TMP/body")" fLaC
cp "$TMP/body" "$TMP/whole"
ask "/clip/$KEY/3" -H 'Range: bytes=4-9'
expect_code "a part of it" 206
expect_same "its bytes" "$TMP/body" <(tail -c +5 "$TMP/whole" | head -c 6)
ask "/spectrogram/$KEY/3.png"
expect_code "its spectrogram" 200
ask "/media/$KEY/3.json"
expect_grep "its facts" '"seconds":0\.1,"kept":0\.1,"rate":8000,"top":4000,.*"peak":0\.125' "$TMP/body"
rm "$TMP/run/clips/4.wav"
ask "/clip/$KEY/4"
expect_code "a sound that is gone" 404
ask_own "/order?by=learn"
expect_grep "the order" '"order":\[0,1,2,3,4,5,6\]' "$TMP/body"
ask_own "/spot?n=50"
expect_grep "a spot check: the clip that is no issue" '"row":7' "$TMP/body"
ask_own /like/0/1
expect_code "similar clips" 200

decide '{"decisions":[{"row":0,"decision":"relabel","label":"two","heard":2,"note":"näh"},{"row":1,"decision":"keep"}]}'
expect_code "two decisions" 200
expect_grep "what is left" '"saved":2,"left":\{"decided":2,"wrong":1,"kept":1' "$TMP/body"
expect_lines "a line each" 2 "$out/decisions-anna.jsonl"
expect_grep "all of it" '"row":0,"id":"0.wav","path":"0.wav","start":0,"end":0.1,"given":"one","suggested":"two","decision":"relabel","label":"two","by":"anna","at":"20[0-9-]*T[0-9:]*Z","heard":2,"bulk":false,"note":"näh"' "$out/decisions-anna.jsonl"
expect_equal "only the user reads them" "$(stat -c %a "$out/decisions-anna.jsonl")" 600
for wrong in '{' '[]' '{"decisions":[]}' '{"decisions":[{"row":8,"decision":"keep"}]}' \
    '{"decisions":[{"row":-1,"decision":"keep"}]}' '{"decisions":[{"row":0,"decision":"burn"}]}' \
    '{"decisions":[{"row":0,"decision":"relabel","label":"three"}]}' \
    '{"decisions":[{"row":0,"decision":"keep","note":"a\u001bb"}]}' \
    '{"decisions":[{"row":1,"decision":"keep"},{"row":0,"decision":"relabel"}]}' \
    '{"decisions":[{"row":0,"decision":"keep","heard":-1}]}' \
    '{"decisions":[{"row":0,"decision":"keep","step":"1"}]}' '{"decisions":[{"row":0,"decision":"keep","step":7}]}'; do
    decide "$wrong"
    expect_code "refused: $wrong" 400
done
decide '{"decisions":[{"row":0,"decision":"keep","run":"0123456789abcdef"}]}'
expect_code "a decision on another run" 409
expect_lines "nothing of these is written" 2 "$out/decisions-anna.jsonl"
expect_exit "a second review of the run" 1 "$EARMARK" review "$out" --port 1
make_review_run "$TMP/second" 2
cp -r "$TMP/second/out" "$TMP/untouched"
expect_exit "a port in use" 1 "$EARMARK" review "$TMP/second/out" --port "$PORT"
expect_grep "a port in use: what to do" "port $PORT .* is in use.*--port" "$TMP/stderr"
expect_equal "a port in use: the folder is as it was" "$(ls "$TMP/second/out")" "$(ls "$TMP/untouched")"
stop_review
expect_equal "it ends with code 0" "$STATUS" 0
expect_grep "and says what is saved" '2 decisions saved in .*/decisions-anna\.jsonl' "$TMP/said"

check "it goes on" start_review "$out" --as anna
ask_own /issues.json
check_fails "with another token and another key" grep -q -E "${first_secrets// /|}" "$TMP/address" "$TMP/body"
ask_own /decisions
expect_grep "from what was decided" '"by":"anna","decisions":\[\{"v":1,.*"row":0,.*"row":1,.*"stale":\[\],' <(tr -d '\n' <"$TMP/body" >"$TMP/line" && cat "$TMP/line")
decide '{"decisions":[{"row":0,"decision":"undo"}]}'
ask_own /decisions
expect_no_grep "an undone one is none" '"row":0' "$TMP/body"
decide '{"decisions":[{"row":0,"decision":"relabel","label":"two","bulk":true,"step":"0123456789abcdef"}]}'
expect_grep "the mark of its step is kept" '"bulk":true,"step":"0123456789abcdef","note":""' "$out/decisions-anna.jsonl"
stop_review
check "somebody else" start_review "$out" --as berta
ask_own /decisions
expect_grep "sees nothing of it" '"by":"berta","decisions":\[\],"stale":\[\]' "$TMP/body"
decide '{"decisions":[{"row":0,"decision":"keep"},{"row":1,"decision":"keep"},{"row":7,"decision":"exclude"}]}'
stop_review
check "anna again" start_review "$out" --as anna
decide '{"decisions":[{"row":7,"decision":"relabel","label":"one"}]}'
stop_review
check "conflicts" start_review "$out" --as anna --conflicts
ask_own /decisions
expect_grep "the two" '"conflicts":\[0,7\]' "$TMP/body"
ask_own /issues.json
expect_grep "the list has them alone" '"issue_count":2,' "$TMP/body"
expect_grep "one that is no issue is in it, with anna's label" '"row":7,.*"rank":2,"given":1,"suggested":0,.*"score":null' "$TMP/body"
ask_own '/spot?n=50'
expect_equal "no other issue is taken for one that is none" "$(cat "$TMP/body")" '{"clips":[]}'
ask_own "/order?by=learn"
expect_grep "the order has it" '"order":\[(0,7|7,0|)\]' "$TMP/body"
decide '{"decisions":[{"row":7,"decision":"exclude"}]}'
expect_code "it is decided" 200
expect_grep "with what anna had suggested" '"row":7,.*"given":"two","suggested":"one","decision":"exclude","label":null,"by":"anna"' "$out/decisions-anna.jsonl"
stop_review
check "conflicts again" start_review "$out" --as anna --conflicts
ask_own /decisions
expect_grep "it is none any more" '"conflicts":\[0\]' "$TMP/body"

touch "$out/run.json"
wait "$REVIEW"
expect_equal "the run changes: it ends with code 1" "$?" 1
expect_grep "the run changes: why" 'run\.json has changed' "$TMP/said"

socket=$TMP/socket
rm "$TMP/address"
"$EARMARK" review "$out" --socket "$socket" >"$TMP/address" 2>"$TMP/said" &
REVIEW=$!
wait_for "$TMP/address" '^ssh ' "$REVIEW"
expect_grep "a Unix socket: the tunnel" "^ssh -L 8477:$socket " "$TMP/address"
expect_equal "a Unix socket: nobody else" "$(stat -c %a "$socket")" 600
CODE=$(curl -s --unix-socket "$socket" -o /dev/null -w '%{http_code}' http://127.0.0.1:8477/)
expect_code "a Unix socket: the page" 200
kill -KILL "$REVIEW"
wait "$REVIEW" 2>/dev/null
rm "$TMP/address"
"$EARMARK" review "$out" --socket "$socket" >"$TMP/address" 2>"$TMP/said" &
REVIEW=$!
check "a Unix socket: one that was left is replaced" wait_for "$TMP/address" '^ssh ' "$REVIEW"
stop_review
check_fails "a Unix socket: removed at the end" test -e "$socket"

# The order that learns, of a run of arrays: once something is decided, clips that are not flagged come, too.
found=$TMP/found
check "a run of arrays" "$EARMARK" detect --embeddings tests/golden/votes/sparse_x.npy \
    --labels tests/golden/votes/sparse_y.npy -o "$found"
cp tests/golden/votes/sparse_x.npy "$found/embeddings.npy"
flagged=$(wc -l <"$found/issues.jsonl")
# ask_learned: once the order is prepared; how many rows it has in $rows
ask_learned() {
    local i
    for ((i = 0; i < 600; i++)); do
        ask_own "/order?by=learn"
        if grep -q '"learned":true' "$TMP/body"; then break; fi
        sleep 0.05
    done
    rows=$(sed 's/.*"order":\[\([^]]*\)\].*/\1/' "$TMP/body" | tr , '\n' | wc -l)
}
check "its review starts" start_review "$found" --as anna
ask_learned
expect_grep "nothing decided: flagged clips only" '"learned":true,.*"clips":\[\]\}' "$TMP/body"
expect_equal "all of them" "$rows" "$flagged"
ask_own "/spot?n=1"
next=$(grep -oE '"row":[0-9]+' "$TMP/body")
row=$(sed -n '1s/.*"row": \([0-9]*\).*/\1/p' "$found/issues.jsonl")
decide "{\"decisions\":[{\"row\":$row,\"decision\":\"keep\"}]}"
expect_code "one is kept" 200
ask_learned
expect_grep "then others come, with the classes they may be" '"clips":\[\{"row":[0-9]+,.*"label":[0-9]+,"top":\[\[[0-9]+,0\.[0-9]+\],.*\]\],"suggested":[0-9]+\}' "$TMP/body"
expect_equal "as many as there are places" "$rows" 200
expect_no_grep "but not the one that a spot check would ask for next" "$next[,}]" "$TMP/body"
cp "$TMP/body" "$TMP/whole"
ask_learned
expect_same "the same decisions give the same order" "$TMP/body" "$TMP/whole"
stop_review
