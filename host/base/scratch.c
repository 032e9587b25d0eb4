#include "host/base/scratch.h"

#include "host/base/memory.h"
#include "host/base/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MEBIBYTE ((size_t)1 << 20)

/* An array that counts. */
struct array {
    struct array *next;
    void *data;
    size_t size;
    struct file_mapping mapping; /* data NULL: in memory */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct scratch_bound bound; /* folder NULL: none */
static struct array *all;
static size_t used, in_files; /* bytes */

void scratch_set(const struct scratch_bound *wanted) {
    pthread_mutex_lock(&lock);
    bound = wanted == NULL ? (struct scratch_bound){0} : *wanted;
    in_files = 0;
    pthread_mutex_unlock(&lock);
    /* The library would keep what is freed, up to 64 MB: more than a bound leaves to chance. */
    if (wanted != NULL && !wanted->is_default) mallopt(M_MMAP_THRESHOLD, (int)SCRATCH_LEAST);
}

bool scratch_is_bounded(void) {
    return bound.folder != NULL && !bound.is_default;
}

size_t scratch_program(int threads) {
    return ((size_t)8 + 2 * (size_t)(threads < 1 ? 1 : threads)) * MEBIBYTE;
}

enum error_code scratch_check(size_t bytes, size_t least, const char *command,
                              struct error *error) {
    size_t mebibytes = least / MEBIBYTE + (least % MEBIBYTE != 0);
    if (bytes / MEBIBYTE >= mebibytes) return ERROR_NONE;
    return FAIL(error, ERROR_USAGE,
                "--memory is too small: earmark %s needs at least %zuM for these data; give "
                "--memory %zuM or more",
                command, mebibytes, mebibytes);
}

size_t scratch_in_files(void) {
    return in_files;
}

/* Opens a new file that has no name; -1 with errno. */
static int open_nameless(int folder) {
    int descriptor = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, (mode_t)0600);
    if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return descriptor;
    char name[40]; /* a file system without such files */
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return -1;
    snprintf(name, sizeof name, "memory.%016" PRIx64 ".part", number);
    descriptor =
        openat(folder, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, (mode_t)0600);
    if (descriptor >= 0) unlinkat(folder, name, 0);
    return descriptor;
}

/* Files in memory are not what the user wants; said once. */
static void warn_of_memory(int descriptor) {
    struct statfs status;
    static bool said;
    if (bound.is_default || said || fstatfs(descriptor, &status) != 0 ||
        (status.f_type != TMPFS_MAGIC && status.f_type != RAMFS_MAGIC))
        return;
    said = true;
    progress_warning("%s is in memory (tmpfs): what --memory moves there stays in memory; "
                     "give a folder on a disk",
                     bound.folder->path);
}

/* Room is taken before anything is written: a full disk would end the process later. */
static enum error_code map_file(struct array *array, struct error *error) {
    const char *path = bound.folder->path;
    int descriptor = open_nameless(bound.folder->descriptor), failure;
    if (descriptor < 0) return file_fail(error, path, "make a file there for --memory", errno);
    warn_of_memory(descriptor);
    do failure = posix_fallocate(descriptor, 0, (off_t)array->size);
    while (failure == EINTR);
    if (failure != 0) {
        close(descriptor);
        return file_fail(error, path, "keep there what --memory leaves no room for", failure);
    }
    TRY(file_map_written(descriptor, array->size, path, &array->mapping, error));
    array->data = (void *)(uintptr_t)array->mapping.data;
    return ERROR_NONE;
}

static enum error_code map_memory(struct array *array, const char *what, struct error *error) {
    array->data =
        mmap(NULL, array->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (array->data != MAP_FAILED) return ERROR_NONE;
    return FAIL(error, ERROR_MEMORY, "%s: no memory for %zu bytes", what, array->size);
}

void *scratch_array(size_t count, size_t size, const char *what, struct error *error) {
    if (bound.folder == NULL || (size != 0 && count > SIZE_MAX / 4 / size) ||
        count * size < bound.least || count * size == 0)
        return memory_array(count, size, what, error);
    struct array *array = memory_array(1, sizeof *array, what, error);
    if (array == NULL) return NULL;
    struct error own = ERROR_INITIAL; /* the caller's may be set already */
    array->size = count * size;
    pthread_mutex_lock(&lock);
    bool fits = array->size <= bound.bytes && used <= bound.bytes - array->size;
    if (!fits && map_file(array, &own) != ERROR_NONE && bound.is_default) {
        own = (struct error)ERROR_INITIAL;
        fits = true;
    }
    if (fits) map_memory(array, what, &own);
    if (own.code == ERROR_NONE) {
        *(fits ? &used : &in_files) += array->size;
        array->next = all;
        all = array;
    }
    pthread_mutex_unlock(&lock);
    if (own.code == ERROR_NONE) return array->data;
    FAIL(error, own.code, "%s", own.message);
    free(array);
    return NULL;
}

/* Takes the array out of the list; NULL where it is not counted. */
static struct array *take(const void *data) {
    pthread_mutex_lock(&lock);
    struct array **place = &all;
    while (*place != NULL && (*place)->data != data) place = &(*place)->next;
    struct array *array = *place;
    if (array != NULL) {
        *place = array->next;
        if (array->mapping.data == NULL) used -= array->size;
    }
    pthread_mutex_unlock(&lock);
    return array;
}

void scratch_free(void *data) {
    struct array *array = data == NULL ? NULL : take(data);
    if (array == NULL)
        free(data);
    else if (array->mapping.data != NULL)
        file_unmap(&array->mapping);
    else
        munmap(data, array->size);
    free(array);
}

enum error_code scratch_grow(void *array_pointer, size_t *capacity, size_t needed, size_t size,
                             const char *what, struct error *error) {
    void *old;
    size_t wanted = *capacity < 16 ? 16 : *capacity;
    if (needed <= *capacity) return ERROR_NONE;
    while (wanted < needed) wanted += wanted / 2;
    void *grown = scratch_array(wanted, size, what, error);
    if (grown == NULL) return error->code;
    memcpy(&old, array_pointer, sizeof old);
    if (old != NULL) memcpy(grown, old, *capacity * size);
    scratch_free(old);
    memcpy(array_pointer, &grown, sizeof grown);
    *capacity = wanted;
    return ERROR_NONE;
}
