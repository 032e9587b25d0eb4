#!/bin/sh
# What nvcc can build here, for cuda.mk:
#
#   kernels/cuda/probe.sh FOLDER NVCC FLAGS LIBRARIES ARCHITECTURE...
#
# Compiles a kernel for each ARCHITECTURE (80, 90, ...), then a program with the headers in use
# that is linked with LIBRARIES. Leaves FOLDER/decision.mk, and keeps one that found no problem:
#
#   cuda_built      architectures that nvcc compiles for
#   cuda_left_out   the others
#   cuda_libraries  the folder of the toolkit that has cuBLAS; empty where the linker's own does
#   cuda_problem    why nothing can be built; empty where something can
folder=$1 nvcc=$2 flags=$3 libraries=$4
shift 4
decision=$folder/decision.mk
if grep -q '^cuda_problem :=$' "$decision" 2>/dev/null; then exit 0; fi
mkdir -p "$folder" || exit 1

built= left_out= problem= reason= toolkit_libraries=
echo '__global__ void probe() {}' >"$folder/kernel.cu"
for architecture in "$@"; do
    # shellcheck disable=SC2086
    if "$nvcc" $flags -gencode "arch=compute_$architecture,code=sm_$architecture" -cubin \
        -o "$folder/kernel.cubin" "$folder/kernel.cu" >"$folder/$architecture.log" 2>&1; then
        built="$built $architecture"
    else
        left_out="$left_out $architecture"
    fi
done

top=$("$nvcc" --dryrun "$folder/kernel.cu" 2>&1 | sed -n 's/^#\$ TOP=//p')
for candidate in "$top/lib64" "$top/lib" "$top/targets/$(uname -m)-linux/lib"; do
    if [ -n "$top" ] && [ -e "$candidate/libcublas.so" ]; then
        toolkit_libraries=$(cd "$candidate" && pwd -P)
        break
    fi
done

cat >"$folder/program.cu" <<'END'
#include <cublas_v2.h>
#include <nvtx3/nvToolsExt.h>
int main() {
    cublasHandle_t handle;
    nvtxRangePushA("probe");
    return cublasCreate(&handle);
}
END
if [ -z "$built" ]; then
    problem="$nvcc compiles for none of:$left_out"
    reason=$(grep -h -m 1 . "$folder/$1.log")
else
    newest=${built##* }
    # shellcheck disable=SC2086
    "$nvcc" -std=c++17 $flags -gencode "arch=compute_$newest,code=sm_$newest" -o "$folder/program" \
        "$folder/program.cu" ${toolkit_libraries:+"-L$toolkit_libraries"} $libraries \
        >"$folder/program.log" 2>&1 ||
        problem="$nvcc does not build with cuBLAS and NVTX"
    reason=$(grep -m 1 -E 'error|cannot find|such file' "$folder/program.log")
fi
problem=$problem${problem:+${reason:+ ($reason)}}

# What make would expand or split is taken out of the compiler's words.
problem=$(printf '%s' "$problem" | tr '\n' ' ' | tr -d '$#\047"\\`')
{
    echo "cuda_built :=$built"
    echo "cuda_left_out :=$left_out"
    echo "cuda_libraries :=${toolkit_libraries:+ $toolkit_libraries}"
    echo "cuda_problem :=${problem:+ $problem}"
} >"$decision.$$"
mv -f "$decision.$$" "$decision"
