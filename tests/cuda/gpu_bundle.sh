#!/usr/bin/env bash
# Makes the folder that `make gpu-bundle` packs (tests/cuda/gpu_bundle.mk):
#
#   tests/cuda/gpu_bundle.sh TREE BUILD TEST...     TREE anew
#
# BUILD/bundle has the program and the plug-in. Libraries are those that the loader finds for BUILD's
# program and tests, without glibc; the plug-in needs cuBLAS besides, which the script finds.
set -eu -o pipefail
export LC_ALL=C
tree=$1 build=$2
shift 2

if [ ! -e "$build/bundle/earmark-cuda.so" ]; then
    echo 'make gpu-bundle: the CUDA plug-in is not built: CUDA=1 says why' >&2
    exit 1
fi
rm -rf "$tree"
mkdir -p "$tree"/{bin,lib,models,share/earmark,tests/cuda,tests/cli,bench/kernels}
cp "$build/bundle/earmark" "$build/bundle/earmark-cuda.so" "$tree/bin"
cp models/default.safetensors "$tree/share/earmark"
ln -s ../share/earmark/default.safetensors "$tree/models/default.safetensors"
readelf -d "$tree/bin/earmark-cuda.so" | sed -n 's/.*(NEEDED).*\[\(libcublas\.so.*\)\]/\1/p' >"$tree/cublas.txt"
cp "$@" tests/cuda/test_whole_program.sh "$tree/tests/cuda"
cp tests/cli/lib.sh tests/cli/sounds.sh "$tree/tests/cli"
find tests/golden -name '*.npy' -exec cp --parents -t "$tree" {} +
cp bench/kernels/computed.sh bench/kernels/gpus.csv bench/kernels/counts_*.tsv "$tree/bench/kernels"
cp tests/cuda/first_gpu_run.sh "$tree"
for program in "$build/earmark" "${@/#*\//$build/tests/cuda/}"; do
    ldd "$program"
done | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u | while read -r path; do
    case ${path##*/} in
    libc.so.* | libm.so.* | libmvec.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libresolv.so.*) ;;
    *) cp -L "$path" "$tree/lib" ;;
    esac
done
chmod 755 "$tree/first_gpu_run.sh" "$tree"/tests/cuda/*
