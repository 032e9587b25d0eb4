#!/usr/bin/env bash
# Plants the errors of list.sh in kernels/cuda, one at a time, and runs the tests of its suite: all
# have to be caught. Works on a copy of the tree, builds only what an error touches, and runs the
# tests in the simulator until one fails: with two seeds, then with the race detector.
#
#   tests/mutations/run.sh [EXPRESSION]     only errors whose name matches
#   tests/mutations/run.sh --check          only whether each can be planted; builds nothing
#
# Prints TAP. Last lines: how many were caught, and the survivors by name. A suite that names a
# missing test ends it with exit code 1: cmocka passes where no test is left to run.
set -u
check=
if [ "${1:-}" = --check ]; then check=yes && shift; fi
expression=${1:-${MUTATIONS:-.}}
seconds=${MUTATION_SECONDS:-240} # for one test program
export EARMARK_EVERY_STEP=1      # the tests that lose GPUs lose them everywhere
here=$(cd "$(dirname "$0")/../.." && pwd)
make=(make -s --no-print-directory CUDA=0)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-mutations.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

cd "$here" || exit 1

# The suites: their tests, quick ones first; each is PROGRAM:TEST.
declare -A suites=(
    [front]="test_front_end:test_golden test_front_end:test_shortest test_front_end:test_mels"
    [statistics]="test_statistics:test_shortest test_statistics:test_golden test_statistics:test_same_bytes"
    [resample]="test_front_end:test_against_cpu test_front_end:test_resampling"
    [embedding]="test_embedding:test_small test_embedding:test_odd_architecture test_embedding:test_ragged"
    [linear]="test_embedding:test_linear"
    [long]="test_embedding:test_long test_device_cuda:test_same_bytes_in_little_memory"
    [tensor]="test_tensor:test_windows test_tensor:test_wide_few test_tails:test_fast_tails"
    [pooled]="test_tensor:test_pooled test_tensor:test_windows"
    [pipeline]="test_device_cuda:test_batches_in_flight test_device_cuda:test_same_bytes_in_little_memory"
    [streamed]="test_classifier:test_same_bytes test_classifier:test_chunks"
    [classifier]="test_classifier:test_evaluate test_classifier:test_chunks"
    [logarithms]="test_classifier:test_logarithms"
    [scatter]="test_classifier:test_scatter"
    [gpus]="test_gpus:test_same_bytes"
    [lost]="test_gpus:test_one_lost"
    [nearest]="test_nearest:test_against_plain test_nearest:test_ties_and_zeros test_nearest:test_chosen test_nearest:test_gathered"
)
for test in ${suites[*]}; do
    grep -qF "cmocka_unit_test(${test#*:})" "tests/cuda/${test%%:*}.c" && continue
    echo "tests/mutations/run.sh: there is no test ${test#*:} in tests/cuda/${test%%:*}.c" >&2
    exit 1
done

tree=$scratch/tree
mkdir -p "$tree/build"
cp -a Makefile kernels host tests "$tree"
cp -a kernels "$scratch/kernels"
if [ -z "$check" ]; then
    "${make[@]}" cudasim cudasim-race cuda-tests >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
    build=$("${make[@]}" build-folder)
    objects=$("${make[@]}" cudasim-folder)
    cp -a --parents "$build/tests/cuda" "$objects" "$tree"
    cp -a "$objects" "$scratch/pristine"
    cc -shared -fPIC -o "$scratch/filter.so" tests/mutations/filter.c -lcmocka || exit 1
fi
cd "$tree" || exit 1

