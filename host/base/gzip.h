/* Text files that may be compressed with gzip. */
#ifndef EARMARK_BASE_GZIP_H
#define EARMARK_BASE_GZIP_H

#include "host/base/error.h"

#include <stdio.h>

/* Uncompressed: larger than any list of clips, and a bound for files made to expand. */
#define GZIP_MAXIMUM_BYTES ((size_t)1 << 33)

/* Opens a regular file for reading; if it begins like gzip, the stream gives the uncompressed text.
 * A truncated or damaged file is a read error of the stream (EBADMSG), and so is one beyond the
 * bound (EOVERFLOW). fclose releases it. Errors: ERROR_FILE. */
enum error_code gzip_open(const char *path, FILE **stream, struct error *error);

#endif
