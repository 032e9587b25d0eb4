/* One sound file to samples in memory, the file being treated as hostile.
 *
 * Containers and codecs are on allow-lists (sound_header.c and sound_sndfile.c for libsndfile,
 * media_header.c and ffmpeg/ for FFmpeg's libraries); channels, rate and length are bounded before
 * anything is allocated, and memory grows only with samples that were decoded. What is wrong with a
 * file is a verdict, not an error: the run continues. */
#ifndef EARMARK_SOUND_DECODE_H
#define EARMARK_SOUND_DECODE_H

#include "host/base/error.h"
#include "host/clips/clip_facts.h"
#include "host/sound/decode_settings.h"
#include "host/sound/sound_source.h"
#include "kernels/device.h"

/* A decoded clip. Zero-initialise once, use for many clips, free at the end:
 * the buffer is kept. */
struct decoded {
    struct verdict verdict; /* CLIP_OK, SILENT, UNREADABLE, TRUNCATED, TOO_SHORT or BAD_SEGMENT */

    /* Valid for CLIP_OK and CLIP_SILENT: what struct device_clip needs. */
    const void *samples; /* (frames, channels) interleaved */
    size_t frames;
    int channels;
    int rate; /* the model's own, or one that device_resamples() accepts */
    enum sample_format format;
    size_t bytes; /* frames * channels * size of a sample */

    /* About the file. */
    struct clip_facts facts;  /* its sound only with settings.measure; the decode pool
                                 fills in its fingerprint */
    size_t source_frames;     /* decoded of the clip's segment, before any resampling */
    float peak;               /* largest |x| over all channels; 1 is full scale */
    char source_kind[24];     /* "WAV PCM_16", "FLAC PCM_24", "MP3" */
    struct sound_reads reads; /* by a decoder, for this clip; zero from decode_clip() itself */

    void *buffer; /* owned; samples points here unless into target, or where settings->place says */
    size_t capacity;

    /* The caller's memory for the samples instead of the buffer, or NULL; a clip that
     * does not fit is refused. */
    void *target;
    size_t target_capacity;
};

void decoded_free(struct decoded *decoded); /* the buffer; not the target */

/* The bytes that the samples of a clip of this file may take. */
size_t decode_most_bytes(const struct decode_settings *settings, const struct sound_source *source);

/* Fills in decoded->facts.hash, of the samples: equal for identical audio. */
void decoded_hash(struct decoded *decoded);

/* Decodes the file, whose descriptor is closed, or kept with settings->kept. Samples come as int16
 * from 16-bit or smaller PCM (mono and stereo), as float32 otherwise; more channels, and float with
 * more than one, are already mixed down (mean of the channels). A rate the device does not resample
 * comes as mono float32 at the model's rate, ceil(N model_rate / rate) samples. Errors:
 * ERROR_MEMORY; ERROR_STOPPED when cancelled. */
enum error_code decode_clip(struct sound_source *source, const struct decode_settings *settings,
                            struct decoded *decoded, struct error *error);

#endif
