#include "tests/support/sound_bytes.h"

#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static sf_count_t bytes_size(void *context) {
    return (sf_count_t)((struct sound_bytes *)context)->size;
}

static sf_count_t bytes_seek(sf_count_t offset, int whence, void *context) {
    struct sound_bytes *bytes = context;
    sf_count_t from = whence == SEEK_SET   ? 0
                      : whence == SEEK_CUR ? (sf_count_t)bytes->position
                                           : (sf_count_t)bytes->size;
    if (from + offset < 0 || from + offset > (sf_count_t)bytes->size) return -1;
    bytes->position = (size_t)(from + offset);
    return from + offset;
}

static sf_count_t bytes_read(void *target, sf_count_t wanted, void *context) {
    struct sound_bytes *bytes = context;
    sf_count_t left = (sf_count_t)(bytes->size - bytes->position);
    sf_count_t got = wanted < left ? wanted : left;
    if (got > 0) memcpy(target, bytes->data + bytes->position, (size_t)got);
    bytes->position += (size_t)got;
    return got;
}

static sf_count_t bytes_tell(void *context) {
    return (sf_count_t)((struct sound_bytes *)context)->position;
}

short *sound_bytes_decode(struct sound_bytes *bytes, size_t *frames, int *rate) {
    SF_VIRTUAL_IO calls = {bytes_size, bytes_seek, bytes_read, NULL, bytes_tell};
    SF_INFO info = {.format = 0};
    SNDFILE *file = sf_open_virtual(&calls, SFM_READ, &info, bytes);
    assert_non_null(file);
    assert_int_equal(info.channels, 1);
    short *samples = calloc((size_t)info.frames + 1, sizeof *samples);
    assert_non_null(samples);
    assert_int_equal(sf_read_short(file, samples, info.frames + 1), info.frames);
    sf_close(file);
    *frames = (size_t)info.frames;
    *rate = info.samplerate;
    return samples;
}
