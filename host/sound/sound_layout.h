/* Where the samples are in a file of a known container, and what libsndfile has to be told about
 * them because it takes the header at its word, or does not read it. */
#ifndef EARMARK_SOUND_SOUND_LAYOUT_H
#define EARMARK_SOUND_SOUND_LAYOUT_H

#include "host/sound/sound_source.h"

#include <stdint.h>

enum sound_container {
    CONTAINER_NONE = 0,
    CONTAINER_WAV, /* RIFF, RIFX, RF64 */
    CONTAINER_FLAC,
    CONTAINER_OGG,
    CONTAINER_AIFF,
    CONTAINER_AU,
    CONTAINER_W64,
    CONTAINER_CAF,
    CONTAINER_AVR,
    CONTAINER_SPHERE,
    CONTAINER_OTHER, /* of libsndfile's, whose header has no length that could be wrong */
    CONTAINER_MPEG,
    CONTAINER_MEDIA /* what FFmpeg's libraries read (media_header.h) */
};

struct sound_layout {
    /* libsndfile sees the bytes from `first` to `end` of the file as if they were one, */
    uint64_t first;
    uint64_t end;
    /* and these of them otherwise than they are: a length that was never written. */
    uint64_t fix_at;
    size_t fix_bytes;
    unsigned char fix[8];
    bool unfinished; /* the header does not say how long the sound is, though its format does */

    /* Of SPHERE, which libsndfile sees as samples without a header: its format; otherwise 0. */
    int format;
    int channels;
    int rate;

    /* Bytes of samples, where the header promises more than there are; otherwise equal. */
    uint64_t promised;
    uint64_t present;
};

/* Fills in *layout. May change the container: MPEG audio in a WAV is seen as MPEG audio. Returns
 * why the file cannot be read, with what to do, or NULL. errno is not 0 afterwards when the system
 * refused to read; the answer is then meaningless. */
const char *sound_layout_find(const struct sound_source *source, enum sound_container *container,
                              struct sound_layout *layout);

/* The same for SPHERE (sphere.c). */
const char *sphere_layout(const struct sound_source *source, struct sound_layout *layout);

/* A frame header of MPEG audio: sync, a version, a layer and a rate that exist (sound_header.c). */
bool sound_header_is_mpeg_frame(const unsigned char *bytes);

#endif
