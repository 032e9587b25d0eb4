/* The channels of one clip: their mean, which is what is embedded, and whether they cancel in it.
 * A cable wired the wrong way round inverts one channel; the mean is then silence, or the noise in
 * which the channels differ, and says nothing of the sound. Then the loudest channel is used
 * instead. */
#ifndef EARMARK_SOUND_CHANNEL_MIX_H
#define EARMARK_SOUND_CHANNEL_MIX_H

#include "host/sound/decode_settings.h"

#include <stdint.h>

/* Sums over the frames of a clip. Zero-initialise. */
struct channel_mix {
    size_t frames;
    double sums[DECODE_MAXIMUM_CHANNELS];
    double powers[DECODE_MAXIMUM_CHANNELS];
    double mix_sum;   /* of the means of the channels */
    double mix_power; /* of these means squared */
};

/* Takes the next frames: of two channels, or of any number with their means. */
void channel_mix_add_stereo(struct channel_mix *mix, const int16_t *samples, size_t frames);
void channel_mix_add(struct channel_mix *mix, const float *samples, size_t channels,
                     const float *means, size_t frames);

/* The level of the means against what unrelated channels of these levels would give, in dB without
 * offsets: 0 for unrelated channels, 10 log10(channels) for equal ones, far below 0 where they
 * cancel, at least -200. 0 where there is nothing to cancel: one channel, or silence. */
float channel_mix_level(const struct channel_mix *mix, size_t channels);

/* Whether channels of this level cancel (DECODE_CANCEL_LEVEL). */
bool channel_mix_cancels(float level);

/* The channel with the highest level; of equal ones the first. */
size_t channel_mix_loudest(const struct channel_mix *mix, size_t channels);

/* The mean of the channels of every frame. */
void channel_mix_mean(const float *samples, size_t channels, float *means, size_t frames);

#endif
