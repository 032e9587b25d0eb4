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

# without NAME CALLS MESSAGE SECCOMP LANDLOCK INFO: a run on a kernel that lacks these calls
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
    check "$name: quiet" "$HOSTILE/without_calls" $calls -- "$EARMARK" embed -q "$TMP/clips" -o "$TMP/quiet-$5-$4"
    expect_no_grep "$name: quiet says nothing" . "$TMP/stderr"
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
