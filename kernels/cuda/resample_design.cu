/* Arranges the resamplers' filters for resample.cu. */
#include "kernels/cuda/resample.h"

#include "kernels/cuda/upload.h"

extern "C" {
#include "kernels/front_end.h"
#include "kernels/resampler.h"
}

#include <stdlib.h>
#include <string.h>

/* Input position, relative to the period, of an output of a period. */
static int position(const struct resampler *resampler, int output) {
    return (int)((size_t)output * resampler->down / resampler->up);
}

static void choose_sizes(const struct resampler *resampler, struct resample_design *design) {
    int period = (int)resampler->up;
    while (period % RESAMPLE_OUTPUTS != 0) period += (int)resampler->up;
    design->period_out = period;
    design->period_in = position(resampler, period);
    design->stride = design->period_in | 1;
    design->groups = period / RESAMPLE_OUTPUTS;
    design->half = (int)resampler->half;
    int reach = 0;
    for (int g = 0; g < design->groups; g++) {
        const int first = g * RESAMPLE_OUTPUTS;
        const int move =
            position(resampler, first + RESAMPLE_OUTPUTS - 1) - position(resampler, first);
        if (move > reach) reach = move;
    }
    design->taps = (int)resampler->taps + reach;
    design->centre = design->taps / 2;
    /* As many periods as threads and shared memory allow. */
    const int window = position(resampler, period - RESAMPLE_OUTPUTS) + design->taps;
    const int extra = window / design->period_in + 1; /* periods that the last one reaches into */
    design->lanes = RESAMPLE_THREADS / design->groups;
    while (design->lanes > 1 &&
           (RESAMPLE_PERIODS * design->lanes - 1 + extra) * design->stride > RESAMPLE_SHARED_FLOATS)
        design->lanes--;
}

/* Fills filters (taps, groups, 4), which are zero before a neighbour's filter begins and after it
 * ends, and bases (groups). */
static void lay_out(const struct resampler *resampler, const struct resample_design *design,
                    float *filters, int *bases) {
    for (int g = 0; g < design->groups; g++) {
        bases[g] = position(resampler, g * RESAMPLE_OUTPUTS);
        for (int n = 0; n < RESAMPLE_OUTPUTS; n++) {
            const int output = g * RESAMPLE_OUTPUTS + n;
            const size_t phase = (size_t)output * resampler->down % resampler->up;
            const int shift = position(resampler, output) - bases[g];
            for (size_t t = 0; t < resampler->taps; t++)
                filters[(((int)t + shift) * design->groups + g) * RESAMPLE_OUTPUTS + n] =
                    resampler->filters[phase * resampler->taps + t];
        }
    }
}

static enum error_code copy_up(const struct resampler *resampler, struct resample_design *design,
                               struct cuda_buffer *memory, cudaStream_t stream,
                               struct error *error) {
    const size_t values = (size_t)design->taps * (size_t)design->groups * RESAMPLE_OUTPUTS;
    const size_t bytes = values * sizeof(float) + (size_t)design->groups * sizeof(int);
    float *filters = (float *)calloc(1, bytes);
    if (filters == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a resampler");
    lay_out(resampler, design, filters, (int *)(filters + values));
    cuda_upload(memory, filters, bytes, "a resampler", stream, error);
    free(filters);
    design->filters = (const float4 *)memory->data;
    design->bases = (const int *)((const float *)memory->data + values);
    return error->code;
}

enum error_code resample_find(struct cuda_resamplers *resamplers, int rate, int *index,
                              cudaStream_t stream, struct error *error) {
    *index = CLIP_AT_MODEL_RATE;
    if (rate == SAMPLE_RATE) return ERROR_NONE;
    for (int i = 0; i < resamplers->count; i++)
        if (resamplers->rates[i] == rate) *index = i;
    if (*index != CLIP_AT_MODEL_RATE) return ERROR_NONE;
    if (resamplers->count == RESAMPLE_RATES)
        return FAIL(error, ERROR_INTERNAL, "more rates than resamplers");
    struct resampler *resampler;
    if (resampler_create(rate, &resampler, error) != ERROR_NONE) return error->code;
    const int at = resamplers->count;
    choose_sizes(resampler, &resamplers->designs[at]);
    copy_up(resampler, &resamplers->designs[at], &resamplers->memory[at], stream, error);
    resamplers->rates[at] = rate;
    resamplers->taps[at] = (int)resampler->taps;
    resampler_free(resampler);
    if (error->code != ERROR_NONE) {
        cuda_buffer_free(&resamplers->memory[at], BUFFER_GPU);
        return error->code;
    }
    resamplers->count++;
    *index = at;
    return ERROR_NONE;
}

void resample_free(struct cuda_resamplers *resamplers) {
    for (int i = 0; i < resamplers->count; i++)
        cuda_buffer_free(&resamplers->memory[i], BUFFER_GPU);
    resamplers->count = 0;
}
