#!/usr/bin/env bash
# Runs test programs and counts their results.
#
#   tests/run.sh [--jobs N] [--timeout SECONDS] [--counts FILE] [--may-skip] PROGRAM...
#
# A PROGRAM (bash runs a name that ends in .sh; further words are its arguments)
# prints TAP: a plan "1..N", and "ok", "not ok" or "# SKIP" for each test. N programs
# run at a time, started in the order given, so give the longest first; each is
# reported when it ends, with its seconds and those of processor time. Besides a test
# that says "not ok", one failure is counted for a program that crashes, is still
# running after SECONDS, exits with an error without a failed test, runs another
# number of tests than its plan says, or runs none. The output of a program with a
# failure is shown. --counts appends "passed failed skipped" to a file, for
# tests/all.sh. Where all tests were skipped none was run, which is a failure, too,
# but for those that need what a machine may lack as a whole (--may-skip). Last line:
# N passed, N failed, N skipped. Exit code 1 when anything failed.
set -u

jobs=$(nproc)
timeout=600
counts=
may_skip=0
while [ $# -gt 0 ]; do
    case $1 in
    --jobs) jobs=$2 ;;
    --timeout) timeout=$2 ;;
    --counts) counts=$2 ;;
    --may-skip)
        may_skip=1
        shift
        continue
        ;;
    *) break ;;
    esac
    shift 2
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-run.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# cmocka then prints TAP to stdout; the sanitizers end a program with an exit
# code that no test expects, so that what they find cannot pass for an error
# message of earmark's.
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=exitcode=99:print_stacktrace=1:${UBSAN_OPTIONS:-}
export LSAN_OPTIONS=exitcode=99:${LSAN_OPTIONS:-}

# run NUMBER PROGRAM: leaves $scratch/NUMBER.{output,errors,status,seconds,processor}.
TIMEFORMAT='%U %S'
run() {
    local number=$1 command status=0 start=$SECONDS
    read -r -a command <<<"$2"
    case ${command[0]} in
    *.sh) command=(bash "${command[@]}") ;;
    */*) ;;
    *) command[0]=./${command[0]} ;;
    esac
    {
        time timeout --kill-after=5 "$timeout" "${command[@]}" </dev/null \
            >"$scratch/$number.output" 2>"$scratch/$number.errors" || status=$?
    } 2>"$scratch/$number.processor"
    echo $((SECONDS - start)) >"$scratch/$number.seconds"
    echo "$status" >"$scratch/$number.status"
}

# why STATUS OK FAILED SKIPPED PLAN: what is wrong with the program as a whole, if anything.
why() {
    local status=$1 results=$(($2 + $3 + $4)) plan=$5
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
        echo "still running after $timeout s, or killed"
    elif [ "$status" -gt 128 ] && [ "$status" -lt 193 ]; then
        echo "crashed: signal $((status - 128))"
    elif [ "$results" -eq 0 ]; then
        echo "no test was run (exit code $status)"
    elif [ -z "$plan" ]; then
        echo "ended before its plan (exit code $status)"
    elif [ "$plan" -ne "$results" ]; then
        echo "$results results for $plan tests (exit code $status)"
    elif [ "$status" -ne 0 ] && [ "$3" -eq 0 ]; then
        echo "exit code $status though no test failed"
    fi
}

passed=0
failed=0
skipped=0

# report NUMBER PROGRAM: one line, or everything it printed; adds to the totals.
report() {
    local file=$scratch/$1 program=$2 status seconds good bad skips plan reason
    status=$(cat "$file.status" 2>/dev/null || echo 137)
    seconds="$(cat "$file.seconds" 2>/dev/null || echo 0) s"
    seconds+=$(awk '{ s += $1 + $2 } END { printf ", %.1f s of processor time", s }' "$file.processor" 2>/dev/null)
    # cmocka says "not ok 2 # SKIP name": a skip is looked for first.
    skips=$(grep -a -c -E '^(not )?ok\b.*# SKIP' "$file.output")
    good=$(grep -a -E '^ok\b' "$file.output" | grep -a -v -c '# SKIP')
    bad=$(grep -a -E '^not ok\b' "$file.output" | grep -a -v -c '# SKIP')
    plan=$(grep -a -E '^1\.\.[0-9]+$' "$file.output" | tail -n 1 | cut -c4-)
    reason=$(why "$status" "$good" "$bad" "$skips" "$plan")
    if [ -n "$reason" ]; then bad=$((bad + 1)); fi
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + skips))
    if [ "$bad" -gt 0 ]; then
        printf 'FAILED %s: %d passed, %d failed, %d skipped; %s%s\n' "$program" "$good" \
            "$bad" "$skips" "$seconds" "${reason:+; $reason}"
        sed 's/^/    /' "$file.output" | tr -d '\000' | tail -n 300
        sed 's/^/    stderr: /' "$file.errors" | tr -d '\000' | tail -n 100
    else
        printf 'passed %s: %d passed, %d skipped; %s\n' "$program" "$good" "$skips" "$seconds"
        grep -a -E '^(not )?ok\b.*# SKIP' "$file.output" | sed -E 's/^.*# SKIP/    skipped:/'
    fi
}

programs=("$@")
waiting=() # numbers of the programs that run

# Reports the programs that have ended; with an argument, all.
report_ended() {
    local number left=()
    for number in ${waiting[@]+"${waiting[@]}"}; do
        if [ -e "$scratch/$number.status" ] || [ $# -gt 0 ]; then
            report "$number" "${programs[number]}"
        else
            left+=("$number")
        fi
    done
    waiting=(${left[@]+"${left[@]}"})
}

# wait_for_one: until a program ended, and reports it; fails where none runs.
wait_for_one() {
    wait -n
    if [ $? -eq 127 ]; then return 1; fi
    report_ended
}

for number in "${!programs[@]}"; do
    while [ "${#waiting[@]}" -ge "$jobs" ]; do wait_for_one || break; done
    run "$number" "${programs[number]}" &
    waiting+=("$number")
done
while [ "${#waiting[@]}" -gt 0 ]; do wait_for_one || break; done
report_ended all
if [ $((passed + failed + (may_skip ? skipped : 0))) -eq 0 ]; then
    echo "FAILED: no test was run"
    failed=1
fi
if [ -n "$counts" ]; then echo "$passed $failed $skipped" >>"$counts"; fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
