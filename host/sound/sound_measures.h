/* Measures of a sound's samples: level, clipping, offset, digital silence, and where its band
 * ends (struct sound_measures). Measured block by block while the file is decoded, at the
 * file's own rate and over its own channels. host/sound/audio_faults.h decides what is a
 * fault. */
#ifndef EARMARK_SOUND_SOUND_MEASURES_H
#define EARMARK_SOUND_SOUND_MEASURES_H

#include "host/base/error.h"
#include "host/clips/clip_facts.h"
#include "kernels/device.h"

struct sound_meter;

/* A meter for one clip: channels at least 1, rate in Hz. To be freed by sound_meter_free. */
enum error_code sound_meter_new(int channels, int rate, struct sound_meter **meter,
                                struct error *error);

/* Takes the next frames, samples (frames, channels) interleaved. How the clip is
 * divided into calls does not change the measures. */
void sound_meter_add(struct sound_meter *meter, const void *samples, enum sample_format format,
                     size_t frames);

/* The measures of everything that was added; nothing may be added afterwards. */
void sound_meter_end(struct sound_meter *meter, struct sound_measures *measures);

void sound_meter_free(struct sound_meter *meter); /* takes NULL */

#endif
