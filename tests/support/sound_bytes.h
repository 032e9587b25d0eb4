/* Sound files in memory. */
#ifndef EARMARK_TEST_SOUND_BYTES_H
#define EARMARK_TEST_SOUND_BYTES_H

#include <stddef.h>

/* A sound file for libsndfile to read. */
struct sound_bytes {
    unsigned char *data;
    size_t size;
    size_t position;
};

/* Decodes a FLAC or WAV file of one channel; samples are to be freed. */
short *sound_bytes_decode(struct sound_bytes *bytes, size_t *frames, int *rate);

#endif
