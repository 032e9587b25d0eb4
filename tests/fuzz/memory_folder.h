/* A folder whose files are in memory, where there is /dev/shm, so that an input costs a few
 * writes. For fuzzers of readers that take names. */
#ifndef EARMARK_FUZZ_MEMORY_FOLDER_H
#define EARMARK_FUZZ_MEMORY_FOLDER_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_FOLDER_CUT 0x1e /* between the files of an input */
#define MEMORY_FOLDER_MOST 8

static char memory_folder[64];
static const char *const *memory_folder_names;
static size_t memory_folder_count;

static void memory_folder_path(size_t file, char *path, size_t size) {
    snprintf(path, size, "%s/%s", memory_folder, memory_folder_names[file]);
}

static void memory_folder_remove(void) {
    for (size_t i = 0; i < memory_folder_count; i++) {
        char path[128];
        memory_folder_path(i, path, sizeof path);
        unlink(path);
    }
    rmdir(memory_folder);
}

/* Creates the folder; later calls do nothing. */
static void memory_folder_make(const char *const *names, size_t count) {
    if (memory_folder[0] != '\0') return;
    if (count > MEMORY_FOLDER_MOST) abort();
    memory_folder_names = names;
    memory_folder_count = count;
    snprintf(memory_folder, sizeof memory_folder, "%s/earmark-fuzz.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(memory_folder) == NULL) abort();
    atexit(memory_folder_remove);
}

/* Creates the file with these bytes; data NULL: removes it. */
static void memory_folder_set(size_t file, const uint8_t *data, size_t size) {
    char path[128];
    memory_folder_path(file, path, sizeof path);
    if (data == NULL) {
        unlink(path);
        return;
    }
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0 || write(descriptor, data, size) != (ssize_t)size) abort();
    close(descriptor);
}

/* Splits the input into the files, in their order; missing ones are removed. */
static inline void memory_folder_fill(const uint8_t *data, size_t size) {
    const uint8_t *at = data, *end = data + size;
    for (size_t i = 0; i < memory_folder_count; i++) {
        if (at > end) {
            memory_folder_set(i, NULL, 0);
            continue;
        }
        const uint8_t *cut = at == end ? NULL : memchr(at, MEMORY_FOLDER_CUT, (size_t)(end - at));
        const uint8_t *stop = cut == NULL ? end : cut;
        memory_folder_set(i, at, (size_t)(stop - at));
        at = stop + 1;
    }
}

#endif
