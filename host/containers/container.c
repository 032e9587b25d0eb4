#include "host/containers/container.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/containers/tar_bytes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct container {
    const struct container_format *format;
    pthread_mutex_t lock; /* for state */
    void *state;
    int descriptor;
    struct stat status;
};

#define CONTAINER_FORMAT_ENTRY(format) &(format),
static const struct container_format *const formats[] = {CONTAINER_FORMATS(CONTAINER_FORMAT_ENTRY)
                                                             NULL};

static bool has_ending(const struct container_format *format, const char *path, size_t length) {
    for (const char *const *ending = format->endings; *ending != NULL; ending++) {
        size_t own = strlen(*ending);
        if (length > own && strncasecmp(path + length - own, *ending, own) == 0) return true;
    }
    return false;
}

static const struct container_format *format_of(const char *path, size_t length) {
    for (size_t i = 0; formats[i] != NULL; i++)
        if (has_ending(formats[i], path, length)) return formats[i];
    return NULL;
}

bool container_is_named(const char *path) {
    return format_of(path, strlen(path)) != NULL;
}

bool container_has_member_named(const char *path) {
    const char *slash = strchr(path, '/');
    while (slash != NULL && format_of(path, (size_t)(slash - path)) == NULL)
        slash = strchr(slash + 1, '/');
    return slash != NULL;
}

enum error_code container_open(int descriptor, const char *path, struct container **container,
                               struct error *error) {
    const struct container_format *format = format_of(path, strlen(path));
    struct container *opened = NULL;
    *container = NULL;
    if (format == NULL)
        FAIL(error, ERROR_DATA, "%s: not the name of a container of sounds", path);
    else
        opened = memory_array(1, sizeof *opened, "a container", error);
    if (opened == NULL) {
        close(descriptor);
        return error->code;
    }
    opened->format = format;
    opened->descriptor = descriptor;
    pthread_mutex_init(&opened->lock, NULL);
    if (fstat(descriptor, &opened->status) != 0)
        file_fail(error, path, "read", errno);
    else
        format->open(descriptor, path, (uint64_t)opened->status.st_size, &opened->state, error);
    if (error->code != ERROR_NONE) {
        container_close(opened);
        return error->code;
    }
    *container = opened;
    return ERROR_NONE;
}

void container_close(struct container *container) {
    if (container == NULL) return;
    if (container->state != NULL) container->format->close(container->state);
    pthread_mutex_destroy(&container->lock);
    close(container->descriptor);
    free(container);
}

const struct stat *container_status(const struct container *container) {
    return &container->status;
}

enum error_code container_bytes(struct container *container, const struct container_member *member,
                                struct container_bytes *bytes, struct error *error) {
    bytes->descriptor = -1;
    pthread_mutex_lock(&container->lock);
    container->format->bytes(container->state, member, bytes, error);
    pthread_mutex_unlock(&container->lock);
    return error->code;
}

enum error_code container_find(struct container *container, const char *name,
                               struct container_member *member, bool *found, struct error *error) {
    *found = false;
    pthread_mutex_lock(&container->lock);
    container->format->find(container->state, name, member, found, error);
    pthread_mutex_unlock(&container->lock);
    return error->code;
}

const char *container_library(void) {
    return tar_bytes_library();
}
