# Helpers of the hostile tests: source this file first, from the root of the repository. It has
# those of tests/cli/lib.sh and tests/cli/sounds.sh.
#
#   $HOSTILE        the folder of the small programs of tests/hostile: measure; without_calls, which
#                   runs a command as on a kernel that lacks some system calls
#   $HOSTILE_LONG   1 in `make test-long`; empty in `make test`, where a script should take some
#                   seconds: use `long` before what takes longer, `rounds QUICK LONG` for numbers
#
#   measured NAME MIB CPU_SECONDS COMMAND...    passes when the command and all it starts stay
#                                               within this memory and processor time, and
#                                               leave no process; $STATUS as always
#   as_root NAME [COMMAND...]                   fails, and counts a skip, without root's rights, and
#                                               where the command fails (a chroot has no namespaces)
#   marker FILE                                 makes a file whose words must never turn up
#   no_marker NAME FOLDER                       passes when they are in no file of the folder
#   snapshot FOLDER                             names, kinds, sizes, times and contents of all below it
source tests/cli/lib.sh
source tests/cli/sounds.sh

HOSTILE=${HOSTILE:-$(dirname "$EARMARK")/hostile}
HOSTILE_LONG=${HOSTILE_LONG:-}
secret='the words of another user 5d41402abc4b'

long() { [ -n "$HOSTILE_LONG" ]; }

rounds() {
    if long; then echo "$2"; else echo "$1"; fi
}

measured() {
    local name=$1 memory=$2 most=$3 memory_mib=0 cpu_seconds=0 left=0 end=none word
    shift 3
    run_command "$HOSTILE/measure" -m "$memory" -t 120 -o "$TMP/measured" "$@"
    for word in $(cat "$TMP/measured"); do local "$word"; done
    if [ "$end" = memory ] || [ "$end" = time ] || [ "$end" = none ]; then
        not_ok "$name" "ended by $end, $memory_mib MiB, $cpu_seconds s: $*
$(said)"
    elif [ "$memory_mib" -gt "$memory" ] || [ "${cpu_seconds%.*}" -ge "$most" ]; then
        not_ok "$name" "$memory_mib MiB and $cpu_seconds s for $memory and $most: $*"
    elif [ "$left" -ne 0 ]; then
        not_ok "$name" "$left processes left: $*"
    elif [ "$end" = signal ]; then
        not_ok "$name" "ended by a signal, exit code $STATUS: $*
$(said)"
    else
        ok "$name"
    fi
}

as_root() {
    if [ "$(id -u)" -ne 0 ]; then
        skip "$1" "needs root"
    elif [ $# -gt 1 ] && ! "${@:2}" >/dev/null 2>&1; then
        skip "$1" "this system refuses ${*:2}"
    else
        return 0
    fi
    return 1
}

marker() { printf '%s\n' "$secret" >"$1"; }

no_marker() {
    if grep -a -q -r -F "$secret" "$2"; then
        not_ok "$1" "$(grep -a -r -l -F "$secret" "$2")"
    else
        ok "$1"
    fi
}

# snapshot FOLDER: names, kinds, sizes, times and contents of all below it.
snapshot() {
    find "$1" -printf '%P %y %m %n %s %T@ %l\n' | LC_ALL=C sort
    find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
}
