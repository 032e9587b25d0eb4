# Helpers of the command-line tests: source this file first, from the root of
# the repository. Results go to stdout as TAP lines; the output of commands under
# test goes to files, so that only TAP lines are read as results.
#
#   $EARMARK   absolute path of the program under test
#   $TMP       a fresh folder, removed at exit
#
#   ok NAME                                 a test that passed
#   not_ok NAME [REASON]                    a test that failed
#   skip NAME REASON                        a test that could not run here
#   check NAME COMMAND...                   passes when the command succeeds
#   check_fails NAME COMMAND...             passes when it exits with 1 to 127
#   expect_exit NAME CODE COMMAND...        passes when it exits with CODE
#   expect_grep NAME PATTERN FILE           an extended regular expression is found
#   expect_no_grep NAME PATTERN FILE        it is not found, and the file exists
#   expect_same NAME FILE FILE              the bytes are the same
#   expect_equal NAME VALUE EXPECTED        the strings are the same
#   expect_file NAME FILE                   it exists and is not empty
#   expect_lines NAME COUNT FILE            it has this many lines
#
# The last command's output is in $TMP/stdout and $TMP/stderr, its exit code in
# $STATUS. A test never stops the script: the helpers return 0 when they passed
# and 1 when not, for `|| return` and `if`. Do not use `set -e` with them.

set -u

repository=$(pwd)
EARMARK=${EARMARK:-$repository/earmark}
case $EARMARK in /*) ;; *) EARMARK=$repository/$EARMARK ;; esac
TMP=$(mktemp -d "${TMPDIR:-/tmp}/earmark-test.XXXXXX")
STATUS=0
tests_run=0
tests_failed=0
export EARMARK TMP LC_ALL=C.UTF-8

finish() {
    local status=$?
    trap - EXIT
    cd "$repository" && rm -rf "$TMP"
    printf '1..%d\n' "$tests_run"
    if [ "$status" -eq 0 ] && [ "$tests_failed" -gt 0 ]; then status=1; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ok() {
    tests_run=$((tests_run + 1))
    printf 'ok %d - %s\n' "$tests_run" "$1"
}

not_ok() {
    tests_run=$((tests_run + 1))
    tests_failed=$((tests_failed + 1))
    printf 'not ok %d - %s\n' "$tests_run" "$1"
    if [ -n "${2:-}" ]; then printf '%s\n' "$2" | sed 's/^/# /'; fi
    return 1
}

skip() {
    tests_run=$((tests_run + 1))
    printf 'ok %d # SKIP %s: %s\n' "$tests_run" "$1" "$2"
}

# The end of the last command's output, as a reason.
said() {
    local file
    for file in stdout stderr; do
        if [ -s "$TMP/$file" ]; then
            printf '%s:\n' "$file"
            tail -n 20 "$TMP/$file" | tr -d '\000'
        fi
    done
}

run_command() {
    STATUS=0
    "$@" >"$TMP/stdout" 2>"$TMP/stderr" </dev/null || STATUS=$?
}

expect_exit() {
    local name=$1 code=$2
    shift 2
    run_command "$@"
    if [ "$STATUS" -eq "$code" ]; then
        ok "$name"
    else
        not_ok "$name" "exit code $STATUS instead of $code: $*
$(said)"
    fi
}

check() {
    local name=$1
    shift
    expect_exit "$name" 0 "$@"
}

check_fails() {
    local name=$1
    shift
    run_command "$@"
    if [ "$STATUS" -ge 1 ] && [ "$STATUS" -lt 124 ]; then
        ok "$name"
    else
        not_ok "$name" "exit code $STATUS instead of an ordinary failure: $*
$(said)"
    fi
}

expect_grep() {
    if [ ! -e "$3" ]; then
        not_ok "$1" "no file $3"
    elif grep -a -q -E -e "$2" -- "$3"; then
        ok "$1"
    else
        not_ok "$1" "nothing like '$2' in $3, which ends:
$(tail -n 20 -- "$3" | tr -d '\000')"
    fi
}

expect_no_grep() {
    if [ ! -e "$3" ]; then
        not_ok "$1" "no file $3"
    elif grep -a -q -E -e "$2" -- "$3"; then
        not_ok "$1" "'$2' is in $3:
$(grep -a -n -m 5 -E -e "$2" -- "$3")"
    else
        ok "$1"
    fi
}

expect_same() {
    local difference
    if difference=$(cmp -- "$2" "$3" 2>&1); then ok "$1"; else not_ok "$1" "$difference"; fi
}

expect_equal() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "'$2' instead of '$3'"; fi
}

expect_file() {
    if [ -s "$2" ]; then ok "$1"; else not_ok "$1" "$2 is missing or empty"; fi
}

expect_lines() {
    local lines
    if [ ! -e "$3" ]; then
        not_ok "$1" "no file $3"
        return 1
    fi
    lines=$(wc -l <"$3")
    if [ "$lines" -eq "$2" ]; then ok "$1"; else not_ok "$1" "$lines lines instead of $2 in $3"; fi
}
