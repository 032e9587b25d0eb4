#!/usr/bin/env bash
# A collection, its lists and an OUT that somebody else prepared, made from random numbers: whatever
# they are, the program ends in an ordinary way, writes only in OUT and reads nothing outside.
#
# WORLD_ROUNDS says how many (12, in `make test-long` 500), WORLD_SEED=N with WORLD_ROUNDS=1 repeats
# one; WORLD_KEEP=1 keeps its folder.
source tests/hostile/lib.sh

WORLD_ROUNDS=${WORLD_ROUNDS:-$(rounds 12 500)}
WORLD_SEED=${WORLD_SEED:-$(($(date +%s) % 100000 * 1000))}
echo "# WORLD_SEED=$WORLD_SEED WORLD_ROUNDS=$WORLD_ROUNDS"
export EARMARK_DECODER_SECONDS=2

make_square_corpus "$TMP/clips" 6
cp "$TMP/clips/high/clip0.wav" "$TMP/clips/low/wrong.wav"
check "results to start from" "$EARMARK" audit "$TMP/clips" -o "$TMP/made" --quiet

# Things of another user's, which are 4,321 samples long or hold the marker.
mkdir -p "$TMP/mine/shards"
write_square_wav "$TMP/mine/private.wav" 9 4321
for name in keys notes.part run.json shards/000000.shard shards/record.txt shards/old.part; do
    marker "$TMP/mine/$name"
done
printf 'path,label\nprivate.wav,%s\n' "$secret" >"$TMP/mine/list.csv"

# Bytes that a terminal obeys: C0 without tab and newline, DEL, C1 in UTF-8.
has_raw() { LC_ALL=C grep -a -q -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"; }

problems=
declare -A codes # how many runs ended with each
complain() { problems+="seed $seed: $*"$'\n'; }

# judge CODE: of the run in $world.
judge() {
    local code=$1 file
    codes[$code]=$((${codes[$code]:-0} + 1))
    case $code in
    0 | 1 | 2 | 3 | 4 | 75) ;;
    *) complain "exit code $code; $(tail -n 3 "$TMP/stderr" | cat -v)" ;;
    esac
    if [ "$code" -eq 1 ] && ! grep -a -q '^earmark: .' "$TMP/stderr"; then complain "no sentence"; fi
    grep -q 'left=0 end=exit' "$TMP/measured" || complain "$(cat "$TMP/measured")"
    snapshot "$world/victim" | cmp -s - "$TMP/victim-before" || complain "the victim's files changed"
    snapshot "$world/in" | cmp -s - "$TMP/in-before" || complain "the collection changed"
    for file in "$TMP/stdout" "$TMP/stderr"; do
        if has_raw "$file"; then complain "raw bytes in ${file##*/}"; fi
        if grep -a -q -F "$secret" "$file"; then complain "the marker is in ${file##*/}"; fi
    done
    # Not the sparse files that were planted there.
    if find "$world/out" -type f -size -32M -exec grep -a -q -F "$secret" {} \; -print 2>/dev/null |
        grep -q .; then
        complain "the marker is in OUT"
    fi
    if [ "$code" -eq 0 ] || [ "$code" -eq 3 ]; then
        for file in clips.csv issues.csv classes.csv report.html; do
            if [ "$world/out/$file" -nt "$world/words" ] && [ -f "$world/out/$file" ]; then
                if has_raw "$world/out/$file"; then complain "raw bytes in $file"; fi
                if grep -a -q '0\.540125' "$world/out/$file"; then complain "a private sound in $file"; fi
            fi
        done
    fi
}

world=$TMP/world
for ((seed = WORLD_SEED; seed < WORLD_SEED + WORLD_ROUNDS; seed++)); do
    mkdir "$world"
    cp -r "$TMP/mine" "$world/victim"
    "$HOSTILE/fuzz_world" "$seed" "$world" "$TMP/clips" "$TMP/made" "$EARMARK" || exit 1
    snapshot "$world/victim" >"$TMP/victim-before"
    snapshot "$world/in" >"$TMP/in-before"
    mapfile -d '' -t words <"$world/words"
    # FIFOs of OUT that are opened for writing would wait for a reader: time ends such a run.
    run_command "$HOSTILE/measure" -m 1500 -t 60 -o "$TMP/measured" "${words[@]}" --threads 2
    judge "$STATUS"
    if [ -n "${WORLD_KEEP:-}" ]; then
        cat "$TMP/stdout" "$TMP/stderr" >&2
        cp -r "$world" "/tmp/world-$seed"
    fi
    rm -rf "$world"
    if [ "$(wc -l <<<"$problems")" -gt 20 ]; then break; fi
done
for code in "${!codes[@]}"; do echo "# exit code $code: ${codes[$code]} times"; done
if [ -z "$problems" ]; then
    ok "$WORLD_ROUNDS worlds from seed $WORLD_SEED"
else
    not_ok "$WORLD_ROUNDS worlds from seed $WORLD_SEED" "$problems"
fi
