/* The first bytes of files for FFmpeg's libraries, and where their structures end: what is read
 * before these libraries see anything. */
#include "host/sound/media_header.h"
#include "host/sound/sound_file.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the file is. */
static void look_for_cut(const struct sound_source *source, const struct media_kind *kind) {
    uint64_t promised = 0, present = 0;
    const bool is_cut = media_header_is_cut(source, kind, &promised, &present);
    if (errno != 0 || present > source->bytes || (is_cut && promised <= present)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const demuxers[] = {"mov", "asf", "avi", "matroska", "ogg", "aac"};
    static int descriptor = -1;
    if (descriptor < 0) descriptor = memfd_create("sound", MFD_CLOEXEC);
    if (descriptor < 0 || ftruncate(descriptor, 0) != 0) abort();
    if (size > 0 && pwrite(descriptor, data, size, 0) != (ssize_t)size) abort();
    const struct sound_source source = {.descriptor = descriptor, .bytes = size};
    const struct media_kind *found = media_header_kind(&source);
    if (errno != 0) abort();
    if (found != NULL) look_for_cut(&source, found);
    for (size_t i = 0; i < sizeof demuxers / sizeof demuxers[0]; i++) {
        const struct media_kind kind = {"any", demuxers[i]};
        look_for_cut(&source, &kind);
    }
    media_header_is_chained(&source);
    if (errno != 0) abort();
    const char *other = media_header_other(&source);
    if (errno != 0 || (other != NULL && other[strlen(other) - 1] == '.')) abort();
    /* Every container of libsndfile may hold what only FFmpeg's libraries read. */
    for (int container = CONTAINER_NONE; container <= CONTAINER_MEDIA; container++)
        sound_header_inside(&source, (enum sound_container)container);
    return 0;
}
