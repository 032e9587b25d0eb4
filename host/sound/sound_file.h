/* Reading an untrusted sound file: its first bytes decide whether libsndfile opens it at all,
 * and the values of its header are checked against bounds before any sample is read. */
#ifndef EARMARK_SOUND_SOUND_FILE_H
#define EARMARK_SOUND_SOUND_FILE_H

#include "host/sound/sound_source.h"

#include <sndfile.h>

/* ---- kind and promised length, by the first bytes (sound_header.c) ---- */

enum sound_container {
    CONTAINER_NONE = 0,
    CONTAINER_WAV, /* RIFF, RIFX, RF64 */
    CONTAINER_FLAC,
    CONTAINER_OGG,
    CONTAINER_AIFF,
    CONTAINER_AU,
    CONTAINER_MPEG
};

/* By the first bytes (an ID3 tag is skipped). Of both functions: errno is not 0 afterwards
 * when the system refused to read; the answer is then meaningless. */
enum sound_container sound_header_container(int descriptor);

/* Whether the header promises more bytes of samples than the file has, in the
 * containers whose samples are one block (WAV, AIFF, AU); libsndfile silently uses the
 * file's length there. Sizes that programs write into a pipe, where the length is unknown,
 * are not promises. */
bool sound_header_is_cut(int descriptor, enum sound_container container, uint64_t file_bytes,
                         uint64_t *promised_bytes, uint64_t *present_bytes);

/* ---- opening ---- */

struct sound_file {
    SNDFILE *handle;
    struct sound_source source;
    sf_count_t position; /* in bytes, where libsndfile reads next */
    enum sound_container container;
    bool has_far_end;       /* libsndfile sees an end far beyond the file's (sound_file.c) */
    int channels;           /* 1 .. DECODE_MAXIMUM_CHANNELS */
    int rate;               /* DECODE_MINIMUM_RATE .. DECODE_MAXIMUM_RATE */
    size_t promised_frames; /* according to the header; SIZE_MAX: it has no length */
    bool sixteen_bits;      /* every sample is an int16 exactly */
    char kind[24];          /* "WAV PCM_16" */
    int failure;            /* errno, where the system refused and not the content is wrong */
};

/* Takes over the source's descriptor. Sets *verdict and returns its status; unless that is
 * CLIP_OK, the file is closed. */
enum clip_status sound_file_open(const struct sound_source *source, struct sound_file *file,
                                 struct verdict *verdict);
void sound_file_close(struct sound_file *file); /* also after a failed open */

#endif
