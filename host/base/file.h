/* Whole files: read within a bound, mapped, and replaced in one step. */
#ifndef EARMARK_FILE_H
#define EARMARK_FILE_H

#include "host/base/error.h"

#include <stdio.h>

/* Reads a regular file of at most `limit` bytes; *data has a NUL behind it and is
 * released with free(). */
enum error_code file_read(const char *path, size_t limit, char **data, size_t *size,
                          struct error *error);

/* A regular file mapped read-only. */
struct file_mapping {
    const unsigned char *data; /* NULL when the file is empty */
    size_t size;
};

enum error_code file_map(const char *path, struct file_mapping *mapping, struct error *error);
void file_unmap(struct file_mapping *mapping);

/* A file that appears under its name only when it is complete: written beside it,
 * flushed to disk, renamed, and the folder flushed. */
struct file_replacement {
    FILE *stream; /* write here */
    char *path;
    char *temporary;
};

enum error_code file_replace_open(const char *path, struct file_replacement *replacement,
                                  struct error *error);
enum error_code file_replace_commit(struct file_replacement *replacement, struct error *error);
/* Leaves nothing behind unless it was committed; may be called after commit. */
void file_replace_close(struct file_replacement *replacement);

/* All of the above at once for a text in memory. */
enum error_code file_write(const char *path, const char *data, size_t size, struct error *error);

/* folder + "/" + name, to be freed; NULL and ERROR_MEMORY. */
char *file_join(const char *folder, const char *name, struct error *error);

#endif
