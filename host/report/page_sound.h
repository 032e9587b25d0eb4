/* A clip reduced for embedding in the page: one channel, 16 bits, about 16 kHz, only the
 * beginning of a long clip, and its waveform. */
#ifndef EARMARK_REPORT_PAGE_SOUND_H
#define EARMARK_REPORT_PAGE_SOUND_H

#include "host/base/text.h"
#include "host/sound/clip_sources.h"
#include "host/sound/decoder.h"
#include "host/sound/spectrogram.h"

/* The sound in the page is cut after this many frames or seconds, whichever comes first: 15 s
 * at 16 kHz, 30 s at 8 kHz. 200 of them are at most 96 MB before compression. */
#define SOUND_MAXIMUM_FRAMES 240000u
#define SOUND_MAXIMUM_SECONDS 30
/* Where the page has no room for all of them, later ones are cut to this. */
#define SOUND_MINIMUM_SECONDS 3

#define SOUND_COLUMNS 120 /* of the waveform */

struct sound {
    bool readable;
    bool outside;                     /* it leads out of the folder, and was not opened */
    char reason[VERDICT_REASON_SIZE]; /* why it is not readable */

    unsigned char *data; /* (size) a FLAC or WAV file, whichever is smaller */
    size_t size;
    const char *type;       /* "audio/flac" or "audio/wav" */
    int rate;               /* Hz of the sound in the page: the file's, divided by a whole number */
    int file_rate;          /* Hz of the file */
    unsigned char *picture; /* (picture_size) the kept sound's spectrogram, a PNG file */
    size_t picture_size;
    double seconds; /* of the clip; infinite when it is longer than what was decoded */
    double kept;    /* seconds in the page; less than `seconds` when it was cut */

    float peak; /* the largest |x| of the kept sound at the file's rate, 1 at full scale */
    float lowest[SOUND_COLUMNS]; /* of the kept sound, -1 .. 1 at full scale */
    float highest[SOUND_COLUMNS];
};

/* Opens the file or member of a container (clip_sources_find), decodes it (from `start` on, for
 * `duration` seconds if that is not negative, at most `most` are kept) and reduces it. What is
 * wrong with it is in `reason`; errors are of memory and of the decoder only. May be called from
 * several threads, preferably with a decoder (`index`) for each. */
enum error_code sound_load(struct decoders *decoders, int index, struct clip_sources *sources,
                           const char *path, double start, double duration, int most,
                           struct sound *sound, struct error *error);
void sound_free(struct sound *sound);

/* data:audio/flac;base64,... */
void sound_append_uri(struct text *text, const char *type, const unsigned char *data, size_t size);

/* The waveform as the d attribute of an SVG path in a box of SOUND_COLUMNS x 40,
 * scaled so that the loudest column fills it. */
void sound_append_waveform(struct text *text, const struct sound *sound);

#endif
