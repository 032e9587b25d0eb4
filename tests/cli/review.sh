# A small run and its server, for the tests of `earmark review`: source it after lib.sh and
# sounds.sh.
#
#   make_review_run FOLDER COUNT   FOLDER/out, whose COUNT clips in FOLDER/clips are all issues but the last
#   start_review OUT OPTIONS...    starts it on a free port: $ADDRESS, $TOKEN, $PORT, $REVIEW (its
#                                  process); its output is in $TMP/address and $TMP/said
#   stop_review [SIGNAL]           ends it; its exit code is in $STATUS
#   ask PATH CURL_OPTIONS...       $CODE is the answer's status, $TMP/body what it holds
#   ask_own PATH CURL_OPTIONS...   the same with the token
#   decide JSON CURL_OPTIONS...    POST /decide as the page does it

make_review_run() {
    local folder=$1 count=$2 i class other
    mkdir -p "$folder/clips" "$folder/out"
    for ((i = 0; i < count; i++)); do write_square_wav "$folder/clips/$i.wav" $((5 + i % 20)) 800; done
    cat >"$folder/out/run.json" <<END
{"format": 1, "source": "clips", "root": "$folder/clips", "counts": {"clips": $count, "ok": $count},
 "score": "self_confidence", "overall_health": 0.5, "warnings": [], "settings": {"folds": 5}}
END
    echo '["one", "two"]' >"$folder/out/classes.json"
    echo "row,id,path,label,class,group,fold,status,reason,start,duration,sample_rate,channels,silent" \
        >"$folder/out/clips.csv"
    : >"$folder/out/issues.jsonl"
    for ((i = 0; i < count; i++)); do
        class=$([ $((i % 2)) -eq 0 ] && echo one || echo two)
        other=$([ "$class" = one ] && echo two || echo one)
        echo "$i,$i.wav,$i.wav,$class,$((i % 2)),,0,ok,,0,0.1,8000,1,false" >>"$folder/out/clips.csv"
        if [ "$i" -eq $((count - 1)) ]; then continue; fi
        echo "{\"rank\": $((i + 1)), \"row\": $i, \"given_label\": \"$class\", \"suggested_label\": \"$other\", \"score\": 0.0$((i + 1)), \"neighbours\": []}" \
            >>"$folder/out/issues.jsonl"
    done
}

# wait_for FILE PATTERN PROCESS: until it is there, or the process has ended
wait_for() {
    local i
    for ((i = 0; i < 600; i++)); do
        if grep -q -E -e "$2" "$1" 2>/dev/null; then return 0; fi
        kill -0 "$3" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

start_review() {
    local try
    for try in 1 2 3 4 5; do
        PORT=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        rm -f "$TMP/address" # that of an earlier one
        # A script's shell has its background processes ignore INT.
        env --default-signal=INT "$EARMARK" review "$@" --port "$PORT" --threads 2 >"$TMP/address" 2>"$TMP/said" </dev/null &
        REVIEW=$!
        if wait_for "$TMP/address" '^ssh ' "$REVIEW"; then
            TOKEN=$(sed -n '1s/.*#//p' "$TMP/address")
            ADDRESS=http://127.0.0.1:$PORT
            return 0
        fi
        wait "$REVIEW"
        grep -q 'is in use' "$TMP/said" || return 1
    done
    return 1
}

stop_review() {
    STATUS=0
    kill -"${1:-TERM}" "$REVIEW"
    wait "$REVIEW" 2>/dev/null || STATUS=$?
}

ask() {
    local path=$1
    shift
    CODE=$(curl -s -g --path-as-is --max-time 60 -o "$TMP/body" -D "$TMP/headers" -w '%{http_code}' "$@" "$ADDRESS$path")
}

ask_own() {
    local path=$1
    shift
    ask "$path" -H "Authorization: Bearer $TOKEN" "$@"
}

decide() {
    local json=$1
    shift
    ask_own /decide -H "Origin: $ADDRESS" -H 'Content-Type: application/json' --data-binary "$json" "$@"
}
