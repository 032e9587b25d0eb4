/* The lock of an output folder: every command that writes takes it before it looks at what is
 * there. */
#ifndef EARMARK_BASE_FOLDER_LOCK_H
#define EARMARK_BASE_FOLDER_LOCK_H

#include "host/base/folder.h"

struct folder_lock {
    struct folder folder;
};

#define FOLDER_LOCK_INITIAL                                                                        \
    { .folder = FOLDER_INITIAL }

/* folder_open() and the lock. ERROR_FILE when another process has it. The end of the process, in
 * whatever way, releases the lock; folder_lock_close too, and is allowed after a failure. */
enum error_code folder_lock_open(const char *path, bool make, struct folder_lock *lock,
                                 struct error *error);
void folder_lock_close(struct folder_lock *lock); /* takes FOLDER_LOCK_INITIAL */

#endif
