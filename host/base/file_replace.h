/* A file that appears under its name only when it is complete: written to a temporary file in the
 * same folder, flushed to disk, renamed, and the folder flushed. The temporary file is always a new
 * one, of a name that cannot be guessed; the rename replaces a link of the name, and follows none.
 */
#ifndef EARMARK_BASE_FILE_REPLACE_H
#define EARMARK_BASE_FILE_REPLACE_H

#include "host/base/folder.h"

#include <time.h>

/* Must not move while it is open: the stream points to it. */
struct file_replacement {
    FILE *stream;   /* write here */
    int descriptor; /* what the stream writes to */
    int failure;    /* errno of the first write that failed */
    char *path;     /* for messages */
    char *name, *temporary;
    int folder; /* their folder's descriptor */
    bool owns_folder;
};

/* Begins a file of the folder, which must stay open until file_replace_close. */
enum error_code file_replace_open(const struct folder *folder, const char *name,
                                  struct file_replacement *replacement, struct error *error);
/* The same for a file that the user named by its path. */
enum error_code file_replace_open_path(const char *path, struct file_replacement *replacement,
                                       struct error *error);
enum error_code file_replace_commit(struct file_replacement *replacement, struct error *error);
/* The same without a flush, for files that say how a run stands: after a power failure they may be
 * gone. */
enum error_code file_replace_show(struct file_replacement *replacement, struct error *error);
/* file_replace_commit for a name that must not be taken: *made is false, without an error, where it
 * is. The folder is not flushed. */
enum error_code file_replace_commit_new(struct file_replacement *replacement, bool *made,
                                        struct error *error);
/* Removes the temporary file unless it was committed; may be called after commit. */
void file_replace_close(struct file_replacement *replacement);

/* Replaces a file by `size` bytes of memory. */
enum error_code file_write(const struct folder *folder, const char *name, const char *data,
                           size_t size, struct error *error);

/* Whether `name` is that of a temporary file for the file `of`, which a killed process left. */
bool file_is_temporary(const char *name, const char *of);

/* Removes it if it was written before `since`, by the clock of its file system: a later one may be
 * of a process that runs. NULL: in any case. */
enum error_code file_remove_temporary(const struct folder *folder, const char *name,
                                      const struct timespec *since, struct error *error);

#endif
