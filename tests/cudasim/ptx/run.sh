#!/usr/bin/env bash
# Runs the tests on nvcc's PTX, for `make test-ptx`:
#
#   tests/cudasim/ptx/run.sh NVCC OPTIONS-AND-PROGRAMS-OF-tests/run.sh...
#
# Without nvcc (an empty word) nothing is tested: a banner gives the number of skipped tests, and the
# exit code is 0.
set -u
nvcc=$1
shift
if [ -n "$nvcc" ]; then exec bash tests/run.sh "$@"; fi

counts=
while [ $# -gt 0 ]; do
    case $1 in
    --counts) counts=$2 && shift ;;
    esac
    shift
done
skipped=$(cat tests/cuda/test_*.c | grep -c 'cmocka_unit_test(')
echo '***************************************************************************'
echo "*** NO NVCC: $skipped tests were SKIPPED, no PTX was run."
echo '*** Put the CUDA toolkit (12.8 or later) on PATH, or set NVCC.'
echo '***************************************************************************'
if [ -n "$counts" ]; then echo "0 0 $skipped" >>"$counts"; fi
echo "0 passed, 0 failed, $skipped skipped"
