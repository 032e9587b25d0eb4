/* A clip reduced for embedding in the page: one channel, 16 bits, about 16 kHz, only the
 * beginning of a long clip, and its waveform. */
#ifndef EARMARK_REPORT_PAGE_SOUND_H
#define EARMARK_REPORT_PAGE_SOUND_H

#include "host/base/text.h"
#include "host/sound/decoder.h"

/* The sound in the page is cut after this many frames or seconds, whichever comes first: 15 s
 * at 16 kHz, 30 s at 8 kHz. 200 of them are at most 96 MB before compression. */
#define SOUND_MAXIMUM_FRAMES 240000u
#define SOUND_MAXIMUM_SECONDS 30

#define SOUND_COLUMNS 120 /* of the waveform */

struct sound {
    bool readable;
    char reason[VERDICT_REASON_SIZE]; /* why it is not readable */

    unsigned char *data; /* (size) a FLAC or WAV file, whichever is smaller */
    size_t size;
    const char *type; /* "audio/flac" or "audio/wav" */
    int rate;         /* Hz of the sound in the page: the file's, divided by a whole number */
    double seconds;   /* of the clip; infinite when it is longer than what was decoded */
    double kept;      /* seconds in the page; less than `seconds` when it was cut */

    float lowest[SOUND_COLUMNS]; /* of the kept sound, -1 .. 1 at full scale */
    float highest[SOUND_COLUMNS];
};

/* Decodes the file that open() gave this descriptor (from `start` on, for `duration` seconds if
 * that is not negative), reduces it, and closes it. What is wrong with the file is in `reason`,
 * also when it could not be opened (-1, with its errno); errors are of memory and of the decoder
 * only. May be called from several threads, preferably with a decoder (`index`) for each. */
enum error_code sound_load(struct decoders *decoders, int index, int descriptor, const char *path,
                           double start, double duration, struct sound *sound, struct error *error);
void sound_free(struct sound *sound);

/* data:audio/flac;base64,... */
void sound_append_uri(struct text *text, const struct sound *sound);

/* The waveform as the d attribute of an SVG path in a box of SOUND_COLUMNS x 40,
 * scaled so that the loudest column fills it. */
void sound_append_waveform(struct text *text, const struct sound *sound);

#endif
