#include "features.h"

#include "fourier.h"
#include "kernels/clock.h"
#include "kernels/front_end.h"
#include "memory.h"
#include "product.h"
#include "resample.h"
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Samples under a tile. */
#define STRETCH ((FEATURE_ROWS - 1) * FRAME_SHIFT + FRAME_LENGTH)

struct cpu_features {
    size_t mels;
    size_t mel_stride;
    struct fourier fourier;
    struct product *mel;
    struct product_weights *mel_weights;
};

struct feature_workspace {
    float *samples;  /* (STRETCH) */
    float *power;    /* (FEATURE_ROWS, FOURIER_POWERS) */
    float *energies; /* (FEATURE_ROWS, mel_stride) */
    struct resample_workspace resample;
};

/* ---- tables ---- */

static enum error_code create_mel(struct cpu_features *features, struct error *error) {
    const struct product_shape shape = {
        .rows = FEATURE_ROWS, .inputs = FOURIER_POWERS, .outputs = features->mel_stride};
    float *weight = calloc(features->mels * FOURIER_POWERS, sizeof(float));
    if (weight == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the mel filters");
    for (size_t mel = 0; mel < features->mels; mel++) {
        float *row = weight + mel * FOURIER_POWERS;
        bool done[FRAME_BINS] = {false};
        for (size_t i = 0; i < FOURIER_POWERS; i++) {
            const size_t bin = fourier_bin(i);
            row[i] = done[bin] ? 0.0f : (float)front_end_mel_weight(features->mels, mel, bin);
            done[bin] = true; /* bins with two indices count once */
        }
    }
    if (product_create(&shape, &features->mel, error) == ERROR_NONE &&
        product_weights_create(features->mel, &features->mel_weights, error) == ERROR_NONE)
        product_weights_set(features->mel_weights, weight, features->mels, FOURIER_POWERS, NULL,
                            error);
    free(weight);
    return error->code;
}

enum error_code features_create(size_t mels, struct cpu_features **result, struct error *error) {
    *result = NULL;
    struct cpu_features *features = calloc(1, sizeof *features);
    if (features == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the front end");
    features->mels = mels;
    features->mel_stride = product_round(mels);
    fourier_create(&features->fourier);
    if (create_mel(features, error) != ERROR_NONE) {
        features_free(features);
        return error->code;
    }
    *result = features;
    return ERROR_NONE;
}

void features_free(struct cpu_features *features) {
    if (features == NULL) return;
    product_weights_free(features->mel_weights);
    product_free(features->mel);
    free(features);
}

/* ---- workspace ---- */

static float *create_rows(size_t stride, struct error *error) {
    float *rows = memory_aligned(FEATURE_ROWS * stride, sizeof(float), "features", error);
    if (rows != NULL) memset(rows, 0, FEATURE_ROWS * stride * sizeof(float));
    return rows;
}

enum error_code feature_workspace_create(const struct cpu_features *features,
                                         struct feature_workspace **result, struct error *error) {
    *result = NULL;
    struct feature_workspace *workspace = calloc(1, sizeof *workspace);
    if (workspace == NULL) return FAIL(error, ERROR_MEMORY, "no memory for features");
    workspace->samples = memory_aligned(STRETCH, sizeof(float), "features", error);
    workspace->power = create_rows(FOURIER_POWERS, error);
    workspace->energies = create_rows(features->mel_stride, error);
    if (error->code != ERROR_NONE) {
        feature_workspace_free(workspace);
        return error->code;
    }
    *result = workspace;
    return ERROR_NONE;
}

void feature_workspace_free(struct feature_workspace *workspace) {
    if (workspace == NULL) return;
    free(workspace->samples);
    free(workspace->power);
    free(workspace->energies);
    resample_workspace_free(&workspace->resample);
    free(workspace);
}

/* ---- one tile ---- */

/* Frames frame .. frame + count - 1 of a clip: their power to rows row .. of the workspace. */
static enum error_code transform_stretch(const struct cpu_features *features,
                                         const struct feature_clip *clip, size_t frame,
                                         size_t count, size_t row,
                                         struct feature_workspace *workspace, double *resampling,
                                         struct error *error) {
    const size_t wanted = (count - 1) * FRAME_SHIFT + FRAME_LENGTH;
    const size_t before =
        frame * FRAME_SHIFT < FRAME_CENTRE ? FRAME_CENTRE - frame * FRAME_SHIFT : 0;
    const size_t first = frame * FRAME_SHIFT + before - FRAME_CENTRE;
    size_t inside = clip->length > first ? clip->length - first : 0;
    if (inside > wanted - before) inside = wanted - before;
    float *samples = workspace->samples;
    memset(samples, 0, before * sizeof(float));
    memset(samples + before + inside, 0, (wanted - before - inside) * sizeof(float));
    const double start = clock_seconds();
    if (resample_stretch(clip->resampler, &clip->source, clip->samples, first, inside,
                         samples + before, &workspace->resample, error) != ERROR_NONE)
        return error->code;
    *resampling += clock_seconds() - start;
    for (size_t i = 0; i < count; i++) {
        float *power = workspace->power + (row + i) * FOURIER_POWERS;
        if (i * FRAME_SHIFT < before + inside)
            fourier_power(&features->fourier, samples + i * FRAME_SHIFT, power);
        else /* zeros after the clip, of frames that the statistics add */
            memset(power, 0, FOURIER_POWERS * sizeof(float));
    }
    return ERROR_NONE;
}

/* 10 log10(max(power, POWER_FLOOR)), in double precision and rounded once. The mantissa m
 * is brought to [sqrt(1/2), sqrt(2)) and log m = 2 atanh((m - 1) / (m + 1)). NaN and
 * infinity give NaN. */
VECTOR_BODY void decibels_body(bool fused, const float *energies, size_t count, float *output) {
    (void)fused;
    for (size_t i = 0; i < count; i++) {
        const float value = energies[i] < POWER_FLOOR ? POWER_FLOOR : energies[i];
        int32_t bits;
        memcpy(&bits, &value, sizeof bits);
        const int32_t above = bits - 0x3f3504f3; /* sqrt(1/2) */
        const int32_t mantissa_bits = (above & 0x7fffff) + 0x3f3504f3;
        const int32_t exponent = above >> 23;
        float mantissa;
        memcpy(&mantissa, &mantissa_bits, sizeof mantissa);
        const double m = (double)mantissa;
        const double s = (m - 1.0) / (m + 1.0), z = s * s;
        const double series =
            1.0 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11)))));
        const double decibels = 3.0102999566398119521 * (double)exponent +
                                8.6858896380650365530 * s * series; /* 20 / ln 10 */
        output[i] = (float)decibels + (value - value);
    }
}

