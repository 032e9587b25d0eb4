/* Files that are written in pieces one after the other, with a checksum of the whole in the first
 * of them, the header. */
#ifndef EARMARK_BASE_FILE_PIECES_H
#define EARMARK_BASE_FILE_PIECES_H

#include "host/base/folder.h"

struct file_piece {
    const void *bytes; /* (size); anything where there are none */
    size_t size;
};

/* XXH3-128 of all pieces, of which the header's own checksum must be zero. ERROR_MEMORY. */
enum error_code file_pieces_checksum(const struct file_piece *pieces, size_t count, uint64_t sum[2],
                                     struct error *error);

/* Replaces a file by the pieces (file_replace.h). */
enum error_code file_pieces_write(const struct folder *folder, const char *name,
                                  const struct file_piece *pieces, size_t count,
                                  struct error *error);

#endif
