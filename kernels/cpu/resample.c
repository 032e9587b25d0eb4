#include "resample.h"

#include "product.h"
#include "vector.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

void resample_workspace_free(struct resample_workspace *workspace) {
    free(workspace->mono);
    free(workspace->phases);
    *workspace = (struct resample_workspace){NULL, NULL, 0};
}

static enum error_code reserve(struct resample_workspace *workspace, size_t count,
                               struct error *error) {
    if (count <= workspace->capacity) return ERROR_NONE;
    resample_workspace_free(workspace);
    workspace->mono = product_memory(count, sizeof(float), "mixing down", error);
    workspace->phases = product_memory(count, sizeof(float), "resampling", error);
    if (workspace->mono == NULL || workspace->phases == NULL) {
        resample_workspace_free(workspace);
        return error->code;
    }
    workspace->capacity = count;
    return ERROR_NONE;
}

/* Mean of the channels; the sum in double precision, so that it is exact for int16. */
static void mix_int16(const int16_t *samples, size_t channels, size_t count, float *mono) {
    if (channels == 1) {
        for (size_t i = 0; i < count; i++) mono[i] = (float)samples[i] * (1.0f / 32768.0f);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (size_t c = 0; c < channels; c++) sum += samples[i * channels + c];
        mono[i] = (float)(sum / (32768.0 * (double)channels));
    }
}

static void mix_float32(const float *samples, size_t channels, size_t count, float *mono) {
    if (channels == 1) {
        memcpy(mono, samples, count * sizeof(float));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (size_t c = 0; c < channels; c++) sum += (double)samples[i * channels + c];
        mono[i] = (float)(sum / (double)channels);
    }
}

/* Input samples first .. first + count - 1, zero outside the clip. */
static void mix_down(const struct device_clip *clip, const unsigned char *samples, ptrdiff_t first,
                     size_t count, float *mono) {
    const size_t channels = (size_t)clip->channels;
    const size_t before = first < 0 ? ((size_t)-first < count ? (size_t)-first : count) : 0;
    memset(mono, 0, before * sizeof(float));
    const size_t begin = (size_t)(first + (ptrdiff_t)before);
    size_t inside = begin < clip->frames ? clip->frames - begin : 0;
    if (inside > count - before) inside = count - before;
    if (inside > 0 && clip->format == SAMPLES_INT16)
        mix_int16((const int16_t *)(const void *)samples + begin * channels, channels, inside,
                  mono + before);
    else if (inside > 0)
        mix_float32((const float *)(const void *)samples + begin * channels, channels, inside,
                    mono + before);
    memset(mono + before + inside, 0, (count - before - inside) * sizeof(float));
}

/* phases (down, length): sample j * down + q of mono at row q, column j. */
static void split_phases(const float *mono, size_t down, size_t length, float *phases) {
    for (size_t j = 0; j < length; j++)
        for (size_t q = 0; q < down; q++) phases[q * length + j] = mono[j * down + q];
}

/* One output row: outputs that use the same filter, so that in every row of phases
 * their inputs stand one after the other. Every output adds its taps in order. */
struct filter_row {
    const float *phases; /* (down, length) */
    size_t length;
    size_t down;
    size_t position; /* of the first tap: sample of the input behind phases[0][0] */
    const float *filter;
    size_t taps;
};

#define LANES 8    /* outputs computed together */
#define PADDING 32 /* a row of outputs is padded to a multiple of it */

static void filter_lanes(const struct filter_row *row, size_t column, float result[LANES]) {
    float sums[LANES] = {0};
    size_t phase = row->position % row->down, shift = row->position / row->down;
    for (size_t t = 0; t < row->taps; t++) {
        const float *input = row->phases + phase * row->length + shift + column;
        for (size_t l = 0; l < LANES; l++) sums[l] += row->filter[t] * input[l];
        if (++phase == row->down) {
            phase = 0;
            shift++;
        }
    }
    memcpy(result, sums, sizeof sums);
}

