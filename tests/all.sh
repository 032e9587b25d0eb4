#!/usr/bin/env bash
# All tests, for `make test`: the release build, the sanitizers, the fuzzers,
# the style. Each part goes on where another failed, and a part that cannot be
# built counts as one failure. Last line: N passed, N failed, N skipped; exit
# code 1 when anything failed.
set -u
make=${MAKE:-make}
jobs=${JOBS:-$(nproc)}
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
export RUN_OPTIONS="--jobs $jobs --counts $counts"

# build WORDS COMMAND...: a failure is counted, and shown by its last lines.
build() {
    local what=$1 start=$SECONDS log
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        grep '^probe:' "$log" || true
        echo "built: $what; $((SECONDS - start)) s"
        rm -f "$log"
        return 0
    fi
    grep -v -E "^  (compile|link) " "$log" | tail -n 60
    rm -f "$log"
    echo "FAILED to build: $what"
    echo "0 1 0" >>"$counts"
    return 1
}

# part WORDS COMMAND...: runs test programs; what they counted is in the file.
part() {
    local what=$1 start=$SECONDS lines
    shift
    echo "== $what"
    lines=$(wc -l <"$counts")
    "$@" 2>&1 | grep -v -E '^make(\[[0-9]+\])?: \*\*\*'
    if [ "$(wc -l <"$counts")" -eq "$lines" ]; then
        echo "FAILED: $what ended without a count"
        echo "0 1 0" >>"$counts"
    fi
    echo "== $what: $((SECONDS - start)) s"
}

sanitized=(SANITIZER=address,undefined OPTIMISE=-O1)
quiet=(--no-print-directory)

if build "program and tests" "$make" "${quiet[@]}" -j"$jobs" earmark test-programs; then
    part "tests" "$make" "${quiet[@]}" test-run
fi
if build "the CUDA device in the simulator" "$make" "${quiet[@]}" -j"$jobs" cudasim-programs; then
    part "the CUDA device in the simulator" "$make" "${quiet[@]}" cudasim-run
fi
if build "the simulator with sanitizers" "$make" "${quiet[@]}" -j"$jobs" "${sanitized[@]}" cudasim-programs; then
    part "the simulator with sanitizers" "$make" "${quiet[@]}" "${sanitized[@]}" CUDASIM_SEEDS=7 cudasim-run
fi
if build "program and tests with AddressSanitizer and UndefinedBehaviorSanitizer" \
    "$make" "${quiet[@]}" -j"$jobs" "${sanitized[@]}" test-programs; then
    part "tests with sanitizers" "$make" "${quiet[@]}" "${sanitized[@]}" test-run
fi
if build "fuzzers" "$make" "${quiet[@]}" -j"$jobs" fuzz-build; then
    part "fuzzers" env FUZZ_SECONDS="${FUZZ_SECONDS:-24}" "$make" "${quiet[@]}" fuzz-run
fi
part "style" bash tests/run.sh --counts "$counts" --timeout 1200 tests/lint.sh

awk '{ passed += $1; failed += $2; skipped += $3 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
          exit !(failed == 0 && passed > 0) }' "$counts"
