#!/usr/bin/env bash
# Sounds for FFmpeg's libraries, with and without earmark-ffmpeg.so beside the program, and with one
# that cannot be used.
. tests/cli/lib.sh
. tests/cli/sounds.sh

golden=tests/golden/ffmpeg
bin=$TMP/bin
mkdir -p "$bin" "$TMP/set/low" "$TMP/set/high"
cp "$EARMARK" "$bin/earmark"
write_square_wav "$TMP/set/low/square.wav" 25 4000
cp "$golden/aac.m4a" "$golden/wma2.wma" "$TMP/set/high"
cp "$golden/no_sound.mp4" "$TMP/set/low"

# embed NAME CODE PROGRAM
embed() {
    rm -rf "$TMP/out"
    expect_exit "$1" "$2" "$3" embed "$TMP/set" -o "$TMP/out" --threads 1 --model models/default.safetensors
}

embed "without the plug-in" 3 "$bin/earmark"
install='libavformat-dev, libavcodec-dev and libavutil-dev'
expect_grep "MP4: what to install" "aac\.m4a,.*,unreadable,\"MP4 needs FFmpeg's libraries: .*; install $install" \
    "$TMP/out/clips.csv"
expect_grep "ASF: what to install" "wma2\.wma,.*,unreadable,\"ASF needs .*; install $install" "$TMP/out/clips.csv"
expect_grep "the others are read" 'square\.wav,.*,ok,' "$TMP/out/clips.csv"
check "info without the plug-in" "$bin/earmark" info
expect_grep "says so" "^ffmpeg +none, .*earmark-ffmpeg\.so.*; install $install" "$TMP/stdout"

echo 'no library' >"$bin/earmark-ffmpeg.so"
embed "a plug-in that is no library" 3 "$bin/earmark"
expect_grep "the row says so" 'aac\.m4a,.*,unreadable,.*earmark-ffmpeg\.so cannot be loaded' "$TMP/out/clips.csv"
expect_grep "the others are read" 'square\.wav,.*,ok,' "$TMP/out/clips.csv"

if [ ! -e "$(dirname "$(readlink -f "$EARMARK")")/earmark-ffmpeg.so" ]; then
    skip "with the plug-in" "it was not built"
    exit 0
fi
embed "with the plug-in" 3 "$EARMARK"
expect_grep "AAC" 'aac\.m4a,.*,ok,' "$TMP/out/clips.csv"
expect_grep "WMA" 'wma2\.wma,.*,ok,' "$TMP/out/clips.csv"
expect_grep "a film without sound" 'no_sound\.mp4,.*,unreadable,.*there is no sound in it; leave it out"?,' \
    "$TMP/out/clips.csv"
rm "$TMP/set/low/no_sound.mp4"
embed "all are read" 0 "$EARMARK"
