#!/usr/bin/env bash
# earmark bench corpus: the stages on a synthetic corpus, and the forecast from them. Times are not
# tested; that they fit together is.
source tests/cli/lib.sh
mkdir "$TMP/temporary"
export TMPDIR=$TMP/temporary
bench() { "$EARMARK" bench corpus --device cpu --threads 2 "$@"; }
nothing_left() { expect_equal "$1: nothing is left" "$(ls "$TMPDIR")" ""; }

# number NAME FILE: of the first member of this name
number() { grep -o "\"$1\": [-+0-9.e]*" "$2" | head -n 1 | sed 's/.*: //'; }
# near NAME VALUE EXPECTED: to a millionth
near() {
    local same
    same=$(awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; print (b > 0 && d <= 1e-6 * b) ? "yes" : "no" }')
    expect_equal "$1: $2 of $3" "$same" yes
}

expect_exit "a corpus" 0 bench --clips 50 --seconds 0.2
for stage in decode resample network detector embedding audit; do
    expect_grep "$stage" "^$stage +[0-9]+\.[0-9]{3} +[0-9]+" "$TMP/stdout"
done
expect_grep "which binds" '^(decode|resample|network|detector) binds: [0-9]+% of' "$TMP/stdout"
expect_grep "what it is" '50 clips of 0.2 s, wav, 44100 Hz, loose: 0\.884 MB' "$TMP/stdout"
expect_no_grep "no forecast" 'forecast' "$TMP/stdout"
nothing_left "a corpus"

# 8 kHz and 0.1 s: the bytes are known. Two nodes of one core each against one: half the time.
plan=clips=1e6,seconds=0.1,cores=4,nodes=2,gpus=2,gpu=h100,price-per-hour=10
expect_exit "tar, JSON and a forecast" 0 bench --clips 60 --rate 8000 --tar --json --forecast $plan
cp "$TMP/stdout" "$TMP/json"
expect_equal "bytes" "$(number bytes "$TMP/json")" $((60 * (44 + 1600)))
near "seconds of sound" "$(number audio_seconds "$TMP/json")" 6
sed 's/.*"forecast": //' "$TMP/json" >"$TMP/forecast"
expect_grep "one object" '^\{"clips": 1000000, "clip_seconds": 0.1, "nodes": 2, .*\}\}$' "$TMP/forecast"
expect_grep "GPUs are not measured" '"network": \{"seconds": [^}]*"basis": "computed, never measured' "$TMP/forecast"
of() { sed -n "s/.*\"$1\": {\"seconds\": \([-+0-9.e]*\),.*/\1/p" "$TMP/forecast"; }
decoded=$(sed -n 's/.*"stage": "decode", "seconds": \([-+0-9.e]*\),.*/\1/p' "$TMP/json")
threads=$(number threads "$TMP/json")
near "decoding: by cores and clips" "$(of decode)" "$(awk "BEGIN { printf \"%.17g\", $decoded * (1e5 / 6) * $threads / 8 }")"
frame=$(awk '/^### H100, of one frame in float32/ { here = 1 } here && /^All: / { print $2; exit }' bench/kernels/bounds.md)
network=$(awk "BEGIN { printf \"%.17g\", 1e7 * $frame * 1e-9 / 4 }")
near "network: by bench/kernels/bounds.md" "$(of network)" "$network"
longer=$(awk "BEGIN { d = $(of decode); printf \"%.17g\", (d > $network ? d : $network) }")
near "embedding: the longer" "$(of embedding)" "$longer"
hours=$(awk "BEGIN { printf \"%.17g\", (2 * $longer + $(of detector)) / 3600 }")
near "hours of nodes" "$(number node_hours "$TMP/forecast")" "$hours"
near "cost" "$(number cost "$TMP/forecast")" "$(awk "BEGIN { printf \"%.17g\", 10 * $hours }")"
nothing_left "tar"

# Formats, and every bound of bounds.md.
for format in flac mp3 opus; do
    expect_exit "$format" 0 bench --clips 50 --seconds 0.1 --format "$format" --json
    expect_grep "$format: it says so" "\"format\": \"$format\"" "$TMP/stdout"
