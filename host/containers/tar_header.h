/* One header of a tar file, a block of 512 bytes, and the records of pax that extend it. */
#ifndef EARMARK_CONTAINERS_TAR_HEADER_H
#define EARMARK_CONTAINERS_TAR_HEADER_H

#include "host/base/text.h"

#define TAR_BLOCK ((size_t)512)
/* Headers may announce names of any length; no longer one can be a path. */
#define TAR_LONGEST_NAME ((size_t)8192)

struct tar_header {
    char name[257]; /* prefix and name */
    char link[101];
    char type;
    bool goes_on; /* of a sparse file: its map goes on in the next block */
    uint64_t size;
};

bool tar_header_is_zero(const unsigned char block[TAR_BLOCK]);

/* false: not a header, by its checksum or its numbers. */
bool tar_header_parse(const unsigned char block[TAR_BLOCK], struct tar_header *header);

/* What the records of pax say about the next member. */
struct tar_records {
    struct text *name; /* the caller's, with their content replaced by the records' */
    struct text *link;
    bool has_size;
    uint64_t size;
    bool is_sparse;
    bool has_sparse_name;
};

/* false: they are damaged. Errors of memory are in the texts. */
bool tar_records_parse(const char *bytes, size_t count, struct tar_records *records);

#endif
