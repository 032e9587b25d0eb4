#!/usr/bin/env bash
# Runs the tests on nvcc's PTX, for `make test-ptx`:
#
#   tests/cudasim/ptx/run.sh NVCC OPTIONS-AND-PROGRAMS-OF-tests/run.sh...
#
# At the end it prints for each target how many instructions of its PTX were executed; the others are
# listed in build/ptx-not-executed.txt.
#
# Without nvcc (an empty word) nothing is tested: a banner gives the number of skipped tests, and the
# exit code is 0.
set -u
nvcc=$1
shift

# An instruction is executed if any process says so. Lines: 1 or 0, MODULE:LINE, kernel, text.
summarise() {
    awk -F '\t' '
        { if (!($2 in done)) { done[$2] = 0; words[$2] = $3 "\t" $4 } }
        $1 == 1 { done[$2] = 1 }
        END { for (at in done) {
                  target = at; sub(/\/[^\/]*$/, "", target); sub(/.*\//, "", target)
                  all[target]++; executed[target] += done[at]
                  if (!done[at]) print at "\t" words[at] }
              for (target in all)
                  printf "# compute_%s: %d of %d instructions of PTX were executed\n", target,
                      executed[target], all[target] >"/dev/stderr" }' "$1" | sort -V
}

# Prints all lines but the last, which goes to a file: the counts come at the end.
hold_last() {
    local line last
    IFS= read -r last
    while IFS= read -r line; do
        printf '%s\n' "$last"
        last=$line
    done
    printf '%s\n' "$last" >"$1"
}

if [ -n "$nvcc" ]; then
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-ptx.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    export CUDASIM_PTX_EXECUTED=$scratch/executed
    bash tests/run.sh "$@" | hold_last "$scratch/last"
    status=${PIPESTATUS[0]}
    touch "$scratch/executed"
    summarise "$scratch/executed" 2>&1 >build/ptx-not-executed.txt | sort
    cat "$scratch/last"
    exit "$status"
fi

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
