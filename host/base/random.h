/* Random numbers of the system: for names and secrets that nobody can guess. */
#ifndef EARMARK_BASE_RANDOM_H
#define EARMARK_BASE_RANDOM_H

#include "host/base/error.h"

#include <stddef.h>

/* Fills `size` bytes, at most 256. ERROR_FILE where the system has none. */
enum error_code random_bytes(void *bytes, size_t size, struct error *error);

#endif
