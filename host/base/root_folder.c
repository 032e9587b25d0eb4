#include "host/base/root_folder.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MOST 40           /* the kernel's own limit for one path */
#define STEPS_MOST 4096         /* folders opened for one path */
#define ATTEMPTS_MOST 64        /* EAGAIN: something was renamed while ".." was looked up */
#define LINK_TEXT_MOST 4096     /* PATH_MAX */
#define DESCRIPTOR_NAME_MOST 32 /* "/proc/self/fd/2147483647" */

static int open_at(int folder, const char *path, int flags) {
    int opened;
    do opened = openat(folder, path, flags | O_CLOEXEC);
    while (opened < 0 && errno == EINTR);
    return opened;
}

static int fail(int number) {
    errno = number;
    return -1;
}

static bool refuse(int number) {
    errno = number;
    return false;
}

/* ---- without openat2 ---- */

/* A path that is followed one name at a time; no step follows a link or leaves the folder. */
struct walk {
    const struct root_folder *folder;
    int current;                   /* where the next name is looked up; the folder's own or owned */
    char done[PATH_MAX];           /* names of `current` from the folder on, each after a '/' */
    char rest[2 * LINK_TEXT_MOST]; /* still to follow */
    char link[LINK_TEXT_MOST];
    int links;
    int steps;
};

static void leave_current(struct walk *walk) {
    if (walk->current >= 0 && walk->current != walk->folder->descriptor) close(walk->current);
    walk->current = walk->folder->descriptor;
}

/* False with errno. */
static bool enter(struct walk *walk, const char *name) {
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
    int next = ++walk->steps > STEPS_MOST ? fail(ELOOP) : open_at(walk->current, name, flags);
    if (next < 0) return false;
    leave_current(walk);
    walk->current = next;
    return true;
}

static bool enter_child(struct walk *walk, const char *name) {
    size_t length = strlen(walk->done);
    if (length + 1 + strlen(name) >= sizeof walk->done) return refuse(ENAMETOOLONG);
    if (!enter(walk, name)) return false;
    snprintf(walk->done + length, sizeof walk->done - length, "/%s", name);
    return true;
}

/* ".." of the folder found by name, since that of the file system may have been moved. */
static bool enter_parent(struct walk *walk) {
    char *slash = strrchr(walk->done, '/');
    if (slash == NULL) return refuse(EXDEV);
    *slash = '\0';
    leave_current(walk);
    for (char *name = walk->done; *name != '\0';) {
        char *end = strchrnul(++name, '/');
        char after = *end;
        *end = '\0';
        bool entered = enter(walk, name);
        *end = after;
        if (!entered) return false;
        name = end;
    }
    return true;
}

/* Puts the text of a link before the rest. */
static bool follow_link(struct walk *walk, const char *after, size_t length) {
    if (++walk->links > LINKS_MOST) return refuse(ELOOP);
    if (walk->link[0] == '/') return refuse(EXDEV);
    size_t kept = strlen(after) + 1;
    if (length + kept > sizeof walk->rest) return refuse(ENAMETOOLONG);
    memmove(walk->rest + length, after, kept);
    memcpy(walk->rest, walk->link, length);
    return true;
}

/* Follows the first name of the rest. True: there is more to follow; else *opened is the
 * descriptor, or -1 with errno. */
static bool follow_name(struct walk *walk, int flags, bool links, int *opened) {
    char name[NAME_MAX + 1];
    const char *start = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(start, "/");
    const char *after = start + length;
    *opened = -1;
    if (length > NAME_MAX) return refuse(ENAMETOOLONG);
    memcpy(name, start, length);
    name[length] = '\0';
    bool up = strcmp(name, "..") == 0;
    bool here = strcmp(name, ".") == 0;
    if (length == 0) *opened = open_at(walk->current, ".", flags | O_DIRECTORY);
    if (length == 0) return false;
    if (!here && !up) {
        ssize_t text = readlinkat(walk->current, name, walk->link, sizeof walk->link);
        if (text >= (ssize_t)sizeof walk->link) return refuse(ENAMETOOLONG);
        if (text >= 0) return links ? follow_link(walk, after, (size_t)text) : refuse(ELOOP);
        if (errno != EINVAL) return false; /* EINVAL: it is no link */
        if (*after == '\0') *opened = open_at(walk->current, name, flags | O_NOFOLLOW);
        if (*after == '\0') return false;
    }
    if (up ? !enter_parent(walk) : !here && !enter_child(walk, name)) return false;
    memmove(walk->rest, after, strlen(after) + 1);
    return true;
}

static int open_by_steps(const struct root_folder *folder, const char *path, int flags,
                         bool links) {
    struct walk walk = {.folder = folder, .current = folder->descriptor};
    int opened = -1;
    if (path[0] == '\0') return fail(ENOENT);
    if (strlen(path) >= PATH_MAX) return fail(ENAMETOOLONG);
    memcpy(walk.rest, path, strlen(path) + 1);
    while (follow_name(&walk, flags, links, &opened)) continue;
    int saved = errno;
    leave_current(&walk);
    errno = saved;
    return opened;
}

