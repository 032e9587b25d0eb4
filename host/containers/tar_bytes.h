/* The bytes of a tar file from its beginning: as they are in the file, or decompressed, which its
 * first bytes decide, not its name. gzip is always there (zlib); zstd, xz and bzip2 are
 * libarchive's (HAVE_LIBARCHIVE). */
#ifndef EARMARK_CONTAINERS_TAR_BYTES_H
#define EARMARK_CONTAINERS_TAR_BYTES_H

#include "host/base/error.h"

struct archive;
struct z_stream_s;

struct tar_bytes {
    int descriptor; /* the caller's */
    const char *path;
    uint64_t size;     /* of the file */
    bool compressed;   /* it can only be read forward */
    uint64_t position; /* of the next byte, when compressed */

    struct z_stream_s *gzip; /* private from here on */
    bool ended;
    struct archive *archive;
    int number;               /* errno of the file; 0: none */
    unsigned char *input;     /* a piece of the file */
    uint64_t read;            /* bytes of it so far; by pread(): others may share the descriptor */
    const unsigned char *had; /* decompressed and not yet asked for */
    size_t had_bytes;
};

/* Starts at the first byte; the descriptor and the path stay the caller's. tar_bytes_close also
 * after a failure. Errors: ERROR_DATA, also for a compression that this build cannot read;
 * ERROR_FILE, ERROR_MEMORY. */
enum error_code tar_bytes_open(int descriptor, const char *path, uint64_t size,
                               struct tar_bytes *bytes, struct error *error);
void tar_bytes_close(struct tar_bytes *bytes); /* takes a zeroed one */

/* Reads at an offset, which is never before `position` when compressed. *got: fewer than `count`
 * only at the end. Errors: ERROR_DATA for damaged compression, and for more than the bounds of
 * host/base/gzip.h; ERROR_FILE. */
enum error_code tar_bytes_read(struct tar_bytes *bytes, uint64_t offset, void *buffer, size_t count,
                               size_t *got, struct error *error);

/* Name and version of libarchive; NULL: this build has none. */
const char *tar_bytes_library(void);

#endif