# ask FOLDER BUILD SEED PROGRAM:TEST: fails when the test does; its output is in $scratch/said.
ask() {
    local plugin=$1/earmark-cuda.so program=${4%%:*} filter=${4#*:}
    [ "$2" = race ] && plugin=$1/hooks/earmark-cuda.so
    LD_PRELOAD=$scratch/filter.so TEST_FILTER=$filter CUDASIM_SEED=$3 CMOCKA_MESSAGE_OUTPUT=TAP \
        EARMARK_CUDA_PLUGIN=$plugin timeout --kill-after=5 "$seconds" \
        "$build/tests/cuda/$program" >"$scratch/said" 2>&1 </dev/null
}

# The same without the error, each combination once: a test that fails then proves nothing.
declare -A sound
is_sound() {
    if [ -z "${sound[$*]:-}" ]; then
        cp "$scratch/said" "$scratch/said-of-error"
        ask "$scratch/pristine" "$@" && sound[$*]=yes || sound[$*]=no
        cp "$scratch/said-of-error" "$scratch/said"
    fi
    [ "${sound[$*]}" = yes ]
}

# How the tests of a suite run; each line: BUILD SEED PROGRAM:TEST
asks() {
    local test
    # shellcheck disable=SC2086
    set -- ${suites[$1]}
    for test in "$@"; do echo "plain 0 $test"; done
    echo "race 2 $1"
    for test in "$@"; do echo "plain 2 $test"; done
    shift
    for test in "$@"; do echo "race 4 $test"; done
}

number=0
caught=0
survivors=()

# Replaces BEFORE by AFTER; fails unless it is there (once, or after MARK).
change() {
    local file=$1 before=$2 after=$3 mark=${4:-} text head=
    text=$(cat "$file"; echo .)
    text=${text%.}
    if [ -n "$mark" ]; then
        [[ $text == *"$mark"* ]] || return 1
        head=${text%%"$mark"*}$mark
        text=${text#*"$mark"}
    elif [[ ${text/"$before"/} == *"$before"* ]]; then
        return 1
    fi
    [[ $text == *"$before"* ]] || return 1
    printf '%s' "$head${text%%"$before"*}$after${text#*"$before"}" >"$file"
}

plant() {
    local name=$1 suite=$2 file=$3 how= which seed test
    [[ $name =~ $expression ]] || return
    number=$((number + 1))
    if [ -z "${suites[$suite]:-}" ]; then
        echo "tests/mutations/run.sh: \"$name\" names a suite $suite that does not exist" >&2
        exit 1
    fi
    if ! change "$file" "$4" "$5" "${6:-}"; then
        how="not ok $number - $name: the text is not in $file any more, or more than once"
    elif [ -n "$check" ]; then
        how="ok $number - $name: can be planted"
        caught=$((caught + 1))
    elif ! "${make[@]}" "$objects/earmark-cuda.so" "$objects/hooks/earmark-cuda.so" >"$scratch/said" 2>&1; then
        how="not ok $number - $name: does not compile"
    else
        while read -r which seed test; do
            ask "$tree/$objects" "$which" "$seed" "$test" && continue
            if ! is_sound "$which" "$seed" "$test"; then
                echo "# $test ($which, seed $seed) fails without the error as well"
                continue
            fi
            how="ok $number - $name: $test ($which, seed $seed): $(grep -a -m1 -E 'cudasim:|^not ok' "$scratch/said" | cut -c1-140)"
            caught=$((caught + 1))
            break
        done < <(asks "$suite")
        if [ -z "$how" ]; then
            how="not ok $number - $name: survived"
            survivors+=("$name")
        fi
    fi
    echo "$how"
    [[ $how == *"does not compile" ]] && sed 's/^/# /' "$scratch/said" | head -n 5
    cp -a "$scratch/$file" "$file"
    if [ -z "$check" ]; then cp -a "$scratch/pristine/." "$objects"; fi
}

# shellcheck source=tests/mutations/list.sh
. tests/mutations/list.sh

echo "1..$number"
[ -n "$check" ] || echo "# $caught of $number caught; survivors: ${#survivors[@]}"
for name in ${survivors[@]+"${survivors[@]}"}; do echo "# survived: $name"; done
[ "$caught" -eq "$number" ]
