#!/usr/bin/env bash
# Sounds in a parquet file: the same bytes of output as from the same sounds in files of their own.
source tests/cli/lib.sh
source tests/cli/sounds.sh

mkdir -p "$TMP/files"
echo path,label >"$TMP/files/list.csv"
for class in low:60 middle:30 high:10; do
    for index in 0 1 2 3 4 5 6 7; do
        write_square_wav "$TMP/files/${class%:*}$index.wav" $((${class#*:} + index)) 4000
        label=${class%:*}
        if [ "$label$index" = low3 ]; then label=high; fi # one is wrong
        echo "${class%:*}$index.wav,$label" >>"$TMP/files/list.csv"
    done
done
mkdir -p "$TMP/hub/data"
cp tests/golden/parquet/tones.parquet "$TMP/hub/data/train-00000-of-00001.parquet"
check "files" "$EARMARK" embed "$TMP/files/list.csv" -o "$TMP/rows" --quiet
number=0
for input in hub/data/train-00000-of-00001.parquet 'hub/data/*-{00000..00000}-of-*.parquet'; do
    number=$((number + 1))
    check "$input" "$EARMARK" embed "$TMP/$input" -o "$TMP/out$number" --threads 2
    for file in embeddings.npy statistics.npy labels.npy; do
        expect_same "$input: its $file is that of the files" "$TMP/rows/$file" "$TMP/out$number/$file"
    done
    expect_grep "$input: it says what it reads" "sounds from 'audio', labels from 'label'" "$TMP/stderr"
done
check "a folder" "$EARMARK" audit "$TMP/hub" -o "$TMP/out" --quiet
expect_same "its embeddings are those of the files" "$TMP/rows/embeddings.npy" "$TMP/out/embeddings.npy"
expect_grep "ids are members" '^0,data/train-00000-of-00001.parquet/low0.wav,' "$TMP/out/clips.csv"
expect_grep "run.json has the format" '"kind": "parquet"' "$TMP/out/run.json"
check "the page is made again" "$EARMARK" report "$TMP/out" --quiet
expect_grep "with sounds" 'data:audio' "$TMP/out/report.html"
