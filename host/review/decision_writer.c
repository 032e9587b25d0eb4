#include "host/review/decision_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum error_code fail(const struct decision_writer *writer, const char *what, int number,
                            struct error *error) {
    return folder_fail(writer->folder, writer->name, what, number, error);
}

/* ---- opening ---- */

/* Whether it is a file that only this program's user can have made so. */
static enum error_code check(const struct decision_writer *writer, const struct stat *status,
                             struct error *error) {
    const char *why = NULL;
    if (!S_ISREG(status->st_mode))
        why = "is not a regular file; remove it";
    else if (status->st_nlink != 1)
        why = "has another name, too (a hard link); copy it, and remove both";
    else if ((uint64_t)status->st_size > DECISIONS_FILE_MAXIMUM)
        why = "is longer than any reviewer's file; move it elsewhere";
    return why == NULL
               ? ERROR_NONE
               : FAIL(error, ERROR_FILE, "%s/%s: %s", writer->folder->path, writer->name, why);
}

/* Where a file system has no locks, that of OUT, which the caller has, stands for it. */
static enum error_code lock(const struct decision_writer *writer, struct error *error) {
    int result;
    do result = flock(writer->descriptor, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0 || errno != EWOULDBLOCK) return ERROR_NONE;
    return FAIL(error, ERROR_FILE,
                "%s/%s: another earmark is writing there; wait for it, or give another name with "
                "--as",
                writer->folder->path, writer->name);
}

/* The last line, which has no end: if it is a decision only its end is missing, as in a file that
 * was edited; else it was torn. */
static enum error_code mend_line(struct decision_writer *writer, const char *line, size_t size,
                                 struct error *error) {
    struct error ignored = ERROR_INITIAL;
    struct decision decision;
    const bool whole =
        decision_parse(line, size, writer->name, "reviewer", &decision, &ignored) == ERROR_NONE;
    decision_free(&decision);
    if (ignored.code == ERROR_MEMORY || ignored.code == ERROR_UNSUPPORTED)
        return FAIL(error, ignored.code, "%s", ignored.message);
    if (whole) {
        if (write(writer->descriptor, "\n", 1) != 1) return fail(writer, "write", errno, error);
        writer->size++;
        return ERROR_NONE;
    }
    writer->tail_cut = true;
    writer->size -= size;
    return ftruncate(writer->descriptor, (off_t)writer->size) == 0
               ? ERROR_NONE
               : fail(writer, "cut", errno, error);
}

static enum error_code mend_end(struct decision_writer *writer, struct error *error) {
    const size_t most = DECISION_LINE_MAXIMUM + 1;
    const size_t length = writer->size < most ? (size_t)writer->size : most;
    if (length == 0) return ERROR_NONE;
    char *end = malloc(length);
    if (end == NULL) return FAIL(error, ERROR_MEMORY, "no memory for %s", writer->name);
    const ssize_t got = file_read_at(writer->descriptor, writer->size - length, end, length);
    size_t start = length;
    while (start > 0 && end[start - 1] != '\n') start--;
    if (got != (ssize_t)length)
        fail(writer, "read", got < 0 ? errno : EIO, error);
    else if (start == 0 && length < writer->size)
        FAIL(error, ERROR_DATA, "%s/%s: its last line is longer than any decision; remove it",
             writer->folder->path, writer->name);
    else if (start < length)
        mend_line(writer, end + start, length - start, error);
    free(end);
    return error->code;
}

static enum error_code open_file(struct decision_writer *writer, struct error *error) {
    const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    struct stat status;
    const bool had = folder_has(writer->folder, writer->name);
    do
        writer->descriptor =
            openat(writer->folder->descriptor, writer->name, flags | O_CREAT, (mode_t)0600);
    while (writer->descriptor < 0 && errno == EINTR);
    if (writer->descriptor < 0 && errno == ELOOP)
        return FAIL(error, ERROR_FILE,
                    "%s/%s: is a symbolic link, and earmark follows none in a folder that it "
                    "writes to; remove the link",
                    writer->folder->path, writer->name);
    if (writer->descriptor < 0) return fail(writer, "open", errno, error);
    TRY(lock(writer, error));
    if (fstat(writer->descriptor, &status) != 0) return fail(writer, "look at", errno, error);
    TRY(check(writer, &status, error));
    writer->size = (uint64_t)status.st_size;
    writer->made = !had;
    TRY(mend_end(writer, error));
    if (fsync(writer->descriptor) != 0) return fail(writer, "write", errno, error);
    if (!had && fsync(writer->folder->descriptor) != 0 && errno != EINVAL)
        return fail(writer, "make", errno, error);
    return ERROR_NONE;
}

