/* The header of a sound file, which is read before libsndfile opens the file. */
#include "host/sound/sound_file.h"

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
    enum sound_container container = sound_header_container(descriptor);
    for (int other = CONTAINER_NONE; other <= CONTAINER_MPEG; other++) {
        uint64_t promised = 0;
        uint64_t present = 0;
        if (!sound_header_is_cut(descriptor, (enum sound_container)other, size, &promised,
                                 &present))
            continue;
        if (promised <= present || present > size) abort();
        if (size < 12 && container != CONTAINER_NONE) abort();
    }
    return 0;
}