/* ---- with openat2 ---- */

static atomic_bool is_missing; /* the kernel has no openat2 */

/* EXDEV also for every absolute link. */
static int open_beneath(const struct root_folder *folder, const char *path, int flags, bool links) {
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    if (!links) how.resolve |= RESOLVE_NO_SYMLINKS;
    for (int i = 0; i < ATTEMPTS_MOST && !is_missing; i++) {
        long opened = syscall(SYS_openat2, folder->descriptor, path, &how, sizeof how);
        if (opened >= 0) return (int)opened;
        if (errno == ENOSYS) is_missing = true;
        if (errno == ENOSYS || errno == EPERM) break; /* EPERM: a filter of system calls, perhaps */
        if (errno != EAGAIN && errno != EINTR) return -1;
    }
    return open_by_steps(folder, path, flags, links);
}

/* ---- both ---- */

/* To be freed; NULL where /proc does not say. */
static char *real_path(int descriptor) {
    char name[DESCRIPTOR_NAME_MOST];
    char path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, sizeof path);
    return length <= 0 || length == sizeof path || path[0] != '/' ? NULL
                                                                  : strndup(path, (size_t)length);
}

/* The rest of an absolute path that begins with the folder, or NULL. */
static const char *rest_below(const char *folder, const char *path) {
    if (folder == NULL || folder[0] != '/') return NULL;
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/') length--;
    if (strncmp(path, folder, length) != 0) return NULL;
    path += length;
    if (*path != '/' && *path != '\0') return NULL;
    path += strspn(path, "/");
    return *path == '\0' ? "." : path;
}

/* A path that leaves the folder on its way may come back. Where it ends is found without opening
 * anything for reading, and opened again by its real path, which has no links. */
static int open_real(const struct root_folder *folder, const char *path, int flags) {
    int found = open_at(folder->descriptor, path, O_PATH);
    if (found < 0) return file_is_shortage(errno) ? -1 : fail(EXDEV);
    char *real = real_path(found);
    close(found);
    const char *rest = real == NULL ? NULL : rest_below(folder->real, real);
    int opened = rest == NULL ? fail(EXDEV) : open_beneath(folder, rest, flags, false);
    int saved = errno;
    free(real);
    errno = saved;
    return opened;
}

enum error_code root_folder_open(const char *path, bool allow_outside, struct root_folder *folder,
                                 struct error *error) {
    *folder = (struct root_folder){.descriptor = -1, .allow_outside = allow_outside};
    folder->path = memory_string(path, error);
    if (folder->path == NULL) return error->code;
    folder->descriptor = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
    folder->failure = errno;
    if (folder->descriptor >= 0) folder->real = real_path(folder->descriptor);
    return ERROR_NONE;
}

enum error_code root_folder_open_above(const struct root_folder *folder, size_t levels,
                                       struct root_folder *above, struct error *error) {
    struct text path = TEXT_INITIAL;
    *above = (struct root_folder){.descriptor = -1};
    text_string(&path, folder->path);
    for (size_t i = 0; i < levels; i++) text_string(&path, "/..");
    if (text_check(&path, error) == ERROR_NONE)
        root_folder_open(path.data, folder->allow_outside, above, error);
    text_free(&path);
    return error->code;
}

const char *root_folder_rest(const struct root_folder *folder, const char *path) {
    if (path[0] != '/') return path;
    const char *rest = rest_below(folder->path, path);
    return rest != NULL ? rest : rest_below(folder->real, path);
}

/* Whether opening it has no effect; what cannot be looked at is left to the open. It may be
 * replaced until it is opened, so what was opened is looked at again by those who read it. */
static bool is_harmless(int folder, const char *path, int flags) {
    struct stat status;
    return (flags & O_PATH) != 0 || fstatat(folder, path, &status, 0) != 0 ||
           S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

int root_folder_file(const struct root_folder *folder, const char *path, int flags) {
    const bool is_free = folder->allow_outside && path[0] == '/';
    const int start = is_free ? AT_FDCWD : folder->descriptor;
    const char *rest = is_free ? path : root_folder_rest(folder, path);
    if (rest == NULL) return fail(EXDEV);
    if (start < 0 && !is_free) return fail(folder->failure);
    bool harmless = is_harmless(start, rest, flags);
    int opened = -1;
    if (!harmless) flags = O_PATH; /* to know whether it leads out */
    if (folder->allow_outside)
        opened = open_at(start, rest, flags);
    else
        opened = open_beneath(folder, rest, flags, true);
    if (opened < 0 && errno == EXDEV && !folder->allow_outside)
        opened = open_real(folder, rest, flags);
    if (opened < 0 || harmless) return opened;
    close(opened);
    return fail(NOT_REGULAR);
}

void root_folder_close(struct root_folder *folder) {
    if (folder->path != NULL && folder->descriptor >= 0) close(folder->descriptor);
    free(folder->path);
    free(folder->real);
    *folder = (struct root_folder){.descriptor = -1};
}
