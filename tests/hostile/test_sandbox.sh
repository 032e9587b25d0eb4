#!/usr/bin/env bash
# The sandbox of the processes that decode, as users see it: what `earmark info` and run.json say,
# and kernels that lack a layer. What it refuses is in tests/unit/test_sandbox.c.
source tests/hostile/lib.sh

check "earmark info" "$EARMARK" info
sandbox=$(sed -n 's/^sandbox *//p' "$TMP/stdout")
case $sandbox in
"seccomp, Landlock ABI "[0-9]*", memory limit") ;;
*)
    skip "the sandbox" "not all of it is here: $sandbox"
    exit 0
    ;;
esac
ok "finding 1: every layer is here: $sandbox"
version=${sandbox#*ABI }
version=${version%%,*}

# without NAME CALLS MESSAGE SECCOMP LANDLOCK INFO: runs on a kernel that lacks these calls
without() {
    local name=$1 calls message=$3 call
    calls=$(for call in $2; do echo "ENOSYS:$call"; done)
    # shellcheck disable=SC2086
    check "$name: embed" "$HOSTILE/without_calls" $calls -- "$EARMARK" embed "$TMP/clips" -o "$TMP/out-$5-$4"
    expect_equal "$name: it is said once" "$(grep -c -F "earmark: this kernel has no $message" "$TMP/stderr")" 1
    expect_grep "$name: run.json" "\"seccomp\": $4," "$TMP/out-$5-$4/run.json"
    expect_grep "$name: run.json" "\"landlock\": $5," "$TMP/out-$5-$4/run.json"
    for file in clips.csv embeddings.npy statistics.npy; do
        expect_same "$name: the same $file" "$TMP/out-$5-$4/$file" "$TMP/out/$file"
    done
    # shellcheck disable=SC2086
    "$HOSTILE/without_calls" $calls -- "$EARMARK" info >"$TMP/info"
    expect_grep "$name: earmark info" "^sandbox +$6, memory limit\$" "$TMP/info"
}

make_square_corpus "$TMP/clips" 2
check "with every layer" "$EARMARK" embed "$TMP/clips" -o "$TMP/out"
expect_no_grep "with every layer nothing is said" "this kernel" "$TMP/stderr"
expect_grep "run.json has seccomp" '"seccomp": true,' "$TMP/out/run.json"
expect_grep "run.json has Landlock" "\"landlock\": $version," "$TMP/out/run.json"
expect_grep "run.json has the limit on memory" '"memory_limit": true' "$TMP/out/run.json"
without "no Landlock" landlock_create_ruleset "Landlock" true 0 "seccomp, no Landlock"
without "no seccomp" seccomp "seccomp: " false "$version" "no seccomp, Landlock ABI $version"
without "neither" "seccomp landlock_create_ruleset" "seccomp and no Landlock: " false 0 "no seccomp, no Landlock"

# The page decodes, too.
check "audit" "$EARMARK" audit "$TMP/clips" -o "$TMP/audit" --folds 2
check "report without seccomp" "$HOSTILE/without_calls" ENOSYS:seccomp -- "$EARMARK" report "$TMP/audit"
expect_equal "report says it once" "$(grep -c 'this kernel has no seccomp' "$TMP/stderr")" 1
check "report -q" "$HOSTILE/without_calls" ENOSYS:seccomp -- "$EARMARK" report -q "$TMP/audit"
expect_no_grep "report -q says nothing" . "$TMP/stderr"

# ---- a process that decodes, looked at from outside while the program is stopped
sounds=("$TMP"/clips/*/*)
{
    echo path,label
    for ((i = 0; i < 3000; i++)); do echo "${sounds[i % 6]#"$TMP"/},class$((i % 2))"; done
} >"$TMP/many.csv"
EARMARK_TEST_SECRET=$secret "$EARMARK" embed -q "$TMP/many.csv" -o "$TMP/many-out" &
program=$!
decoder=
while [ -z "$decoder" ] && kill -0 "$program" 2>/dev/null; do
    for status in $(grep -l -x -E 'Name:.earmark-decoder' /proc/[0-9]*/status 2>/dev/null); do
        folder=${status%/status}
        keeper=$(sed -n 's/^PPid:.//p' "$status" 2>/dev/null)
        if ! grep -q -x 'Seccomp:.2' "$status" 2>/dev/null; then continue; fi
        if [ "$(sed -n 's/^PPid:.//p' "/proc/$keeper/status" 2>/dev/null)" != "$program" ]; then continue; fi
        kill -STOP "$program"
        decoder=$folder
        break
    done
done
if [ -n "$decoder" ] && [ -e "$decoder/status" ]; then
    ok "finding 1: a process that decodes has its filter of system calls"
    cp "$decoder/status" "$TMP/status"
    expect_grep "finding 1: it can gain no rights" '^NoNewPrivs:.1$' "$TMP/status"
    if [ "$(id -u)" -eq 0 ]; then
        tr -d '\000' <"$decoder/environ" >"$TMP/environ"
        expect_equal "finding 1: its environment is empty" "$(wc -c <"$TMP/environ")" 0
        find "$decoder/fd" -type l -printf '%l\n' | grep -v -x -E \
            '/dev/null|socket:\[[0-9]+\]|pipe:\[[0-9]+\]|/proc/[0-9]+/statm|.*/[0-9]+\.wav' >"$TMP/descriptors"
        expect_lines "finding 1: it has only the descriptors that it needs" 0 "$TMP/descriptors"
    else
        skip "finding 1: what it has" "only root may look"
    fi
else
    not_ok "finding 1: a process that decodes has its filter of system calls" "none was found"
fi
kill -CONT "$program" 2>/dev/null
wait "$program"
expect_equal "it went on and ended well" $? 0
