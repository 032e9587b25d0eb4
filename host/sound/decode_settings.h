/* What is decoded of a sound file, and the bounds that every file is held to. */
#ifndef EARMARK_SOUND_DECODE_SETTINGS_H
#define EARMARK_SOUND_DECODE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define DECODE_MAXIMUM_CHANNELS 64
#define DECODE_MINIMUM_RATE 1000
#define DECODE_MAXIMUM_RATE 768000
#define DECODE_MAXIMUM_SECONDS 14400           /* four hours */
#define DECODE_MAXIMUM_BYTES ((size_t)1 << 32) /* of decoded samples of one clip */

/* Without most_bytes, a clip's samples may take this many bytes, or this many for each byte of
 * the file on the disk, whichever is more. Compressed sound reaches 60 (24 kbit/s at 48 kHz);
 * files made to use up memory, of silence or with holes, reach thousands. */
#define DECODE_FREE_BYTES ((size_t)128 << 20)
#define DECODE_BYTES_PER_STORED_BYTE 64

/* Half a step of 16-bit audio: a mix that stays below it is silent. */
#define DECODE_SILENT_PEAK (1.0F / 65536.0F)
#define DECODE_SILENT_REASON "silent: no sample is louder than half a step of 16 bits"

/* dB: channels whose mean is this far below what unrelated channels would give cancel in it. Two of
 * one level have 10 log10(1 + their correlation): they are inverted copies to more than 0.92. */
#define DECODE_CANCEL_LEVEL (-11.0F)

/* Beyond any scale in use (float files in 16-bit units reach 32768); squares and
 * sums of such samples still fit a float32. */
#define DECODE_MAXIMUM_PEAK 1e9F

/* Ends up to this far past the end of the file are treated as rounding. */
#define DECODE_END_SLACK 0.05 /* seconds */

struct kept_files;
struct decoded;

struct decode_settings {
    int model_rate;         /* Hz; 16000 */
    bool no_resample;       /* treat every rate as if it were the model's */
    size_t minimum_samples; /* at the model's rate: fewer are CLIP_TOO_SHORT; 0: no bound */
    double first_seconds;   /* decode only this many seconds; 0: all */
    size_t most_bytes;      /* of the samples; 0: as above. Never more than DECODE_MAXIMUM_BYTES */
    bool measure;           /* fill in facts.sound */

    /* The segment of the file that is the clip; outside the file: CLIP_BAD_SEGMENT. */
    double start_seconds;
    double end_seconds; /* 0: the file's end */

    /* Files that this thread keeps open from one segment to the next; NULL: none. */
    struct kept_files *kept;

    /* All optional. False cancels the clip (the run is ending). The first is called before
     * memory is allocated, with the bytes that this clip will have in all, and may wait; the
     * second is called between blocks, with the frames of the file that were read. The third is
     * for decoders_decode() alone: where the samples, of decoded->bytes, are to be copied; NULL:
     * into the clip's own buffer. */
    bool (*reserve)(void *context, size_t bytes);
    bool (*goes_on)(void *context, size_t frames);
    void *(*place)(void *context, const struct decoded *decoded);
    void *context;
};

#endif
