#!/usr/bin/env bash
# Sounds in tar files: the same results as from loose files, and runs that go on, find copies and
# play sounds as they do with these.
. tests/cli/lib.sh
. tests/cli/sounds.sh

make_square_corpus "$TMP/set" 8
cp "$TMP/set/low/clip1.wav" "$TMP/set/high/twin.wav"
tar -C "$TMP" --sort=name -cf "$TMP/set.tar" set
tar -C "$TMP/set" --sort=name -czf "$TMP/flat.tar.gz" high low middle

audit() { expect_exit "audit of $1" 0 "$EARMARK" audit "$TMP/$1" -o "$TMP/out-$2" --folds 4 --threads 2; }
audit set files
audit set.tar tar
audit flat.tar.gz gz
for kind in tar gz; do
    expect_same "$kind: the same embeddings" "$TMP/out-files/embeddings.npy" "$TMP/out-$kind/embeddings.npy"
    expect_same "$kind: the same classes" "$TMP/out-files/classes.json" "$TMP/out-$kind/classes.json"
done
# Only the paths differ: the name of the tar file is before them.
sed 's#set\.tar/set/##g' "$TMP/out-tar/clips.csv" >"$TMP/tar.csv"
sed 's#flat\.tar\.gz/##g' "$TMP/out-gz/clips.csv" >"$TMP/gz.csv"
expect_same "tar: the same clips" "$TMP/out-files/clips.csv" "$TMP/tar.csv"
expect_same "gz: the same clips" "$TMP/out-files/clips.csv" "$TMP/gz.csv"
expect_grep "a copy is found" 'set\.tar/set/high/twin\.wav,.*identical_other_label' "$TMP/out-tar/clips.csv"

sounds() { grep -o 'data:audio/[a-z]*;base64,[^"]*' "$1/report.html" | sort -u | cksum; }
expect_grep "the page has sounds" 'data:audio/' "$TMP/out-files/report.html"
expect_equal "tar: the same sounds in the page" "$(sounds "$TMP/out-tar")" "$(sounds "$TMP/out-files")"
rm "$TMP/out-gz/report.html"
check "the page is made again" "$EARMARK" report "$TMP/out-gz"
expect_equal "gz: from the members" "$(sounds "$TMP/out-gz")" "$(sounds "$TMP/out-files")"

# Stopped where clips are committed, and gone on.
"$EARMARK" audit "$TMP/set.tar" -o "$TMP/stopped" --folds 4 --C 1e-6,1e-5,1e-4,1e-3,1e-2,1e-1,1,10,100,1000,1e4 \
    --tol 1e-12 --max-iterations 1000000 >"$TMP/stdout" 2>"$TMP/stderr" &
process=$!
until [ -e "$TMP/stopped/shards" ] || ! kill -0 "$process" 2>/dev/null; do sleep 0.01; done
kill -TERM "$process"
wait "$process"
expect_equal "a stop" "$?" 75
expect_exit "a run goes on" 0 "$EARMARK" audit "$TMP/set.tar" -o "$TMP/stopped" --folds 4 --threads 2
expect_same "and ends as if nothing had been" "$TMP/out-tar/embeddings.npy" "$TMP/stopped/embeddings.npy"

# A tar file that is cut off: what is left, and exit code 3.
mkdir "$TMP/cut"
head -c 40000 "$TMP/set.tar" >"$TMP/cut/a.tar"
expect_exit "a cut tar file" 3 "$EARMARK" embed "$TMP/cut" -o "$TMP/out-cut" --threads 1
expect_grep "it is a row" '^[0-9]+,a\.tar,a\.tar,.*,unreadable,"cut off at byte 40000' "$TMP/out-cut/clips.csv"
expect_grep "so is the member" 'unreadable,"truncated' "$TMP/out-cut/clips.csv"
expect_exit "a range" 3 "$EARMARK" embed "$TMP/{set,none}.tar" -o "$TMP/out-range" --threads 1
expect_grep "names what is missing" "tar files that do not exist: 1, for example 'none.tar'" "$TMP/stderr"
expect_exit "no tar file" 1 "$EARMARK" embed "$TMP/set/low/clip0.wav.tar" -o "$TMP/out-none"
expect_exit "two tar files" 2 "$EARMARK" embed "$TMP/set.tar" "$TMP/set.tar" -o "$TMP/out-none"
expect_grep "says how" "pattern in quotes" "$TMP/stderr"
finish
