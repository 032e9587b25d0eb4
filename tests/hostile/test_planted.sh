#!/usr/bin/env bash
# An OUT in which somebody else put links and files before the run, and while it runs: findings 2, 3
# and 17. The files that the links lead to stay as they are.
source tests/hostile/lib.sh

clips=$TMP/clips
make_square_corpus "$clips" 6
cp "$clips/high/clip0.wav" "$clips/low/wrong.wav"
check "a run to compare with" "$EARMARK" audit "$clips" -o "$TMP/alone" --quiet

victim=$TMP/victim
make_victim() {
    local name
    rm -rf "$victim"
    mkdir -p "$victim/deeper"
    for name in notes.part 000000.shard 000007.shard record.txt report.html run.json keys \
        embeddings.part clips.csv.1.part deeper/999.shard; do
        marker "$victim/$name"
    done
    snapshot "$victim" >"$TMP/before"
}
make_victim

unchanged() {
    snapshot "$victim" >"$TMP/after"
    expect_same "$1: nothing changed where the link leads" "$TMP/before" "$TMP/after" || make_victim
}

# ends NAME CODES COMMAND...: with one of these codes, and with a sentence if it is 1.
ends() {
    local name=$1 codes=$2
    shift 2
    run_command timeout 60 "$@"
    case " $codes " in
    *" $STATUS "*) ok "$name" ;;
    *)
        not_ok "$name" "exit code $STATUS: $*
$(said)"
        return
        ;;
    esac
    if [ "$STATUS" -eq 1 ]; then expect_grep "$name: with a sentence" '^earmark: .{20}' "$TMP/stderr"; fi
}

same_results() {
    local file
    for file in clips.csv embeddings.npy issues.csv pred_probs.npy; do
        if [ -e "$2/$file" ]; then expect_same "$1: $file" "$TMP/alone/$file" "$2/$file"; fi
    done
}

# ---- finding 2: OUT/shards is a link, or no folder
for command in audit embed; do
    for state in new fresh finished; do
        out=$TMP/out
        mkdir "$out"
        ln -s "$victim" "$out/shards"
        options=
        if [ "$state" != new ]; then echo '{}' >"$out/run.json"; fi
        if [ "$state" = fresh ]; then options=--fresh; fi
        # shellcheck disable=SC2086
        ends "2: $command, $state, shards is a link" "0 1" "$EARMARK" "$command" "$clips" -o "$out" $options
        unchanged "2: $command, $state"
        rm -rf "$out"
    done
done
planted() {
    case $1 in
    dangling) ln -s "$victim/new" "$2" ;;
    looping) ln -s shards "$2" ;;
    itself) ln -s . "$2" ;;
    above) ln -s .. "$2" ;;
    file) marker "$2" ;;
    fifo) mkfifo "$2" ;;
    link-to-file) ln -s "$victim/keys" "$2" ;;
    device) ln -s /dev/zero "$2" ;;
    esac
}
for kind in dangling looping itself above file fifo link-to-file device; do
    out=$TMP/out
    mkdir "$out"
    planted "$kind" "$out/shards"
    ends "2: shards is of the kind '$kind'" "0 1" "$EARMARK" audit "$clips" -o "$out" --quiet
    if [ "$STATUS" -eq 0 ]; then same_results "2: $kind" "$out"; fi
    unchanged "2: $kind"
    rm -rf "$out"
done
# Links in place of the files in it.
mkdir -p "$TMP/out/shards"
for name in 000000.shard 000001.shard record.txt 000002.shard.77.part; do
    ln -s "$victim/keys" "$TMP/out/shards/$name"
done
ends "2: links in shards" "0 1" "$EARMARK" audit "$clips" -o "$TMP/out" --quiet
if [ "$STATUS" -eq 0 ]; then same_results "2: links in shards" "$TMP/out"; fi
unchanged "2: links in shards"
rm -rf "$TMP/out"

# ---- finding 3: temporary names that can be predicted
source tests/cli/arrays.sh
matrix "$TMP/e.npy" '<f4' < <(for ((i = 0; i < 40; i++)); do echo "$((i % 4)) $((i % 7)) $((i / 4 % 2 * 9))"; done)
vector "$TMP/y.npy" '<i4' < <(for ((i = 0; i < 40; i++)); do echo $((i / 4 % 2)); done)
check "arrays" "$EARMARK" crossval --embeddings "$TMP/e.npy" --labels "$TMP/y.npy" -o "$TMP/p" --quiet

# with_planted HOW OUT COMMAND...: the command; under every name with its process number there is
# a link to the victim's keys. HOW is -s for symbolic ones.
cat >"$TMP/with_planted" <<'END'
how=$1 out=$2
shift 2
mkdir -p "$out/shards"
for name in run.json timing.json clips.csv embeddings.npy statistics.npy labels.npy \
    pred_probs.npy scores.npy classes.json issues.csv issues.jsonl issues.npy annotations.csv \
    classes.csv confident_joint.csv confident_joint.npy report.html folds.npy rows.npy \
    crossval.json overlapping_classes.csv health.json mask.npy thresholds.npy embeddings; do
    ln $how -f "$victim/keys" "$out/$name.$$.part"
