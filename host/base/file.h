/* Whole files: read within a bound, mapped, and replaced in one step. */
#ifndef EARMARK_BASE_FILE_H
#define EARMARK_BASE_FILE_H

#include "host/base/error.h"

#include <stdio.h>

/* Fails with "path: cannot WHAT: REASON; what to do about it" for an errno. Every message about a
 * file of the operating system comes from here. */
enum error_code file_fail(struct error *error, const char *path, const char *what, int number);

/* Opens a regular file for reading; the caller closes *descriptor. *size: its bytes. Refuses any
 * other kind of file, without waiting on a FIFO. Errors: ERROR_FILE. */
enum error_code file_open_regular(const char *path, int *descriptor, size_t *size,
                                  struct error *error);

/* Reads a regular file of at most `limit` bytes. *data ends in a NUL that *size does not count;
 * free() releases it. Errors: ERROR_FILE, ERROR_DATA (longer than the limit), ERROR_MEMORY. */
enum error_code file_read(const char *path, size_t limit, char **data, size_t *size,
                          struct error *error);

/* The same for text: ERROR_DATA for a NUL byte, before all of a file with holes is read. */
enum error_code file_read_text(const char *path, size_t limit, char **data, size_t *size,
                               struct error *error);

/* Whether the first 4 KiB of a regular file contain the word ("": whether it is not empty); false
 * if it cannot be read. */
bool file_start_holds(const char *path, const char *word);

/* Reads a regular file to its end and discards the bytes, so that an error of the disk or mount
 * is reported here; later, in a mapping, it would end the process. */
enum error_code file_check_readable(const char *path, struct error *error);

/* A regular file mapped read-only. If it becomes unreadable (its disk or mount fails, or it is
 * truncated), the process ends with exit code 1 and a message that names it. Its bytes may change
 * at any time: nothing that is checked in it may be read again and relied on. */
struct file_mapping {
    const unsigned char *data; /* NULL when the file is empty */
    size_t size;
};

enum error_code file_map(const char *path, struct file_mapping *mapping, struct error *error);
void file_unmap(struct file_mapping *mapping);

/* After the last use of a mapping: ERROR_FILE unless its bytes are the same, as the caller found,
 * its size and times are what they were when it was mapped, and no other file has its name. Takes
 * one that is not of a file. */
enum error_code file_map_unchanged(const struct file_mapping *mapping, bool same_bytes,
                                   struct error *error);

/* A file that appears under its name only when it is complete: written to a temporary file in the
 * same folder, flushed to disk, renamed, and the folder flushed. The struct must not move while it
 * is open: the stream points to it. */
struct file_replacement {
    FILE *stream;   /* write here */
    int descriptor; /* what the stream writes to */
    int failure;    /* errno of the first write that failed */
    char *path;
    char *temporary;
};

enum error_code file_replace_open(const char *path, struct file_replacement *replacement,
                                  struct error *error);
enum error_code file_replace_commit(struct file_replacement *replacement, struct error *error);
/* Removes the temporary file unless it was committed; may be called after commit. */
void file_replace_close(struct file_replacement *replacement);

/* Replaces a file by `size` bytes of memory. */
enum error_code file_write(const char *path, const char *data, size_t size, struct error *error);

/* folder + "/" + name, to be freed; NULL on ERROR_MEMORY. */
char *file_join(const char *folder, const char *name, struct error *error);

#endif
