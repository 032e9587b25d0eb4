#!/usr/bin/env bash
# Files of a few kilobytes or megabytes that ask for gigabytes, or minutes.
source tests/hostile/lib.sh
source tests/cli/arrays.sh

# refused NAME WORDS COMMAND...: an ordinary end within the bounds of finding 6.
refused() {
    local name=$1 words=$2
    shift 2
    measured "$name" 400 5 "$@" || return
    expect_equal "$name: refused" "$STATUS" 1
    expect_grep "$name: says why" "$words" "$TMP/stderr"
}

npy "$TMP/labels.npy" '<i8' '(1000000000,)' ''
truncate -s +8000000000 "$TMP/labels.npy"
npy "$TMP/probabilities.npy" '<f4' '(10, 2)' ''
truncate -s +80 "$TMP/probabilities.npy"
npy "$TMP/embeddings.npy" '<f4' '(10, 2)' ''
printf '%080d' 0 >>"$TMP/embeddings.npy"
refused "issues: labels of other rows" '1000000000' \
    "$EARMARK" issues --labels "$TMP/labels.npy" --pred-probs "$TMP/probabilities.npy"
refused "crossval: labels of other rows" '1000000000 rows, but the embeddings have 10' \
    "$EARMARK" crossval --embeddings "$TMP/embeddings.npy" --labels "$TMP/labels.npy" -o "$TMP/out"

mkdir "$TMP/model"
truncate -s 2G "$TMP/model/embedding_model.ckpt"
refused "model import: a checkpoint of holes" 'not a PyTorch checkpoint' \
    "$EARMARK" model import "$TMP/model" -o "$TMP/model.safetensors"

make_square_corpus "$TMP/sounds" 10
expect_exit "a run" 0 "$EARMARK" audit "$TMP/sounds" -o "$TMP/run"
{
    head -c -2 "$TMP/run/run.json" # without the brace at its end
    seq -f ',"s%.0f": {"a": 1}' 100000
    echo '}'
} >"$TMP/many.json"
mv "$TMP/many.json" "$TMP/run/run.json"
refused "report: a run of many facts" 'more than 4096 facts' "$EARMARK" report "$TMP/run"

finish
