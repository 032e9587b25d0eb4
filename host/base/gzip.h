/* Text files that may be compressed with gzip, read alike. */
#ifndef EARMARK_BASE_GZIP_H
#define EARMARK_BASE_GZIP_H

#include "host/base/error.h"

#include <stdio.h>

/* Uncompressed: beyond any list of clips, and a bound for a file that is made to swell. */
#define GZIP_MAXIMUM_BYTES ((size_t)1 << 33)

/* Opens a regular file for reading; where it begins as gzip does, what the stream gives
 * is the text in it. A file that is cut or damaged is a read error of the stream (EBADMSG),
 * one that swells beyond the bound likewise (EOVERFLOW). fclose releases it.
 * Errors: ERROR_FILE, ERROR_MEMORY. */
enum error_code gzip_open(const char *path, FILE **stream, struct error *error);

#endif
