/* Opening a sound file that may be anything: what it begins with decides whether
 * libsndfile sees it at all, and its header is held to bounds before any sample
 * is read. */
#ifndef EARMARK_SOUND_SOUND_FILE_H
#define EARMARK_SOUND_SOUND_FILE_H

#include "host/clips/clips.h"

#include <sndfile.h>

/* ---- what a file is and promises, by its own bytes (sound_header.c) ---- */

enum sound_container {
    CONTAINER_NONE = 0,
    CONTAINER_WAV, /* RIFF, RIFX, RF64 */
    CONTAINER_FLAC,
    CONTAINER_OGG,
    CONTAINER_AIFF,
    CONTAINER_AU,
    CONTAINER_MPEG
};

/* By the first bytes (an ID3 tag is looked behind). Of both functions: errno is not 0
 * afterwards when the system refused to read, and then the answer is worth nothing. */
enum sound_container sound_header_container(int descriptor);

/* Whether the header promises more bytes of samples than the file has, in the
 * containers whose samples are one block (WAV, AIFF, AU); libsndfile quietly goes
 * by the file's length there. The sizes that programs write into a pipe, where
 * they cannot know the length, promise nothing. */
bool sound_header_is_cut(int descriptor, enum sound_container container, uint64_t file_bytes,
                         uint64_t *promised_bytes, uint64_t *present_bytes);

/* ---- opening ---- */

struct sound_file {
    SNDFILE *handle;
    int descriptor;
    size_t file_bytes;
    enum sound_container container;
    bool has_far_end;       /* libsndfile sees an end far behind the file's (sound_file.c) */
    int channels;           /* 1 .. DECODE_MAXIMUM_CHANNELS */
    int rate;               /* DECODE_MINIMUM_RATE .. DECODE_MAXIMUM_RATE */
    size_t promised_frames; /* what the header says; SIZE_MAX: it does not say */
    bool sixteen_bits;      /* every sample is an int16 exactly */
    char kind[24];          /* "WAV PCM_16" */
    int failure;            /* errno, where the system and not the file's content is to blame */
};

/* CLIP_OK, or what is wrong, with the reason (DECODE_REASON_SIZE bytes); then
 * nothing is open, but `failure` is kept. */
enum clip_status sound_file_open(const char *path, struct sound_file *file, char *reason);
void sound_file_close(struct sound_file *file); /* also after a failed open */

#endif
