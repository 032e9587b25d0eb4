/* The header of a sound file, which is read before libsndfile opens the file. */
#include "host/sound/sound_file.h"
#include "host/sound/sound_layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int descriptor = -1;
    if (descriptor < 0) descriptor = memfd_create("sound", MFD_CLOEXEC);
    if (descriptor < 0 || ftruncate(descriptor, 0) != 0) abort();
    if (size > 0 && pwrite(descriptor, data, size, 0) != (ssize_t)size) abort();
    const struct sound_source source = {.descriptor = descriptor, .bytes = size};
    enum sound_container container = sound_header_container(&source);
    if (size < 12 && container != CONTAINER_NONE) abort();
    for (int other = CONTAINER_NONE; other <= CONTAINER_MEDIA; other++) {
        enum sound_container found = (enum sound_container)other;
        struct sound_layout layout;
        const char *refusal = sound_layout_find(&source, &found, &layout);
        if (layout.first > layout.end || layout.end > size) abort();
        if (layout.promised < layout.present || layout.present > size) abort();
        if (layout.fix_bytes > sizeof layout.fix ||
            (layout.fix_bytes > 0 && layout.fix_at + layout.fix_bytes > size))
            abort();
        if (refusal != NULL && other != CONTAINER_SPHERE) abort();
        if (layout.format != 0 && (layout.channels < 0 || layout.rate < 0)) abort();
    }
    return 0;
}
