#!/usr/bin/env bash
# Runs the tests of the CUDA device on a real GPU, for `make test-gpu`:
#
#   tests/cuda/gpu.sh EARMARK PLUGIN PROGRAM...
#
# EARMARK has the plug-in (PLUGIN) beside it; a PROGRAM is a compiled test of tests/cuda or a shell
# test. Without a GPU nothing is tested: a banner gives the number of skipped tests, and the exit
# code is 0. Every step has a time limit (STEP_SECONDS, default 600; a GPU that hangs does not end
# by itself), and the next one follows whatever became of it. If compute-sanitizer is on PATH, one
# program (SANITIZED, default test_tensor) also runs under memcheck and racecheck, which take
# minutes for each.
set -u
earmark=$1
plugin=$2
shift 2
export EARMARK=$earmark
seconds=${STEP_SECONDS:-600}

# The GPUs in the device list: lines "cuda:0: ...", or the reason why there are none.
code=0
info=$(timeout --kill-after=10 "$((seconds < 60 ? seconds : 60))" "$earmark" info </dev/null) || code=$?
if [ "$code" -ne 0 ]; then
    echo "FAILED earmark info: exit code $code (124 or 137: it did not end)"
    exit 1
fi
gpus=$(sed -n 's/^device  *cuda/cuda/p' <<<"$info")
if ! grep -q '^cuda:[0-9]' <<<"$gpus"; then
    tests=0
    for program in "$@"; do
        case $program in
        *.sh) count=1 ;;
        *) count=$(env -u EARMARK_CUDA_PLUGIN CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>/dev/null |
            grep -c '# SKIP') ;;
        esac
        echo "SKIPPED $program: $count tests"
        tests=$((tests + count))
    done
    echo '***************************************************************************'
    echo "*** NO GPU: $tests tests were SKIPPED, nothing was tested on a GPU."
    echo "*** ${gpus:-this program lists no CUDA device}"
    echo '***************************************************************************'
    echo "0 passed, 0 failed, $tests skipped"
    exit 0
fi

echo "$gpus"
export EARMARK_CUDA_PLUGIN=$plugin
status=0
bash tests/run.sh --jobs 1 --timeout "$seconds" "$@" || status=1

if ! command -v compute-sanitizer >/dev/null; then
    echo 'SKIPPED compute-sanitizer: it is not installed'
    exit "$status"
fi
for program in "$@"; do
    [ "$(basename "$program")" = "${SANITIZED:-test_tensor}" ] || continue
    for tool in memcheck racecheck; do
        echo "== compute-sanitizer --tool $tool $(basename "$program")"
        code=0
        timeout --kill-after=10 "$seconds" compute-sanitizer --tool "$tool" --error-exitcode 99 \
            "$program" </dev/null || code=$?
        case $code in
        0) continue ;;
        124 | 137) echo "FAILED $tool: still running after $seconds s" ;;
        *) echo "FAILED $tool: exit code $code" ;;
        esac
        status=1
    done
done
exit "$status"
