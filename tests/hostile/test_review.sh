#!/usr/bin/env bash
# earmark review, played at by other users of the computer, other pages in the browser, other writers of
# its file and a run that goes away.
source tests/hostile/lib.sh
source tests/cli/review.sh

make_review_run "$TMP/run" 8
out=$TMP/run/out
if "$EARMARK" review "$TMP" 2>&1 | grep -q 'built without libmicrohttpd'; then
    skip "earmark review" "built without libmicrohttpd"
    exit 0
fi
command -v curl >/dev/null || { skip "earmark review" "no curl" && exit 0; }
check "a review" start_review "$out" --as anna
# expect_code NAME CODE
expect_code() { expect_equal "$1" "$CODE" "$2"; }
ask_own /issues.json
KEY=$(sed -n 's/^{"key":"\([0-9a-f]*\)".*/\1/p' "$TMP/body")
keep='{"decisions":[{"row":0,"decision":"keep"}]}'
json='Content-Type: application/json'

# ---- who is answered ----
for host in evil.example "evil.example:$PORT" 127.0.0.1 127.0.0.1:1 "127.0.0.1:$PORT." "[::1]:$PORT" "0.0.0.0:$PORT" \
    "localhost.evil.example:$PORT" "127.0.0.1:0$PORT" ''; do
    ask_own /issues.json -H "Host:${host:+ $host}"
    expect_equal "Host '$host' is refused" "$([ "$CODE" = 403 ] || [ "$CODE" = 400 ] && echo refused)" refused