done
for name in 000000.shard 000001.shard record.txt; do
    ln $how -f "$victim/keys" "$out/shards/$name.$$.part"
done
exec "$@"
END
export victim
three() {
    local name=$1 how=$2 out=$TMP/out
    shift 2
    ends "3: $name" 0 bash "$TMP/with_planted" "$how" "$out" "$@"
    expect_equal "3: $name: the file is as it was" "$(head -c 99 "$victim/keys")" "$secret"
    marker "$victim/keys"
}
hows=('')
if long; then hows+=(-s); fi
for how in "${hows[@]}"; do
    kind=${how:+symbolic }links
    three "audit, $kind" "$how" "$EARMARK" audit "$clips" -o "$TMP/out" --quiet
    same_results "3: audit, $kind" "$TMP/out"
    cp -r "$TMP/out" "$TMP/finished"
    three "report, $kind" "$how" "$EARMARK" report "$TMP/out" --quiet
    expect_same "3: report, $kind: the page" "$TMP/finished/report.html" "$TMP/out/report.html"
    rm -rf "$TMP/out" "$TMP/finished"
    three "embed, $kind" "$how" "$EARMARK" embed "$clips" -o "$TMP/out" --quiet
    rm -rf "$TMP/out"
    three "crossval, $kind" "$how" "$EARMARK" crossval --embeddings "$TMP/e.npy" \
        --labels "$TMP/y.npy" -o "$TMP/out" --quiet
    rm -rf "$TMP/out"
    three "issues, $kind" "$how" "$EARMARK" issues --pred-probs "$TMP/p/pred_probs.npy" \
        --labels "$TMP/y.npy" -o "$TMP/out" --quiet
    rm -rf "$TMP/out"
    three "detect, $kind" "$how" "$EARMARK" detect --embeddings "$TMP/e.npy" \
        --labels "$TMP/y.npy" -o "$TMP/out" --quiet
    rm -rf "$TMP/out"
done
# Under the names of the results themselves.
mkdir "$TMP/out"
for name in embeddings.part clips.csv run.json report.html issues.csv timing.json scores.npy; do
    ln -s "$victim/keys" "$TMP/out/$name"
done
ends "3: results are links" "0 1" "$EARMARK" audit "$clips" -o "$TMP/out" --fresh --quiet
expect_equal "3: results are links: the file is as it was" "$(cat "$victim/keys")" "$secret"
rm -rf "$TMP/out"
# While a run goes on.
mkdir -p "$TMP/out/shards"
"$EARMARK" audit "$clips" -o "$TMP/out" --quiet --threads 1 2>"$TMP/stderr" &
run=$!
while kill -0 "$run" 2>/dev/null; do
    for name in embeddings.part shards/000000.shard.$run.part shards/record.txt.$run.part \
        clips.csv.$run.part run.json.$run.part report.html.$run.part scores.npy.$run.part; do
        ln -s -f "$victim/keys" "$TMP/out/$name" 2>/dev/null
    done
done
wait "$run"
expect_equal "3: links planted during a run: the file is as it was" "$(head -c 99 "$victim/keys")" "$secret"
rm -rf "$TMP/out"

# ---- finding 17: a planted shard of a terabyte
if truncate -s 1T "$TMP/large" 2>/dev/null; then
    rm "$TMP/large"
    mkdir -p "$TMP/out/shards"
    truncate -s 1T "$TMP/out/shards/000000.shard"
    measured "17: a sparse shard of a terabyte" 400 10 "$EARMARK" audit "$clips" -o "$TMP/out" --quiet
    expect_equal "17: the run succeeds" "$STATUS" 0
    same_results "17" "$TMP/out"
    rm -rf "$TMP/out"
    # With a true header, whose count is that of the file's size.
    mkdir -p "$TMP/out/shards"
    printf 'earmark\1' >"$TMP/out/shards/000000.shard"
    head -c 32 /dev/urandom >>"$TMP/out/shards/000000.shard"
    little_endian 8 599 >>"$TMP/out/shards/000000.shard"
    little_endian 8 268435456 >>"$TMP/out/shards/000000.shard"
    truncate -s 1T "$TMP/out/shards/000000.shard"
    measured "17: with the header of a shard" 400 10 "$EARMARK" audit "$clips" -o "$TMP/out" --quiet
    expect_equal "17: the run succeeds" "$STATUS" 0
    rm -rf "$TMP/out"
    # Everything else of OUT that is read: a record and a result.
    mkdir -p "$TMP/out/shards"
    truncate -s 1T "$TMP/out/shards/record.txt"
    measured "17: a record of a terabyte" 400 10 "$EARMARK" audit "$clips" -o "$TMP/out" --quiet
    rm -rf "$TMP/out"
    for name in $(rounds "run.json issues.jsonl" "run.json clips.csv issues.jsonl classes.json classes.csv"); do
        cp -r "$TMP/alone" "$TMP/out"
        truncate -s 1T "$TMP/out/$name"
        measured "17: report of a $name of a terabyte" 400 10 "$EARMARK" report "$TMP/out" --quiet
        rm -rf "$TMP/out"
    done
else
    skip "17: a sparse shard of a terabyte" "the file system of $TMP holds no sparse file of 1 TB"
fi
