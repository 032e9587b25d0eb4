#include "reference.h"

#include "compare.h"
#include "kernels/front_end.h"
#include "kernels/resampler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double two_pi = 6.283185307179586476925286766559;

static double *numbers(size_t count) {
    double *values = calloc(count + 1, sizeof *values);
    assert_non_null(values);
    return values;
}

/* ---- features ---- */

static void frame_power(const double *samples, size_t count, size_t frame, const double *window,
                        const double *cosine, double *power) {
    double windowed[FRAME_LENGTH];
    for (size_t n = 0; n < FRAME_LENGTH; n++) {
        const size_t at = frame * FRAME_SHIFT + n; /* 200 samples late */
        const double sample =
            at >= FRAME_CENTRE && at - FRAME_CENTRE < count ? samples[at - FRAME_CENTRE] : 0.0;
        windowed[n] = sample * window[n];
    }
    for (size_t k = 0; k < FRAME_BINS; k++) {
        double re = 0.0, im = 0.0;
        for (size_t n = 0; n < FRAME_LENGTH; n++) {
            re += windowed[n] * cosine[k * n % FRAME_LENGTH];
            im += windowed[n] * cosine[(k * n + FRAME_LENGTH / 4) % FRAME_LENGTH];
        }
        power[k] = re * re + im * im;
    }
}

/* Applies the floor 80 dB below the maximum, then subtracts every mel's mean. */
static void normalise(double *features, size_t frames, size_t mels) {
    double largest = features[0];
    for (size_t i = 0; i < frames * mels; i++)
        if (features[i] > largest) largest = features[i];
    for (size_t i = 0; i < frames * mels; i++)
        if (features[i] < largest - 80.0) features[i] = largest - 80.0;
    for (size_t mel = 0; mel < mels; mel++) {
        double sum = 0.0;
        for (size_t t = 0; t < frames; t++) sum += features[t * mels + mel];
        for (size_t t = 0; t < frames; t++) features[t * mels + mel] -= sum / (double)frames;
    }
}

void reference_features(const double *samples, size_t count, size_t mels, double *features) {
    double window[FRAME_LENGTH], cosine[FRAME_LENGTH], power[FRAME_BINS];
    const size_t frames = xvector_frames(count);
    double *filters = numbers(mels * FRAME_BINS);
    front_end_window(window);
    for (size_t n = 0; n < FRAME_LENGTH; n++)
        cosine[n] = cos(two_pi * (double)n / (double)FRAME_LENGTH);
    for (size_t mel = 0; mel < mels; mel++)
        for (size_t k = 0; k < FRAME_BINS; k++)
            filters[mel * FRAME_BINS + k] = front_end_mel_weight(mels, mel, k);
    for (size_t t = 0; t < frames; t++) {
        frame_power(samples, count, t, window, cosine, power);
        for (size_t mel = 0; mel < mels; mel++) {
            double energy = 0.0;
            for (size_t k = 0; k < FRAME_BINS; k++)
                energy += filters[mel * FRAME_BINS + k] * power[k];
            features[t * mels + mel] = 10.0 * log10(energy > 1e-10 ? energy : 1e-10);
        }
    }
    normalise(features, frames, mels);
    free(filters);
}

void reference_resample(const double *samples, size_t count, int rate, double *output) {
    struct error error = ERROR_INITIAL;
    struct resampler *resampler;
    const size_t length = device_resampled_length(count, rate);
    if (rate == SAMPLE_RATE) {
        memcpy(output, samples, count * sizeof *output);
        return;
    }
    resampler_create(rate, &resampler, &error);
    assert_no_error(&error);
    for (size_t o = 0; o < length; o++) {
        const size_t phase = o * resampler->down % resampler->up;
        const ptrdiff_t first =
            (ptrdiff_t)(o * resampler->down / resampler->up) - (ptrdiff_t)resampler->half + 1;
        output[o] = 0.0;
        for (size_t t = 0; t < resampler->taps; t++) {
            const ptrdiff_t at = first + (ptrdiff_t)t;
            if (at >= 0 && (size_t)at < count)
                output[o] += (double)resampler->filters[phase * resampler->taps + t] * samples[at];
        }
    }
    resampler_free(resampler);
}

/* ---- network ---- */

/* Reflects an index without repeating the edge. */
static size_t reflect(ptrdiff_t position, size_t frames) {
    if (position < 0) position = -position;
    if (position >= (ptrdiff_t)frames) position = 2 * (ptrdiff_t)(frames - 1) - position;
    return (size_t)position;
}

/* input (frames, in) -> output (frames, out) */
static void run_block(const struct xvector_block *block, const double *input, size_t frames,
                      double *output) {
    const size_t in = block->in_channels, out = block->out_channels, kernel = block->kernel;
    for (size_t t = 0; t < frames; t++)
        for (size_t o = 0; o < out; o++) {
            double sum = (double)block->bias[o];
            for (size_t k = 0; k < kernel; k++) {
                const ptrdiff_t offset =
                    ((ptrdiff_t)k - (ptrdiff_t)(kernel / 2)) * (ptrdiff_t)block->dilation;
                const double *row = input + reflect((ptrdiff_t)t + offset, frames) * in;
                for (size_t c = 0; c < in; c++)
                    sum += (double)block->weight[(o * in + c) * kernel + k] * row[c];
            }
            if (sum < 0.0) sum *= 0.01;
            output[t * out + o] = (sum - (double)block->norm_mean[o]) /
                                      sqrt((double)block->norm_variance[o] + 1e-5) *
                                      (double)block->norm_weight[o] +
                                  (double)block->norm_bias[o];
        }
}

void reference_network(const struct xvector_model *model, const double *features, size_t frames,
                       double *embedding) {
    double *rows = numbers(frames * model->mels);
    memcpy(rows, features, frames * model->mels * sizeof *rows);
    for (size_t b = 0; b < model->block_count; b++) {
        double *next = numbers(frames * model->blocks[b].out_channels);
        run_block(&model->blocks[b], rows, frames, next);
        free(rows);
        rows = next;
    }
    const size_t channels = model->blocks[model->block_count - 1].out_channels;
    double *statistics = numbers(2 * channels);
    for (size_t c = 0; c < channels; c++) {
        double mean = 0.0, squares = 0.0;
        for (size_t t = 0; t < frames; t++) mean += rows[t * channels + c] / (double)frames;
        for (size_t t = 0; t < frames; t++)
            squares += (rows[t * channels + c] - mean) * (rows[t * channels + c] - mean);
        statistics[c] = mean + 5e-5; /* the expected noise */
        statistics[channels + c] = sqrt(squares / ((double)frames - 1.0)) + 1e-5;
    }
    for (size_t e = 0; e < model->embedding_size; e++) {
        embedding[e] = (double)model->linear_bias[e];
        for (size_t i = 0; i < 2 * channels; i++)
            embedding[e] += (double)model->linear_weight[e * 2 * channels + i] * statistics[i];
    }
    free(statistics);
    free(rows);
}
