/* A file that holds many sounds, whose bytes are read in place: a tar file, or a parquet file with
 * a column of sounds. Readers of lists find the members; decoding asks for the bytes of one.
 *
 * A container is input from strangers like any other: every number in it is checked against the
 * size of its file before it is used. */
#ifndef EARMARK_CONTAINERS_CONTAINER_H
#define EARMARK_CONTAINERS_CONTAINER_H

#include "host/containers/container_format.h"

#include <sys/stat.h>

struct container;

/* Whether the name has the ending of a container. */
bool container_is_named(const char *path);

/* Whether the path has such a name before a '/': that of a member, unless it is a folder's. */
bool container_has_member_named(const char *path);

/* Opens the container in a regular file, whose descriptor is taken, also after a failure. Errors:
 * ERROR_DATA (it is none, or damaged), ERROR_FILE, ERROR_MEMORY. */
enum error_code container_open(int descriptor, const char *path, struct container **container,
                               struct error *error);
void container_close(struct container *container); /* takes NULL */

const struct stat *container_status(const struct container *container);

/* As the functions of its format, from any thread. */
enum error_code container_bytes(struct container *container, const struct container_member *member,
                                struct container_bytes *bytes, struct error *error);
enum error_code container_find(struct container *container, const char *name,
                               struct container_member *member, bool *found, struct error *error);

/* Name and version of the library that decompresses; NULL: this build has none. */
const char *container_library(void);

#endif
