#!/usr/bin/env bash
# --state: clips that cannot be used are not decoded again as long as their files stay the same.
# What each run gives is compared with a run without.
. tests/cli/lib.sh
. tests/cli/sounds.sh

clips=$TMP/clips state=$TMP/state
make_square_corpus "$clips" 4
bad=$clips/middle

# write_header FILE FORMAT CHANNELS BITS BYTES: of a WAV at 8 kHz, by what its samples are.
write_header() {
    {
        printf RIFF
        little_endian 4 $((36 + $5))
        printf 'WAVEfmt '
        little_endian 4 16
        little_endian 2 "$2"
        little_endian 2 "$3"
        little_endian 4 8000
        little_endian 4 $((8000 * $3 * $4 / 8))
        little_endian 2 $(($3 * $4 / 8))
        little_endian 2 "$4"
        printf data
        little_endian 4 "$5"
    } >"$1"
}

echo junk >"$bad/junk.wav"
: >"$bad/empty.wav" # not decoded in any case
head -c 2000 "$bad/clip3.wav" >"$bad/cut.wav"
write_square_wav "$bad/short.wav" 5 40
write_header "$bad/nan.wav" 3 1 32 16000
for ((i = 0; i < 4000; i++)); do printf '\0\0\xc0\x7f'; done >>"$bad/nan.wav"
write_header "$bad/channels.wav" 1 65 16 26000
head -c 26000 /dev/zero >>"$bad/channels.wav"
{
    printf 'fLaC'
    head -c 4000 /dev/zero
} >"$bad/broken.flac"
sleep 0.05 # a file that changed just now is not trusted to be the same

audit() { "$EARMARK" audit "$clips" --folds 2 --device cpu "$@"; }
# run NAME [OPTION...]: with the state, into a new OUT; compared with a run without. $without are
# options of both, $code is the exit code.
without=() code=3
run() {
    local name=$1 file
    shift
    expect_exit "$name" "$code" audit -o "$TMP/out" --fresh --state "$state" --metrics "$TMP/run.prom" "${without[@]}" "$@"
    cp "$TMP/stderr" "$TMP/said"
    expect_exit "$name: a run without" "$code" audit -o "$TMP/plain" --fresh "${without[@]}"
    for file in "$TMP/plain"/*; do
        [ "${file##*/}" = timing.json ] || cmp -s "$file" "$TMP/out/${file##*/}" || echo "${file##*/} differs"
    done >"$TMP/different"
    expect_lines "$name: the same files" 0 "$TMP/different"
    sed -n "s#$TMP/plain#OUT#g; /^warning:/p" "$TMP/stderr" >"$TMP/warnings"
    sed -n "s#$TMP/out#OUT#g; /^warning:/p" "$TMP/said" >"$TMP/warned"
    expect_same "$name: the same warnings" "$TMP/warnings" "$TMP/warned"
}
# read_bytes: of sounds, in the run before.
read_bytes() { sed -n 's/^earmark_sound_read_bytes_total{.*} //p' "$TMP/run.prom"; }
# verdicts TEXT: how many of the state have it.
verdicts() { cat "$state"/*/verdicts | grep -ao "$1" | wc -l; }

run "the first run"
run "the second run"
expect_grep "knows what cannot be used" ': 12 of 19 clips are embedded already; 6 cannot be used and have not changed$' "$TMP/said"
expect_equal "and reads no sound" "$(read_bytes)" 0
expect_grep "all clips are counted" '^earmark_clips_resumed_total{.*} 18$' "$TMP/run.prom"

# ---- what is decoded again
cp "$bad/cut.wav" "$TMP/cut.wav"
write_square_wav "$bad/cut.wav" 11 2100
sleep 0.05
run "after a file was repaired"
expect_grep "it is decoded" ': 12 of 19 clips are embedded already; 5 cannot be used and have not changed$' "$TMP/said"
expect_grep "and used" '^[0-9]*,middle/cut.wav,.*,ok,' "$TMP/out/clips.csv"
cp "$TMP/cut.wav" "$bad/cut.wav"
touch -d '2001-01-01' "$bad/junk.wav"
sleep 0.05
run "after one was spoilt again, and one got another date"
expect_grep "they are decoded" ': 12 of 19 clips are embedded already; 4 cannot be used and have not changed$' "$TMP/said"
run "with --verify" --verify
expect_grep "all are decoded" ': 12 of 19 clips are embedded already and are decoded again$' "$TMP/said"
run "after --verify"
expect_grep "all are still known" '; 6 cannot be used and have not changed$' "$TMP/said"
expect_equal "and none is read" "$(read_bytes)" 0

# ---- what does not last
write_header "$bad/large.wav" 1 1 16 1400000
head -c 1400000 /dev/urandom >>"$bad/large.wav"
sleep 0.05
without=(--clip-memory 1)
run "a clip above the bound on memory"
expect_grep "is unreadable" '^[0-9]*,middle/large.wav,.*,unreadable,' "$TMP/out/clips.csv"
run "and again"
expect_grep "is not known" ': 12 of 20 clips are embedded already; 6 cannot be used' "$TMP/said"
check "but decoded again" test "$(read_bytes)" -gt 0
without=()
run "with more memory"
expect_grep "it is used" '^[0-9]*,middle/large.wav,.*,ok,' "$TMP/out/clips.csv"

# ---- the file does not grow for ever
rm "$bad/junk.wav" "$bad/empty.wav" # while one cannot be opened, others may be on a disk that is away
run "after a bad file was removed"
expect_equal "its verdict is, too" "$(verdicts 'not a known sound file')" 0
for file in "$state"/*/verdicts; do printf 'x' | dd of="$file" bs=1 seek=100 conv=notrunc 2>/dev/null; done
run "a damaged file of verdicts"
expect_grep "is thrown away" 'a damaged file of verdicts was thrown away; its clips are decoded again$' "$TMP/said"
expect_grep "with nothing else" ': 13 of 18 clips are embedded already$' "$TMP/said"
run "and made again"
expect_grep "whole" ': 13 of 18 clips are embedded already; 5 cannot be used and have not changed$' "$TMP/said"
rm "$bad"/{cut,short,nan,channels}.wav "$bad/broken.flac"
code=0
run "after all of them were removed"
expect_equal "no file is left" "$(find "$state" -name 'verdicts*' | wc -l)" 0

# ---- segments: which are wrong depends on the list
mkdir "$TMP/long"
write_square_wav "$TMP/long/a.wav" 7 16000
{
    echo path,label,start,end
    for ((i = 0; i < 4; i++)); do echo "a.wav,one,0.$i,1.$i"; done
    echo a.wav,one,5,6
} >"$TMP/list.csv"
sleep 0.05
listed() { "$EARMARK" embed "$TMP/list.csv" --audio-root "$TMP/long" --start-column start --end-column end -o "$TMP/listed" --fresh --state "$TMP/segments" --device cpu; }
expect_exit "a segment that is not in its file" 3 listed
cp "$TMP/listed/clips.csv" "$TMP/first.csv"
expect_exit "is not looked for again" 3 listed
expect_grep "which is said" '; 1 cannot be used and has not changed$' "$TMP/stderr"
expect_same "with the same words" "$TMP/first.csv" "$TMP/listed/clips.csv"
sed -i 's/,5,6$/,0.5,1.5/' "$TMP/list.csv"
check "another segment of the file is" listed
