/* Log-mel features of clips that lie end to end (spec: kernels/front_end.h). */
#ifndef EARMARK_CUDA_FEATURES_H
#define EARMARK_CUDA_FEATURES_H

#include "kernels/cuda/clips.h"
#include "kernels/cuda/memory.h"

#include <stddef.h>

/* What the transform reads, in double precision; the names of kernels/cpu/fourier.h. */
struct features_tables {
    double window[400];
    double cosine[13][12]; /* of 2 pi k1 m / 25, m = 1 .. 12 */
    double sine[13][12];
    double turn[13][16][2]; /* e(r k1 / 400): cosine, minus sine */
};

/* Where a mel filter's weights are. */
struct features_filter {
    int first;  /* bin */
    int count;  /* of bins */
    int weight; /* index of the first one's */
};

struct cuda_features {
    int mels;
    struct cuda_buffer tables;  /* struct features_tables */
    struct cuda_buffer filters; /* struct features_filter (mels) */
    struct cuda_buffer weights; /* float: of all filters */
};

enum error_code features_create(size_t mels, struct cuda_features *features, cudaStream_t stream,
                                struct error *error);
void features_free(struct cuda_features *features);

/* Marks the clip of every row: row_clips (rows of all clips). clips: on the GPU. */
enum error_code features_mark_rows(const struct cuda_clip *clips, int clip_count, int *row_clips,
                                   cudaStream_t stream, struct error *error);

/* Decibels before the floor and the mean: decibels (rows, mels). samples: what
 * resample_run() wrote. processors: multiprocessors of the GPU. */
enum error_code features_run(const struct cuda_features *features, const struct cuda_clip *clips,
                             const int *row_clips, int rows, const float *samples, float *decibels,
                             int processors, cudaStream_t stream, struct error *error);

/* What the network reads: how its input is stored. */
enum features_kind { FEATURES_FLOAT32, FEATURES_TF32, FEATURES_BF16 };

/* The floor 80 dB below the clip's maximum, then every mel's mean subtracted: in place in
 * decibels (rows, mels), and rounded to `kind` in input (rows, stride), stride >= mels,
 * the rest of a row zero. */
enum error_code features_normalise(const struct cuda_clip *clips, int clip_count, int mels,
                                   float *decibels, enum features_kind kind, void *input,
                                   int stride, cudaStream_t stream, struct error *error);

/* Useful operations of a frame. */
double features_operations(size_t mels);

#endif
