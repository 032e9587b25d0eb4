#!/usr/bin/env bash
# Libraries outside the system's folders, found through PKG_CONFIG_PATH alone: where to compile, link
# and search at run time. Nothing is built.
source tests/cli/lib.sh
if ! command -v pkg-config >/dev/null; then
    skip "libraries of PKG_CONFIG_PATH" "no pkg-config"
    exit 0
fi
mkdir "$TMP/packages"
for pair in sndfile:sndfile samplerate:samplerate libzip:zip zlib:z jansson:jansson libxxhash:xxhash \
    yaml-0.1:yaml dnnl:dnnl libseccomp:seccomp cmocka:cmocka; do
    name=${pair%:*}
    cat >"$TMP/packages/$name.pc" <<END
Name: $name
Description: a tree without root
Version: 1
Cflags: -I/opt/$name/include
Libs: -L/opt/$name/lib -l${pair#*:}
END
done

# commands VARIABLES...: what make would run for the program and a test
commands() {
    local folder
    folder=$(make -s CUDA=0 build-folder "$@")
    run_command make -n V=1 CUDA=0 "$folder/earmark" "$folder/tests/test_csv" "$@"
}

export PKG_CONFIG_PATH=$TMP/packages
commands
for pair in sndfile:sndfile samplerate:samplerate libzip:zip zlib:z jansson:jansson libxxhash:xxhash \
    yaml-0.1:yaml dnnl:dnnl libseccomp:seccomp; do
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

# oneDNN often comes without a file for pkg-config.
rm "$TMP/packages/dnnl.pc"
commands ONEDNN_CFLAGS=-I/opt/here ONEDNN_LIBS='-L/opt/there -ldnnl'
expect_grep "oneDNN by its variables: compile" "-I/opt/here .*-c -o [^ ]*host/main\.o" "$TMP/stdout"
expect_grep "oneDNN by its variables: link, and search at run time" \
    "-L/opt/there -ldnnl .*-Wl,-rpath,/opt/there" "$TMP/stdout"
commands
expect_grep "without both: the plain name" ' -ldnnl ' "$TMP/stdout"
