#!/usr/bin/env bash
# Prints bench/kernels/bounds.md, from the counts, the table of resources and the GPUs' peaks:
#
#   bash bench/kernels/bounds_page.sh >bench/kernels/bounds.md      (make cuda-bounds)
set -eu
here=$(dirname "$0")
cat "$here/bounds_head.md"
bash "$here/next_kernel.sh"
cat <<'END'

## Whole embeddings

Clips of 42 frames at 8 kHz, with chunks as `kernels/cuda/chunk_rows.h` chooses them; **computed, not measured**. The fast end
of a range has 200 clocks of a step exposed and the other kernels at the peak of what they need most (the double-precision units, for
features on L4, L40S and RTX 5090); the slow end has 400 clocks and half of that peak. The last two columns say how many
processors keep up in decoding 10 s of WAV or 60 s of FLAC at 16 kHz, by the speeds measured on a CPU in
[RESULTS.md](../RESULTS.md): with fewer, decoding binds and the GPU waits. Statistics (87 numbers a clip) and launches are left out,
and so is a clock below that of the tensor peak, which an L4 will not hold.

Steps, waves and rows are counted. **Assumed** are the exposed clocks (200 by a review's estimate; 400, ten times as many for the
beginning and end of a wave, half of the peak and 60% of FFMA in place of 70% were chosen to span the review's 35 to 45% for bfloat16
on an H100), the rates of L2 but the A100's, and the share of the peak that `mma.sync` reaches on all but Hopper (`gpus.csv`). The
columns of A100, L4, L40S, RTX 5090 and B200 rest on these more than those of H100 and H200 do.
END
bash "$here/computed.sh"
printf '\n'
# Every tile launches cublasSgemm once, and one evaluation has five tiles: rows of all evaluations.
evaluations=$(awk -F'\t' '$1 ~ /^cublasSgemm [0-9]/ { n += $2 } END { print n / 5 }' \
    "$here/counts_crossval.tsv")
for precision in float32 tf32 bf16; do
    printf '## Embeddings in %s\n\n' "$precision"
    bash "$here/bounds.sh" "$here/counts_$precision.tsv" 5376 \
        "of one frame in $precision, clips of 42 frames"
done
printf '## Cross-validation, 512 numbers a row, 10 classes, 5 folds, one C\n\n'
bash "$here/bounds.sh" "$here/counts_crossval.tsv" "$(awk -v e="$evaluations" 'BEGIN { print 2000 * e }')" \
    'of one row in one evaluation (weights, predictions and the upload spread over 2,000 rows)'
