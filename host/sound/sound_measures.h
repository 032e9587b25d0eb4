/* What can be told of a sound from its samples alone: level, clipping, offset,
 * digital silence, and where its band ends. Measured block by block while the file
 * is decoded, at the file's own rate and over its own channels. What is a fault is
 * decided elsewhere (host/sound/audio_faults.c). */
#ifndef EARMARK_SOUND_SOUND_MEASURES_H
#define EARMARK_SOUND_SOUND_MEASURES_H

#include "host/base/error.h"
#include "kernels/device.h"

/* All zero where nothing was decoded. 1 is full scale. */
struct sound_measures {
    float peak;          /* largest |x| of any channel */
    float level;         /* root mean square without the offset, dB re full scale (a sine of
                            full scale has -3.01); -200 for none */
    float clipped_share; /* samples that lie on a flat top or bottom, 0 to 1 */
    float offset;        /* mean of the channel where it is farthest from 0; signed */
    float silence_share; /* of the frames of 256 samples: those of one constant value, 0 to 1 */
    float bandwidth;     /* Hz: where the spectrum falls off its deepest cliff below about
                            half of its band; 0: it has none */
    float band_drop;     /* dB: how deep that cliff is (spectrum_cliff) */
};

struct sound_meter;

/* A meter for one clip: channels at least 1, rate in Hz. To be freed by sound_meter_free. */
enum error_code sound_meter_new(int channels, int rate, struct sound_meter **meter,
                                struct error *error);

/* Takes the next frames, samples (frames, channels) interleaved. How the clip is
 * cut into calls does not change the measures. */
void sound_meter_add(struct sound_meter *meter, const void *samples, enum sample_format format,
                     size_t frames);

/* The measures of all that was added; nothing may be added after it. */
void sound_meter_end(struct sound_meter *meter, struct sound_measures *measures);

void sound_meter_free(struct sound_meter *meter); /* takes NULL */

#endif
