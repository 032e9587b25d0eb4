/* A folder whose files are in memory: links to memfds, so that an input costs a few
 * writes and no new files. For fuzzers of readers that take names. */
#ifndef EARMARK_FUZZ_MEMORY_FOLDER_H
#define EARMARK_FUZZ_MEMORY_FOLDER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_FOLDER_CUT 0x1e /* between the files of an input */
#define MEMORY_FOLDER_MOST 8

static char memory_folder[64];
static const char *const *memory_folder_names;
static size_t memory_folder_count;
static int memory_folder_files[MEMORY_FOLDER_MOST];
static int memory_folder_linked[MEMORY_FOLDER_MOST];

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
    snprintf(memory_folder, sizeof memory_folder, "/tmp/earmark-fuzz.XXXXXX");
    if (mkdtemp(memory_folder) == NULL) abort();
    for (size_t i = 0; i < count; i++)
        if ((memory_folder_files[i] = memfd_create(names[i], MFD_CLOEXEC)) < 0) abort();
    atexit(memory_folder_remove);
}

/* Creates the file with these bytes; data NULL: removes it. */
static void memory_folder_set(size_t file, const uint8_t *data, size_t size) {
    char path[128], target[64];
    int descriptor = memory_folder_files[file];
    if ((data != NULL) != (memory_folder_linked[file] != 0)) {
        memory_folder_path(file, path, sizeof path);
        snprintf(target, sizeof target, "/proc/self/fd/%d", descriptor);
        if ((data != NULL ? symlink(target, path) : unlink(path)) != 0) abort();
        memory_folder_linked[file] = data != NULL;
    }
    if (data == NULL) return;
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != (ssize_t)size)
        abort();
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
