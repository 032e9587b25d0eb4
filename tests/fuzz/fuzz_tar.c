/* Tar files: their members, the bytes of each through the container, and each found by its name. */
#include "host/base/text.h"
#include "host/containers/container.h"
#include "host/containers/tar_index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_member(struct container *container, const struct tar_index *index, size_t i) {
    struct error error = ERROR_INITIAL;
    struct container_bytes bytes;
    struct container_member member;
    const struct tar_entry *entry = &index->entries[i];
    char byte;
    bool found = false;
    if (entry->kind == TAR_FILE &&
        container_bytes(container, &entry->member, &bytes, &error) == ERROR_NONE) {
        if (bytes.count != entry->member.bytes || entry->is_cut) abort();
        /* The window is in the file. */
        if (bytes.count > 0 &&
            pread(bytes.descriptor, &byte, 1, (off_t)(bytes.offset + bytes.count - 1)) != 1)
            abort();
        close(bytes.descriptor);
    }
    error = (struct error)ERROR_INITIAL;
    if (container_find(container, tar_index_name(index, entry), &member, &found, &error) !=
        ERROR_NONE)
        abort();
    if (!entry->replaced && found != (entry->kind == TAR_FILE)) abort();
    if (!entry->replaced && found && member.place != entry->member.place) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct tar_index index;
    struct container *container = NULL;
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    tar_index_read(&index, file, "a.tar", size, NULL, NULL, &error);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    if (error.code == ERROR_NONE &&
        container_open(fcntl(file, F_DUPFD_CLOEXEC, 0), "a.tar", &container, &error) != ERROR_NONE)
        abort();
    for (size_t i = 0; error.code == ERROR_NONE && i < index.count && i < 64; i++)
        check_member(container, &index, i * 7 % index.count);
    container_close(container);
    tar_index_free(&index);
    close(file);
    return 0;
}
