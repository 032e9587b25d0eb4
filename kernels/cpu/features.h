/* Log-mel features of clips stored end to end (spec: kernels/front_end.h). */
#ifndef EARMARK_CPU_FEATURES_H
#define EARMARK_CPU_FEATURES_H

#include "kernels/device.h"
#include "kernels/resampler.h"

/* A clip as the features see it. */
struct feature_clip {
    struct device_clip source;
    const unsigned char *samples;      /* where the clip begins */
    const struct resampler *resampler; /* NULL at 16 kHz */
    size_t length;                     /* samples at 16 kHz */
    size_t frames;                     /* 1 + length / FRAME_SHIFT */
    size_t row;                        /* its first frame's row in the features */
    float *statistics; /* (STATISTICS_COUNT), written from these frames; NULL: not wanted */
    bool padded;       /* has further frames for the statistics, and is not for the network */
};

struct cpu_features;
struct feature_workspace;

enum error_code features_create(size_t mels, struct cpu_features **features, struct error *error);
void features_free(struct cpu_features *features); /* takes NULL */

/* One thread's buffers. */
enum error_code feature_workspace_create(const struct cpu_features *features,
                                         struct feature_workspace **workspace, struct error *error);
void feature_workspace_free(struct feature_workspace *workspace); /* takes NULL */

/* Rows of the packed features that one call computes. */
#define FEATURE_ROWS ((size_t)128)

/* Mel powers of rows first_row .. + FEATURE_ROWS - 1 (or fewer, at the end) of all
 * clips' frames in order, into output (rows, mels). *resampling: seconds spent mixing down and
 * resampling are added. */
enum error_code features_tile(const struct cpu_features *features, const struct feature_clip *clips,
                              size_t clip_count, size_t first_row, float *output,
                              struct feature_workspace *workspace, double *resampling,
                              struct error *error);

/* 10 log10(max(power, POWER_FLOOR)) of `count` powers, in place. */
void features_decibels(float *powers, size_t count);

/* The floor DECIBEL_RANGE below the clip's maximum, then every mel's mean subtracted, in
 * place over one clip's decibels (frames, mels). */
void features_normalise(float *decibels, size_t frames, size_t mels);

/* Useful operations of a frame. */
double features_operations(size_t mels);

#endif
