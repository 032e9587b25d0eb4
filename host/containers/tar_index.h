/* The members of a tar file, to be found by name. */
#ifndef EARMARK_CONTAINERS_TAR_INDEX_H
#define EARMARK_CONTAINERS_TAR_INDEX_H

#include "host/base/long_text.h"
#include "host/containers/container_format.h"
#include "host/containers/tar_walk.h"

/* More members than a collection has clips; each costs its name and about 50 bytes. */
#define TAR_MAXIMUM_MEMBERS ((size_t)20000000)

struct tar_entry {
    uint64_t name; /* offsets into names */
    uint64_t link; /* of links that lead nowhere; 0: none */
    struct container_member member;
    uint8_t kind;  /* enum tar_kind */
    bool is_cut;   /* not all of its bytes are there */
    bool is_noted; /* for the caller of tar_index_read() */
    bool replaced; /* a later member has its name, and replaces it when the file is unpacked */
};

struct tar_index {
    struct long_text names;
    struct tar_entry *entries; /* (count) in the order of the file, without folders */
    size_t count;
    size_t capacity;
    size_t *by_name; /* (count) */

    /* As in struct tar_walk. */
    char problem[160];
    bool is_cut;
    bool has_end;
    size_t joined;
    uint64_t rest;
};

/* Reads all members and resolves hard links; `visit`, which may be NULL, is called for each, and
 * may read it. tar_index_free also after a failure. Errors: ERROR_DATA (not a tar file, or more
 * than TAR_MAXIMUM_MEMBERS), ERROR_FILE, ERROR_MEMORY. */
enum error_code
tar_index_read(struct tar_index *index, int descriptor, const char *path, uint64_t size,
               enum error_code (*visit)(void *context, struct tar_walk *walk, struct error *error),
               void *context, struct error *error);
void tar_index_free(struct tar_index *index); /* takes a zeroed one */

const char *tar_index_name(const struct tar_index *index, const struct tar_entry *entry);

/* The member that has this name when the file is unpacked, or NULL. */
const struct tar_entry *tar_index_find(const struct tar_index *index, const char *name);

/* The first member, by name, whose name is the stem, a dot, and an ending without dots other than
 * `except`; or NULL. */
const struct tar_entry *tar_index_find_stem(const struct tar_index *index, const char *stem,
                                            const char *except);

#endif