#if defined(__x86_64__)
#define MOST_VECTORS 8

/* The same for `vectors` times LANES outputs (a constant once inlined). Written out
 * because gcc 12 exchanges the two loops and then computes one number at a time,
 * at a tenth of the speed. */
__attribute__((target("avx2,fma"), always_inline)) static inline void
filter_vectors(size_t vectors, const struct filter_row *row, size_t column, float *result) {
    __m256 sums[MOST_VECTORS];
    for (size_t v = 0; v < vectors; v++) sums[v] = _mm256_setzero_ps();
    size_t phase = row->position % row->down;
    const float *input = row->phases + column + row->position / row->down + phase * row->length;
    for (size_t t = 0; t < row->taps; t++) {
        const __m256 tap = _mm256_broadcast_ss(row->filter + t);
        for (size_t v = 0; v < vectors; v++)
            sums[v] = _mm256_fmadd_ps(tap, _mm256_loadu_ps(input + v * LANES), sums[v]);
        input += row->length;
        if (++phase == row->down) {
            phase = 0;
            input -= row->down * row->length - 1;
        }
    }
    for (size_t v = 0; v < vectors; v++) _mm256_storeu_ps(result + v * LANES, sums[v]);
}

__attribute__((target("avx2,fma"))) static void filter_row_avx2(const struct filter_row *row,
                                                                size_t count, float *result) {
    size_t done = 0;
    for (; done + MOST_VECTORS * LANES <= count; done += MOST_VECTORS * LANES)
        filter_vectors(MOST_VECTORS, row, done, result + done);
    for (; done + 2 * LANES < count; done += 4 * LANES) filter_vectors(4, row, done, result + done);
    for (; done < count; done += LANES) filter_vectors(1, row, done, result + done);
}
#endif

/* result: room for count rounded up to PADDING. */
static void filter_row(const struct filter_row *row, size_t count, float *result) {
#if defined(__x86_64__)
    if (vector_has_avx2()) {
        filter_row_avx2(row, count, result);
        return;
    }
#endif
    for (size_t done = 0; done < count; done += LANES) filter_lanes(row, done, result + done);
}

/* Outputs o = i up + r for every i of the stretch: position floor(r down / up) in
 * the input behind i down, filter r down mod up. */
enum error_code resample_stretch(const struct resampler *resampler, const struct device_clip *clip,
                                 const unsigned char *samples, size_t first, size_t count,
                                 float *output, struct resample_workspace *workspace,
                                 struct error *error) {
    if (count == 0) return ERROR_NONE;
    if (resampler == NULL) {
        mix_down(clip, samples, (ptrdiff_t)first, count, output);
        return ERROR_NONE;
    }
    const size_t up = resampler->up, down = resampler->down, taps = resampler->taps;
    const size_t begin = first / up, end = (first + count - 1) / up + 1;
    const size_t steps = (end - begin + PADDING - 1) / PADDING * PADDING;
    const size_t length = steps + (down + taps) / down + 1;
    if (reserve(workspace, length * down + steps, error) != ERROR_NONE) return error->code;
    const ptrdiff_t origin = (ptrdiff_t)(begin * down) - (ptrdiff_t)resampler->half + 1;
    mix_down(clip, samples, origin, length * down, workspace->mono);
    const float *phases = workspace->mono;
    if (down > 1) {
        split_phases(workspace->mono, down, length, workspace->phases);
        phases = workspace->phases;
    }
    float *row = workspace->phases + length * down; /* (steps) */
    for (size_t r = 0; r < up; r++) {
        const struct filter_row filter = {.phases = phases,
                                          .length = length,
                                          .down = down,
                                          .position = r * down / up,
                                          .filter = resampler->filters + r * down % up * taps,
                                          .taps = taps};
        filter_row(&filter, end - begin, row);
        for (size_t i = begin; i < end; i++) {
            const size_t position = i * up + r;
            if (position >= first && position - first < count)
                output[position - first] = row[i - begin];
        }
    }
    return ERROR_NONE;
}
