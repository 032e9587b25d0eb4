#include "host/base/file.h"

#include "host/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens without blocking on a FIFO, and refuses what is not a regular file. */
static enum error_code open_regular(const char *path, int *descriptor, size_t *size,
                                    struct error *error) {
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) return FAIL(error, ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
    struct stat status;
    if (fstat(opened, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 0) {
        close(opened);
        return FAIL(error, ERROR_FILE, "%s: not a regular file", path);
    }
    *descriptor = opened;
    *size = (size_t)status.st_size;
    return ERROR_NONE;
}

enum error_code file_read(const char *path, size_t limit, char **data, size_t *size,
                          struct error *error) {
    int descriptor = -1;
    size_t expected = 0;
    TRY(open_regular(path, &descriptor, &expected, error));
    char *buffer = NULL;
    size_t have = 0;
    if (expected > limit) {
        FAIL(error, ERROR_DATA, "%s: %zu bytes; at most %zu are read", path, expected, limit);
        goto done;
    }
    buffer = memory_array(expected + 1, 1, path, error);
    while (buffer != NULL && have < expected) {
        ssize_t got = read(descriptor, buffer + have, expected - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) FAIL(error, ERROR_FILE, "%s: cannot read: %s", path, strerror(errno));
        if (got <= 0) break;
        have += (size_t)got;
    }
done:
    close(descriptor);
    if (error->code != ERROR_NONE) {
        free(buffer);
        return error->code;
    }
    *data = buffer;
    *size = have;
    return ERROR_NONE;
}

enum error_code file_map(const char *path, struct file_mapping *mapping, struct error *error) {
    int descriptor = -1;
    *mapping = (struct file_mapping){NULL, 0};
    TRY(open_regular(path, &descriptor, &mapping->size, error));
    if (mapping->size > 0) {
        void *mapped = mmap(NULL, mapping->size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (mapped == MAP_FAILED)
            FAIL(error, ERROR_FILE, "%s: cannot map: %s", path, strerror(errno));
        else
            mapping->data = mapped;
    }
    close(descriptor);
    return error->code;
}

void file_unmap(struct file_mapping *mapping) {
    if (mapping->data != NULL) munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (struct file_mapping){NULL, 0};
}

enum error_code file_replace_open(const char *path, struct file_replacement *replacement,
                                  struct error *error) {
    *replacement = (struct file_replacement){NULL, NULL, NULL};
    replacement->path = memory_string(path, error);
    replacement->temporary = memory_array(strlen(path) + 32, 1, path, error);
    if (error->code != ERROR_NONE) goto failed;
    snprintf(replacement->temporary, strlen(path) + 32, "%s.%ld.part", path, (long)getpid());
    replacement->stream = fopen(replacement->temporary, "wbe");
    if (replacement->stream == NULL) {
        FAIL(error, ERROR_FILE, "%s: cannot write: %s", replacement->temporary, strerror(errno));
        goto failed;
    }
    return ERROR_NONE;
failed:
    free(replacement->path);
    free(replacement->temporary);
    *replacement = (struct file_replacement){NULL, NULL, NULL};
    return error->code;
}

/* Flushes the folder that holds `path`, so that the rename survives a power cut. */
static int sync_folder(const char *path) {
    char *folder = strdup(path);
    if (folder == NULL) return -1;
    char *slash = strrchr(folder, '/');
    const char *name = slash == NULL ? "." : slash == folder ? "/" : folder;
    if (slash != NULL && slash != folder) *slash = '\0';
    int descriptor = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = descriptor < 0 ? -1 : fsync(descriptor);
    /* Some network file systems cannot flush a folder; that is no loss of data. */
    if (result != 0 && (errno == EINVAL || errno == ENOTSUP)) result = 0;
    if (descriptor >= 0) close(descriptor);
    free(folder);
    return result;
}

enum error_code file_replace_commit(struct file_replacement *replacement, struct error *error) {
    FILE *stream = replacement->stream;
    bool written = fflush(stream) == 0 && !ferror(stream) && fsync(fileno(stream)) == 0;
    int saved = errno;
    if (fclose(stream) != 0 && written) {
        written = false;
        saved = errno;
    }
    replacement->stream = NULL;
    if (!written)
        return FAIL(error, ERROR_FILE, "%s: cannot write: %s", replacement->path, strerror(saved));
    if (rename(replacement->temporary, replacement->path) != 0)
        return FAIL(error, ERROR_FILE, "%s: cannot rename: %s", replacement->path, strerror(errno));
    free(replacement->temporary);
    replacement->temporary = NULL;
    if (sync_folder(replacement->path) != 0)
        return FAIL(error, ERROR_FILE, "%s: cannot flush its folder: %s", replacement->path,
                    strerror(errno));
    return ERROR_NONE;
}

void file_replace_close(struct file_replacement *replacement) {
    if (replacement->stream != NULL) fclose(replacement->stream);
    if (replacement->temporary != NULL) unlink(replacement->temporary);
    free(replacement->temporary);
    free(replacement->path);
    *replacement = (struct file_replacement){NULL, NULL, NULL};
}

enum error_code file_write(const char *path, const char *data, size_t size, struct error *error) {
    struct file_replacement replacement;
    TRY(file_replace_open(path, &replacement, error));
    if (size > 0 && fwrite(data, 1, size, replacement.stream) != size)
        FAIL(error, ERROR_FILE, "%s: cannot write: %s", path, strerror(errno));
    else
        file_replace_commit(&replacement, error);
    file_replace_close(&replacement);
    return error->code;
}

char *file_join(const char *folder, const char *name, struct error *error) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = memory_array(size, 1, "a path", error);
    if (path != NULL) snprintf(path, size, "%s/%s", folder, name);
    return path;
}
