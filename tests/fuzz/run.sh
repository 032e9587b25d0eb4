#!/usr/bin/env bash
# Runs every fuzzer, or those given by name, for a limited time, as TAP: first over its
# corpus (tests/fuzz/corpus/NAME), then with new inputs made from it. FUZZERS is the folder
# of the programs. FUZZ_SECONDS is the total time of all fuzzers (0: only the
# corpora); with FUZZ_RUNS, the total number of inputs, FUZZ_SECONDS limits each fuzzer.
# An input that fails is left in build/fuzz-failures; run the fuzzer with it as argument
# to see why, and add it to the corpus once the bug is fixed. A fuzzer that ends with 42 was
# built without what it tests, and is counted as skipped (libFuzzer itself ends with 70 to 77).
set -u
fuzzers=${FUZZERS:?the folder of the fuzzers}
failures=build/fuzz-failures
scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$failures"
number=0
total=0

# result NAME STATUS: one TAP line; the end of the log when it failed.
result() {
    number=$((number + 1))
    if [ "$2" -eq 42 ]; then
        echo "ok $number - $1 # SKIP $(head -n 1 "$scratch/log")"
    elif [ "$2" -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        tail -n 40 "$scratch/log" | tr -d '\000' | sed 's/^/# /'
    fi
}

# fuzz NAME SECONDS
fuzz() {
    local name=$1 seconds=$2 status corpus=tests/fuzz/corpus/$1 executed
    local limits=(-max_total_time="$seconds")
    if [ -n "${FUZZ_RUNS:-}" ]; then limits+=(-runs=$(((FUZZ_RUNS + ${#names[@]} - 1) / ${#names[@]}))); fi
    local options=(-timeout=20 -rss_limit_mb=2048 -artifact_prefix="$failures/$name-")
    mkdir -p "$scratch/$name"
    local folders=("$scratch/$name")
    status=0
    if [ -d "$corpus" ]; then
        folders+=("$corpus")
        "$fuzzers/fuzz_$name" "${options[@]}" -runs=0 "$corpus" >"$scratch/log" 2>&1 || status=$?
        result "$name: $(find "$corpus" -type f | wc -l) kept inputs" "$status"
    fi
    if [ "$seconds" -eq 0 ]; then return; fi
    status=0
    "$fuzzers/fuzz_$name" "${options[@]}" -seed="${FUZZ_SEED:-1}" "${limits[@]}" \
        -print_final_stats=1 "${folders[@]}" >"$scratch/log" 2>&1 || status=$?
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")
    # A fuzzer that hardly runs finds nothing and must not pass.
    if [ "$status" -eq 0 ] && [ "${executed:-0}" -lt 100 ]; then status=1; fi
    result "$name: ${executed:-no} inputs in at most $seconds s" "$status"
    total=$((total + ${executed:-0}))
}

names=()
for source in tests/fuzz/fuzz_*.c; do
    name=${source#tests/fuzz/fuzz_}
    if [ -e "$source" ]; then names+=("${name%.c}"); fi
done
if [ ${#names[@]} -eq 0 ]; then
    echo "1..0"
    exit 1
fi
seconds=$((${FUZZ_SECONDS:-24} / ${#names[@]}))
if [ "$seconds" -lt 3 ] && [ "${FUZZ_SECONDS:-24}" -gt 0 ]; then seconds=3; fi
if [ -n "${FUZZ_RUNS:-}" ]; then seconds=${FUZZ_SECONDS:-7200}; fi
if [ $# -eq 0 ]; then set -- "${names[@]}"; fi
for name in "$@"; do fuzz "$name" "$seconds"; done
echo "# $total inputs in all"
echo "1..$number"
