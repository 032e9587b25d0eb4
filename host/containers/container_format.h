/* What a format of containers is, and which there are: a new one is its own file, which defines
 * `const struct container_format container_NAME`, and a line in CONTAINER_FORMATS. */
#ifndef EARMARK_CONTAINERS_CONTAINER_FORMAT_H
#define EARMARK_CONTAINERS_CONTAINER_FORMAT_H

#include "host/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member, as its format finds it again. */
struct container_member {
    uint64_t place; /* tar: where its bytes begin, decompressed; parquet: its row */
    uint64_t bytes; /* 0: not known */
};

/* The bytes of a member: a window of an open file, or of memory. The caller closes descriptor. */
struct container_bytes {
    int descriptor;
    uint64_t offset;
    size_t count;
};

/* What a format is. Functions are called by one thread at a time for each state. */
struct container_format {
    const char *name;           /* "tar", "parquet" */
    const char *const *endings; /* of file names, in any case; ends in NULL */
    /* Takes nothing over: the descriptor stays the container's; `path` is for messages. Errors:
     * ERROR_DATA, ERROR_FILE, ERROR_MEMORY. */
    enum error_code (*open)(int descriptor, const char *path, uint64_t size, void **state,
                            struct error *error);
    void (*close)(void *state);
    /* ERROR_DATA: of this member alone, with a reason that does not name the file. */
    enum error_code (*bytes)(void *state, const struct container_member *member,
                             struct container_bytes *bytes, struct error *error);
    /* The member of this name, as a reader of lists gave it; *found: whether there is one. */
    enum error_code (*find)(void *state, const char *name, struct container_member *member,
                            bool *found, struct error *error);
};

#define CONTAINER_FORMATS(FORMAT) FORMAT(container_tar) FORMAT(container_parquet)

#define CONTAINER_FORMAT_DECLARE(format) extern const struct container_format format;
CONTAINER_FORMATS(CONTAINER_FORMAT_DECLARE)

#endif
