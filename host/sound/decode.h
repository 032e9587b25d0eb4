/* One sound file to samples in memory, the file being treated as hostile.
 *
 * Containers and codecs are on an allow-list (WAV, FLAC, Ogg Vorbis and Opus,
 * MP3, AIFF, AU); channels, rate and length are bounded before anything is
 * allocated, and memory grows only with samples that were decoded. A bad file is
 * a status and a reason, not an error: the run continues. */
#ifndef EARMARK_SOUND_DECODE_H
#define EARMARK_SOUND_DECODE_H

#include "host/base/error.h"
#include "host/clips/clip_facts.h"
#include "host/clips/clips.h"
#include "kernels/device.h"

#define DECODE_MAXIMUM_CHANNELS 64
#define DECODE_MINIMUM_RATE 1000
#define DECODE_MAXIMUM_RATE 768000
#define DECODE_MAXIMUM_SECONDS 14400           /* four hours */
#define DECODE_MAXIMUM_BYTES ((size_t)1 << 32) /* of decoded samples of one clip */

/* Half a step of 16-bit audio: a mix that stays below it is silent. */
#define DECODE_SILENT_PEAK (1.0F / 65536.0F)

/* Beyond any scale in use (float files in 16-bit units reach 32768); squares and
 * sums of such samples still fit a float32. */
#define DECODE_MAXIMUM_PEAK 1e9F

/* Ends up to this far past the end of the file are treated as rounding. */
#define DECODE_END_SLACK 0.05 /* seconds */

#define DECODE_REASON_SIZE 512

struct kept_files;

struct decode_settings {
    int model_rate;         /* Hz; 16000 */
    bool no_resample;       /* treat every rate as if it were the model's */
    size_t minimum_samples; /* at the model's rate: fewer are CLIP_TOO_SHORT; 0: no bound */
    double first_seconds;   /* decode only this many seconds; 0: all */
    bool measure;           /* fill in facts.sound */

    /* The segment of the file that is the clip; outside the file: CLIP_BAD_SEGMENT. */
    double start_seconds;
    double end_seconds; /* 0: the file's end */

    /* Files that this thread keeps open from one segment to the next; NULL: none. */
    struct kept_files *kept;

    /* Both optional; false cancels the clip (the run is ending). The first is called before
     * memory is allocated, with the bytes that this clip will have in all, and may wait; the
     * second is called between blocks. */
    bool (*reserve)(void *context, size_t bytes);
    bool (*goes_on)(void *context);
    void *context;
};

/* A decoded clip. Zero-initialise once, use for many clips, free at the end:
 * the buffer is kept. */
struct decoded {
    enum clip_status status; /* CLIP_OK, SILENT, UNREADABLE, TRUNCATED, TOO_SHORT or BAD_SEGMENT */
    char reason[DECODE_REASON_SIZE]; /* empty for CLIP_OK */

    /* Valid for CLIP_OK and CLIP_SILENT: what struct device_clip needs. */
    const void *samples; /* (frames, channels) interleaved */
    size_t frames;
    int channels;
    int rate; /* the model's own, or one that device_resamples() accepts */
    enum sample_format format;
    size_t bytes; /* frames * channels * size of a sample */

    /* About the file. */
    struct clip_facts facts; /* its sound only with settings.measure; the decode pool
                                fills in its fingerprint */
    size_t source_frames;    /* decoded of the clip's segment, before any resampling */
    float peak;              /* largest |x| over all channels; 1 is full scale */
    char source_kind[24];    /* "WAV PCM_16", "FLAC PCM_24", "MP3" */

    void *buffer; /* owned; samples points here unless it points into target */
    size_t capacity;

    /* The caller's memory for the samples instead of the buffer, or NULL; a clip that
     * does not fit is refused. */
    void *target;
    size_t target_capacity;
};

void decoded_free(struct decoded *decoded); /* the buffer; not the target */

/* Decodes `path`. Samples come as int16 from 16-bit or smaller PCM (mono and
 * stereo), as float32 otherwise; more channels, and float with more than one,
 * are already mixed down (mean of the channels). A rate the device does not
 * resample comes as mono float32 at the model's rate, ceil(N model_rate / rate)
 * samples. Errors: ERROR_MEMORY; ERROR_FILE when no more files can be opened;
 * ERROR_STOPPED when cancelled. */
enum error_code decode_clip(const char *path, const struct decode_settings *settings,
                            struct decoded *decoded, struct error *error);

#endif
