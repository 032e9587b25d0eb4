#include "host/sound/channel_mix.h"

#include <math.h>

#define NO_LEVEL (-200.0)

/* The share of an offset's power that may be rounding of it and no sound. */
#define ROUNDING 1e-12

/* int16 squared, summed over this many frames, fits an int64 many times. */
#define STEREO_FRAMES ((size_t)1 << 16)

static void add_few_stereo(struct channel_mix *mix, const int16_t *samples, size_t frames) {
    int64_t left = 0, right = 0, left_power = 0, right_power = 0, product = 0;
    for (size_t i = 0; i < frames; i++) {
        const int32_t l = samples[2 * i], r = samples[2 * i + 1];
        left += l;
        right += r;
        left_power += (int64_t)(l * l);
        right_power += (int64_t)(r * r);
        product += (int64_t)(l * r);
    }
    const double step = 1.0 / 32768.0, square = step * step;
    mix->sums[0] += (double)left * step;
    mix->sums[1] += (double)right * step;
    mix->powers[0] += (double)left_power * square;
    mix->powers[1] += (double)right_power * square;
    mix->mix_sum += (double)(left + right) * (0.5 * step);
    mix->mix_power += (double)(left_power + right_power + 2 * product) * (0.25 * square);
    mix->frames += frames;
}

void channel_mix_add_stereo(struct channel_mix *mix, const int16_t *samples, size_t frames) {
    for (size_t first = 0; first < frames; first += STEREO_FRAMES) {
        const size_t left = frames - first;
        add_few_stereo(mix, samples + 2 * first, left < STEREO_FRAMES ? left : STEREO_FRAMES);
    }
}

void channel_mix_add(struct channel_mix *mix, const float *samples, size_t channels,
                     const float *means, size_t frames) {
    for (size_t i = 0; i < frames; i++) {
        for (size_t c = 0; c < channels; c++) {
            const double sample = (double)samples[i * channels + c];
            mix->sums[c] += sample;
            mix->powers[c] += sample * sample;
        }
        mix->mix_sum += (double)means[i];
        mix->mix_power += (double)means[i] * (double)means[i];
    }
    mix->frames += frames;
}

/* Mean power without the offset. */
static double variance(double sum, double power, size_t frames) {
    const double mean = sum / (double)frames;
    const double own = power / (double)frames - mean * mean;
    return own > ROUNDING * mean * mean ? own : 0;
}

float channel_mix_level(const struct channel_mix *mix, size_t channels) {
    double total = 0;
    if (channels < 2 || mix->frames == 0) return 0;
    for (size_t c = 0; c < channels; c++)
        total += variance(mix->sums[c], mix->powers[c], mix->frames);
    if (!(total > 0)) return 0;
    const double unrelated = total / ((double)channels * (double)channels);
    const double level =
        10.0 * log10(variance(mix->mix_sum, mix->mix_power, mix->frames) / unrelated);
    return (float)fmax(level, NO_LEVEL); /* also of minus infinity */
}

bool channel_mix_cancels(float level) {
    return level < DECODE_CANCEL_LEVEL;
}

size_t channel_mix_loudest(const struct channel_mix *mix, size_t channels) {
    size_t loudest = 0;
    double most = 0;
    for (size_t c = 0; c < channels && mix->frames > 0; c++) {
        const double own = variance(mix->sums[c], mix->powers[c], mix->frames);
        if (own <= most) continue;
        most = own;
        loudest = c;
    }
    return loudest;
}

void channel_mix_mean(const float *samples, size_t channels, float *means, size_t frames) {
    for (size_t i = 0; i < frames; i++) {
        double sum = 0;
        for (size_t c = 0; c < channels; c++) sum += (double)samples[i * channels + c];
        means[i] = (float)(sum / (double)channels);
    }
}
