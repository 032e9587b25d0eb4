#!/usr/bin/env bash
# Processes that embed the parts of one list are killed, stopped and taken over; the results are the
# bytes of one process. ROUNDS: how many are killed (200 when all is tested). `make test` kills a
# few; what waits for a lease to become stale, and needs sounds that take some seconds, is long.
. tests/hostile/lib.sh
. tests/cli/sounds.sh

export EARMARK_DECODER_SECONDS=120 # nothing here is slow by itself
clips=$TMP/clips out=$TMP/out
make_square_corpus "$clips" 8
echo garbage >"$clips/low/bad.wav"
sleep 0.05
RANDOM=20 # the same moments in every run, as far as the machine allows

embed() { "$EARMARK" embed "$clips" -o "$out" --shard "$1" --device cpu --threads 1 "${@:2}"; }
# start PART/OF FILE: the same in the background, as the process $started, with its words in FILE
start() {
    "$EARMARK" embed "$clips" -o "$out" --shard "$1" --device cpu --threads 1 >"$2" 2>&1 &
    started=$!
}
audit() { expect_exit "$1" 3 "$EARMARK" audit "$clips" -o "$out" --from-shards --folds 4 --device cpu --quiet; }
# same NAME: the results are those of one process
same() {
    local difference
    if difference=$(diff -rq -x timing.json -x shards -x embeddings.npy -x statistics.npy "$TMP/one" "$out" 2>&1); then
        ok "$1"
    else
        not_ok "$1" "$difference"
    fi
}
# lease PART OF: the file of the process that embeds it
lease() { printf '%s/shards/part-%05d-of-%05d/owner.json' "$out" "$1" "$2"; }
await() {
    local i
    for ((i = 0; i < 600; i++)); do
        [ -e "$1" ] && return 0
        sleep 0.05
    done
    return 1
}
one() { expect_exit "one process" 3 "$EARMARK" audit "$clips" -o "$TMP/one" --folds 4 --device cpu --quiet; }
one

# ---- killed at any moment, and started again
kills=0 runs=0
complete() { [ "$(ls "$out"/shards/part-*-of-00008/complete.json 2>/dev/null | wc -l)" -eq 8 ]; }
# kill_some: begins three parts that are not complete; each is killed within half a second, unless it
# ends before.
kill_some() {
    local i part began=0 processes=()
    for ((i = RANDOM % 8; began < 3 && i < 16; i++)); do
        part=$((i % 8))
        [ -e "$out/shards/part-0000$part-of-00008/complete.json" ] && continue
        start "$part/8" "$TMP/killed.$part"
        processes+=("$started")
        began=$((began + 1))
    done
    for i in "${processes[@]}"; do
        sleep "0.$(printf %03d $((RANDOM % 250)))"
        if kill -KILL "$i" 2>/dev/null; then kills=$((kills + 1)); fi
    done
    wait 2>/dev/null
}
wanted=${ROUNDS:-$(rounds 6 200)}
while [ "$kills" -lt "$wanted" ]; do
    rm -rf "$out"
    for ((turn = 0; turn < 40 && kills < wanted; turn++)); do
        complete && break
        kill_some
    done
    for ((part = 0; part < 8; part++)); do embed "$part/8" --quiet || echo "$part" >>"$TMP/failed"; done
    "$EARMARK" audit "$clips" -o "$out" --from-shards --folds 4 --device cpu --quiet >/dev/null 2>&1
    diff -rq -x timing.json -x shards -x embeddings.npy -x statistics.npy "$TMP/one" "$out" >>"$TMP/differences" 2>&1
    runs=$((runs + 1))
done 2>>"$TMP/noise"
expect_equal "$kills kills in $runs runs of 8 parts: each part was made in the end" "$(cat "$TMP/failed" 2>/dev/null)" ""
expect_equal "and all have the bytes of one process" "$(cat "$TMP/differences")" ""

# ---- two at once on one part
rm -rf "$out"
for ((i = 0; i < 4; i++)); do
    { embed 0/1 >"$TMP/said.$i" 2>&1; echo $? >"$TMP/code.$i"; } &
done
wait
expect_equal "four at once on one part: one or more make it, the others say who does" \
    "$(for ((i = 0; i < 4; i++)); do
        case $(cat "$TMP/code.$i") in
        0) grep -q 'is complete' "$TMP/said.$i" || echo "$i ends without a word" ;;
        1) grep -Eq 'is being embedded by process|other processes take it' "$TMP/said.$i" || echo "$i does not say why" ;;
        *) echo "$i ends with $(cat "$TMP/code.$i")" ;;
        esac
    done)" ""
expect_equal "one of them made it" "$(ls "$out"/shards/*/complete.json | wc -l)" 1
audit "the audit of it"
same "nothing is torn"

if ! long; then
    exit 0
fi

# ---- a process that is stopped in the middle, taken over, and goes on
rm -rf "$clips" "$out" "$TMP/one"
for class in low high; do
    mkdir -p "$clips/$class"
    for ((i = 0; i < 30; i++)); do
        write_square_wav "$TMP/head.wav" 5 80000
        { head -c 44 "$TMP/head.wav" && head -c 160000 /dev/urandom; } >"$clips/$class/$i.wav"
    done
done
echo garbage >"$clips/low/bad.wav"
sleep 0.05
one
start 0/3 "$TMP/stopped"
stopped=$started
check "the first has its part" await "$(lease 0 3)"
sleep 0.7 # it computes, and has everything still to commit
kill -STOP "$stopped"
start 1/3 "$TMP/second"
embed 2/3 --quiet
wait "$started"
check "it is stopped, and a process of this machine: $(ps -o stat= -p "$stopped")" kill -0 "$stopped"
run_command embed 0/3
expect_equal "another takes its part over" "$STATUS" 0
expect_grep "after a minute, which is said" 'waiting up to 60 s for a sign of process' "$TMP/stderr"
cp -r "$out/shards" "$TMP/before"
kill -CONT "$stopped"
wait "$stopped"
expect_equal "the first notices" "$?" 75
expect_grep "and says why" 'shard 0/3 was taken over by' "$TMP/stopped"
cp "$TMP/before/part-00000-of-00003/index" "$TMP/index"
expect_same "its late commit changes nothing of the part" "$TMP/index" "$out/shards/part-00000-of-00003/index"
audit "the audit of the parts"
same "has the bytes of one process"
rm -rf "$out/shards/part-00000-of-00003"
start 0/3 "$TMP/first"
first=$started
check "a part that is being embedded" await "$(lease 0 3)"
run_command embed 0/3
expect_grep "is left to the process that has it" 'shard 0/3 is (being embedded by process|complete)' "$TMP/stderr"
wait "$first"
expect_equal "which makes it" "$?" 0
