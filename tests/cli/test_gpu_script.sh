#!/usr/bin/env bash
# tests/cuda/gpu.sh with stand-ins for the program, the tests and compute-sanitizer: every step has a
# time limit, and what fails or hangs does not keep the next one from running.
source tests/cli/lib.sh

bin=$TMP/bin
mkdir "$bin" "$TMP/programs"

# stand_in FILE LINE...: a program that runs these lines of shell
stand_in() {
    local to=$1
    shift
    printf '%s\n' '#!/usr/bin/env bash' "$@" >"$to"
    chmod +x "$to"
}
stand_in "$bin/earmark" 'echo "device      cuda:0: a stand-in"'
stand_in "$TMP/programs/test_hangs" 'echo 1..1' 'sleep 60'
stand_in "$TMP/programs/test_fails" 'echo 1..1' 'echo "not ok 1 - wrong"' 'exit 1'
stand_in "$TMP/programs/test_tensor" 'echo 1..1' 'echo "ok 1 - right"'
stand_in "$bin/compute-sanitizer" "echo \"\$*\" >>'$TMP/sanitized'" 'shift 4' \
    'case $* in *test_hangs) sleep 60 ;; esac' 'exec "$@"'
programs=("$TMP/programs/test_hangs" "$TMP/programs/test_fails" "$TMP/programs/test_tensor")

# gpu NAME CODE ENVIRONMENT...: the script, with the stand-ins
gpu() {
    local name=$1 code=$2
    shift 2
    rm -f "$TMP/sanitized"
    expect_exit "$name" "$code" env STEP_SECONDS=1 PATH="$bin:$PATH" "$@" \
        bash tests/cuda/gpu.sh "$bin/earmark" "$TMP/plugin" "${programs[@]}"
}

gpu 'a program hangs, one fails' 1
expect_grep 'each is reported, and the last one ran' '^1 passed, 2 failed' "$TMP/stdout"
expect_equal 'one program is sanitized, by two tools' "$(cut -d ' ' -f 2 "$TMP/sanitized" | tr '\n' ' ')" \
    'memcheck racecheck '
expect_no_grep 'and no other' 'test_hangs|test_fails' "$TMP/sanitized"
gpu 'a sanitizer hangs' 1 SANITIZED=test_hangs
expect_grep 'its limit ends it' '^FAILED memcheck: still running after 1 s' "$TMP/stdout"
expect_grep 'the next tool follows' '^FAILED racecheck: still running after 1 s' "$TMP/stdout"
programs=("$TMP/programs/test_tensor")
gpu 'nothing fails' 0
stand_in "$bin/compute-sanitizer" 'exit 99'
gpu 'a sanitizer finds something' 1
expect_grep 'and says so' '^FAILED memcheck: exit code 99' "$TMP/stdout"
stand_in "$bin/earmark" 'echo "device      cuda: none, no driver"'
gpu 'no GPU' 0
expect_grep 'is no failure' '^\*\*\* NO GPU: ' "$TMP/stdout"
stand_in "$bin/earmark" 'sleep 60'
gpu 'a driver that does not answer' 1
expect_grep 'is one' '^FAILED earmark info: exit code 124' "$TMP/stdout"
