#!/usr/bin/env bash
# Libraries outside the system's folders, found through PKG_CONFIG_PATH alone: where to compile, link
# and search at run time. Nothing is built.
source tests/cli/lib.sh
if ! command -v pkg-config >/dev/null; then
    skip "libraries of PKG_CONFIG_PATH" "no pkg-config"
    exit 0
fi
mkdir "$TMP/packages"
libraries=(sndfile:sndfile samplerate:samplerate libzip:zip zlib:z libzstd:zstd snappy:snappy jansson:jansson
    libxxhash:xxhash yaml-0.1:yaml libutf8proc:utf8proc dnnl:dnnl libseccomp:seccomp)
ffmpeg=(libavformat:avformat libavcodec:avcodec libavutil:avutil)
for pair in "${libraries[@]}" "${ffmpeg[@]}" libarchive:archive libmicrohttpd:microhttpd cmocka:cmocka; do
    name=${pair%:*}
    cat >"$TMP/packages/$name.pc" <<END
Name: $name
Description: a tree without root
Version: 60
Cflags: -I/opt/$name/include
Libs: -L/opt/$name/lib -l${pair#*:}
END
done

# commands VARIABLES...: what make would run for the program and a test
commands() {
    local folder
    folder=$(make -s CUDA=0 build-folder "$@")
    run_command make -n V=1 CUDA=0 "$folder/earmark" "$folder/tests/test_csv" ${plugin:+"$folder/$plugin"} "$@"
}

export PKG_CONFIG_PATH=$TMP/packages
commands
for pair in "${libraries[@]}"; do
    name=${pair%:*}
    expect_grep "$name: compile" "-std=c17.* -I/opt/$name/include .*-c -o [^ ]*host/main\.o" "$TMP/stdout"
    for word in "-L/opt/$name/lib" "-l${pair#*:}" "-Wl,-rpath,/opt/$name/lib"; do
        expect_grep "$name: link with $word" "-o [^ ]*/earmark .* $word( |\$)" "$TMP/stdout"
    done
done
expect_grep "cmocka: compile" "-I/opt/cmocka/include .*-c -o [^ ]*test_csv\.o" "$TMP/stdout"
for word in -L/opt/cmocka/lib -lcmocka -Wl,-rpath,/opt/cmocka/lib; do
    expect_grep "cmocka: link with $word" "-o [^ ]*tests/test_csv .* $word( |\$)" "$TMP/stdout"
done

# Those that may be missing, and the plug-in that alone links with FFmpeg's libraries.
expect_grep "libarchive: link" '-o [^ ]*/earmark .* -larchive( |$)' "$TMP/stdout"
expect_grep "libmicrohttpd: link" '-o [^ ]*/earmark .* -lmicrohttpd( |$)' "$TMP/stdout"
expect_no_grep "FFmpeg: not in the program" '-o [^ ]*/earmark .* -lavformat' "$TMP/stdout"
plugin=earmark-ffmpeg.so commands
for pair in "${ffmpeg[@]}"; do
    name=${pair%:*}
    expect_grep "$name: compile" "-I/opt/$name/include .*-c -o [^ ]*host/sound/ffmpeg/sound\.o" "$TMP/stdout"
    for word in "-L/opt/$name/lib" "-l${pair#*:}" "-Wl,-rpath,/opt/$name/lib"; do
        expect_grep "$name: link with $word" "-o [^ ]*/earmark-ffmpeg\.so .* $word( |\$)" "$TMP/stdout"
    done
done
commands FFMPEG=0 LIBARCHIVE=0 MICROHTTPD=0
expect_equal "without them: no failure" "$STATUS" 0
expect_no_grep "FFMPEG=0: no plug-in" 'host/sound/ffmpeg/sound\.o' "$TMP/stdout"
expect_no_grep "LIBARCHIVE=0: not linked" ' -larchive' "$TMP/stdout"
expect_no_grep "MICROHTTPD=0: not linked" ' -lmicrohttpd' "$TMP/stdout"

# oneDNN often comes without a file for pkg-config.
rm "$TMP/packages/dnnl.pc"
commands ONEDNN_CFLAGS=-I/opt/here ONEDNN_LIBS='-L/opt/there -ldnnl'
expect_grep "oneDNN by its variables: compile" "-I/opt/here .*-c -o [^ ]*host/main\.o" "$TMP/stdout"
expect_grep "oneDNN by its variables: link, and search at run time" \
    "-L/opt/there -ldnnl .*-Wl,-rpath,/opt/there" "$TMP/stdout"
commands
expect_grep "without both: the plain name" ' -ldnnl ' "$TMP/stdout"
