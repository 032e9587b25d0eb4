#!/usr/bin/env bash
# earmark embed --shard and audit --from-shards: the results are those of one process.
source tests/cli/lib.sh
source tests/cli/sounds.sh

clips=$TMP/clips
make_square_corpus "$clips" 6
cp "$clips/high/clip0.wav" "$clips/low/wrong label.wav"
echo garbage >"$clips/low/bad.wav"
write_square_wav "$clips/low/short.wav" 3 10
{ head -c 44 "$clips/low/clip1.wav" && head -c 4320 /dev/zero; } >"$clips/low/silent.wav"

# same_results NAME ONE OTHER: all files of two runs but timing.json, and the arrays that stay in
# the shards.
same_results() {
    local difference
    if difference=$(diff -rq -x timing.json -x shards -x embeddings.npy -x statistics.npy "$2" "$3" 2>&1); then
        ok "$1"
    else
        not_ok "$1" "$difference"
    fi
}

# embed_all OUT COUNT OPTIONS...: every shard, one after another.
embed_all() {
    local out=$1 count=$2 i
    shift 2
    for ((i = 0; i < count; i++)); do
        "$EARMARK" embed "$clips" -o "$out" --shard "$i/$count" -q "$@" || return
    done
}

expect_exit "one process" 3 "$EARMARK" audit "$clips" -o "$TMP/one" -q

# ---- every shard, then the audit
check "three shards; clips that cannot be read make none fail" embed_all "$TMP/out" 3
expect_equal "nothing else is written" "$(ls "$TMP/out")" shards
expect_exit "the audit of the shards says that clips are unreadable" 3 "$EARMARK" audit "$clips" \
    -o "$TMP/out" --from-shards
same_results "three shards: the bytes of one process" "$TMP/one" "$TMP/out"
expect_equal "embeddings are not copied" "$(ls "$TMP/out" | grep -c -e embeddings.npy -e statistics.npy)" 0
expect_exit "--export" 3 "$EARMARK" audit "$clips" -o "$TMP/out" --from-shards --export --fresh -q
same_results "--export: the bytes of one process" "$TMP/one" "$TMP/out"
expect_same "embeddings.npy, too" "$TMP/one/embeddings.npy" "$TMP/out/embeddings.npy"
expect_same "statistics.npy, too" "$TMP/one/statistics.npy" "$TMP/out/statistics.npy"
check "more shards than clips: some are empty" embed_all "$TMP/many" 24
expect_exit "their audit" 3 "$EARMARK" audit "$clips" -o "$TMP/many" --from-shards -q
same_results "24 shards: the bytes of one process" "$TMP/one" "$TMP/many"

# ---- what is missing is named
expect_exit "no shards" 1 "$EARMARK" audit "$clips" -o "$TMP/none" --from-shards
mv "$TMP/out/shards/part-00001-of-00003" "$TMP/kept"
expect_exit "a missing shard" 1 "$EARMARK" audit "$clips" -o "$TMP/out" --from-shards --fresh
expect_grep "the command that makes it" "shard 1/3 is missing; .*: earmark embed .*/clips -o .*/out --shard 1/3$" \
    "$TMP/stderr"
expect_file "the results are still there" "$TMP/out/run.json"
mv "$TMP/kept" "$TMP/out/shards/part-00001-of-00003"

# ---- nonsense
unset SLURM_ARRAY_TASK_ID JOB_COMPLETION_INDEX EARMARK_SHARDS
for value in 3 8/8 -1/4 1/0 a/b 1/2/3 '' / 1/ /3 1/100000 99999999999999999999/3 ' 1/3' 1/3x env; do
    expect_exit "--shard '$value'" 2 "$EARMARK" embed "$clips" -o "$TMP/nonsense" --shard "$value"
    expect_lines "--shard '$value': one line" 1 "$TMP/stderr"
done
expect_equal "nothing is written" "$(ls "$TMP/nonsense" 2>&1 | grep -c shards)" 0

# ---- lists of other kinds, several labels a clip, groups, features
audit_both() { # NAME INPUT AUDIT-OPTIONS...: one process, and three shards made with $embed_options
    local name=$1 input=$2 one two i
    shift 2
    "$EARMARK" audit "$input" -o "$TMP/$name.one" -q "$@" 2>>"$TMP/log"
    one=$?
    for i in 0 1 2; do
        "$EARMARK" embed "$input" -o "$TMP/$name.three" --shard $i/3 -q $embed_options || return
    done
    "$EARMARK" audit "$input" -o "$TMP/$name.three" --from-shards -q "$@" 2>>"$TMP/log"
    two=$?
    expect_equal "$name: the exit code of one process" $two $one
    same_results "$name: the bytes of one process" "$TMP/$name.one" "$TMP/$name.three"
}

(cd "$clips" && tar cf "$TMP/a.tar" low middle && tar czf "$TMP/b.tar.gz" high)
(cd "$clips" && find . -name '*.wav' | sort |
    awk -F/ 'BEGIN { print "path,label,labels,speaker" }
             { print $0 "," $2 "," $2 ";x" NR % 3 ",s" NR % 7 }') >"$clips/list.csv"
embed_options=
audit_both "tar files" "$TMP/{a.tar,b.tar.gz}"
audit_both "a list, labels and groups only in the audit" "$clips/list.csv" --label-column label \
    --group speaker --folds 3
audit_both "several labels" "$clips/list.csv" --label-column labels --label-separator ';'
audit_both "one view" "$clips" --detector logistic
embed_options="--views xvector"
audit_both "only that view in the shards" "$clips" --views xvector
expect_exit "shards without a view that is asked for" 1 "$EARMARK" audit "$clips" -o "$TMP/one view.three" \
    --from-shards --fresh --no-resample
expect_grep "another setting" "no-resample: not given there, yes here" "$TMP/stderr"
expect_exit "shards without a view that is asked for" 1 "$EARMARK" audit "$clips" \
    -o "$TMP/only that view in the shards.three" --from-shards --fresh
expect_grep "the statistics" "without the statistics" "$TMP/stderr"
check "the features of a shard" "$EARMARK" embed "$clips" -o "$TMP/features" --shard 0/1 --features "$TMP/f"
expect_equal "a file for each clip" "$(ls "$TMP/f" | wc -l)" 20

# ---- options that matter are in the command, quoted
expect_exit "a name with a quote" 1 "$EARMARK" audit "$clips/list.csv" -o "$TMP/it's" --from-shards \
    --label-column label --path-column path --precision float32 --folds 4 --device cpu
expect_grep "the command can be pasted" \
    "embed .*/clips/list.csv -o '.*/it'.*'s' --shard 0/8 --label-column label --path-column path --precision float32$" \
    "$TMP/stderr"

rm "$clips/list.csv"

# ---- parts of several numbers
check "shards of two beside those of three" embed_all "$TMP/out" 2
rm "$TMP/out/shards/part-00001-of-00002/complete.json"
expect_exit "those that are complete are used" 3 "$EARMARK" audit "$clips" -o "$TMP/out" --from-shards --fresh
expect_grep "the others are mentioned" "also holds shards of 2, which are not used" "$TMP/stderr"
same_results "the bytes of one process, still" "$TMP/one" "$TMP/out"
check "a JSON object" "$EARMARK" embed "$clips" -o "$TMP/out" --shard 1/2 --json
expect_grep "of the shard" '^\{"shard": 1,' "$TMP/stdout"
