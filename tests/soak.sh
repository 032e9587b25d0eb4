#!/usr/bin/env bash
# 100,000 tiny clips audited in one run, and one clip of ten minutes: memory over time.
#
#   make soak    (EARMARK: the program; SOAK_CLIPS: how many, in thousands, 100)
#
# Two kinds of memory are distinguished. Anonymous memory is the program's own, and what
# makes a machine run out. Pages of mapped files (the shards, then embeddings.npy) count
# as resident too, but the system drops them whenever it needs room.
#
# Prints both once a second as CSV (seconds, MiB anonymous, MiB of files), their peaks,
# and TAP results. A quarter of the clips is audited first, then all of them: what the
# larger run needs more, by clip, is held to 64 bytes, half of it while clips are embedded,
# since arrays as long as the list lie in files; for files, to what is known of a clip (its
# names, what was measured, its rows: less than 1 KiB) and its embedding (2 KiB).
# Embeddings that wait to be committed are 32 MiB at most, how much depends on the machine's
# speed: these are allowed besides, so that of 100,000 clips what takes 511 bytes a clip is
# noticed, of a million (SOAK_CLIPS=1000) 109.
set -u
source tests/cli/lib.sh
source tests/cli/sounds.sh

thousands=${SOAK_CLIPS:-100}
clips=$TMP/clips

# A thousand clips are a hundred sounds in ten folders: links to one file each, so
# that a hundred thousand cost no room.
make_sounds() {
    local class half index
    for class in low:25 middle:11 high:5; do
        half=${class#*:}
        mkdir -p "$TMP/base/${class%:*}"
        for ((index = 0; index < 33; index++)); do
            write_square_wav "$TMP/base/${class%:*}/$index.wav" $((half + index % 4)) \
                $((600 + 8 * index)) 16000
        done
    done
    write_square_wav "$TMP/base/low/33.wav" 26 611 16000
}

# make_clips THOUSANDS
make_clips() {
    local class folder
    for class in low middle high; do
        mkdir -p "$clips/$class"
        for ((folder = 0; folder < 10 * $1; folder++)); do
            cp -rl "$TMP/base/$class" "$clips/$class/$folder"
        done
    done
}

# read_memory PROCESS: ANONYMOUS, MAPPED and HIGHEST (both together, at its peak) in KiB;
# fails when the process has ended.
read_memory() {
    local name value rest
    ANONYMOUS='' MAPPED=0
    while read -r name value rest; do
        case $name in
        RssAnon:) ANONYMOUS=$value ;;
        RssFile: | RssShmem:) MAPPED=$((MAPPED + value)) ;;
        VmHWM:) HIGHEST=$value ;;
        esac
    done 2>/dev/null <"/proc/$1/status"
    [ -n "$ANONYMOUS" ]
}

# watch_memory PROCESS FILE: "tenths of a second,KiB anonymous,KiB of files" a line, four
# times a second, until it ends.
watch_memory() {
    local began=${EPOCHREALTIME/./} now
    while read_memory "$1"; do
        now=${EPOCHREALTIME/./}
        echo "$(((now - began) / 100000)),$ANONYMOUS,$MAPPED" >>"$2"
        sleep 0.25
    done
}

# peak COLUMN FILE: in KiB
peak() {
    awk -F, -v column="$1" '$column > most { most = $column } END { print most + 0 }' "$2"
}

# seconds_of STAGE: whole ones, from timing.json
seconds_of() {
    sed -n 's/.*"stage": "'"$1"'", "seconds": \([0-9]*\).*/\1/p' "$TMP/out/timing.json"
}

# audit_many THOUSANDS: COUNT clips; PEAK and PEAK_MAPPED are its peaks in KiB.
audit_many() {
    local log=$TMP/memory.$1.csv process begins ends growth
    make_clips "$1"
    COUNT=$(find "$clips" -name '*.wav' | wc -l)
    "$EARMARK" audit "$clips" -o "$TMP/out" --copies apart --C 0.01 >"$TMP/stdout" 2>"$TMP/stderr" &
    process=$!
    watch_memory "$process" "$log"
    wait "$process"
    expect_equal "$COUNT clips audited in one run" "$?" 0 || finish
    sed 's/^/# /' "$TMP/stderr" "$TMP/out/timing.json"
    awk -F, 'int($1 / 10) != last { last = int($1 / 10); printf "# %d,%d,%d\n", last, $2 / 1024, $3 / 1024 }' "$log"
    PEAK=$(peak 2 "$log")
    PEAK_MAPPED=$(peak 3 "$log")
    echo "# peak of $COUNT clips: $((PEAK / 1024)) MiB anonymous, $((PEAK_MAPPED / 1024)) MiB of files"
    expect_lines "clips.csv has every clip" $((COUNT + 1)) "$TMP/out/clips.csv"
    # The list of clips was read before the embedding stage.
    begins=$(seconds_of input)
    ends=$((begins + $(seconds_of embedding)))
    growth=$(awk -F, -v first=$((10 * (begins + (ends - begins) / 4))) -v last=$((10 * ends)) '
        $1 >= first && !early { early = $2 } $1 <= last { late = $2 }
        END { print (early > 0 ? late - early : 999999999) }' "$log")
    expect_less "anonymous memory is flat while $COUNT clips are embedded: bytes a clip" \
        "$(each_clip "$growth" $((COUNT * 3 / 4)))" 32
    rm -rf "$clips" "$TMP/out"
}

# each_clip KIB CLIPS: bytes for each of the clips, without the embeddings that wait
each_clip() {
    local kibibytes=$(($1 - 32 * 1024))
    echo $(((kibibytes > 0 ? kibibytes : 0) * 1024 / $2))
}

# expect_less NAME NUMBER LIMIT
expect_less() {
    if [ "$2" -lt "$3" ]; then
        ok "$1: $2, less than $3"
    else
        not_ok "$1" "$2, not less than $3"
    fi
}

# ---- many clips
make_sounds
audit_many $(((thousands + 3) / 4))
few=$COUNT few_peak=$PEAK few_mapped=$PEAK_MAPPED
audit_many "$thousands"
more=$((COUNT > few ? COUNT - few : 1))
expect_less "anonymous memory of the whole run, bytes for each clip more" \
    "$(each_clip $((PEAK - few_peak)) "$more")" 64
expect_less "mapped files, bytes for each clip more" $(((PEAK_MAPPED - few_mapped) * 1024 / more)) 3072

# ---- one long clip among short ones
make_square_corpus "$clips" 8
write_square_wav "$clips/low/long.wav" 25 9600000 16000
"$EARMARK" audit "$clips" -o "$TMP/out" --copies apart --quiet &
process=$!
HIGHEST=0
while read_memory "$process"; do sleep 0.1; done
wait "$process"
expect_equal "ten minutes of sound" "$?" 0
echo "# peak with a clip of ten minutes: $((HIGHEST / 1024)) MiB"
expect_less "it needs less than 400 MB: kB" "$HIGHEST" 400000
