#!/usr/bin/env bash
# The CUDA device as a plug-in beside the program: messages and results with and without it.
source tests/cli/lib.sh

bin=$TMP/bin
mkdir "$bin" "$TMP/elsewhere"
cp "$EARMARK" "$bin/earmark"
data=(--embeddings tests/golden/crossval/ten_x.npy --labels tests/golden/crossval/ten_y.npy)
plugin=$bin/earmark-cuda.so

# run NAME CODE OPTIONS...: crossval by the copied program
run() {
    local name=$1 code=$2
    shift 2
    rm -rf "$TMP/out"
    expect_exit "$name" "$code" "$bin/earmark" crossval "${data[@]}" -o "$TMP/out" "$@"
}

# ---- no plug-in
run "cuda without the plug-in" 1 --device cuda
expect_grep "names what is missing" 'no earmark-cuda\.so beside the program' "$TMP/stderr"
expect_lines "in one line" 1 "$TMP/stderr"
check "nothing was computed" test ! -e "$TMP/out/pred_probs.npy"
run "cuda:all without the plug-in" 1 --device cuda:all
run "not a GPU's number" 2 --device cuda:x
expect_grep "names the devices" 'auto, cpu, cuda, cuda:N or cuda:all' "$TMP/stderr"
run "nor this" 2 --device cuda:-1
run "nor this" 2 --device cuda:
run "nor this" 2 --device cudax
run "nor this" 2 --device cuda:99999999999
run "auto without the plug-in" 0
expect_grep "says what it took, and why" '^earmark: device cpu: .*no earmark-cuda\.so' "$TMP/stderr"
run "auto, quiet" 0 --quiet
expect_lines "says nothing" 0 "$TMP/stderr"
run "cpu" 0 --device cpu
expect_no_grep "no message about the device" '^earmark: device' "$TMP/stderr"
expect_exit "tf32 on a CPU" 1 "$bin/earmark" bench gemm --device cpu --precision tf32
expect_grep "is for GPUs" 'tf32 exists on CUDA devices only' "$TMP/stderr"
check "info without the plug-in" "$bin/earmark" info
expect_grep "lists the CPU" '^device +cpu: ' "$TMP/stdout"
expect_grep "says why there is no GPU" '^device +cuda: none, .*earmark-cuda\.so' "$TMP/stdout"
expect_grep "says what auto takes" '^auto +cpu: ' "$TMP/stdout"

# ---- plug-ins that cannot be used
echo 'no library' >"$plugin"
run "a plug-in that is no library" 1 --device cuda
expect_grep "a message says so" 'earmark-cuda\.so cannot be loaded: ' "$TMP/stderr"
run "auto with it" 0
expect_grep "takes the CPU and says why" '^earmark: device cpu: .*cannot be loaded' "$TMP/stderr"

