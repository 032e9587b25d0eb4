#!/usr/bin/env bash
# 100,000 tiny clips audited in one go, and one clip of ten minutes: memory over time.
#
#   make soak    (EARMARK: the program; SOAK_CLIPS: how many, in thousands, 100)
#
# Prints VmRSS once a second as CSV (seconds, MiB), the peaks, and TAP results:
# the run ends, clips.csv has every clip, memory stays flat while clips are embedded
# (it grows by less than 512 bytes a clip, which is what is known of each), and ten
# minutes of sound stay below 400 MB.
set -u
source tests/cli/lib.sh
source tests/cli/sounds.sh

thousands=${SOAK_CLIPS:-100}
clips=$TMP/clips

# A thousand clips are a hundred sounds in ten folders: links to one file each, so
# that a hundred thousand cost no room.
make_clips() {
    local class half index thousand
    for class in low:25 middle:11 high:5; do
        half=${class#*:}
        mkdir -p "$TMP/base/${class%:*}"
        for ((index = 0; index < 33; index++)); do
            write_square_wav "$TMP/base/${class%:*}/$index.wav" $((half + index % 4)) \
                $((600 + 8 * index)) 16000
        done
    done
    write_square_wav "$TMP/base/low/33.wav" 26 611 16000
    for class in low middle high; do
        mkdir -p "$clips/$class"
        for ((thousand = 0; thousand < 10 * thousands; thousand++)); do
            cp -rl "$TMP/base/$class" "$clips/$class/$thousand"
        done
    done
}

# watch_memory PROCESS FILE: seconds,MiB a line until the process ends.
watch_memory() {
    local began=$SECONDS rss
    while rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null) &&
        [ -n "$rss" ]; do
        echo "$((SECONDS - began)),$((rss / 1024))" >>"$2"
        PEAK=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null || echo "$PEAK")
        sleep 1
    done
}

# ---- many clips
make_clips
count=$(find "$clips" -name '*.wav' | wc -l)
PEAK=0
"$EARMARK" audit "$clips" -o "$TMP/out" --C 0.01 >"$TMP/stdout" 2>"$TMP/stderr" &
process=$!
watch_memory "$process" "$TMP/memory.csv"
wait "$process"
expect_equal "$count clips audited in one go" "$?" 0
sed 's/^/# /' "$TMP/stderr" "$TMP/memory.csv"
echo "# peak: $((PEAK / 1024)) MiB"
expect_lines "clips.csv has every clip" $((count + 1)) "$TMP/out/clips.csv"
# The embedding stage ends where timing.json says; the list of clips was read before it.
ends=$(sed -n 's/.*"stage": "embedding", "seconds": \([0-9]*\).*/\1/p' "$TMP/out/timing.json")
begins=$(sed -n 's/.*"stage": "input", "seconds": \([0-9]*\).*/\1/p' "$TMP/out/timing.json")
growth=$(awk -F, -v first=$((begins + ends / 4)) -v last=$((begins + ends - 1)) -v clips="$count" '
    $1 >= first && !early { early = $2 } $1 <= last { late = $2 }
    END { print (early > 0 ? int((late - early) * 1048576 / (clips * 3 / 4)) : 999999) }' \
    "$TMP/memory.csv")
if [ "$growth" -lt 512 ]; then
    ok "memory is flat while clips are embedded: +$growth bytes a clip"
else
    not_ok "memory is flat while clips are embedded" "it grows by $growth bytes a clip"
fi
rm -rf "$clips" "$TMP/out"

# ---- one long clip among short ones
make_square_corpus "$clips" 8
write_square_wav "$clips/low/long.wav" 25 9600000 16000
PEAK=0
"$EARMARK" audit "$clips" -o "$TMP/out" --quiet &
process=$!
(while sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$process/status" >>"$TMP/peaks" 2>/dev/null; do sleep 0.1; done)
wait "$process"
expect_equal "ten minutes of sound" "$?" 0
peak=$(sort -n "$TMP/peaks" | tail -n 1)
echo "# peak with a clip of ten minutes: $((peak / 1024)) MiB"
if [ "$peak" -lt 400000 ]; then
    ok "it needs less than 400 MB"
else
    not_ok "it needs less than 400 MB" "$peak kB"
fi
