#include "resample.h"

#include "product.h"
#include "vector.h"

#include <stdlib.h>
#include <string.h>

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

#define LANES 32
#define FEW_LANES 8

/* `lanes` outputs that use the same filter, one after the other in every row of
 * phases; taps in order, one accumulator per output. */
VECTOR_BODY void filter_lanes(bool fused, size_t lanes, const float *phases, size_t length,
                              size_t down, size_t position, const float *filter, size_t taps,
                              float *result) {
    float sums[LANES] = {0};
    size_t phase = position % down, shift = position / down;
    for (size_t t = 0; t < taps; t++) {
        const float *input = phases + phase * length + shift;
        for (size_t l = 0; l < lanes; l++)
            sums[l] = vector_multiply_add(fused, filter[t], input[l], sums[l]);
        if (++phase == down) {
            phase = 0;
            shift++;
        }
    }
    for (size_t l = 0; l < lanes; l++) result[l] = sums[l];
}

/* result (count rounded up to FEW_LANES). */
VECTOR_BODY void filter_row_body(bool fused, const float *phases, size_t length, size_t down,
                                 size_t position, const float *filter, size_t taps, size_t count,
                                 float *result) {
    size_t done = 0;
    for (; done + LANES <= count; done += LANES)
        filter_lanes(fused, LANES, phases + done, length, down, position, filter, taps,
                     result + done);
    for (; done < count; done += FEW_LANES)
        filter_lanes(fused, FEW_LANES, phases + done, length, down, position, filter, taps,
                     result + done);
}

VECTOR_DISPATCH(filter_row,
                (const float *phases, size_t length, size_t down, size_t position,
                 const float *filter, size_t taps, size_t count, float *result),
                phases, length, down, position, filter, taps, count, result)

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
    const size_t steps = (end - begin + FEW_LANES - 1) / FEW_LANES * FEW_LANES;
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
        filter_row(phases, length, down, r * down / up, resampler->filters + r * down % up * taps,
                   taps, end - begin, row);
        for (size_t i = begin; i < end; i++) {
            const size_t position = i * up + r;
            if (position >= first && position - first < count)
                output[position - first] = row[i - begin];
        }
    }
    return ERROR_NONE;
}
