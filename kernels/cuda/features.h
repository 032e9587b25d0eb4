/* Log-mel features of clips that are stored end to end (definition: kernels/front_end.h). */
#ifndef EARMARK_CUDA_FEATURES_H
#define EARMARK_CUDA_FEATURES_H

#include "kernels/cuda/clips.h"
#include "kernels/cuda/memory.h"

#include <stddef.h>

/* The transform's tables, in double precision, with the names of kernels/cpu/fourier.h. */
struct features_tables {
    double window[400];
    double cosine[13][12]; /* of 2 pi k1 m / 25, m = 1 .. 12 */
    double sine[13][12];
    double turn[13][16][2]; /* e(r k1 / 400): cosine, minus sine */
};

/* A mel filter: its bins, and where its weights are. */
struct features_filter {
    int first;  /* bin */
    int count;  /* of bins */
    int weight; /* index of the first weight */
};

struct cuda_features {
    int mels;
    struct cuda_buffer tables;  /* struct features_tables */
    struct cuda_buffer filters; /* struct features_filter (mels) */
    struct cuda_buffer weights; /* float: of all filters */
};

/* Asks for the shared memory that the kernel needs; once for each GPU. */
enum error_code features_prepare(struct error *error);

/* Computes the tables for this many mels and copies them to the current GPU. ERROR_MEMORY.
 * *features must be zero; features_free() frees it, after an error too. */
enum error_code features_create(size_t mels, struct cuda_features *features, cudaStream_t stream,
                                struct error *error);
void features_free(struct cuda_features *features);

/* Writes the clip's index of every row: row_clips (rows of all clips). clips (clip_count) and
 * row_clips are on the GPU. */
enum error_code features_mark_rows(const struct cuda_clip *clips, int clip_count, int *row_clips,
                                   cudaStream_t stream, struct error *error);

/* Writes decibels (rows, mels), before floor and mean, and powers (rows, mels) unless NULL.
 * samples: the output of resample_run(). processors: multiprocessors of the GPU. */
enum error_code features_run(const struct cuda_features *features, const struct cuda_clip *clips,
                             const int *row_clips, int rows, const float *samples, float *powers,
                             float *decibels, int processors, cudaStream_t stream,
                             struct error *error);

/* How the network's input is stored. */
enum features_kind { FEATURES_FLOAT32, FEATURES_TF32, FEATURES_BF16 };

/* Raises decibels (rows, mels) to 80 dB below the clip's maximum and subtracts every mel's mean,
 * in place, and writes them, rounded to `kind`, to input (rows, stride), stride >= mels, with
 * zeros in the rest of a row. */
enum error_code features_normalise(const struct cuda_clip *clips, int clip_count, int mels,
                                   float *decibels, enum features_kind kind, void *input,
                                   int stride, cudaStream_t stream, struct error *error);

/* Floating-point operations of a frame, for the counters. */
double features_operations(size_t mels);

#endif
