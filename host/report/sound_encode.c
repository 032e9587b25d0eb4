#include "host/report/sound_encode.h"

#include "host/base/memory.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The memory that libsndfile writes to instead of a file. */
struct memory_file {
    unsigned char *data;
    size_t size;
    size_t capacity;
    size_t position;
    struct error error;
};

static sf_count_t file_size(void *context) {
    const struct memory_file *file = context;
    return (sf_count_t)file->size;
}

static sf_count_t file_seek(sf_count_t offset, int whence, void *context) {
    struct memory_file *file = context;
    sf_count_t from = whence == SEEK_SET   ? 0
                      : whence == SEEK_CUR ? (sf_count_t)file->position
                                           : (sf_count_t)file->size;
    sf_count_t to = from + offset;
    if (to < 0 || to > (sf_count_t)file->size) return -1;
    file->position = (size_t)to;
    return to;
}

static sf_count_t file_read_back(void *target, sf_count_t count, void *context) {
    struct memory_file *file = context;
    size_t left = file->size - file->position;
    size_t wanted = count < 0 ? 0 : (size_t)count;
    if (wanted > left) wanted = left;
    if (wanted > 0) memcpy(target, file->data + file->position, wanted);
    file->position += wanted;
    return (sf_count_t)wanted;
}

static sf_count_t file_append(const void *bytes, sf_count_t count, void *context) {
    struct memory_file *file = context;
    if (count <= 0) return 0;
    size_t end = file->position + (size_t)count;
    if (memory_grow(&file->data, &file->capacity, end, 1, "the sound of a clip", &file->error) !=
        ERROR_NONE)
        return 0;
    memcpy(file->data + file->position, bytes, (size_t)count);
    file->position = end;
    if (file->size < end) file->size = end;
    return count;
}

static sf_count_t file_tell(void *context) {
    const struct memory_file *file = context;
    return (sf_count_t)file->position;
}

/* Writes the samples in libsndfile's format; false when it cannot. */
static bool encode(struct memory_file *file, int format, const int16_t *samples, size_t frames,
                   int rate) {
    SF_VIRTUAL_IO calls = {file_size, file_seek, file_read_back, file_append, file_tell};
    SF_INFO info = {.samplerate = rate, .channels = 1, .format = format | SF_FORMAT_PCM_16};
    SNDFILE *sound = sf_open_virtual(&calls, SFM_WRITE, &info, file);
    if (sound == NULL) return false;
    bool written = sf_write_short(sound, samples, (sf_count_t)frames) == (sf_count_t)frames;
    return sf_close(sound) == 0 && written && file->error.code == ERROR_NONE;
}

enum error_code sound_encode(const int16_t *samples, size_t frames, int rate, unsigned char **data,
                             size_t *size, const char **type, struct error *error) {
    const size_t wav_size = 44 + 2 * frames;
    struct memory_file flac = {.error = ERROR_INITIAL};
    struct memory_file wav = {.error = ERROR_INITIAL};
    bool small = encode(&flac, SF_FORMAT_FLAC, samples, frames, rate) && flac.size < wav_size;
    if (!small && !encode(&wav, SF_FORMAT_WAV, samples, frames, rate)) {
        free(flac.data);
        free(wav.data);
        return FAIL(error, ERROR_MEMORY, "no memory for the sound of a clip (%zu samples)", frames);
    }
    free(small ? wav.data : flac.data);
    *data = small ? flac.data : wav.data;
    *size = small ? flac.size : wav.size;
    *type = small ? "audio/flac" : "audio/wav";
    return ERROR_NONE;
}