VECTOR_DISPATCH(decibels, (const float *energies, size_t count, float *output), energies, count,
                output)

void features_decibels(float *powers, size_t count) {
    decibels(powers, count, powers);
}

/* From the power of bins to that of mels. */
static enum error_code measure(const struct cpu_features *features,
                               struct feature_workspace *workspace, size_t rows, float *output,
                               struct error *error) {
    if (product_execute(features->mel, features->mel_weights, workspace->power, workspace->energies,
                        error) != ERROR_NONE)
        return error->code;
    for (size_t row = 0; row < rows; row++)
        memcpy(output + row * features->mels, workspace->energies + row * features->mel_stride,
               features->mels * sizeof(float));
    return ERROR_NONE;
}

/* The last clip whose first row is at or before `row`. */
static size_t find_clip(const struct feature_clip *clips, size_t count, size_t row) {
    size_t low = 0, high = count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (clips[middle].row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

enum error_code features_tile(const struct cpu_features *features, const struct feature_clip *clips,
                              size_t clip_count, size_t first_row, float *output,
                              struct feature_workspace *workspace, double *resampling,
                              struct error *error) {
    size_t rows = 0;
    for (size_t c = find_clip(clips, clip_count, first_row); c < clip_count && rows < FEATURE_ROWS;
         c++) {
        const size_t frame = first_row + rows - clips[c].row;
        size_t count = clips[c].frames - frame;
        if (count > FEATURE_ROWS - rows) count = FEATURE_ROWS - rows;
        if (transform_stretch(features, &clips[c], frame, count, rows, workspace, resampling,
                              error) != ERROR_NONE)
            return error->code;
        rows += count;
    }
    return measure(features, workspace, rows, output, error);
}

void features_normalise(float *decibels_of_clip, size_t frames, size_t mels) {
    const size_t count = frames * mels;
    float largest = decibels_of_clip[0];
    for (size_t i = 1; i < count; i++)
        largest = decibels_of_clip[i] > largest ? decibels_of_clip[i] : largest;
    const float floor_level = largest - DECIBEL_RANGE;
    for (size_t i = 0; i < count; i++)
        decibels_of_clip[i] = decibels_of_clip[i] < floor_level ? floor_level : decibels_of_clip[i];
    for (size_t mel = 0; mel < mels; mel++) {
        double sum = 0.0;
        for (size_t t = 0; t < frames; t++) sum += (double)decibels_of_clip[t * mels + mel];
        const double mean = sum / (double)frames;
        for (size_t t = 0; t < frames; t++)
            decibels_of_clip[t * mels + mel] =
                (float)((double)decibels_of_clip[t * mels + mel] - mean);
    }
}

double features_operations(size_t mels) {
    /* Window and folding; 13 times two folded sums of 12 over 16, turns, folded sums
     * of 16 and squares; 360 mel weights at 24 mels, 15 a filter. */
    return 400.0 + 24.0 * 16.0 + 13.0 * 16.0 * (2.0 * 24.0 + 6.0 + 2.0 * 28.0 + 3.0) +
           2.0 * 15.0 * (double)mels;
}
