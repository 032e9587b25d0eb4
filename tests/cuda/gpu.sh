#!/usr/bin/env bash
# Runs the tests of the CUDA device on a real GPU, for `make test-gpu`:
#
#   tests/cuda/gpu.sh EARMARK PLUGIN PROGRAM...
#
# EARMARK has the plug-in (PLUGIN) beside it; a PROGRAM is a compiled test of tests/cuda or a shell
# test. Without a GPU nothing is tested: a banner gives the number of skipped tests, and the exit
# code is 0. If compute-sanitizer is on PATH, the compiled programs also run under its tools.
set -u
earmark=$1
plugin=$2
shift 2
export EARMARK=$earmark

# The GPUs in the device list: lines "cuda:0: ...", or the reason why there are none.
gpus=$("$earmark" info | sed -n 's/^device  *cuda/cuda/p')
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
bash tests/run.sh --jobs 1 --timeout 1800 "$@" || status=1

if ! command -v compute-sanitizer >/dev/null; then
    echo 'SKIPPED compute-sanitizer: it is not installed'
    exit "$status"
fi
for tool in memcheck initcheck synccheck racecheck; do
    for program in "$@"; do
        case $program in *.sh) continue ;; esac
        echo "== compute-sanitizer --tool $tool $(basename "$program")"
        compute-sanitizer --tool "$tool" --error-exitcode 99 "$program" || status=1
    done
done
exit "$status"
