#!/usr/bin/env bash
# Sounds that are small on disk and large when they are decoded (finding 6), and decoders that are
# stopped (finding 20).
source tests/hostile/lib.sh

# header CHANNELS RATE BITS KIND BYTES: of a WAV; KIND 1: integers, 3: floating point.
header() {
    local frame=$(($1 * $3 / 8))
    printf RIFF
    little_endian 4 $((($5 + 36) & 0xffffffff))
    printf 'WAVEfmt '
    little_endian 4 16
    little_endian 2 "$4"
    little_endian 2 "$1"
    little_endian 4 "$2"
    little_endian 4 $(($2 * frame))
    little_endian 2 "$frame"
    little_endian 2 "$3"
    printf data
    little_endian 4 "$5"
}

# sparse FILE MIB CHANNELS RATE BITS KIND: a WAV of zeros that takes one block of the disk.
sparse() {
    local bytes=$(($2 << 20))
    header "$3" "$4" "$5" "$6" "$bytes" >"$1"
    truncate -s $((bytes + 44)) "$1"
}

# judged NAME FOLDER SECONDS: the sound is a row with a reason or was read, within bounds.
judged() {
    measured "$1" 400 "$3" "$EARMARK" embed "$2" -o "$TMP/out" --quiet
    expect_equal "$1: the run went on" "$((STATUS == 0 || STATUS == 3))" 1
    expect_grep "$1: the others were read" 'low/clip0\.wav.*,ok,' "$TMP/out/clips.csv"
    expect_grep "$1: it has a reason" 'low/large\.[a-z0-9]+,low,[^,]*,[^,]*,[^,]*,[a-z_]+,[^,]{10}' "$TMP/out/clips.csv"
    rm -rf "$TMP/out"
}

# ---- finding 6
make_square_corpus "$TMP/clips" 3
mkdir -p "$TMP/clips/low"
large=$TMP/clips/low/large
variants=("2 44100 16 1" "1 48000 32 3")
if long; then variants+=("6 192000 24 1" "1 8000 8 1" "64 44100 16 1" "1 16000 16 1" "2 768000 64 3" "1 1 16 1" "2 11025 32 1"); fi
for variant in "${variants[@]}"; do
    # shellcheck disable=SC2086
    sparse "$large.wav" 1024 $variant
    judged "6: a sparse WAV of 1 GiB ($variant)" "$TMP/clips" 6
done
rm -f "$large.wav"
# Sounds that say more than they have, and one that says nothing of its length.
header 2 44100 16 1 $((0xffffff00)) >"$large.wav"
truncate -s 4100 "$large.wav"
judged "6: a WAV that says it has 4 GiB" "$TMP/clips" 8
rm -f "$large.wav"
"$HOSTILE/silent_flac" 1024 >"$large.flac"
judged "6: a FLAC of 66 KB, decoded 1 GiB" "$TMP/clips" 15
if long; then
    "$HOSTILE/silent_flac" 8192 >"$large.flac"
    judged "6: a FLAC of 530 KB, decoded 8 GiB" "$TMP/clips" 15
fi
rm -f "$large.flac"
# Several at once, and by the page: a sound of a received OUT becomes large.
for ((i = 0; i < $(rounds 2 8); i++)); do sparse "$TMP/clips/low/large$i.wav" 1024 2 44100 16 1; done
measured "6: several sparse WAVs of 1 GiB" 400 40 "$EARMARK" embed "$TMP/clips" -o "$TMP/out" --quiet --threads 8
rm -rf "$TMP/out" "$TMP/clips/low"/large*
make_square_corpus "$TMP/played" 6
cp "$TMP/played/high/clip0.wav" "$TMP/played/low/wrong.wav"
check "6: a run with issues" "$EARMARK" audit "$TMP/played" -o "$TMP/out" --quiet
for name in "$TMP/played"/*/*.wav; do sparse "$name" 1024 2 44100 16 1; done
measured "6: the page of sounds that became large" 400 20 "$EARMARK" report "$TMP/out"
rm -rf "$TMP/out" "$TMP/played"
# An option for who has such sounds.
"$HOSTILE/silent_flac" 64 >"$large.flac"
check "6: a long sound is read" "$EARMARK" embed "$TMP/clips" -o "$TMP/out" --quiet
rm -rf "$TMP/out" "$large.flac"

# ---- finding 20: with bounds of some seconds
export EARMARK_DECODER_SECONDS=1
make_square_corpus "$TMP/many" 100
# children PID: of it, and theirs.
children() {
    local child
    for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do
        echo "$child"
        children "$child"
    done
}

# stop_some HOW: stops decoders, keepers (which start them) or both while a run goes on.
stop_some() {
    "$HOSTILE/measure" -t 120 -o "$TMP/measured" \
        "$EARMARK" embed "$TMP/many" -o "$TMP/out" --quiet --threads 2 2>"$TMP/stderr" &
    local run=$! child parent below
    for ((i = 0; i < 500; i++)); do
        below=$(children "$run")
        if [ "$(wc -w <<<"$below")" -ge 5 ]; then break; fi
        sleep 0.01
    done
    # The first is the program itself; it starts keepers, and these the decoders.
    for child in $(tail -n +2 <<<"$below"); do
        parent=$(sed -n 's/^PPid:\t//p' "/proc/$child/status" 2>/dev/null)
        case $1-$([ "$parent" = "$(head -n 1 <<<"$below")" ] && echo keeper) in
        decoders- | keepers-keeper | both-*) kill -STOP "$child" 2>/dev/null ;;
        esac
    done
    STATUS=0
    wait "$run" || STATUS=$?
}
hows="decoders keepers"
if long; then hows+=" both"; fi
for how in $hows; do
    stop_some "$how"
    expect_equal "20: $how are stopped: the run ends" "$((STATUS == 0 || STATUS == 1 || STATUS == 3))" 1
    expect_grep "20: $how are stopped: nothing is left" 'left=0 end=exit' "$TMP/measured"
    if [ -e "$TMP/out/clips.csv" ]; then
        expect_equal "20: $how are stopped: at most some clips are lost" \
            "$(($(grep -c ',ok,' "$TMP/out/clips.csv") >= 290))" 1
    else
        expect_grep "20: $how are stopped: with a sentence" '^earmark: .{20}' "$TMP/stderr"
    fi
    rm -rf "$TMP/out"
done
# The whole is stopped for longer than every bound, and continued: no clip is lost.
check "20: a run to compare with" "$EARMARK" embed "$TMP/many" -o "$TMP/alone" --quiet --threads 2
set -m
"$EARMARK" embed "$TMP/many" -o "$TMP/out" --quiet --threads 2 2>"$TMP/stderr" &
run=$!
set +m
for ((i = 0; i < 500; i++)); do
    if [ "$(children "$run" | wc -w)" -ge 2 ]; then break; fi
    sleep 0.01
done
kill -STOP -- "-$run"
sleep "$(rounds 6 12)"
kill -CONT -- "-$run"
STATUS=0
wait "$run" || STATUS=$?
expect_equal "20: stopped as a whole and continued" "$STATUS" 0
expect_same "20: stopped as a whole and continued: no clip is lost" "$TMP/alone/clips.csv" "$TMP/out/clips.csv"
