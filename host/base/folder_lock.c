#include "host/base/folder_lock.h"

#include <errno.h>
#include <sys/file.h>

enum error_code folder_lock_open(const char *path, bool make, struct folder_lock *lock,
                                 struct error *error) {
    *lock = (struct folder_lock)FOLDER_LOCK_INITIAL;
    TRY(folder_open(path, make, &lock->folder, error));
    int result;
    do result = flock(lock->folder.descriptor, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result != 0 && errno == EWOULDBLOCK)
        return FAIL(error, ERROR_FILE,
                    "%s: another earmark is writing there; wait for it, or give another folder",
                    path);
    return ERROR_NONE; /* some network file systems have no locks: continue without one */
}

void folder_lock_close(struct folder_lock *lock) {
    folder_close(&lock->folder);
}
