/* The members of a tar file in their order: ustar, pax and GNU headers, and those before them. Only
 * headers are read, and what a caller asks for. */
#ifndef EARMARK_CONTAINERS_TAR_WALK_H
#define EARMARK_CONTAINERS_TAR_WALK_H

#include "host/base/text.h"
#include "host/containers/tar_bytes.h"

enum tar_kind {
    TAR_FILE,
    TAR_HARD_LINK, /* has no bytes of its own */
    TAR_SYMBOLIC_LINK,
    TAR_SPARSE,    /* with holes, in any of GNU tar's forms; its bytes are not those of the file */
    TAR_CONTINUED, /* the rest of a file of another tar (tar --multi-volume) */
    TAR_FOLDER,
    TAR_OTHER
};

struct tar_member {
    const char *name; /* without "./" in front; bytes of any encoding */
    const char *link; /* of links, likewise; else "" */
    enum tar_kind kind;
    uint64_t offset; /* of its bytes, in what is not compressed */
    uint64_t bytes;
};

struct tar_walk {
    struct tar_bytes bytes;
    struct tar_member member; /* the current one, until the next call */

    /* After the end: */
    char problem[160]; /* why what follows cannot be read; "": nothing does */
    bool is_cut;       /* the bytes of the last member are not all there */
    bool has_end;      /* there is the mark that ends a tar file */
    size_t joined;     /* tar files that follow the end of the first, as of `cat a.tar b.tar` */
    uint64_t rest;     /* bytes that follow the end and are no tar file */

    uint64_t next; /* private: offset of the next header */
    struct text name;
    struct text link;
    struct text extended;
};

/* As tar_bytes_open(). tar_walk_close also after a failure. */
enum error_code tar_walk_open(int descriptor, const char *path, uint64_t size,
                              struct tar_walk *walk, struct error *error);
void tar_walk_close(struct tar_walk *walk); /* takes a zeroed one */

/* The next member; *end: there is none. A damaged or truncated file ends, with its problem.
 * Errors: ERROR_FILE, ERROR_MEMORY. */
enum error_code tar_walk_next(struct tar_walk *walk, bool *end, struct error *error);

/* Replaces the content of `text` by the bytes of the current member, at most `most` of them; once
 * for each member. Errors: as tar_walk_next(). */
enum error_code tar_walk_read(struct tar_walk *walk, size_t most, struct text *text,
                              struct error *error);

#endif
