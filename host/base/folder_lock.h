/* The lock of an output folder: every command that writes takes it before it looks at what is
 * there. Where the file system has no locks, a file in the folder stands for it. */
#ifndef EARMARK_BASE_FOLDER_LOCK_H
#define EARMARK_BASE_FOLDER_LOCK_H

#include "host/base/folder.h"

#define FOLDER_LOCK_FILE "earmark.lock"

struct folder_lock {
    struct folder folder;
    bool by_file; /* FOLDER_LOCK_FILE is this process's */
};

#define FOLDER_LOCK_INITIAL                                                                        \
    { .folder = FOLDER_INITIAL }

/* folder_open() and the lock. ERROR_FILE when another process has it, or may have it: a lock file
 * is taken over only when the process that it names is provably gone. The end of the process
 * releases the lock; a lock file is removed by folder_lock_close, which is allowed after a
 * failure, and by a stop (stop.h). That there is no lock but a file is said on stderr. */
enum error_code folder_lock_open(const char *path, bool make, struct folder_lock *lock,
                                 struct error *error);
void folder_lock_close(struct folder_lock *lock); /* takes FOLDER_LOCK_INITIAL */

#endif
