#include "host/base/folder_lock.h"

#include "host/base/file_replace.h"
#include "host/base/lock_owner.h"
#include "host/base/progress.h"
#include "host/base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Held while a lock file is replaced whose owner is gone: it becomes the lock file. */
#define TAKING "earmark.lock.new"

/* How often a lock file that comes and goes is looked at. */
#define ATTEMPTS 100

static enum error_code fail_locked(const struct folder *folder, struct error *error) {
    return FAIL(error, ERROR_FILE,
                "%s: another earmark is writing there; wait for it, or give another folder",
                folder->path);
}

/* ---- a lock file ---- */

/* Makes a file of this process, which appears complete. *made is false, without an error, where
 * there is anything of that name. */
static enum error_code make_file(const struct folder *folder, const char *name, bool *made,
                                 struct error *error) {
    struct lock_owner self;
    char text[LOCK_OWNER_TEXT];
    struct file_replacement file;
    *made = false;
    lock_owner_self(&self);
    size_t length = lock_owner_write(&self, text);
    TRY(file_replace_open(folder, name, &file, error));
    if (fwrite(text, 1, length, file.stream) != length)
        file_fail(error, file.path, "write", errno);
    else
        file_replace_commit_new(&file, made, error);
    file_replace_close(&file);
    return error->code;
}

enum owner_state { NOBODY, GONE, THERE };

/* Who has the lock file. ERROR_FILE for what is none. */
static enum error_code look_at(const struct folder *folder, enum owner_state *state,
                               struct lock_owner *owner, struct error *error) {
    char *text = NULL;
    size_t size = 0;
    *state = NOBODY;
    if (!folder_has(folder, FOLDER_LOCK_FILE)) return ERROR_NONE;
    struct error unread = ERROR_INITIAL;
    folder_read(folder, FOLDER_LOCK_FILE, LOCK_OWNER_TEXT, &text, &size, &unread);
    if (unread.code != ERROR_NONE && !folder_has(folder, FOLDER_LOCK_FILE)) return ERROR_NONE;
    if (unread.code != ERROR_NONE && unread.code != ERROR_DATA) {
        *error = unread;
    } else if (unread.code == ERROR_DATA || !lock_owner_read(text, size, owner)) {
        FAIL(error, ERROR_FILE,
             "%s/%s: is not a lock file of earmark; if no earmark is writing there, remove it",
             folder->path, FOLDER_LOCK_FILE);
    } else {
        *state = lock_owner_is_gone(owner) ? GONE : THERE;
    }
    free(text);
    return error->code;
}

static enum error_code fail_owned(const struct folder *folder, const struct lock_owner *owner,
                                  struct error *error) {
    return FAIL(error, ERROR_FILE,
                "%s/%s: process %s on %s is writing there; wait for it, or give another folder; if "
                "it has ended, remove this file",
                folder->path, FOLDER_LOCK_FILE, owner->process, owner->host);
}

/* The lock file's owner is gone. Only one process can make TAKING, and only that one replaces the
 * lock file, after another look at it: of several that try, one gets the lock. */
static enum error_code take_over(struct folder_lock *lock, struct error *error) {
    const struct folder *folder = &lock->folder;
    enum owner_state state = NOBODY;
    struct lock_owner owner;
    bool made;
    TRY(make_file(folder, TAKING, &made, error));
    if (!made)
        return FAIL(error, ERROR_FILE,
                    "%s/%s: another earmark takes this folder over; try again later; if none runs, "
                    "remove this file",
                    folder->path, TAKING);
    if (look_at(folder, &state, &owner, error) == ERROR_NONE && state == GONE) {
        if (renameat(folder->descriptor, TAKING, folder->descriptor, FOLDER_LOCK_FILE) == 0)
            lock->by_file = true;
        else
            folder_fail(folder, FOLDER_LOCK_FILE, "replace", errno, error);
    }
    if (!lock->by_file) unlinkat(folder->descriptor, TAKING, 0);
    return error->code;
}

static enum error_code lock_by_file(struct folder_lock *lock, struct error *error) {
    enum owner_state state = NOBODY;
    struct lock_owner owner;
    for (int attempt = 0; attempt < ATTEMPTS && !lock->by_file; attempt++) {
        TRY(make_file(&lock->folder, FOLDER_LOCK_FILE, &lock->by_file, error));
        if (lock->by_file) break;
        TRY(look_at(&lock->folder, &state, &owner, error));
        if (state == THERE) return fail_owned(&lock->folder, &owner, error);
        if (state == GONE) TRY(take_over(lock, error));
    }
    if (!lock->by_file) return fail_locked(&lock->folder, error);
    stop_remove(lock->folder.descriptor, FOLDER_LOCK_FILE);
    return ERROR_NONE;
}

/* ---- the lock ---- */

/* A process for which this folder has no locks may have left a lock file. */
static enum error_code check_file(const struct folder *folder, struct error *error) {
    enum owner_state state = NOBODY;
    struct lock_owner owner;
    TRY(look_at(folder, &state, &owner, error));
    return state == THERE ? fail_owned(folder, &owner, error) : ERROR_NONE;
}

enum error_code folder_lock_open(const char *path, bool make, struct folder_lock *lock,
                                 struct error *error) {
    *lock = (struct folder_lock)FOLDER_LOCK_INITIAL;
    TRY(folder_open(path, make, &lock->folder, error));
    int result;
    do result = flock(lock->folder.descriptor, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0) return check_file(&lock->folder, error);
    if (errno == EWOULDBLOCK) return fail_locked(&lock->folder, error);
    progress_message("earmark: %s: there are no locks (%s); while this runs, the file %s in it "
                     "stands for one",
                     path, strerror(errno), FOLDER_LOCK_FILE);
    return lock_by_file(lock, error);
}

void folder_lock_close(struct folder_lock *lock) {
    if (lock->by_file) {
        stop_remove(-1, NULL);
        unlinkat(lock->folder.descriptor, FOLDER_LOCK_FILE, 0);
    }
    lock->by_file = false;
    folder_close(&lock->folder);
}
