#!/usr/bin/env bash
# Prints bench/kernels/bounds.md, from the counts, the table of resources and the GPUs' peaks:
#
#   bash bench/kernels/bounds_page.sh >bench/kernels/bounds.md      (make cuda-bounds)
set -eu
here=$(dirname "$0")
cat "$here/bounds_head.md"
# Every tile launches cublasSgemm once, and one evaluation has five tiles: rows of all evaluations.
evaluations=$(awk -F'\t' '$1 ~ /^cublasSgemm [0-9]/ { n += $2 } END { print n / 5 }' \
    "$here/counts_crossval.tsv")
for precision in float32 tf32 bf16; do
    printf '## Embeddings in %s\n\n' "$precision"
    bash "$here/bounds.sh" "$here/counts_$precision.tsv" "$precision" 5376 \
        "of one frame in $precision, clips of 42 frames"
done
printf '## Cross-validation, 512 numbers a row, 10 classes, 5 folds, one C\n\n'
bash "$here/bounds.sh" "$here/counts_crossval.tsv" float32 "$(awk -v e="$evaluations" 'BEGIN { print 2000 * e }')" \
    'of one row in one evaluation (weights, predictions and the upload spread over 2,000 rows)'
