/* Files that INPUT or a received OUT names, opened beneath its folder: a list, and links that were
 * unpacked with it, may name any file of the machine. A file is beneath the folder if its path is
 * once all links are followed, absolute ones too. */
#ifndef EARMARK_BASE_ROOT_FOLDER_H
#define EARMARK_BASE_ROOT_FOLDER_H

#include "host/base/error.h"

#include <errno.h>

struct root_folder {
    char *path;         /* as given */
    char *real;         /* absolute, without links; NULL: not known */
    int descriptor;     /* O_PATH; -1: the folder cannot be opened */
    int failure;        /* errno of that */
    bool allow_outside; /* open whatever is named */
};

/* Opens the folder, which may itself be reached through links. A folder that cannot be opened is
 * no error: opening a file in it gives its errno. root_folder_close also after a failure. Errors:
 * ERROR_MEMORY. */
enum error_code root_folder_open(const char *path, bool allow_outside, struct root_folder *folder,
                                 struct error *error);

/* The same of the folder that is so many levels above another. */
enum error_code root_folder_open_above(const struct root_folder *folder, size_t levels,
                                       struct root_folder *above, struct error *error);

/* Opens a file or folder that exists: flags as for open(), O_CLOEXEC is added. The path is
 * relative to the folder, or absolute and begins with the folder, as given or without links.
 * Returns a descriptor, or -1 with errno; EXDEV: it leads out of the folder, never with
 * allow_outside; NOT_REGULAR: a FIFO, socket or device, which is not opened (without O_PATH): that
 * can have an effect. Any thread may call this. */
#define NOT_REGULAR EBADFD
int root_folder_file(const struct root_folder *folder, const char *path, int flags);

/* The part of a path that comes after the folder: of a relative one all of it, of an absolute one
 * what follows the folder, as given or without links; NULL: it does not begin with the folder. */
const char *root_folder_rest(const struct root_folder *folder, const char *path);

void root_folder_close(struct root_folder *folder); /* takes a zeroed one */

#endif
