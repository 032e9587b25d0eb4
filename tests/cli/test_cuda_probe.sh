#!/usr/bin/env bash
# What cuda.mk makes of an nvcc that cannot build for every GPU, or not at all; with an nvcc made of
# a shell script, so no toolkit is needed.
source tests/cli/lib.sh
cc=${CC:-cc}
if ! command -v "${cc%% *}" >/dev/null; then
    skip "probes of nvcc" "no C compiler"
    exit 0
fi

# nvcc: refuses an architecture of $REFUSED, and every program with $NO_HEADERS; compiles nothing.
mkdir -p "$TMP/toolkit/bin" "$TMP/toolkit/lib64"
: >"$TMP/toolkit/lib64/libcublas.so"
cat >"$TMP/toolkit/bin/nvcc" <<'END'
#!/bin/sh
case $* in
*--version*) echo 'Cuda compilation tools, release 12.4, V12.4.131' && exit ;;
*--dryrun*) printf '#$ TOP=%s\n' "${0%/bin/nvcc}" >&2 && exit ;;
esac
for refused in $REFUSED; do
    case $* in
    *compute_$refused,*) [ -z "$SILENT" ] || exit 1
        echo "nvcc fatal   : Unsupported gpu architecture 'compute_$refused'" >&2 && exit 1 ;;
    esac
done
case $*,$NO_HEADERS in *program.cu*,?*)
    echo "program.cu:1:10: fatal error: cublas_v2.h: No such file or directory" >&2
    exit 1 ;;
esac
shared=-c
while [ $# -gt 0 ]; do
    case $1 in
    -o) output=$2 && shift ;;
    -shared) shared=-shared ;;
    esac
    shift
done
exec cc -x c "$shared" -fPIC -o "$output" /dev/null
END
chmod +x "$TMP/toolkit/bin/nvcc"
nvcc=$TMP/toolkit/bin/nvcc

folders=() # of the build, to be removed
probe() {
    run_command env -u CUDA -u CUDA_ARCHITECTURES -u WERROR make --no-print-directory NVCC="$nvcc" "$@"
}
note_folder() {
    folders+=("$(env -u CUDA -u CUDA_ARCHITECTURES -u WERROR make -s NVCC="$nvcc" "$@" cuda-folder)")
}

export REFUSED= NO_HEADERS=
probe show-cuda
expect_grep "all of them, PTX of the newest" \
    'nvcc 12\.4\.131 for sm_80 sm_90 sm_100 sm_120, PTX of compute_120$' "$TMP/stdout"
expect_no_grep "nothing is left out" 'left out' "$TMP/stdout"

# Another set of flags is another probe: the answer of the last one is kept.
export REFUSED="100 120"
probe show-cuda CUDA_CFLAGS=-DOLDER
expect_grep "those that it compiles for, PTX of the newest of them" \
    'for sm_80 sm_90, PTX of compute_90; left out: sm_100 sm_120, which this nvcc' "$TMP/stdout"
probe cuda CUDA_CFLAGS=-DOLDER BUILD="$TMP/build"
expect_equal "it is built" "$STATUS" 0
expect_grep "and the output names what was left out" '^probe: cuda: .*left out: sm_100 sm_120' "$TMP/stdout"
note_folder CUDA_CFLAGS=-DOLDER
check "the plug-in is there" test -e "${folders[0]}/earmark-cuda.so" -a -L "$TMP/build/earmark-cuda.so"
probe cuda CUDA=1 CUDA_CFLAGS=-DOLDER BUILD="$TMP/build"
expect_equal "also where it was asked for" "$STATUS" 0
probe -n cuda CUDA_CFLAGS=-DOTHER BUILD="$TMP/other" V=1
expect_no_grep "no warning is an error" 'Werror' "$TMP/stdout"
expect_grep "the toolkit's libraries are found at run time" "rpath=$TMP/toolkit/lib64" "$TMP/stdout"
probe -n cuda CUDA_CFLAGS=-DOTHER WERROR=1 BUILD="$TMP/other" V=1
expect_grep "but with WERROR=1" '-Werror all-warnings.*,-Werror' "$TMP/stdout"

# ---- nothing can be built
export REFUSED="80 90 100 120"
probe cuda CUDA_CFLAGS=-DNONE BUILD="$TMP/none"
expect_equal "a plain make goes on" "$STATUS" 0
expect_grep "and says why there is no plug-in" \
    "^probe: cuda: not built: .*nvcc compiles for none of: 80 90 100 120 \(nvcc fatal.*CUDA=1 makes this an error" "$TMP/stdout"
check "there is none" test ! -e "$TMP/none/earmark-cuda.so"
probe cuda CUDA=1 CUDA_CFLAGS=-DNONE BUILD="$TMP/none"
expect_equal "CUDA=1 makes it an error" "$STATUS" 2
expect_grep "with the reason" 'not built: .*compiles for none of' "$TMP/stderr"
SILENT=1 probe show-cuda CUDA_CFLAGS=-DSILENT
expect_grep "an nvcc that gives no reason" 'compiles for none of: 80 90 100 120' "$TMP/stdout"
expect_no_grep "leaves no empty brackets" '\(\)' "$TMP/stdout"
export REFUSED= NO_HEADERS=1
probe cuda CUDA_CFLAGS=-DNO_CUBLAS BUILD="$TMP/none"
expect_equal "no cuBLAS: a plain make goes on" "$STATUS" 0
expect_grep "and says so" '^probe: cuda: not built: .*cuBLAS and NVTX .*cublas_v2\.h' "$TMP/stdout"
probe cuda CUDA=1 CUDA_CFLAGS=-DNO_CUBLAS BUILD="$TMP/none"
expect_equal "no cuBLAS: CUDA=1 makes it an error" "$STATUS" 2
export NO_HEADERS=
probe show-cuda CUDA_CFLAGS=-DNO_CUBLAS
expect_grep "once it is there it is found" 'for sm_80 sm_90 sm_100 sm_120' "$TMP/stdout"
nvcc=
probe show-cuda PATH=/usr/bin:/bin
expect_grep "no nvcc" '^cuda: not built: no nvcc' "$TMP/stdout"
probe cuda CUDA=1 BUILD="$TMP/none"
expect_equal "no nvcc: CUDA=1 makes it an error" "$STATUS" 2

# ---- cuBLAS by pkg-config alone
mkdir "$TMP/packages"
cat >"$TMP/packages/cublas-12.4.pc" <<END
Name: cublas
Description: a tree without root
Version: 12.4
Cflags: -I$TMP/tree/include
Libs: -L$TMP/tree/lib -lcublas
END
nvcc=$TMP/toolkit/bin/nvcc
export PKG_CONFIG_PATH=$TMP/packages
probe -n cuda BUILD="$TMP/other" V=1
expect_grep "its headers" "-I$TMP/tree/include" "$TMP/stdout"
expect_grep "its library, at run time too" "-L$TMP/tree/lib -lcublas .*rpath=$TMP/tree/lib" "$TMP/stdout"

for folder in "${folders[@]}"; do
    case $folder in build/cuda-*) rm -rf "$folder" ;; esac
done
grep -l "$TMP" build/cuda-probe-*/decision.mk 2>/dev/null | xargs -r -n 1 dirname | xargs -r rm -rf
