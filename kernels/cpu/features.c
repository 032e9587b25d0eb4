#include "features.h"

#include "clock.h"
#include "kernels/tables.h"
#include "product.h"
#include "resample.h"
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLD_STRIDE 112                /* FOLD_LENGTH and FOLD_BINS, padded for the products */
#define POWER_STRIDE (2 * FOLD_STRIDE) /* even bins, then odd bins */
#define STRETCH ((FEATURE_ROWS - 1) * FRAME_SHIFT + FRAME_LENGTH) /* samples under a tile */

struct cpu_features {
    size_t mels;
    size_t mel_stride;
    float window[FRAME_CENTRE + 1]; /* its first half: w[n] = w[400 - n] */
    struct product *fourier;
    struct product_weights *parts[FOLD_PARTS];
    struct product *mel;
    struct product_weights *mel_weights;
};

struct feature_workspace {
    float *samples;            /* (STRETCH) */
    float *folded[FOLD_PARTS]; /* (FEATURE_ROWS, FOLD_STRIDE) */
    float *real;               /* (FEATURE_ROWS, FOLD_STRIDE) */
    float *imaginary;          /* (FEATURE_ROWS, FOLD_STRIDE) */
    float *power;              /* (FEATURE_ROWS, POWER_STRIDE) */
    float *energies;           /* (FEATURE_ROWS, mel_stride) */
    struct resample_workspace resample;
};

/* ---- tables ---- */

static enum error_code create_fourier(struct cpu_features *features, struct error *error) {
    const struct product_shape shape = {
        .rows = FEATURE_ROWS, .inputs = FOLD_STRIDE, .outputs = FOLD_STRIDE};
    double *matrix = malloc(sizeof(double) * FOLD_BINS * FOLD_LENGTH);
    float *rounded = malloc(sizeof(float) * FOLD_BINS * FOLD_LENGTH);
    if (matrix == NULL || rounded == NULL) FAIL(error, ERROR_MEMORY, "no memory for the front end");
    if (error->code == ERROR_NONE) product_create(&shape, &features->fourier, error);
    for (int part = 0; part < FOLD_PARTS && error->code == ERROR_NONE; part++) {
        tables_fourier((enum fold_part)part, matrix);
        for (size_t i = 0; i < (size_t)FOLD_BINS * FOLD_LENGTH; i++) rounded[i] = (float)matrix[i];
        if (product_weights_create(features->fourier, &features->parts[part], error) == ERROR_NONE)
            product_weights_set(features->parts[part], rounded, FOLD_BINS, FOLD_LENGTH, NULL,
                                error);
    }
    free(matrix);
    free(rounded);
    return error->code;
}