enum error_code decision_writer_open(const struct folder *out, const char *reviewer,
                                     struct decision_writer *writer, struct error *error) {
    *writer = (struct decision_writer)DECISION_WRITER_INITIAL;
    if (!decision_name_is_good(reviewer))
        return FAIL(error, ERROR_USAGE,
                    "a reviewer's name has 1 to %d letters of A-Z a-z 0-9 . _ -, unlike '%s'",
                    DECISION_NAME_MAXIMUM, reviewer);
    writer->folder = out;
    decisions_file_name(reviewer, writer->name);
    return open_file(writer, error);
}

/* The file is still the one of its name, and as long as it was left. */
static enum error_code check_same(const struct decision_writer *writer, struct error *error) {
    struct stat own;
    struct stat named;
    if (fstat(writer->descriptor, &own) != 0) return fail(writer, "look at", errno, error);
    if (fstatat(writer->folder->descriptor, writer->name, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return fail(writer, "find", errno, error);
    if (own.st_dev != named.st_dev || own.st_ino != named.st_ino)
        return FAIL(error, ERROR_FILE,
                    "%s/%s: another file has taken its place; start the review again",
                    writer->folder->path, writer->name);
    TRY(check(writer, &own, error));
    if ((uint64_t)own.st_size != writer->size)
        return FAIL(error, ERROR_FILE,
                    "%s/%s: something else has written to it; start the review again",
                    writer->folder->path, writer->name);
    return ERROR_NONE;
}

void decision_writer_close(struct decision_writer *writer) {
    struct error ignored = ERROR_INITIAL;
    if (writer->made && writer->size == 0 && !writer->broken &&
        check_same(writer, &ignored) == ERROR_NONE)
        folder_remove(writer->folder, writer->name, &ignored);
    if (writer->descriptor >= 0) close(writer->descriptor);
    *writer = (struct decision_writer)DECISION_WRITER_INITIAL;
}

/* ---- adding ---- */

/* Removes what was written of this call. */
static void cut_back(struct decision_writer *writer) {
    int result;
    do result = ftruncate(writer->descriptor, (off_t)writer->size);
    while (result != 0 && errno == EINTR);
    writer->broken = result != 0 || fdatasync(writer->descriptor) != 0;
}

static bool is_no_room(int number) {
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* One write. A short one is for lack of room, which the next one would say. */
static enum error_code write_line(struct decision_writer *writer, const struct text *line,
                                  struct error *error) {
    ssize_t written;
    do written = write(writer->descriptor, line->data, line->length);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)line->length) return ERROR_NONE;
    const int number = written < 0 ? errno : ENOSPC;
    writer->no_room = is_no_room(number);
    return fail(writer, "write", number, error);
}

static enum error_code write_all(struct decision_writer *writer, const struct decision *decisions,
                                 size_t count, uint64_t *bytes, struct error *error) {
    struct text line = TEXT_INITIAL;
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++) {
        text_clear(&line);
        decision_append(&line, &decisions[i]);
        if (text_check(&line, error) != ERROR_NONE) break;
        if (line.length > DECISION_LINE_MAXIMUM)
            FAIL(error, ERROR_DATA, "a decision is longer than %zu bytes", DECISION_LINE_MAXIMUM);
        else if (write_line(writer, &line, error) == ERROR_NONE)
            *bytes += line.length;
    }
    text_free(&line);
    return error->code;
}

enum error_code decision_writer_append(struct decision_writer *writer,
                                       const struct decision *decisions, size_t count,
                                       struct error *error) {
    uint64_t bytes = 0;
    writer->no_room = false;
    if (writer->broken)
        return FAIL(error, ERROR_FILE,
                    "%s/%s: an earlier write failed, and could not be taken back; start the review "
                    "again",
                    writer->folder->path, writer->name);
    TRY(check_same(writer, error));
    write_all(writer, decisions, count, &bytes, error);
    if (error->code == ERROR_NONE && fdatasync(writer->descriptor) != 0) {
        writer->no_room = is_no_room(errno);
        fail(writer, "write", errno, error);
    }
    if (error->code == ERROR_NONE)
        writer->size += bytes;
    else
        cut_back(writer);
    return error->code;
}
