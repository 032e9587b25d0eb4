#!/usr/bin/env bash
# --state: embeddings that stay from run to run. What each run gives is compared with a run without.
. tests/cli/lib.sh
. tests/cli/sounds.sh

clips=$TMP/clips state=$TMP/state
make_square_corpus "$clips" 6
{
    head -c 44 "$clips/low/clip0.wav"
    head -c 8000 /dev/zero
} >"$clips/low/silent.wav"
echo junk >"$clips/high/bad.wav"
sleep 0.05 # a file that changed just now is not trusted to be the same

audit() { "$EARMARK" audit "$clips" --folds 2 --device cpu "$@"; }
# run NAME [OPTION...]: with the state, into a new OUT; compared with a run without.
run() {
    local name=$1 file
    shift
    expect_exit "$name" 3 audit -o "$TMP/out" --fresh --state "$state" "$@"
    cp "$TMP/stderr" "$TMP/said"
    expect_exit "$name: a run without" 3 audit -o "$TMP/plain" --fresh --quiet
    for file in "$TMP/plain"/*; do
        [ "${file##*/}" = timing.json ] || cmp -s "$file" "$TMP/out/${file##*/}" || echo "${file##*/} differs"
    done >"$TMP/different"
    expect_lines "$name: the same files" 0 "$TMP/different"
}
shards() { find "$state" -name '*.shard' | wc -l; }
bytes() { find "$state" -name '*.shard' -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }

run "the first run"
expect_equal "OUT keeps no shards" "$(ls "$TMP/out" | grep -c shards)" 0
first=$(bytes)
own=$(basename "$state"/*)
run "the second run"
expect_grep "embeds nothing, nor decodes what is silent" ': 19 of 20 clips are embedded already; 1 cannot be used and has not changed$' "$TMP/said"
write_square_wav "$clips/low/clip1.wav" 5 2400
write_square_wav "$clips/low/more.wav" 24 2300
rm "$clips/middle/clip0.wav"
mv "$clips/middle/clip1.wav" "$clips/high/moved.wav"
sleep 0.05
run "after changes"
expect_grep "what is new or changed is embedded" ': 16 of 20 clips are embedded already; 1 cannot be used and has not changed$' "$TMP/said"
touch -d '2001-01-01' "$clips/low/clip2.wav"
run "after a file got another date"
expect_grep "it is embedded again" ': 18 of 20 clips are embedded already' "$TMP/said"
run "with --verify" --verify
expect_grep "all are decoded" ': 19 of 20 clips are embedded already and are decoded again' "$TMP/said"
expect_no_grep "and are the same" warning:.*samples "$TMP/said"

# ---- the folder does not grow for ever
# nights COMMAND...: twelve, with a clip that is another one in each.
nights() {
    local night
    for ((night = 0; night < 12; night++)); do
        write_square_wav "$clips/low/more.wav" 24 $((2400 + 10 * night))
        sleep 0.02
        "$@"
    done 2>/dev/null
}

# All clips have other times.
write_again() {
    local class file
    for class in low middle high; do
        for file in "$clips/$class"/clip*.wav; do
            cp "$file" "$TMP/file" && cat "$TMP/file" >"$file"
        done
    done
    sleep 0.05
}

nights "$EARMARK" embed "$clips" -o "$TMP/out" --fresh --state "$state" --device cpu --quiet
check "nights leave few shards ($(shards))" test "$(shards)" -le 9
check "and few bytes ($(bytes) of $first at first)" test "$(bytes)" -le $((2 * first))
run "after many nights"
write_again
run "after all clips were written again"
check "what is not used is removed ($(bytes) of $first)" test "$(bytes)" -le $((first + first / 10))

# ---- other settings, another input, a damaged shard
expect_exit "other settings" 3 audit -o "$TMP/other" --state "$state" --views xvector --quiet
expect_exit "are kept beside these" 3 audit -o "$TMP/other" --fresh --state "$state" --views xvector
expect_grep "which is said" 'note: .*/state also has embeddings by another version, model or settings, in 1 folder' \
    "$TMP/stderr"
expect_grep "and used" ': 19 of 20 clips are embedded already' "$TMP/stderr"
mkdir "$TMP/few"
cp -r "$clips/low" "$clips/high" "$TMP/few"
rm "$TMP/few"/*/[!c]*
sleep 0.05
check "another input" "$EARMARK" embed "$TMP/few" -o "$TMP/out" --fresh --state "$state" --device cpu
check "the same again, with less of it" "$EARMARK" embed "$TMP/few/low/" -o "$TMP/out" --fresh --state "$state" \
    --device cpu --label-pattern '{label}.wav'
expect_grep "what another job may use is kept, which is said" 'note: .* has [0-9]* embeddings of clips that are not in this input; they are kept' \
    "$TMP/stderr"
run "back to the first input"
shard=$(ls "$state/$own"/*.shard | head -n 1)
printf 'x' | dd of="$shard" bs=1 seek=200 conv=notrunc 2>/dev/null
run "a damaged shard"
expect_grep "is thrown away" 'damaged shards were thrown away' "$TMP/said"

# ---- one run at a time; what DIR may be
exec 9<"$state"
flock 9
cp -r "$TMP/out" "$TMP/kept"
expect_exit "a folder that another run has" 1 audit -o "$TMP/out" --fresh --state "$state" --quiet
exec 9<&-
expect_grep "is refused in one sentence" 'state: another earmark is writing there' "$TMP/stderr"
check "OUT stays as it was" diff -r "$TMP/out" "$TMP/kept"
expect_exit "--state ''" 2 audit -o "$TMP/new" --state ''
expect_exit "OUT itself" 2 audit -o "$TMP/out" --fresh --state "$TMP/out"
check "OUT stays as it was" diff -r "$TMP/out" "$TMP/kept"
expect_exit "INPUT itself" 2 audit -o "$TMP/new" --state "$clips"
expect_exit "a file" 1 audit -o "$TMP/new" --state "$clips/low/clip0.wav"
expect_exit "with --features" 2 "$EARMARK" embed "$clips" -o "$TMP/new" --state "$state" --features "$TMP/features"

# ---- a disk that is away for a night
cp -r "$clips" "$TMP/disk"
sleep 0.05
(cd "$TMP/disk" && ls */clip*.wav) | awk 'BEGIN { print "path,label" } { split($0, part, "/"); print $0 "," part[1] }' >"$TMP/list.csv"
listed() { "$EARMARK" embed "$TMP/list.csv" --audio-root "$TMP/disk" -o "$TMP/out" --fresh --state "$TMP/nights" --device cpu; }
check "a list" listed
mv "$TMP/disk" "$TMP/away"
expect_exit "the disk is away" 1 listed
mv "$TMP/away" "$TMP/disk"
check "the disk is back" listed
expect_grep "its embeddings are still there" ': ([0-9]+) of \1 clips are embedded already$' "$TMP/stderr"

