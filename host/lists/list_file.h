/* A file of INPUT. The list that the user named is opened as given; all other files, and a list
 * found in a folder INPUT, beneath its folder. */
#ifndef EARMARK_LISTS_LIST_FILE_H
#define EARMARK_LISTS_LIST_FILE_H

#include "host/base/json_lines.h"
#include "host/base/root_folder.h"

#include <stdio.h>

struct shards;

struct list_file {
    const char *path;                 /* for messages, and of the list that the user named */
    const struct root_folder *folder; /* its folder */
    const char *name;                 /* in the folder */
    bool is_member;                   /* found in the folder, not named by the user */
    bool more;                        /* the list of a part of the data set, and another follows */
    const struct shards *shards;      /* the files in the folder that INPUT is; NULL: this one */
};

/* Whether the folder has a file of this name. ERROR_FILE if it leads out of the folder. */
bool list_file_exists(const struct root_folder *folder, const char *name, struct error *error);

/* As file_open_regular(). Errors: ERROR_FILE. */
enum error_code list_file_open(const struct list_file *file, int *descriptor, size_t *size,
                               struct error *error);

/* The same as a stream of its text, which may be compressed (gzip_open) and UTF-16 (utf16_open).
 * Errors: ERROR_FILE, ERROR_DATA. */
enum error_code list_file_stream(const struct list_file *file, FILE **stream, struct error *error);

/* json_lines_each() for such a stream. */
enum error_code list_file_each_line(const struct list_file *file,
                                    enum error_code (*add)(void *context,
                                                           const struct json_lines *lines,
                                                           struct error *error),
                                    void *context, struct error *error);

/* Whether the first 4 KiB of its text contain the word ("": whether it is not empty); false if it
 * cannot be read. */
bool list_file_starts_with(const struct list_file *file, const char *word);

#endif
