/* Text files that may be compressed with gzip. */
#ifndef EARMARK_BASE_GZIP_H
#define EARMARK_BASE_GZIP_H

#include "host/base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* Bounds for files made to expand, each beyond an amount of text that is free. Lists of clips
 * become 5 to 35 times as long, and their shortest rows ("12345.wav,a") are 2.4 compressed bytes
 * each. Compressed bytes are those read so far, so that what follows does not count. */
#define GZIP_FREE_BYTES ((size_t)16 << 20)
#define GZIP_MAXIMUM_RATIO ((size_t)50)
#define GZIP_FREE_LINES ((size_t)1 << 20)
#define GZIP_LINES_A_BYTE 0.5

/* Whether this much text, with this many ends of lines, is more than the bounds allow. */
bool gzip_is_too_much(size_t bytes, size_t lines, size_t compressed);

/* A stream of an open regular file, which takes its descriptor, also when it fails; if the file
 * begins like gzip, the stream gives the uncompressed text. `name` is for messages.
 * A truncated or damaged file is a read error of the stream (EBADMSG), and so is one beyond the
 * bounds (EOVERFLOW). fclose releases it. Errors: ERROR_FILE. */
enum error_code gzip_open(int descriptor, const char *name, FILE **stream, struct error *error);

#endif
