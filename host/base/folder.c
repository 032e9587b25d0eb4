#include "host/base/folder.h"

#include "host/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* openat(), again after each signal that interrupts it. */
static int open_in(int folder, const char *name, int flags) {
    int descriptor;
    do descriptor = openat(folder, name, flags | O_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

/* ---- opening ---- */

/* mkdir -p */
static enum error_code make_folders(const char *path, struct error *error) {
    char *copy = memory_string(path, error);
    if (copy == NULL) return error->code;
    for (char *at = copy; *at != '\0' && error->code == ERROR_NONE;) {
        at++;
        if (*at != '/' && *at != '\0') continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            file_fail(error, copy, "make the folder", errno);
        *at = kept;
    }
    free(copy);
    return error->code;
}

enum error_code folder_open(const char *path, bool make, struct folder *folder,
                            struct error *error) {
    *folder = (struct folder)FOLDER_INITIAL;
    if (make) TRY(make_folders(path, error));
    folder->path = memory_string(path, error);
    if (folder->path == NULL) return error->code;
    folder->descriptor = open_in(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    return folder->descriptor < 0 ? file_fail(error, path, "open", errno) : ERROR_NONE;
}

static bool is_link(const struct folder *folder, const char *name) {
    struct stat status;
    return fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(status.st_mode);
}

/* Opening failed with this errno: a link has its own words. */
static enum error_code fail_open(const struct folder *folder, const char *name, int number,
                                 struct error *error) {
    if ((number != ELOOP && number != ENOTDIR) || !is_link(folder, name))
        return folder_fail(folder, name, "open", number, error);
    return FAIL(error, ERROR_FILE,
                "%s/%s: is a symbolic link, and earmark follows none in a folder that it writes "
                "to; remove the link, or give another folder",
                folder->path, name);
}

enum error_code folder_open_in(const struct folder *parent, const char *name, bool make,
                               struct folder *folder, struct error *error) {
    *folder = (struct folder)FOLDER_INITIAL;
    if (make && mkdirat(parent->descriptor, name, 0777) != 0 && errno != EEXIST)
        return folder_fail(parent, name, "make the folder", errno, error);
    folder->path = file_join(parent->path, name, error);
    if (folder->path == NULL) return error->code;
    folder->descriptor = open_in(parent->descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (folder->descriptor >= 0 || (errno == ENOENT && !make)) return ERROR_NONE;
    return fail_open(parent, name, errno, error);
}

void folder_close(struct folder *folder) {
    if (folder->path != NULL && folder->descriptor >= 0) close(folder->descriptor);
    free(folder->path);
    *folder = (struct folder)FOLDER_INITIAL;
}

/* ---- names ---- */

enum error_code folder_fail(const struct folder *folder, const char *name, const char *what,
                            int number, struct error *error) {
    char *path = file_join(folder->path, name, error);
    if (path != NULL) file_fail(error, path, what, number);
    free(path);
    return error->code;
}

bool folder_has(const struct folder *folder, const char *name) {
    struct stat status;
    return fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

enum error_code folder_remove(const struct folder *folder, const char *name, struct error *error) {
    if (unlinkat(folder->descriptor, name, 0) == 0 || errno == ENOENT) return ERROR_NONE;
    return folder_fail(folder, name, "remove", errno, error);
}

enum error_code folder_remove_folder(const struct folder *folder, const char *name,
                                     struct error *error) {
    if (unlinkat(folder->descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
        errno == ENOTEMPTY || errno == EEXIST)
        return ERROR_NONE;
    return folder_fail(folder, name, "remove", errno, error);
}

enum error_code folder_each(const struct folder *folder,
                            enum error_code (*take)(void *, const char *, struct error *),
                            void *context, struct error *error) {
    int descriptor = open_in(folder->descriptor, ".", O_RDONLY | O_DIRECTORY);
    DIR *listing = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (listing == NULL) {
        file_fail(error, folder->path, "list", errno);
        if (descriptor >= 0) close(descriptor);
        return error->code;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(listing);
        if (entry == NULL && errno != 0) file_fail(error, folder->path, "list", errno);
        if (entry == NULL || take(context, entry->d_name, error) != ERROR_NONE) break;
    }
    closedir(listing);
    return error->code;
}

/* ---- reading ---- */

enum error_code folder_open_file(const struct folder *folder, const char *name, int *descriptor,
                                 size_t *size, struct error *error) {
    int opened = open_in(folder->descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (opened < 0) return fail_open(folder, name, errno, error);
    struct stat status;
    if (fstat(opened, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 0) {
        close(opened);
        return FAIL(error, ERROR_FILE,
                    "%s/%s: not a regular file; remove it, or give another folder", folder->path,
                    name);
    }
    *descriptor = opened;
    *size = (size_t)status.st_size;
    return ERROR_NONE;
}

enum error_code folder_read(const struct folder *folder, const char *name, size_t limit,
                            char **data, size_t *size, struct error *error) {
    int descriptor = -1;
    size_t expected = 0;
    TRY(folder_open_file(folder, name, &descriptor, &expected, error));
    char *path = file_join(folder->path, name, error);
    if (path == NULL)
        close(descriptor);
    else
        file_read_opened(descriptor, expected, path, limit, data, size, error);
    free(path);
    return error->code;
}

enum error_code folder_map(const struct folder *folder, const char *name,
                           struct file_mapping *mapping, struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    *mapping = (struct file_mapping){NULL, 0};
    TRY(folder_open_file(folder, name, &descriptor, &size, error));
    char *path = file_join(folder->path, name, error);
    if (path == NULL)
        close(descriptor);
    else
        file_map_opened(descriptor, size, path, mapping, error);
    free(path);
    return error->code;
}