done
for gpu in a100 h100 h200; do
    for precision in float32 tf32 bf16; do
        frame=$(awk -v head="^### ${gpu^^}, of one frame in $precision," '$0 ~ head { here = 1 } here && /^All: / { print $2; exit }' \
            bench/kernels/bounds.md)
        row=$(grep "\"$gpu\"" host/commands/forecast.c)
        case $row in
        *" $frame"[,}]* | *"{$frame,"*) ok "$gpu $precision: as in bounds.md" ;;
        *) not_ok "$gpu $precision: as in bounds.md" "$frame: $row" ;;
        esac
    done
done

# Nonsense: exit code 2, one line, and nothing was made.
nonsense() {
    local name=$1 pattern=$2
    shift 2
    expect_exit "$name" 2 bench "$@"
    expect_lines "$name: one line" 1 "$TMP/stderr"
    expect_grep "$name: why" "$pattern" "$TMP/stderr"
}
nonsense "too few clips" 'clips 49: .*at least 50' --clips 49
nonsense "no format" "format m4a: give wav, flac" --format m4a
nonsense "a rate that Opus lacks" 'rate 44100: opus has no such rate; give 8000' --format opus --rate 44100
nonsense "a rate that MP3 lacks" 'rate 96000: mp3 has no such rate' --format mp3 --rate 96000
nonsense "more than fits" 'may take .* GB' --clips 100000000 --seconds 3600
nonsense "repeats" 'measures once' --repeats 3
nonsense "an empty plan" "there is no ''" --forecast ''
nonsense "an unknown key" "there is no 'clip'" --forecast clip=1
nonsense "no value" 'seconds has no value' --forecast clips=1,seconds
nonsense "no number" 'clips=many: give a whole number' --forecast clips=many,seconds=1,cores=1
nonsense "not a number" 'seconds=nan' --forecast clips=1,seconds=nan,cores=1
nonsense "a broken clip" 'clips=1.5: give a whole' --forecast clips=1.5,seconds=1,cores=1
nonsense "no cores" 'cores=0' --forecast clips=1,seconds=1,cores=0
nonsense "cores are missing" 'cores is missing' --forecast clips=1,seconds=1
nonsense "twice" 'clips is given twice' --forecast clips=1,clips=2,seconds=1,cores=1
nonsense "another GPU" 'gpu=b200: give a100' --forecast clips=1,seconds=1,cores=1,gpus=1,gpu=b200
nonsense "a GPU without number" 'gpu=a100 without' --forecast clips=1,seconds=1,cores=1,gpu=a100
nonsense "tf32 without a GPU" 'tf32 is for GPUs' --precision tf32 --forecast clips=1,seconds=1,cores=1
expect_exit "another stage" 2 "$EARMARK" bench gemm --tar
expect_grep "has no corpus" 'only earmark bench corpus' "$TMP/stderr"

# The same stages without a corpus, with batches in flight.
expect_exit "batches in flight" 0 "$EARMARK" bench stream --device cpu --clips 3 --seconds 0.1 --repeats 1
expect_grep "beside waiting for each" '^waiting +[0-9.]+ +[0-9]+ clips ' "$TMP/stdout"
expect_grep "clips a second" '^streamed +[0-9.]+ +[0-9]+ clips ' "$TMP/stdout"
expect_grep "how many" '^waiting: one batch at a time; streamed: 2 in flight$' "$TMP/stdout"
expect_no_grep "a CPU has no kernels" '^kernel' "$TMP/stdout"
expect_exit "the same in JSON" 0 "$EARMARK" bench stream --device cpu --clips 3 --seconds 0.1 --repeats 1 --json
expect_grep "has them too" '"stage": "streamed", .*"in_flight": 2, "kernels": \[\]\}$' "$TMP/stdout"

expect_exit "no such folder" 1 env TMPDIR="$TMP/none" "$EARMARK" bench corpus --clips 50
expect_grep "what to set" 'set TMPDIR' "$TMP/stderr"
nothing_left "nonsense"

# Stopped or killed in the middle: the corpus goes all the same.
for signal in TERM KILL; do
    "$EARMARK" bench corpus --device cpu --clips 20000 --seconds 1 >"$TMP/stdout" 2>"$TMP/stderr" &
    process=$!
    until [ -e "$TMPDIR"/*/corpus/class0 ] || ! kill -0 "$process" 2>/dev/null; do sleep 0.01; done
    kill -"$signal" "$process"
    wait "$process"
    status=$?
    [ "$signal" = KILL ] || expect_equal "a stop" "$status" 75
    for ((i = 0; i < 500; i++)); do [ -n "$(ls "$TMPDIR")" ] || break; sleep 0.02; done
    nothing_left "$signal"
done
