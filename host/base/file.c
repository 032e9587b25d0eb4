#include "host/base/file.h"

#include "host/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_PART ((size_t)1 << 20) /* bytes to read at a time */

static const char *advice(int number) {
    switch (number) {
    case ENOSPC:
    case EDQUOT: return "; free some space, then give the same command again";
    case EMFILE:
    case ENFILE: return "; raise the limit of open files (ulimit -n), then try again";
    case EIO:
    case ESTALE:
    case ENODEV:
    case ETIMEDOUT: return "; check the disk or mount, then try again";
    case EROFS:
    case EACCES:
    case EPERM: return "; check its permissions, or give another folder";
    case EISDIR: return "; a folder has this name: move it away, then try again";
    case EFBIG: return "; raise the limit of file sizes (ulimit -f), then try again";
    case EBADMSG: return "; the gzip file is truncated or damaged, copy it again"; /* of gzip.h */
    case EOVERFLOW: return "; if you trust it, uncompress it with gunzip and give the result";
    default: return "";
    }
}

/* The words of the C library, unless the number has another meaning here: gzip.h. */
static const char *reason(int number) {
    return number == EOVERFLOW ? "its text is far longer than compressed lists of clips are"
                               : strerror(number);
}

enum error_code file_fail(struct error *error, const char *path, const char *what, int number) {
    return FAIL(error, ERROR_FILE, "%s: cannot %s: %s%s", path, what, reason(number),
                advice(number));
}

size_t file_stored_bytes(const struct stat *status) {
    uint64_t stored = (uint64_t)status->st_blocks * 512; /* the unit, whatever the file system's */
    size_t length = (size_t)status->st_size;
    return stored > 0 && stored < length ? (size_t)stored : length;
}

/* What is looked at, in bytes, and what part of it must be there. */
#define HOLES_FROM ((off_t)1 << 20)
#define HOLES_SHARE 16

bool file_is_mostly_holes(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0 || status.st_size < HOLES_FROM) return false;
    return file_stored_bytes(&status) < (size_t)status.st_size / HOLES_SHARE;
}

bool file_is_shortage(int number) {
    return number == EMFILE || number == ENFILE || number == ENOMEM;
}

/* open(), again after each signal that interrupts it. */
static int open_file(const char *path, int flags) {
    int descriptor;
    do descriptor = open(path, flags | O_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

enum error_code file_open_regular(const char *path, int *descriptor, size_t *size,
                                  struct error *error) {
    int opened = open_file(path, FILE_READING);
    if (opened < 0) return file_fail(error, path, "open", errno);
    return file_take_regular(opened, path, descriptor, size, error);
}

enum error_code file_take_regular(int opened, const char *path, int *descriptor, size_t *size,
                                  struct error *error) {
    struct stat status;
    if (fstat(opened, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 0) {
        close(opened);
        return FAIL(error, ERROR_FILE, "%s: not a regular file", path);
    }
    *descriptor = opened;
    *size = (size_t)status.st_size;
    return ERROR_NONE;
}

/* Closes the descriptor. */
static enum error_code read_whole(int descriptor, size_t expected, const char *path, size_t limit,
                                  bool text, char **data, size_t *size, struct error *error) {
    char *buffer = NULL;
    size_t have = 0;
    if (expected > limit) {
        FAIL(error, ERROR_DATA, "%s: %zu bytes; files of at most %zu are read", path, expected,
             limit);
        goto done;
    }
    buffer = memory_array(expected + 1, 1, path, error);
    while (buffer != NULL && have < expected) {
        size_t part = text && expected - have > TEXT_PART ? TEXT_PART : expected - have;
        ssize_t got = read(descriptor, buffer + have, part);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) file_fail(error, path, "read", errno);
        if (got <= 0) break;
        if (text && memchr(buffer + have, '\0', (size_t)got) != NULL) {
            FAIL(error, ERROR_DATA, "%s: holds a NUL byte; save it as UTF-8 text", path);
            break;
        }
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

enum error_code file_read_opened(int descriptor, size_t expected, const char *path, size_t limit,
                                 char **data, size_t *size, struct error *error) {
    return read_whole(descriptor, expected, path, limit, false, data, size, error);
}

enum error_code file_read_text(int descriptor, size_t expected, const char *path, size_t limit,
                               char **data, size_t *size, struct error *error) {
    return read_whole(descriptor, expected, path, limit, true, data, size, error);
}

enum error_code file_read(const char *path, size_t limit, char **data, size_t *size,
                          struct error *error) {
    int descriptor = -1;
    size_t expected = 0;
    TRY(file_open_regular(path, &descriptor, &expected, error));
    return file_read_opened(descriptor, expected, path, limit, data, size, error);
}

ssize_t file_read_at(int descriptor, uint64_t offset, void *bytes, size_t count) {
    size_t have = 0;
    while (have < count) {
        ssize_t got = pread(descriptor, (char *)bytes + have, count - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

bool file_take_text(int opened, char *text, size_t size) {
    ssize_t got = -1;
    if (opened >= 0) {
        do got = read(opened, text, size - 1);
        while (got < 0 && errno == EINTR);
        close(opened);
    }
    text[got < 0 ? 0 : got] = '\0';
    return got > 0;
}

enum error_code file_check_readable(int descriptor, const char *path, struct error *error) {
    const size_t block = (size_t)256 << 10;
    char *buffer = memory_array(block, 1, path, error);
    if (buffer == NULL) return error->code;
    for (ssize_t got = 1; got != 0;) {
        got = read(descriptor, buffer, block);
        if (got >= 0 || errno == EINTR) continue;
        file_fail(error, path, "read", errno);
        break;
    }
    free(buffer);
    return error->code;
}

char *file_join(const char *folder, const char *name, struct error *error) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = memory_array(size, 1, "a path", error);
    if (path != NULL) snprintf(path, size, "%s/%s", folder, name);
    return path;
}
