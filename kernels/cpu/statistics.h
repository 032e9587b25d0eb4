/* The 87 statistics of a clip, from the mel powers that the front end makes (spec:
 * kernels/device.h): the long-term spectrum, which the features have no more once every mel's
 * mean is subtracted, the envelope, and the shape of the spectrum. Computed in double precision in
 * the order of the frames, by one thread for each clip. */
#ifndef EARMARK_CPU_STATISTICS_H
#define EARMARK_CPU_STATISTICS_H

#include "kernels/error.h"

#include <stddef.h>

/* One thread's buffer; zero at first. */
struct statistics_workspace {
    double *levels; /* (capacity): the loudness of a clip's frames, in dB */
    size_t capacity;
};

void statistics_workspace_free(struct statistics_workspace *workspace);

/* Numbers 48 to 86 of statistics (STATISTICS_COUNT), from a clip's powers (frames,
 * STATISTICS_MELS), frames >= 1. NaN where a power is not finite. ERROR_MEMORY. */
enum error_code statistics_of_powers(const float *powers, size_t frames, float *statistics,
                                     struct statistics_workspace *workspace, struct error *error);

/* Numbers 0 to 47, from the decibels of the same powers before features_normalise(). */
void statistics_of_decibels(const float *decibels, size_t frames, float *statistics);

#endif