static enum error_code create_mel(struct cpu_features *features, struct error *error) {
    const struct product_shape shape = {
        .rows = FEATURE_ROWS, .inputs = POWER_STRIDE, .outputs = features->mel_stride};
    float *weight = calloc(features->mels * POWER_STRIDE, sizeof(float));
    if (weight == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the mel filters");
    for (size_t mel = 0; mel < features->mels; mel++) {
        float *row = weight + mel * POWER_STRIDE;
        for (size_t i = 0; i < FOLD_BINS; i++) {
            row[i] =
                (float)tables_mel_weight(features->mels, mel, tables_fold_bin(FOLD_REAL_EVEN, i));
            row[FOLD_STRIDE + i] =
                (float)tables_mel_weight(features->mels, mel, tables_fold_bin(FOLD_REAL_ODD, i));
        }
    }
    if (product_create(&shape, &features->mel, error) == ERROR_NONE &&
        product_weights_create(features->mel, &features->mel_weights, error) == ERROR_NONE)
        product_weights_set(features->mel_weights, weight, features->mels, POWER_STRIDE, NULL,
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
    double window[FRAME_LENGTH];
    tables_window(window);
    for (size_t n = 0; n <= FRAME_CENTRE; n++) features->window[n] = (float)window[n];
    if (create_fourier(features, error) != ERROR_NONE ||
        create_mel(features, error) != ERROR_NONE) {
        features_free(features);
        return error->code;
    }
    *result = features;
    return ERROR_NONE;
}

void features_free(struct cpu_features *features) {
    if (features == NULL) return;
    for (int part = 0; part < FOLD_PARTS; part++) product_weights_free(features->parts[part]);
    product_weights_free(features->mel_weights);
    product_free(features->fourier);
    product_free(features->mel);
    free(features);
}

/* ---- workspace ---- */

static float *create_rows(size_t stride, struct error *error) {
    float *rows = product_memory(FEATURE_ROWS * stride, sizeof(float), "features", error);
    if (rows != NULL) memset(rows, 0, FEATURE_ROWS * stride * sizeof(float));
    return rows;
}

enum error_code feature_workspace_create(const struct cpu_features *features,
                                         struct feature_workspace **result, struct error *error) {
    *result = NULL;
    struct feature_workspace *workspace = calloc(1, sizeof *workspace);
    if (workspace == NULL) return FAIL(error, ERROR_MEMORY, "no memory for features");
    workspace->samples = product_memory(STRETCH, sizeof(float), "features", error);
    for (int part = 0; part < FOLD_PARTS; part++)
        workspace->folded[part] = create_rows(FOLD_STRIDE, error);
    workspace->real = create_rows(FOLD_STRIDE, error);
    workspace->imaginary = create_rows(FOLD_STRIDE, error);
    workspace->power = create_rows(POWER_STRIDE, error);
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
    for (int part = 0; part < FOLD_PARTS; part++) free(workspace->folded[part]);
    free(workspace->real);
    free(workspace->imaginary);
    free(workspace->power);
    free(workspace->energies);
    resample_workspace_free(&workspace->resample);
    free(workspace);
}

/* ---- one tile ---- */

/* Windows and folds one frame x[0 .. 399] into a row of each part (tables.h). */
VECTOR_BODY void fold_frame_body(bool fused, const float *x, const float *w, float *real_even,
                                 float *real_odd, float *imaginary_even, float *imaginary_odd) {
    (void)fused;
    const float a0 = w[0] * x[0], a200 = w[200] * x[200];
    real_even[0] = a0 + a200;
    real_odd[0] = a0 - a200;
    for (size_t n = 1; n < 100; n++) {
        const float a = w[n] * (x[n] + x[400 - n]), b = w[n] * (x[n] - x[400 - n]);
        const float c = w[200 - n] * (x[200 - n] + x[200 + n]);
        const float d = w[200 - n] * (x[200 - n] - x[200 + n]);
        real_even[n] = a + c;
        real_odd[n] = a - c;
        imaginary_even[n] = b - d;
        imaginary_odd[n] = b + d;
    }
    real_even[100] = w[100] * (x[100] + x[300]);
    imaginary_odd[100] = w[100] * (x[100] - x[300]);
}

VECTOR_DISPATCH(fold_frame,
                (const float *x, const float *w, float *real_even, float *real_odd,
                 float *imaginary_even, float *imaginary_odd),
                x, w, real_even, real_odd, imaginary_even, imaginary_odd)

/* Frames frame .. frame + count - 1 of a clip, folded into rows row .. of the workspace. */
static enum error_code fold_stretch(const struct cpu_features *features,
                                    const struct feature_clip *clip, size_t frame, size_t count,
                                    size_t row, struct feature_workspace *workspace,
                                    double *resampling, struct error *error) {
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
        const size_t offset = (row + i) * FOLD_STRIDE;
        fold_frame(samples + i * FRAME_SHIFT, features->window,
                   workspace->folded[FOLD_REAL_EVEN] + offset,
                   workspace->folded[FOLD_REAL_ODD] + offset,
                   workspace->folded[FOLD_IMAGINARY_EVEN] + offset,
                   workspace->folded[FOLD_IMAGINARY_ODD] + offset);
    }
    return ERROR_NONE;
}

VECTOR_BODY void add_squares_body(bool fused, const float *real, const float *imaginary,
                                  float *power) {
    (void)fused;
    for (size_t row = 0; row < FEATURE_ROWS; row++)
        for (size_t i = 0; i < FOLD_STRIDE; i++) {
            const float re = real[row * FOLD_STRIDE + i], im = imaginary[row * FOLD_STRIDE + i];
            power[row * POWER_STRIDE + i] = re * re + im * im;
        }
}

VECTOR_DISPATCH(add_squares, (const float *real, const float *imaginary, float *power), real,
                imaginary, power)

/* 10 log10(max(power, 1e-10)), in double precision and rounded once. The mantissa m
 * is brought to [sqrt(1/2), sqrt(2)) and log m = 2 atanh((m - 1) / (m + 1)). NaN and
 * infinity give NaN. */
VECTOR_BODY void decibels_body(bool fused, const float *energies, size_t count, float *output) {
    (void)fused;
    for (size_t i = 0; i < count; i++) {
        const float value = energies[i] < 1e-10f ? 1e-10f : energies[i];
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

/* From folded frames to decibels. */
static enum error_code transform(const struct cpu_features *features,
                                 struct feature_workspace *workspace, size_t rows, float *output,
                                 struct error *error) {
    for (int odd = 0; odd < 2; odd++) {
        const enum fold_part real = odd ? FOLD_REAL_ODD : FOLD_REAL_EVEN;
        const enum fold_part imaginary = odd ? FOLD_IMAGINARY_ODD : FOLD_IMAGINARY_EVEN;
        if (product_execute(features->fourier, features->parts[real], workspace->folded[real],
                            workspace->real, error) != ERROR_NONE ||
            product_execute(features->fourier, features->parts[imaginary],
                            workspace->folded[imaginary], workspace->imaginary,
                            error) != ERROR_NONE)
            return error->code;
        add_squares(workspace->real, workspace->imaginary, workspace->power + odd * FOLD_STRIDE);
    }
    if (product_execute(features->mel, features->mel_weights, workspace->power, workspace->energies,
                        error) != ERROR_NONE)
        return error->code;
    for (size_t row = 0; row < rows; row++)
        decibels(workspace->energies + row * features->mel_stride, features->mels,
                 output + row * features->mels);
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
        if (fold_stretch(features, &clips[c], frame, count, rows, workspace, resampling, error) !=
            ERROR_NONE)
            return error->code;
        rows += count;
    }
    return transform(features, workspace, rows, output, error);
}

void features_normalise(float *decibels_of_clip, size_t frames, size_t mels) {
    const size_t count = frames * mels;
    float largest = decibels_of_clip[0];
    for (size_t i = 1; i < count; i++)
        largest = decibels_of_clip[i] > largest ? decibels_of_clip[i] : largest;
    const float floor_level = largest - 80.0f;
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
    /* Four products of the folded frame; power; 360 mel weights at 24 mels, 15 a filter. */
    return 2.0 * FOLD_PARTS * FOLD_LENGTH * FOLD_BINS + 3.0 * 2.0 * FOLD_BINS +
           2.0 * 15.0 * (double)mels;
}
