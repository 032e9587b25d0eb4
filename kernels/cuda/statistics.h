/* The statistics of clips, from the mel powers of their frames (definition: kernels/device.h). */
#ifndef EARMARK_CUDA_STATISTICS_H
#define EARMARK_CUDA_STATISTICS_H

#include "kernels/cuda/clips.h"
#include "kernels/error.h"

#include <stddef.h>

/* Numbers in double precision that a row of scratch has: power, level, five of its shape. */
#define STATISTICS_NUMBERS 7

/* Writes statistics (clip_count, STATISTICS_COUNT). clips (clip_count, then padded ones),
 * row_clips (rows), powers and decibels (rows, STATISTICS_MELS) are features_run()'s, decibels not
 * yet normalised; scratch (STATISTICS_NUMBERS, rows). A clip's numbers are those of the frames of
 * clips[clip.padded]. They are in a fixed order of the clip's frames. */
enum error_code statistics_run(const struct cuda_clip *clips, int clip_count, const int *row_clips,
                               int rows, const float *powers, const float *decibels,
                               double *scratch, float *statistics, cudaStream_t stream,
                               struct error *error);

#endif
