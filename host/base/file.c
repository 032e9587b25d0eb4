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

/* open(), again after each signal that interrupts it. */
static int open_file(const char *path, int flags, mode_t mode) {
    int descriptor;
    do descriptor = open(path, flags | O_CLOEXEC, mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static int flush_file(int descriptor) {
    int result;
    do result = fsync(descriptor);
    while (result != 0 && errno == EINTR);
    return result;
}

enum error_code file_open_regular(const char *path, int *descriptor, size_t *size,
                                  struct error *error) {
    int opened = open_file(path, FILE_READING, 0);
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

bool file_start_holds(int descriptor, const char *word) {
    char start[4096];
    ssize_t got = pread(descriptor, start, sizeof start, 0);
    return got > 0 && memmem(start, (size_t)got, word, strlen(word)) != NULL;
}

enum error_code file_check_readable(const char *path, struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    const size_t block = (size_t)256 << 10;
    char *buffer = memory_array(block, 1, path, error);
    if (buffer == NULL) return error->code;
    if (file_open_regular(path, &descriptor, &size, error) != ERROR_NONE) goto done;
    for (ssize_t got = 1; got != 0;) {
        got = read(descriptor, buffer, block);
        if (got >= 0 || errno == EINTR) continue;
        file_fail(error, path, "read", errno);
        break;
    }
    close(descriptor);
done:
    free(buffer);
    return error->code;
}

/* ---- files that are replaced ----
 * stdio fails at EINTR, so its streams write through these functions, which retry. */

#define STREAM_BUFFER ((size_t)64 << 10)

static ssize_t write_all(void *context, const char *bytes, size_t size) {
    struct file_replacement *replacement = context;
    size_t written = 0;
    while (written < size) {
        ssize_t count = write(replacement->descriptor, bytes + written, size - written);
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) errno = ENOSPC; /* nothing written, and no errno */
        if (count <= 0) {
            replacement->failure = errno;
            return 0;
        }
        written += (size_t)count;
    }
    return (ssize_t)written;
}

static int seek_in(void *context, off64_t *offset, int whence) {
    const struct file_replacement *replacement = context;
    *offset = lseek(replacement->descriptor, *offset, whence);
    return *offset < 0 ? -1 : 0;
}

enum error_code file_replace_open(const char *path, struct file_replacement *replacement,
                                  struct error *error) {
    static const cookie_io_functions_t functions = {.write = write_all, .seek = seek_in};
    *replacement = (struct file_replacement){.descriptor = -1};
    replacement->path = memory_string(path, error);
    replacement->temporary = memory_array(strlen(path) + 32, 1, path, error);
    if (error->code != ERROR_NONE) goto failed;
    snprintf(replacement->temporary, strlen(path) + 32, "%s.%ld.part", path, (long)getpid());
    replacement->descriptor = open_file(replacement->temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (replacement->descriptor < 0) {
        file_fail(error, replacement->temporary, "write", errno);
        goto failed;
    }
    replacement->stream = fopencookie(replacement, "w", functions);
    if (replacement->stream != NULL) {
        setvbuf(replacement->stream, NULL, _IOFBF, STREAM_BUFFER);
        return ERROR_NONE;
    }
    FAIL(error, ERROR_MEMORY, "%s: no memory for a stream", path);
    close(replacement->descriptor);
    unlink(replacement->temporary);
failed:
    free(replacement->path);
    free(replacement->temporary);
    *replacement = (struct file_replacement){.descriptor = -1};
    return error->code;
}

/* Flushes the folder of `path`, so that the rename survives a power failure. */
static int sync_folder(const char *path) {
    char *folder = strdup(path);
    if (folder == NULL) return -1;
    char *slash = strrchr(folder, '/');
    const char *name = slash == NULL ? "." : slash == folder ? "/" : folder;
    if (slash != NULL && slash != folder) *slash = '\0';
    int descriptor = open_file(name, O_RDONLY | O_DIRECTORY, 0);
    int result = descriptor < 0 ? -1 : flush_file(descriptor);
    int saved = errno;
    /* Some network file systems cannot flush a folder; no data is lost by that. */
    if (result != 0 && (saved == EINVAL || saved == ENOTSUP)) result = 0;
    if (descriptor >= 0) close(descriptor);
    free(folder);
    errno = saved;
    return result;
}

/* Closes the stream and the descriptor; false, with errno, if something was not written. */
static bool close_written(struct file_replacement *replacement) {
    bool written = !ferror(replacement->stream) && fflush(replacement->stream) == 0 &&
                   flush_file(replacement->descriptor) == 0;
    int saved = replacement->failure != 0 ? replacement->failure : errno;
    fclose(replacement->stream);
    if (close(replacement->descriptor) != 0 && written && errno != EINTR) {
        written = false;
        saved = errno;
    }
    replacement->stream = NULL;
    replacement->descriptor = -1;
    errno = saved;
    return written;
}

enum error_code file_replace_commit(struct file_replacement *replacement, struct error *error) {
    if (!close_written(replacement)) return file_fail(error, replacement->path, "write", errno);
    int result;
    do result = rename(replacement->temporary, replacement->path);
    while (result != 0 && errno == EINTR);
    if (result != 0) return file_fail(error, replacement->path, "rename a file to this", errno);
    free(replacement->temporary);
    replacement->temporary = NULL;
    if (sync_folder(replacement->path) != 0)
        return file_fail(error, replacement->path, "flush the folder of this file", errno);
    return ERROR_NONE;
}

void file_replace_close(struct file_replacement *replacement) {
    if (replacement->stream != NULL) fclose(replacement->stream);
    if (replacement->stream != NULL) close(replacement->descriptor);
    if (replacement->temporary != NULL) unlink(replacement->temporary);
    free(replacement->temporary);
    free(replacement->path);
    *replacement = (struct file_replacement){.descriptor = -1};
}

enum error_code file_write(const char *path, const char *data, size_t size, struct error *error) {
    struct file_replacement replacement;
    TRY(file_replace_open(path, &replacement, error));
    if (size > 0 && fwrite(data, 1, size, replacement.stream) != size)
        file_fail(error, path, "write", errno);
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