# fake NAME FLAGS...: a plug-in that needs no GPU, in place of the plug-in
fake() {
    local to=$1
    shift
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -I. -shared -fPIC "$@" -o "$to" tests/cuda/fake_plugin.c
}
if command -v "${CC:-cc}" >/dev/null; then
    fake "$plugin" -DFAKE_VERSION=999
    run "a plug-in of another version" 1 --device cuda
    expect_grep "both versions are named" \
        'built for device interface 999, this program for [0-9]+: install both' "$TMP/stderr"
    fake "$plugin" -Dearmark_device_plugin=another_symbol
    run "another library" 1 --device cuda
    expect_grep "is not a plug-in" 'is not a plug-in of earmark: it has no earmark_device_plugin' \
        "$TMP/stderr"

    # ---- a plug-in that answers
    fake "$plugin"
    FAKE_PLUGIN=missing run "a plug-in without a driver" 1 --device cuda
    expect_grep "says so" 'cuda: the fake has no driver' "$TMP/stderr"
    FAKE_PLUGIN=missing run "auto with it" 0
    expect_grep "says so too" '^earmark: device cpu: .*the fake has no driver' "$TMP/stderr"
    run "cuda does not fall back" 1 --device cuda
    expect_grep "where it does not open" 'the fake does not open' "$TMP/stderr"
    run "auto falls back to the CPU where it does not open" 0
    expect_grep "warns with the reason" '^warning: .*cannot be used: the fake does not open' "$TMP/stderr"
    check "once" test "$(grep -c '^warning: ' "$TMP/stderr")" -eq 1
    expect_no_grep "and names no GPU" '^earmark: device' "$TMP/stderr"
    run "quietly, too" 0 --quiet
    expect_lines "says nothing" 0 "$TMP/stderr"
    FAKE_PLUGIN=lost run "and where it is lost at the start" 0
    expect_grep "warns with the reason" '^warning: .*the fake is lost' "$TMP/stderr"
    bench=("$bin/earmark" bench features --model "$repository/models/default.safetensors" --clips 2
        --seconds 1 --repeats 1)
    FAKE_PLUGIN=full expect_exit "and where the model has no room" 0 "${bench[@]}"
    expect_grep "warns with the reason" '^warning: .*the fake is full' "$TMP/stderr"
    expect_grep "computes on the CPU" '^device +CPU|^device +cpu|threads' "$TMP/stdout"
    FAKE_PLUGIN=full expect_exit "cuda does not fall back there either" 1 "${bench[@]}" --device cuda
    FAKE_PLUGIN=old run "cuda:all with a GPU that is too old" 1 --device cuda:all
    expect_grep "leaves it out and says so" '^warning: --device cuda:all: left out: GPU 1 is old' "$TMP/stderr"
    run "a GPU that is not there" 1 --device cuda:3
    expect_grep "says how many there are" 'cuda:3: the fake has one GPU' "$TMP/stderr"
    FAKE_PLUGIN=lost run "a GPU that is lost" 75 --device cuda
    expect_grep "says so" 'the fake is lost' "$TMP/stderr"
    check "info" "$bin/earmark" info
    expect_grep "lists it" '^device +cuda:0: fake' "$TMP/stdout"
    expect_grep "auto takes it" '^auto +cuda:0 \(fake\): a GPU was found' "$TMP/stdout"

    # ---- found beside the program's own file only
    ln -s "$bin/earmark" "$TMP/elsewhere/earmark"
    check "through a link" "$TMP/elsewhere/earmark" info
    expect_grep "it is found" '^device +cuda:0: fake' "$TMP/stdout"
    mv "$plugin" "$TMP/elsewhere/earmark-cuda.so"
    cd "$TMP/elsewhere" || exit 1
    check "nor from here or a search path" env LD_LIBRARY_PATH="$TMP/elsewhere" "$bin/earmark" info
    expect_grep "it is not found" 'cuda: none, .*no earmark-cuda\.so' "$TMP/stdout"
    cd "$repository" || exit 1
else
    skip "plug-ins that cannot be used" "no C compiler"
fi

# ---- the real plug-in, where there is no driver
real=$(dirname "$(readlink -f "$EARMARK")")/earmark-cuda.so
if [ ! -e "$real" ]; then
    skip "the real plug-in without a driver" "it is not built here"
elif ldconfig -p | grep -q 'libcuda\.so\.1' || [ -e /proc/driver/nvidia/version ]; then
    skip "the real plug-in without a driver" "this machine has a driver"
else
    rm -rf "$TMP/out"
    expect_exit "the real plug-in without a driver" 1 "$EARMARK" crossval "${data[@]}" -o "$TMP/out" \
        --device cuda
    expect_grep "names the driver" 'no NVIDIA driver \(libcuda\.so\.1 is missing\)' "$TMP/stderr"
    check "auto with it" "$EARMARK" crossval "${data[@]}" -o "$TMP/out"
    expect_grep "takes the CPU and says why" \
        '^earmark: device cpu: no GPU is used, this machine has no NVIDIA driver' "$TMP/stderr"
fi
