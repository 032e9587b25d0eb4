#include "host/sound/sound_measures.h"

#include "host/base/memory.h"
#include "host/sound/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames of the meter, which are those of the spectrum: 16 ms at 16 kHz. */
#define FRAME SPECTRUM_FRAME
#define LANES 8 /* independent sums, so that the compiler can vectorise */

/* A run of this many samples at the extreme is flat. */
#define FLAT_RUN 2
/* From this share of the extreme on a sample is near it. */
#define NEAR 0.9F
/* Below it a tenth of the extreme is too few steps of 16 bits to mean anything. */
#define LOWEST_EXTREME 0.003F
/* Few sounds reach this by chance (mu-law ends at 0.980, A-law at 0.984). */
#define FULL_SCALE 0.99F
#define NO_LEVEL (-200.0F)

/* The extreme of one channel on one side. Clipping piles samples up at a value that
 * none exceeds, in runs, with few samples just below it: the slope into the flat
 * part is steep. The peaks of a sound that is not clipped, however coarsely
 * quantised (mu-law) or slow, have more samples near the extreme than at it; only at
 * full scale itself runs alone are sufficient evidence. The value need not be full scale:
 * gain is often changed after the clipping. */
struct extreme {
    float value;
    size_t run;  /* samples at the value up to now, without a break */
    size_t flat; /* samples in runs of at least FLAT_RUN */
    size_t near; /* samples from NEAR to below the value */
};

struct channel {
    float frame[FRAME];
    double sum;
    double power;
    float peak;
    struct extreme high, low; /* low: of -x */
};

struct sound_meter {
    int rate;
    size_t channel_count;
    size_t filled; /* samples in every channel's frame */
    size_t frames; /* sample frames in all */
    size_t silent; /* of them in frames of one constant value */
    struct spectrum spectrum;
    struct channel channels[];
};

enum error_code sound_meter_new(int channels, int rate, struct sound_meter **meter,
                                struct error *error) {
    size_t size = sizeof **meter + (size_t)channels * sizeof(struct channel);
    *meter = memory_array(1, size, "a meter of samples", error);
    if (*meter == NULL) return error->code;
    (*meter)->rate = rate;
    (*meter)->channel_count = (size_t)channels;
    return ERROR_NONE;
}

void sound_meter_free(struct sound_meter *meter) {
    free(meter);
}

/* ---- one frame ---- */

static void find_range(const float *samples, size_t count, float *lowest, float *highest) {
    float low = samples[0];
    float high = samples[0];
    for (size_t i = 1; i < count; i++) {
        low = samples[i] < low ? samples[i] : low;
        high = samples[i] > high ? samples[i] : high;
    }
    *lowest = low;
    *highest = high;
}

/* Samples past `count` are zero, which adds nothing. Float32 is exact enough for
 * one frame. */
static void add_sums(struct channel *channel) {
    float sums[LANES] = {0};
    float powers[LANES] = {0};
    for (size_t i = 0; i < FRAME; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            const float sample = channel->frame[i + lane];
            sums[lane] += sample;
            powers[lane] += sample * sample;
        }
    for (size_t lane = 0; lane < LANES; lane++) {
        channel->sum += (double)sums[lane];
        channel->power += (double)powers[lane];
    }
}

static void take_extreme(struct extreme *extreme, float sample) {
    if (sample > extreme->value) {
        /* What was at the old value is near the new one, or far below it. */
        extreme->near = extreme->value >= NEAR * sample ? extreme->near + extreme->flat : 0;
        *extreme = (struct extreme){.value = sample, .run = 1, .near = extreme->near};
    } else if (sample == extreme->value) {
        extreme->run++;
        if (extreme->run == FLAT_RUN) extreme->flat += FLAT_RUN;
        if (extreme->run > FLAT_RUN) extreme->flat++;
    } else {
        extreme->run = 0;
        extreme->near += sample >= NEAR * extreme->value;
    }
}

/* Most frames are far below the extreme and need one comparison only. */
static void add_extreme(struct extreme *extreme, const float *samples, size_t count, float sign,
                        float highest) {
    if (highest < NEAR * extreme->value || highest <= 0) {
        extreme->run = 0;
        return;
    }
    for (size_t i = 0; i < count; i++) take_extreme(extreme, sign * samples[i]);
}

