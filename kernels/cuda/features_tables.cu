/* The tables that features.cu reads. */
#include "kernels/cuda/check.h"
#include "kernels/cuda/features.h"
#include "kernels/cuda/upload.h"

extern "C" {
#include "kernels/front_end.h"
}

#include <math.h>
#include <stdlib.h>

static const double two_pi = 6.283185307179586476925286766559;

static void fill_tables(struct features_tables *tables) {
    front_end_window(tables->window);
    for (int k1 = 0; k1 < 13; k1++) {
        for (int m = 1; m <= 12; m++) {
            tables->cosine[k1][m - 1] = cos(two_pi * (k1 * m % 25) / 25.0);
            tables->sine[k1][m - 1] = sin(two_pi * (k1 * m % 25) / 25.0);
        }
        for (int r = 0; r < 16; r++) {
            tables->turn[k1][r][0] = cos(two_pi * (k1 * r) / 400.0);
            tables->turn[k1][r][1] = -sin(two_pi * (k1 * r) / 400.0);
        }
    }
}

/* Fills filters (mels) and the weights of the bins where they are not zero; returns how many
 * weights there are. */
static size_t fill_filters(size_t mels, struct features_filter *filters, float *weights) {
    size_t total = 0;
    for (size_t mel = 0; mel < mels; mel++) {
        struct features_filter filter = {0, 0, (int)total};
        for (int bin = 0; bin < FRAME_BINS; bin++) {
            const float weight = (float)front_end_mel_weight(mels, mel, (size_t)bin);
            if (weight == 0.0f) continue;
            if (filter.count == 0) filter.first = bin;
            filter.count = bin - filter.first + 1; /* triangles: no gap inside */
            weights[total++] = weight;
        }
        filters[mel] = filter;
    }
    return total;
}

enum error_code features_create(size_t mels, struct cuda_features *features, cudaStream_t stream,
                                struct error *error) {
    struct features_tables *tables = (struct features_tables *)malloc(sizeof *tables);
    struct features_filter *filters =
        (struct features_filter *)malloc(mels * sizeof(struct features_filter));
    float *weights = (float *)malloc(mels * FRAME_BINS * sizeof(float));
    features->mels = (int)mels;
    if (tables == NULL || filters == NULL || weights == NULL) {
        FAIL(error, ERROR_MEMORY, "no memory for the front end");
    } else {
        fill_tables(tables);
        const size_t count = fill_filters(mels, filters, weights);
        cuda_upload(&features->tables, tables, sizeof *tables, "the transform's tables", stream,
                    error);
        cuda_upload(&features->filters, filters, mels * sizeof *filters, "the mel filters", stream,
                    error);
        cuda_upload(&features->weights, weights, (count + 1) * sizeof *weights, "the mel filters",
                    stream, error);
    }
    free(tables);
    free(filters);
    free(weights);
    return error->code;
}

void features_free(struct cuda_features *features) {
    cuda_buffer_free(&features->tables, BUFFER_GPU);
    cuda_buffer_free(&features->filters, BUFFER_GPU);
    cuda_buffer_free(&features->weights, BUFFER_GPU);
}

double features_operations(size_t mels) {
    /* Window and sums of pairs; 13 times two sums of 12 over 16 and their rotation, a 16-point
     * transform of 16 butterflies of four and 9 rotations, squares; 15 weights a filter. */
    return 400.0 + 24.0 * 16.0 + 13.0 * (16.0 * (48.0 + 6.0) + 8.0 * 16.0 + 9.0 * 6.0 + 48.0) +
           2.0 * 15.0 * (double)mels;
}
