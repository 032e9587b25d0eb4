#!/usr/bin/env bash
# --memory is kept: the most anonymous memory that a command has, looked at again and again while it
# runs, on data that need several times as much. Nothing depends on time.
source tests/hostile/lib.sh
source tests/cli/arrays.sh
cd "$TMP" || exit 1

# anonymous COMMAND...: its most anonymous memory in MiB in $PEAK, its exit code in $STATUS.
anonymous() {
    local process size
    PEAK=0
    "$@" >stdout 2>stderr &
    process=$!
    while size=$(awk '/^RssAnon/ { print int($2 / 1024 + 1) }' "/proc/$process/status" 2>/dev/null) &&
        [ -n "$size" ]; do
        [ "$size" -gt "$PEAK" ] && PEAK=$size
    done
    wait "$process"
    STATUS=$?
}

# bounded NAME COMMAND...: without a bound, then with the least that works.
bounded() {
    local name=$1 least unbounded
    shift
    anonymous "$@" -o unbounded --fresh
    unbounded=$PEAK
    expect_equal "$name" "$STATUS" 0
    anonymous "$@" -o none --memory 1M
    expect_equal "$name: too little" "$STATUS" 2
    least=$(sed -E 's/.*at least ([0-9]+)M.*/\1/' stderr)
    anonymous "$@" -o bounded --fresh --memory "${least}M"
    expect_equal "$name: with the least" "$STATUS" 0
    check "$name: the same files" diff -r unbounded bounded
    check "$name: $PEAK MiB of $least, without a bound $unbounded" \
        [ "$PEAK" -le "$least" -a "$unbounded" -gt "$least" ]
}

# Eight rows of four classes, again and again; a row in eight has the wrong label.
p=
for k in 0 1 2 3 0 1 2 2; do
    for c in 0 1 2 3; do [ $c = $k ] && p="$p$float_half" || p="$p$float_quarter"; done
done
npy p8 '<f4' '(8, 4)' "$p"
npy y8 '|u1' '(8,)' '\x00\x01\x02\x03\x00\x01\x02\x03'
count=$(rounds 125000 1000000)
for name in p y; do
    tail -c +129 "${name}8" >part
    for ((size = 8; size < count * 8 / 1000; size *= 2)); do cat part part >twice && mv twice part; done
    if [ $name = p ]; then
        npy p.npy '<f4' "($((size * 1000)), 4)" ''
    else
        npy y.npy '|u1' "($((size * 1000)),)" ''
    fi
    for ((i = 0; i < 1000; i++)); do cat part; done >>$name.npy
done
bounded 'issues' "$EARMARK" issues --pred-probs p.npy --labels y.npy -q

if long; then
    awk 'function random() { state = state * 16807 % 2147483647; return state / 2147483647 }
        BEGIN {
            state = 7
            for (i = 0; i < 150000; i++) {
                class = i % 20
                line = i % 25 == 0 ? (class + 1) % 20 : class
                for (f = 0; f < 5; f++)
                    line = line " " int((f == class % 5 ? 40 : 0) + 60 * random() - 30)
                print line
            }
        }' >rows
    cut -d' ' -f2- rows | matrix x.npy '|i1'
    cut -d' ' -f1 rows | vector z.npy '|i1'
    bounded 'detect' "$EARMARK" detect --embeddings x.npy --labels z.npy --copies apart -q
fi
