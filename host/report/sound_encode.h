/* A sound file in memory. */
#ifndef EARMARK_REPORT_SOUND_ENCODE_H
#define EARMARK_REPORT_SOUND_ENCODE_H

#include "host/base/error.h"

/* One channel of 16-bit samples as a FLAC file, or as a WAV file where that is
 * smaller or FLAC cannot be written. *data (size) is released with free(); *type is
 * a literal: "audio/flac" or "audio/wav". */
enum error_code sound_encode(const int16_t *samples, size_t frames, int rate, unsigned char **data,
                             size_t *size, const char **type, struct error *error);

#endif