static void mix_frame(const struct sound_meter *meter, float *mixed) {
    const float share = 1.0F / (float)meter->channel_count;
    for (size_t i = 0; i < FRAME; i++) mixed[i] = 0;
    for (size_t c = 0; c < meter->channel_count; c++)
        for (size_t i = 0; i < FRAME; i++) mixed[i] += share * meter->channels[c].frame[i];
}

/* The frame that every channel holds, of `filled` samples. */
static void take_frame(struct sound_meter *meter) {
    const size_t count = meter->filled;
    bool constant = true;
    for (size_t c = 0; c < meter->channel_count; c++) {
        struct channel *channel = &meter->channels[c];
        float lowest = 0;
        float highest = 0;
        find_range(channel->frame, count, &lowest, &highest);
        constant = constant && lowest == highest;
        channel->peak = fmaxf(channel->peak, fmaxf(highest, -lowest));
        add_extreme(&channel->high, channel->frame, count, 1.0F, highest);
        add_extreme(&channel->low, channel->frame, count, -1.0F, -lowest);
        memset(channel->frame + count, 0, (FRAME - count) * sizeof(float));
        add_sums(channel);
    }
    meter->frames += count;
    meter->filled = 0;
    if (constant) meter->silent += count;
    /* Silence has no band; an incomplete frame has a wide one because of its abrupt end. */
    if (constant || count < FRAME) return;
    if (meter->channel_count == 1) {
        spectrum_add(&meter->spectrum, meter->channels[0].frame);
        return;
    }
    float mixed[FRAME];
    mix_frame(meter, mixed);
    spectrum_add(&meter->spectrum, mixed);
}

void sound_meter_add(struct sound_meter *meter, const void *samples, enum sample_format format,
                     size_t frames) {
    const size_t channels = meter->channel_count;
    for (size_t first = 0; first < frames;) {
        size_t count = FRAME - meter->filled;
        if (count > frames - first) count = frames - first;
        for (size_t c = 0; c < channels; c++) {
            float *place = meter->channels[c].frame + meter->filled;
            const int16_t *small = (const int16_t *)samples + first * channels + c;
            const float *wide = (const float *)samples + first * channels + c;
            if (format == SAMPLES_INT16)
                for (size_t i = 0; i < count; i++)
                    place[i] = (float)small[i * channels] * (1.0F / 32768.0F);
            else
                for (size_t i = 0; i < count; i++) place[i] = wide[i * channels];
        }
        first += count;
        meter->filled += count;
        if (meter->filled == FRAME) take_frame(meter);
    }
}

/* ---- the whole clip ---- */

static size_t clipped(const struct extreme *extreme) {
    bool piled_up = extreme->value >= LOWEST_EXTREME && extreme->flat >= extreme->near;
    return piled_up || extreme->value >= FULL_SCALE ? extreme->flat : 0;
}

static void find_band(struct sound_meter *meter, struct sound_measures *measures) {
    float bands[SPECTRUM_BANDS];
    size_t edge = 0;
    spectrum_bands(&meter->spectrum, bands);
    measures->band_drop = spectrum_cliff(bands, &edge);
    measures->bandwidth = (float)edge / SPECTRUM_BANDS * 0.5F * (float)meter->rate;
}

void sound_meter_end(struct sound_meter *meter, struct sound_measures *measures) {
    if (meter->filled > 0) take_frame(meter);
    *measures = (struct sound_measures){.level = NO_LEVEL};
    if (meter->frames == 0) return;
    const double frames = (double)meter->frames;
    double power = 0;
    size_t flat = 0;
    for (size_t c = 0; c < meter->channel_count; c++) {
        const struct channel *channel = &meter->channels[c];
        const double offset = channel->sum / frames;
        const double own = channel->power / frames - offset * offset;
        power += own > 0 ? own : 0;
        flat += clipped(&channel->high) + clipped(&channel->low);
        measures->peak = fmaxf(measures->peak, channel->peak);
        if (fabs(offset) > fabs((double)measures->offset)) measures->offset = (float)offset;
    }
    power /= (double)meter->channel_count;
    if (power > 1e-20) measures->level = (float)(10.0 * log10(power));
    measures->clipped_share = (float)((double)flat / frames / (double)meter->channel_count);
    measures->silence_share = (float)((double)meter->silent / frames);
    find_band(meter, measures);
}
