#include "host/base/file_replace.h"

#include "host/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_DIGITS 16 /* hexadecimal */
#define TEMPORARY_ENDING ".part"

/* stdio fails at EINTR, so its streams write through these functions, which retry. */

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

static int flush_file(int descriptor) {
    int result;
    do result = fsync(descriptor);
    while (result != 0 && errno == EINTR);
    return result;
}

/* ---- temporary files ---- */

bool file_is_temporary(const char *name, const char *of) {
    size_t length = strlen(of);
    if (strncmp(name, of, length) != 0 || name[length] != '.') return false;
    const char *middle = name + length + 1;
    /* A process number: names of version 0.2.0 and before. */
    size_t decimal = strspn(middle, "0123456789");
    size_t digits = strspn(middle, "0123456789abcdef");
    if (digits == 0 || (digits != decimal && digits != RANDOM_DIGITS)) return false;
    return strcmp(middle + digits, TEMPORARY_ENDING) == 0;
}

enum error_code file_remove_temporary(const struct folder *folder, const char *name,
                                      const struct timespec *since, struct error *error) {
    struct stat status;
    if (since != NULL) {
        if (fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return ERROR_NONE;
        const struct timespec *written = &status.st_mtim;
        if (written->tv_sec > since->tv_sec ||
            (written->tv_sec == since->tv_sec && written->tv_nsec >= since->tv_nsec))
            return ERROR_NONE;
    }
    return folder_remove(folder, name, error);
}

/* Makes a new file; its descriptor, or -1 with errno. */
static int make_temporary(struct file_replacement *replacement, size_t size) {
    for (int attempt = 0;; attempt++) {
        uint64_t number;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return -1;
        snprintf(replacement->temporary, size, "%s.%0*" PRIx64 TEMPORARY_ENDING, replacement->name,
                 RANDOM_DIGITS, number);
        int descriptor = openat(replacement->folder, replacement->temporary,
                                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0666);
        if (descriptor >= 0 || (errno != EINTR && (errno != EEXIST || attempt > 8)))
            return descriptor;
    }
}

static void forget(struct file_replacement *replacement) {
    if (replacement->owns_folder && replacement->folder >= 0) close(replacement->folder);
    free(replacement->path);
    free(replacement->name);
    free(replacement->temporary);
    *replacement = (struct file_replacement){.descriptor = -1, .folder = -1};
}

/* Path, name and folder are set. */
static enum error_code begin(struct file_replacement *replacement, struct error *error) {
    static const cookie_io_functions_t functions = {.write = write_all, .seek = seek_in};
    const size_t size = strlen(replacement->name) + 1 + RANDOM_DIGITS + sizeof TEMPORARY_ENDING;
    replacement->temporary = memory_array(size, 1, replacement->path, error);
    if (replacement->temporary == NULL) goto failed;
    replacement->descriptor = make_temporary(replacement, size);
    if (replacement->descriptor < 0) {
        file_fail(error, replacement->path, "write", errno);
        goto failed;
    }
    replacement->stream = fopencookie(replacement, "w", functions);
    if (replacement->stream != NULL) {
        setvbuf(replacement->stream, NULL, _IOFBF, STREAM_BUFFER);
        return ERROR_NONE;
    }
    FAIL(error, ERROR_MEMORY, "%s: no memory for a stream", replacement->path);
    close(replacement->descriptor);
    unlinkat(replacement->folder, replacement->temporary, 0);
failed:
    forget(replacement);
    return error->code;
}

enum error_code file_replace_open(const struct folder *folder, const char *name,
                                  struct file_replacement *replacement, struct error *error) {
    *replacement = (struct file_replacement){.descriptor = -1, .folder = folder->descriptor};
    replacement->path = file_join(folder->path, name, error);
    replacement->name = memory_string(name, error);
    if (error->code == ERROR_NONE) return begin(replacement, error);
    forget(replacement);
    return error->code;
}

enum error_code file_replace_open_path(const char *path, struct file_replacement *replacement,
                                       struct error *error) {
    const char *slash = strrchr(path, '/');
    *replacement = (struct file_replacement){.descriptor = -1, .folder = -1, .owns_folder = true};
    replacement->path = memory_string(path, error);
    replacement->name = memory_string(slash == NULL ? path : slash + 1, error);
    char *folder = memory_string(slash == NULL ? "." : path, error);
    if (error->code == ERROR_NONE) {
        if (slash != NULL) folder[slash + 1 - path] = '\0';
        do replacement->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        while (replacement->folder < 0 && errno == EINTR);
        if (replacement->folder < 0) file_fail(error, path, "write", errno);
    }
    free(folder);
    if (error->code == ERROR_NONE) return begin(replacement, error);
    forget(replacement);
    return error->code;
}

/* ---- the end ---- */

/* Flushes the folder, so that the rename survives a power failure. */
static int flush_folder(int descriptor) {
    int result = flush_file(descriptor);
    /* Some network file systems cannot flush a folder; no data is lost by that. */
    return result != 0 && (errno == EINVAL || errno == ENOTSUP) ? 0 : result;
}

/* Closes the stream and the descriptor; false, with errno, if something was not written. */
static bool close_written(struct file_replacement *replacement, bool flush) {
    bool written = !ferror(replacement->stream) && fflush(replacement->stream) == 0 &&
                   (!flush || flush_file(replacement->descriptor) == 0);
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

static enum error_code replace(struct file_replacement *replacement, bool flush,
                               struct error *error) {
    if (!close_written(replacement, flush))
        return file_fail(error, replacement->path, "write", errno);
    int result;
    do
        result = renameat(replacement->folder, replacement->temporary, replacement->folder,
                          replacement->name);
    while (result != 0 && errno == EINTR);
    if (result != 0) return file_fail(error, replacement->path, "rename a file to this", errno);
    free(replacement->temporary);
    replacement->temporary = NULL;
    if (flush && flush_folder(replacement->folder) != 0)
        return file_fail(error, replacement->path, "flush the folder of this file", errno);
    return ERROR_NONE;
}

enum error_code file_replace_commit(struct file_replacement *replacement, struct error *error) {
    return replace(replacement, true, error);
}

enum error_code file_replace_show(struct file_replacement *replacement, struct error *error) {
    return replace(replacement, false, error);
}

/* Some file systems have only one of the two. file_replace_close removes the other name. */
static int name_new(const struct file_replacement *replacement) {
    const int folder = replacement->folder;
    const char *from = replacement->temporary, *to = replacement->name;
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) return 0;
    return errno == EEXIST ? -1 : linkat(folder, from, folder, to, 0);
}

enum error_code file_replace_commit_new(struct file_replacement *replacement, bool *made,
                                        struct error *error) {
    *made = false;
    if (!close_written(replacement, true))
        return file_fail(error, replacement->path, "write", errno);
    *made = name_new(replacement) == 0;
    return *made || errno == EEXIST
               ? ERROR_NONE
               : file_fail(error, replacement->path, "rename a file to this", errno);
}

void file_replace_close(struct file_replacement *replacement) {
    if (replacement->stream != NULL) fclose(replacement->stream);
    if (replacement->stream != NULL) close(replacement->descriptor);
    if (replacement->temporary != NULL) unlinkat(replacement->folder, replacement->temporary, 0);
    forget(replacement);
}

enum error_code file_write(const struct folder *folder, const char *name, const char *data,
                           size_t size, struct error *error) {
    struct file_replacement replacement;
    TRY(file_replace_open(folder, name, &replacement, error));
    if (size > 0 && fwrite(data, 1, size, replacement.stream) != size)
        file_fail(error, replacement.path, "write", errno);
    else
        file_replace_commit(&replacement, error);
    file_replace_close(&replacement);
    return error->code;
}
