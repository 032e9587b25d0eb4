/* A folder of several files made of one fuzzed input, new for every input. */
#ifndef EARMARK_FUZZ_FOLDER_H
#define EARMARK_FUZZ_FOLDER_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUZZ_CUT 0x1e /* between the files */

struct fuzz_folder {
    char path[64];
    const char *const *names; /* of the files, a NULL behind the last */
};

static void fuzz_part_path(const struct fuzz_folder *folder, size_t part, char *path, size_t size) {
    snprintf(path, size, "%s/%s", folder->path, folder->names[part]);
}

static void fuzz_folder_remove(const struct fuzz_folder *folder) {
    for (size_t i = 0; folder->names[i] != NULL; i++) {
        char path[128];
        fuzz_part_path(folder, i, path, sizeof path);
        unlink(path);
    }
    rmdir(folder->path);
}

static void fuzz_write_part(const struct fuzz_folder *folder, size_t part, const uint8_t *data,
                            size_t size) {
    char path[128];
    fuzz_part_path(folder, part, path, sizeof path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || (size > 0 && write(file, data, size) != (ssize_t)size)) abort();
    close(file);
}

/* Makes the folder (in memory where that can be) and cuts the input into its files, as
 * many as there are. The caller removes it when the process ends. */
static void fuzz_folder_fill(struct fuzz_folder *folder, const uint8_t *data, size_t size) {
    const uint8_t *end = data + size;
    if (folder->path[0] == '\0') {
        snprintf(folder->path, sizeof folder->path, "%s/earmark-fuzz.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (mkdtemp(folder->path) == NULL) abort();
    }
    fuzz_folder_remove(folder);
    if (mkdir(folder->path, 0700) != 0) abort();
    for (size_t part = 0; folder->names[part] != NULL && data <= end; part++) {
        const uint8_t *cut = data == end ? NULL : memchr(data, FUZZ_CUT, (size_t)(end - data));
        fuzz_write_part(folder, part, data, (size_t)((cut == NULL ? end : cut) - data));
        data = cut == NULL ? end + 1 : cut + 1;
    }
}

#endif
