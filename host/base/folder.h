/* A folder that earmark writes to: opened once, then everything in it by its name and this
 * descriptor. Whoever else can write there may plant links: none is followed, and nothing outside
 * the folder is written, truncated or removed. A name is one component, without a slash. */
#ifndef EARMARK_BASE_FOLDER_H
#define EARMARK_BASE_FOLDER_H

#include "host/base/file.h"

struct folder {
    char *path;     /* as given, for messages; owned */
    int descriptor; /* -1: not open */
};

#define FOLDER_INITIAL                                                                             \
    { .descriptor = -1 }

/* Opens a folder, following links: its path is the user's own. `make`: it and its parents are made
 * where they are missing. Errors: ERROR_FILE, ERROR_MEMORY; folder_close is allowed after them. */
enum error_code folder_open(const char *path, bool make, struct folder *folder,
                            struct error *error);

/* The same for a folder in another one. A link is refused. Without `make` a missing one is no
 * error: its descriptor is -1. */
enum error_code folder_open_in(const struct folder *parent, const char *name, bool make,
                               struct folder *folder, struct error *error);
void folder_close(struct folder *folder); /* takes FOLDER_INITIAL, and zeros */

/* file_fail() for a name in the folder. */
enum error_code folder_fail(const struct folder *folder, const char *name, const char *what,
                            int number, struct error *error);

/* Whether there is anything of this name, a link that leads nowhere too. */
bool folder_has(const struct folder *folder, const char *name);

/* Removes a file or a link; a missing one is no error. */
enum error_code folder_remove(const struct folder *folder, const char *name, struct error *error);
/* Removes a folder if it is empty; one that is missing or has files is no error. */
enum error_code folder_remove_folder(const struct folder *folder, const char *name,
                                     struct error *error);

/* Calls `take` for every name, until one fails. `take` may remove the file of that name. */
enum error_code folder_each(const struct folder *folder,
                            enum error_code (*take)(void *, const char *, struct error *),
                            void *context, struct error *error);

/* As file_open_regular(), file_read() and file_map(). A link is refused. */
enum error_code folder_open_file(const struct folder *folder, const char *name, int *descriptor,
                                 size_t *size, struct error *error);
enum error_code folder_read(const struct folder *folder, const char *name, size_t limit,
                            char **data, size_t *size, struct error *error);
enum error_code folder_map(const struct folder *folder, const char *name,
                           struct file_mapping *mapping, struct error *error);

#endif
