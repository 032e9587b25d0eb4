/* Text files that may be compressed with gzip. */
#ifndef EARMARK_BASE_GZIP_H
#define EARMARK_BASE_GZIP_H

#include "host/base/error.h"

#include <stdio.h>

/* Uncompressed: larger than any list of clips, and a bound for files made to expand. */
#define GZIP_MAXIMUM_BYTES ((size_t)1 << 33)

/* A stream of an open regular file, which takes its descriptor, also when it fails; if the file
 * begins like gzip, the stream gives the uncompressed text. `name` is for messages.
 * A truncated or damaged file is a read error of the stream (EBADMSG), and so is one beyond the
 * bound (EOVERFLOW). fclose releases it. Errors: ERROR_FILE. */
enum error_code gzip_open(int descriptor, const char *name, FILE **stream, struct error *error);

#endif