# ---- parts of a list, embedded by several processes
parts() {
    local i
    for i in 0 1; do
        "$EARMARK" embed "$clips" -o "$TMP/parts" --shard "$i/2" --state "$TMP/cluster" --device cpu || return
    done
}
expect_exit "parts that are missing from the folder" 1 audit -o "$TMP/parts" --from-shards --state "$TMP/cluster"
check "parts in the folder" parts
expect_equal "nothing is in OUT" "$(ls "$TMP/parts" 2>/dev/null | wc -l)" 0
expect_exit "the audit of these" 3 audit -o "$TMP/parts" --from-shards --state "$TMP/cluster" --quiet
expect_same "has the same results" "$TMP/plain/issues.csv" "$TMP/parts/issues.csv"
write_square_wav "$clips/low/another.wav" 24 2500
sleep 0.05
expect_exit "a clip more: the audit names the part" 1 audit -o "$TMP/parts" --fresh --from-shards --state "$TMP/cluster"
expect_grep "with the folder" '--shard [01]/2 --state .*/cluster' "$TMP/stderr"
check "the parts again" parts
expect_grep "embed the new clip alone" 'cluster: [0-9]+ of [0-9]+ clips are embedded already' "$TMP/stderr"
rm "$clips/low/another.wav"
check "and again" parts
expect_exit "the audit of these" 3 audit -o "$TMP/parts" --fresh --from-shards --state "$TMP/cluster" --quiet
expect_same "has the results from before" "$TMP/plain/clips.csv" "$TMP/parts/clips.csv"

cluster_bytes() { find "$TMP/cluster" -name '*.shard' -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
first=$(cluster_bytes)
nights parts
shards=$(find "$TMP/cluster" -name '*.shard' | wc -l)
check "nights leave few shards ($shards)" test "$shards" -le 18
check "and few bytes ($(cluster_bytes) of $first at first)" test "$(cluster_bytes)" -le $((2 * first))
write_again
check "the parts, after all clips were written again" parts
check "what is not used is removed ($(cluster_bytes) of $first)" test "$(cluster_bytes)" -le $((first + first / 10))
expect_exit "the audit of these" 3 audit -o "$TMP/parts" --fresh --from-shards --state "$TMP/cluster" --quiet
run "a run of one process"
expect_same "has the same results" "$TMP/plain/issues.csv" "$TMP/parts/issues.csv"
expect_same "and clips" "$TMP/plain/clips.csv" "$TMP/parts/clips.csv"
check "the parts again" parts
expect_grep "know the clip that cannot be used" '; 1 cannot be used and has not changed$' <(parts 2>&1)

state=$clips/state
expect_exit "a folder inside INPUT" 3 audit -o "$TMP/out" --fresh --state "$state" --quiet
expect_exit "which is left out of it" 3 audit -o "$TMP/new" --state "$state"
expect_grep "with the shards in it" ': 19 of 20 clips are embedded already; 1 cannot be used and has not changed$' "$TMP/stderr"
expect_same "the same clips" "$TMP/plain/clips.csv" "$TMP/new/clips.csv"
expect_same "the same results" "$TMP/plain/issues.csv" "$TMP/new/issues.csv"
