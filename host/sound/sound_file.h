/* Reading an untrusted sound file: its first bytes decide whether a library opens it at all,
 * and the values of its header are checked against bounds before any sample is read. */
#ifndef EARMARK_SOUND_SOUND_FILE_H
#define EARMARK_SOUND_SOUND_FILE_H

#include "host/sound/sound_layout.h"

#include <stdint.h>

/* By the first bytes (an ID3 tag is skipped; sound_header.c). errno is not 0 afterwards when the
 * system refused to read; the answer is then meaningless. */
enum sound_container sound_header_container(const struct sound_source *source);

struct media_kind;

/* What FFmpeg's libraries may read of a file that libsndfile does not: a codec in a container of
 * libsndfile's that it does not know. NULL: libsndfile's reason is the right one. */
const struct media_kind *sound_header_inside(const struct sound_source *source,
                                             enum sound_container container);

/* ---- opening ---- */

#define SOUNDS_READ                                                                                \
    "WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, AU, SPHERE, CAF, W64, AVR, IRCAM, PAF, PVF, HTK, "    \
    "VOC and WVE are, and with FFmpeg's libraries MP4, AAC, ALAC, WMA, AMR, Matroska and others"

struct sound_file;

/* The functions of a library, for a file that it opened. Samples are interleaved; as int16 only
 * where sound_file.sixteen_bits. Fewer frames than asked for: the end of the file, or a failure. */
struct sound_reader {
    const char *library;
    size_t (*read_short)(struct sound_file *file, int16_t *samples, size_t frames);
    size_t (*read_float)(struct sound_file *file, float *samples, size_t frames);
    /* Exactly to a frame. NULL: only decoding what is before gives the same samples. */
    bool (*seek)(struct sound_file *file, size_t frame);
    const char *(*failure)(struct sound_file *file); /* of the calls so far, in words; NULL: none */
    void (*close)(struct sound_file *file);
    bool has_basis; /* the library's version is in verdict_basis() */
};

/* Readers take a header in twenty pieces, and a tiny clip is not longer. */
#define SOUND_HEAD_BYTES 4096

struct sound_file {
    const struct sound_reader *reader;
    void *handle; /* the library's; NULL: not open */
    struct sound_source source;
    int64_t position; /* in the bytes that libsndfile sees, where it reads next */
    enum sound_container container;
    struct sound_layout layout;
    bool has_far_end;       /* libsndfile sees an end far beyond the file's (sound_sndfile.c) */
    int channels;           /* 1 .. DECODE_MAXIMUM_CHANNELS */
    int rate;               /* DECODE_MINIMUM_RATE .. DECODE_MAXIMUM_RATE */
    size_t promised_frames; /* according to the header; SIZE_MAX: it has no length */
    bool sixteen_bits;      /* every sample is an int16 exactly */
    char kind[24];          /* "WAV PCM_16" */
    int failure;            /* errno, where the system refused and not the content is wrong */
    unsigned char head[SOUND_HEAD_BYTES]; /* of the source */
};

/* Takes over the source's descriptor; *file must not move. Sets *verdict and returns its status;
 * unless that is CLIP_OK, the file is closed. */
enum clip_status sound_file_open(const struct sound_source *source, struct sound_file *file,
                                 struct verdict *verdict);
void sound_file_close(struct sound_file *file); /* also after a failed open */

/* Whether what was found out about it so far may be a verdict that lasts: no read failed, and its
 * reader's version is known. */
bool sound_file_is_certain(const struct sound_file *file);

/* Opens the same file again, from its beginning. The address of *file is the same. */
enum clip_status sound_file_reopen(struct sound_file *file, struct verdict *verdict);

/* Of sound_file_open, by libsndfile (sound_sndfile.c) and FFmpeg (ffmpeg.c): open a file
 * whose container is known, and fill in what the header says, which is not checked yet. */
enum clip_status sndfile_open(struct sound_file *file, struct verdict *verdict);
enum clip_status ffmpeg_open(struct sound_file *file, const struct media_kind *kind,
                             struct verdict *verdict);

/* The bytes of a reader's failure before its first full stop. */
size_t sound_failure_length(const char *failure);

#endif
