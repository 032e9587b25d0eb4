#!/usr/bin/env bash
# The tests in parts, for `make test` and `make test-long`:
#
#   tests/all.sh short     what everybody runs: 10 minutes on two processors
#   tests/all.sh long      the rest
#
# A part goes on where another failed, and a part that cannot be built counts as one
# failure. Warnings of compilers are errors here. Last line: N passed, N failed, N skipped;
# exit code 1 when anything failed.
set -u
make=${MAKE:-make}
jobs=${JOBS:-$(nproc)}
counts=$(mktemp)
processor=$(mktemp)
trap 'rm -f "$counts" "$processor"' EXIT
export RUN_OPTIONS="--jobs $jobs --counts $counts" WERROR=1

# run_make WORDS...
run_make() {
    "$make" --no-print-directory "$@"
}

# run_waiting WORDS...: twice as many programs at a time, for those that mostly wait.
run_waiting() {
    RUN_OPTIONS="--jobs $((2 * jobs)) --counts $counts" run_make "$@"
}

# timed COMMAND...: its processor time goes to a file, from where spent() reads it.
TIMEFORMAT='%U %S'
timed() {
    { time "$@" 2>&3; } 3>&2 2>"$processor"
}

# spent START: seconds since then, and those of processor time
spent() {
    awk -v wall=$((SECONDS - $1)) '{ s += $1 + $2 }
        END { printf "%d s, %.0f s of processor time", wall, s }' "$processor"
}

# build WHAT TARGETS...: a failure is counted, and shown by its last lines.
build() {
    local what=$1 start=$SECONDS log
    shift
    echo "building: $what"
    log=$(mktemp)
    if timed run_make -j"$jobs" "$@" >"$log" 2>&1; then
        grep '^probe:' "$log" || true
        echo "built: $what; $(spent "$start")"
        rm -f "$log"
        return 0
    fi
    grep -v -E "^  (compile|link|nvcc) " "$log" | tail -n 60
    rm -f "$log"
    echo "FAILED to build: $what"
    echo "0 1 0" >>"$counts"
    return 1
}

# part WHAT COMMAND...: runs test programs, which append their counts to the file.
part() {
    local what=$1 start=$SECONDS lines
    shift
    echo "== $what"
    lines=$(wc -l <"$counts")
    timed "$@" 2>&1 | grep --line-buffered -v -E '^make(\[[0-9]+\])?: \*\*\*'
    if [ "$(wc -l <"$counts")" -eq "$lines" ]; then
        echo "FAILED: $what ended without a count"
        echo "0 1 0" >>"$counts"
    fi
    echo "== $what: $(spent "$start")"
}

# lint GROUP...
lint() {
    bash tests/run.sh --counts "$counts" --timeout 1800 "tests/lint.sh $*"
}

sanitized=(SANITIZER=address,undefined OPTIMISE=-O1)

# No plug-in for real GPUs: nvcc takes minutes.
short() {
    export CUDA=0
    if build "program" cli-programs; then
        part "command-line tests" run_make test-cli
        part "hostile ground, the quick part" run_waiting HOSTILE_LONG= test-hostile
        part "the page in browsers that are installed, the quick part" run_waiting test-browser
    fi
    if build "unit tests with AddressSanitizer and UndefinedBehaviorSanitizer" "${sanitized[@]}" tests; then
        part "unit tests with sanitizers" run_make "${sanitized[@]}" test-unit
    fi
    if build "the CUDA device in the simulator" cudasim-programs; then
        part "the CUDA device in the simulator, one seed" run_make CUDASIM_SEEDS=0 cudasim-run
    fi
    part "format and the rules of the folders" lint format rooms
}

long() {
    if build "program with the CUDA plug-in" cli-programs; then
        part "the CUDA plug-in without a GPU" run_make test-plugin
    fi
    export CUDA=0
    if build "program" cli-programs; then
        WORLD_ROUNDS=200 part "hostile ground" run_waiting test-hostile
        part "the page in browsers" run_waiting BROWSER_INSTALL=1 BROWSER_LONG=1 test-browser
        part "jobs on a Slurm of this machine, the bundle on a bare Debian" run_make test-cluster
    fi
    LINT_ANALYZER=shallow part "clang's warnings and clang-tidy" lint warnings tidy
    if build "unit tests" tests; then
        part "unit tests without sanitizers, with more kills and injected failures" \
            env EARMARK_EVERY_STEP=3 EARMARK_SIMULATIONS=1000 RUN_OPTIONS="$RUN_OPTIONS --timeout 3600" \
            "$make" --no-print-directory test-unit
    fi
    if build "program with sanitizers" "${sanitized[@]}" cli-programs; then
        part "command-line tests with sanitizers" run_make "${sanitized[@]}" test-cli
    fi
    if build "the simulator with the race detector" cudasim-programs cudasim-race-programs; then
        part "the CUDA device in the simulator, one more seed" \
            env EARMARK_EVERY_STEP=1 "$make" --no-print-directory CUDASIM_SEEDS=1 cudasim-run
        part "the CUDA device with the race detector" run_make cudasim-race-run
    fi
    part "the CUDA device on nvcc's PTX in the simulator" run_make test-ptx
    if build "the simulator with sanitizers" "${sanitized[@]}" cudasim-programs; then
        part "the simulator with sanitizers" run_make "${sanitized[@]}" CUDASIM_SEEDS=7 cudasim-run
    fi
    if build "fuzzers" fuzz-build; then
        part "fuzzers with kept and new inputs" env FUZZ_SECONDS="${FUZZ_SECONDS:-120}" "$make" --no-print-directory fuzz-run
    fi
}

case ${1:-} in
short | long) "$1" ;;
*)
    echo "usage: tests/all.sh short|long" >&2
    exit 2
    ;;
esac

awk '{ passed += $1; failed += $2; skipped += $3 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
          exit !(failed == 0 && passed > 0) }' "$counts"