done
ask_own /issues.json -H "Host: localhost:$PORT"
expect_code "localhost is this computer" 200
CODE=$(printf 'GET /issues.json HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nHost: evil.example\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' \
    "$PORT" "$TOKEN" | timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT; cat >&3; head -n 1 <&3" | cut -d ' ' -f 2)
expect_equal "two Hosts are refused" "$([ "$CODE" = 403 ] || [ "$CODE" = 400 ] && echo refused)" refused
wrong=${TOKEN:0:31}$([ "${TOKEN:31}" = 0 ] && echo 1 || echo 0)
for token in '' "$wrong" "${TOKEN:0:31}" "${TOKEN}0" "$KEY" "${TOKEN^^}x"; do
    for path in /issues.json /overview /decisions '/order?by=learn' /like/0/0 '/spot?n=1'; do
        ask "$path" -H "Authorization: Bearer $token"
        if [ "$CODE" != 401 ]; then not_ok "$path with the token '$token'" "$CODE"; fi
    done
done
ok "no other token opens a list"
ask "/decide" -H "Authorization: Bearer $wrong" -H "Origin: $ADDRESS" -H "$json" -d "$keep"
expect_code "no other token decides" 401
ask "/clip/$TOKEN/0"
expect_code "the token is not the key of sounds" 401
ask_own "/clip/00000000000000000000000000000000/0"
expect_code "the token in place of that key" 401
expect_no_grep "the token is in no message" "$TOKEN|$KEY" "$TMP/said"
if command -v ss >/dev/null; then
    expect_equal "it listens on 127.0.0.1 alone" "$(ss -H -l -t -n "sport = :$PORT" | awk '{print $4}')" "127.0.0.1:$PORT"
else
    skip "it listens on 127.0.0.1 alone" "no ss"
fi

# ---- another site's page ----
ask /decide -H "Origin: http://evil.example" -H "$json" -d "$keep"
expect_code "another site, without the token" 401
ask_own /decide -H "Origin: http://evil.example" -H "$json" -d "$keep"
expect_code "another site, with it" 403
ask_own /decide -H "Origin: null" -H "$json" -d "$keep"
expect_code "a page from a file" 403
ask_own /decide -H "$json" -d "$keep"
expect_code "no origin" 403
ask_own /decide -H "Origin: $ADDRESS" -d "$keep"
expect_code "a form" 415
ask_own /decide -H "Origin: $ADDRESS" -H 'Content-Type: text/plain' -d "$keep"
expect_code "a form of text" 415
ask_own /decide
expect_code "GET changes nothing" 405
ask_own /issues.json -X OPTIONS -H "Origin: http://evil.example" -H 'Access-Control-Request-Method: POST'
expect_code "no leave is given to ask" 405
expect_no_grep "no CORS" 'Access-Control' "$TMP/headers"
ask /
for header in 'Cache-Control: no-store' 'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer' \
    'Cross-Origin-Resource-Policy: same-origin' 'Cross-Origin-Opener-Policy: same-origin' \
    "Content-Security-Policy: default-src 'none'; script-src 'sha256-[^ ]*'; .*connect-src 'self'; .*frame-ancestors 'none'"; do
    expect_grep "${header%%:*}" "^$header" "$TMP/headers"
done
check "nothing was written" test ! -s "$out/decisions-anna.jsonl"

# ---- paths ----
for path in /.. /../run.json /clip/$KEY/.. "/clip/$KEY/../0" "/clip/$KEY/0/.." "/clip/$KEY/%30" "/clip/$KEY/8" "/clip/$KEY/-1" \
    "/clip/$KEY/18446744073709551616" "/clip/$KEY/00000000000000000000" "/clip/$KEY/0x1" "/clip/$KEY/1e0" "/clip/$KEY/" \
    "/clip/$KEY/0.wav" "/media/$KEY/8.json" "/spectrogram/$KEY/0" //issues.json /issues.json/ /%2e%2e/run.json /like/8/0 \
    /like/0/2 /like/0/99999999999999999999 /decisions-anna.jsonl; do
    ask_own "$path"
    if [ "$CODE" != 404 ]; then not_ok "$path" "$CODE"; fi
done
ok "no other path and no other row is served"
ask "/clip/$KEY/0"
size=$(stat -c %s "$TMP/body")
for range in 'bytes=0-' 'bytes=-1' "bytes=$((size - 1))-99999999" "bytes=-99999999"; do
    ask "/clip/$KEY/0" -H "Range: $range"
    expect_code "Range: $range" 206
done
for range in "bytes=$size-" 'bytes=-0' 'bytes=999999999999999-'; do
    ask "/clip/$KEY/0" -H "Range: $range"
    expect_code "Range: $range" 416
done
for range in 'bytes=5-4' 'bytes=0-1,3-4' 'bytes=18446744073709551615-' 'bytes=-18446744073709551616' 'bytes=a-b' 'bytes' 'x=0-1' \
    'bytes=0-18446744073709551615' 'bytes=--1' 'bytes= 0-1'; do
    ask "/clip/$KEY/0" -H "Range: $range"
    if [ "$CODE" != 200 ]; then not_ok "Range: $range" "$CODE"; fi
done
ok "a Range that makes no sense is none"
outside=$TMP/outside.wav
write_square_wav "$outside" 9 800
ln -sf "$outside" "$TMP/run/clips/5.wav"
ask "/clip/$KEY/5"
expect_code "a sound outside the folder of the clips" 404

# ---- large and slow ----
CODE=$(head -c 1000000000 /dev/zero | curl -s --max-time 60 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TOKEN" \
    -H "Origin: $ADDRESS" -H "$json" -H 'Content-Length: 1000000000' -H 'Transfer-Encoding:' -H 'Expect:' -T - -X POST "$ADDRESS/decide")
expect_equal "a body of 1 GB is refused" "$([ "$CODE" = 413 ] || [ "$CODE" = 000 ] && echo refused)" refused
CODE=$(head -c 100000000 /dev/zero | curl -s --max-time 60 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TOKEN" \
    -H "Origin: $ADDRESS" -H "$json" -H 'Expect:' -T - -X POST "$ADDRESS/decide")
expect_equal "one of unknown length, too" "$([ "$CODE" != 200 ] && echo refused)" refused
ask "/" -H "X-Long: $(head -c 60000 /dev/zero | tr '\0' a)"
expect_equal "long headers are refused" "$([ "$CODE" != 200 ] && echo refused)" refused
mkfifo "$TMP/hold"
"$HOSTILE/connections" "$PORT" 1000 <"$TMP/hold" >"$TMP/opened" &
holder=$!
exec 9>"$TMP/hold"
wait_for "$TMP/opened" open "$holder"
ask_own /decisions
expect_code "1,000 slow connections: it answers" 200
threads=$(ls "/proc/$REVIEW/task" | wc -l)
expect_equal "1,000 slow connections: few threads ($threads)" "$([ "$threads" -lt 60 ] && echo few)" few
resident=$(awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$REVIEW/status")
expect_equal "its memory is small ($resident MiB)" "$([ "$resident" -lt 300 ] && echo small)" small
exec 9>&-
wait "$holder"
decide "$keep"
expect_code "and it goes on" 200

# Half a header, half a body with the token, and silence after an answer: the limits themselves, which
# tests/unit/test_server_daemon.c has shortened.
# ends_in NAME FIRST PIECE: a connection on which a piece follows each second ends after 30 s
ends_in() {
    local start=$SECONDS
    printf '%b' "$2" | timeout 100 "$HOSTILE/talk" "$PORT" "$3" >/dev/null
    echo "$1 $((SECONDS - start))" >>"$TMP/ends"
}
if long; then
    : >"$TMP/ends"
    head="HTTP/1.1\\r\\nHost: 127.0.0.1:$PORT\\r\\n"
    own="${head}Authorization: Bearer $TOKEN\\r\\n"
    waiting=()
    ends_in "slow header" "GET / ${head}X: " a &
    waiting+=("$!")
    ends_in "slow header after an answer" "GET /decisions $own\\r\\nGET /decisions ${own}X: " a &
    waiting+=("$!")
    ends_in "slow body" "POST /decide ${own}Origin: $ADDRESS\\r\\n$json\\r\\nContent-Length: 60000\\r\\n\\r\\n" x &
    waiting+=("$!")
    ends_in "idle" "GET /decisions $own\\r\\n" '' &
    waiting+=("$!")
    wait "${waiting[@]}"
    expect_lines "slow connections: all end" 4 "$TMP/ends"
    while read -r -a words; do
        seconds=${words[-1]}
        expect_equal "${words[*]} s" "$([ "$seconds" -ge 29 ] && [ "$seconds" -le 45 ] && echo 30)" 30
    done <"$TMP/ends"
    ask_own /decisions
    expect_code "and it goes on" 200
fi

# ---- two at once ----
# post FIRST: 40 decisions, whose numbers go to $TMP/answered once they are answered
post() {
    local i
    for ((i = $1; i < $1 + ${2:-40}; i++)); do
        curl -s --max-time 30 -H "Authorization: Bearer $TOKEN" -H "Origin: $ADDRESS" -H "$json" \
            -d "{\"decisions\":[{\"row\":$((i % 8)),\"decision\":\"keep\",\"note\":\"number-$i-\"}]}" "$ADDRESS/decide" |
            grep -q '"saved":1' && echo "number-$i-" >>"$TMP/answered"
    done
}

# all_kept NAME: every answered decision is a line, and every line is whole
all_kept() {
    local file=$out/decisions-anna.jsonl
    grep -o 'number-[0-9]*-' "$file" | sort >"$TMP/there"
    sort "$TMP/answered" >"$TMP/wanted"
    expect_equal "$1: none of $(wc -l <"$TMP/wanted") is lost" "$(comm -23 "$TMP/wanted" "$TMP/there")" ""
    expect_equal "$1: no line is torn" "$(grep -c -v '^{"v":1,.*"}$' "$file")" 0
}
: >"$TMP/answered"
post 0 &
first=$!
post 1000 &
wait "$first" "$!"
all_kept "two at once"
expect_lines "two at once: all are answered" 80 "$TMP/answered"

# Another process, and another computer for which no lock holds.
decisions=$out/decisions-anna.jsonl
expect_exit "another process does not get the lock of the file" 1 flock -n "$decisions" true
cp "$decisions" "$TMP/answered-lines"
echo '{"v":1,"row":0,"decision":"keep","by":"anna"}' >>"$decisions"
decide "$keep"
expect_code "somebody has written to the file: refused" 500
expect_grep "somebody has written to the file: why" 'something else has written to it; start the review again' "$TMP/body"
expect_same "somebody has written to the file: nothing is lost" <(head -n -1 "$decisions") "$TMP/answered-lines"
stop_review INT
expect_equal "Control-C ends it with code 0" "$STATUS" 0
expect_lines "Control-C: it says one thing" 1 "$TMP/said"

exec 8<"$decisions"
flock -x 8
expect_exit "a file that another process has locked is not opened" 1 "$EARMARK" review "$out" --as anna --port "$PORT"
expect_grep "a locked file: why" 'decisions-anna\.jsonl: another earmark is writing there' "$TMP/stderr"
exec 8<&-

# ---- killed ----
rm "$out/decisions-anna.jsonl"
: >"$TMP/answered"
for ((round = 0; round < $(rounds 8 60); round++)); do
    start_review "$out" --as anna || not_ok "it starts again" "$(cat "$TMP/said")"
    post $((round * 100)) 30 &
    poster=$!
    sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
    stop_review KILL
    wait "$poster"
done
check "it starts after that" start_review "$out" --as anna
all_kept "killed while it writes"
stop_review

# ---- the run goes away ----
make_review_run "$TMP/gone" 4
check "a run" start_review "$TMP/gone/out" --as anna
mv "$TMP/gone/out/run.json" "$TMP/gone/out/other"
wait "$REVIEW"
expect_equal "a run that goes away ends it" "$?" 1
expect_grep "and it says why" 'run\.json: .*(No such file|look at)' "$TMP/said"
