#!/usr/bin/env bash
# Plants faults in nvcc's PTX, one at a time (faults_list.sh), and runs a test on it: it has to fail.
# So the interpreter executes what it reads, and the tests notice what a wrong instruction does.
#
#   tests/cudasim/ptx/faults.sh MODULES BUILD [EXPRESSION]
#
# MODULES is the folder of a target's PTX, BUILD the folder with the test programs and cudasim/;
# EXPRESSION chooses faults by name. Prints TAP; last lines: how many were caught, and the
# survivors by name.
set -u
unset CUDASIM_PTX_EXECUTED
modules=$(realpath "$1")
build=$2
expression=${3:-.}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-faults.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cc -shared -fPIC -o "$scratch/filter.so" tests/mutations/filter.c -lcmocka || exit 1

# ask MODULES PROGRAM:TEST: fails when the test does; its output is in $scratch/said.
ask() {
    LD_PRELOAD=$scratch/filter.so TEST_FILTER=${2#*:} CUDASIM_PTX=$1 CMOCKA_MESSAGE_OUTPUT=TAP \
        CUDASIM_SEED=0 EARMARK_CUDA_PLUGIN=$build/cudasim/earmark-cuda.so \
        timeout --kill-after=5 120 "$build/tests/cuda/${2%%:*}" >"$scratch/said" 2>&1 </dev/null &&
        grep -q '^ok 1' "$scratch/said"
}

# The line of the N-th instruction that matches, in the first kernel whose symbol matches.
line_of() {
    awk -v kernel="$2" -v wanted="$3" -v pattern="$4" '
        /\.entry/ { inside = !was && $0 ~ kernel; was = was || inside }
        inside && $0 ~ pattern && ++found == wanted { print NR; exit }' "$1"
}

number=0
caught=0
survivors=()

# The tests must pass without a fault: one that fails then proves nothing.
declare -A sound
is_sound() {
    if [ -z "${sound[$1]:-}" ]; then ask "$modules" "$1" && sound[$1]=yes || sound[$1]=no; fi
    [ "${sound[$1]}" = yes ]
}

# plant NAME PROGRAM:TEST MODULE KERNEL N PATTERN REPLACED BY
#
# In MODULE.ptx, the first kernel whose symbol matches KERNEL, the N-th line that matches PATTERN:
# the regular expression REPLACED becomes BY.
plant() {
    local name=$1 test=$2 module=$3 line how
    [[ $name =~ $expression ]] || return
    number=$((number + 1))
    rm -rf "$scratch/ptx"
    cp -r "$modules" "$scratch/ptx"
    line=$(line_of "$modules/$module.ptx" "$4" "$5" "$6")
    if [ -n "$line" ]; then sed -i -E "${line}s/$7/$8/" "$scratch/ptx/$module.ptx"; fi
    if cmp -s "$modules/$module.ptx" "$scratch/ptx/$module.ptx"; then
        how="not ok $number - $name: there is nothing of the kind in $module.ptx"
    elif ! is_sound "$test"; then
        how="not ok $number - $name: $test fails without the fault as well"
    elif ask "$scratch/ptx" "$test"; then
        how="not ok $number - $name: survived $test"
        survivors+=("$name")
    else
        how="ok $number - $name: $(grep -a -m1 -E 'cudasim:|^not ok' "$scratch/said" | cut -c1-120)"
        caught=$((caught + 1))
    fi
    echo "$how"
}

source tests/cudasim/ptx/faults_list.sh
echo "1..$number"
echo "# $caught of $number faults in PTX were caught"
for name in ${survivors[@]+"${survivors[@]}"}; do echo "# survived: $name"; done
[ "$caught" -eq "$number" ]
