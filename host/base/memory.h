/* Allocation whose size depends on input: checked for overflow, reported by name. */
#ifndef EARMARK_BASE_MEMORY_H
#define EARMARK_BASE_MEMORY_H

#include "host/base/error.h"

/* Room for `count` elements of `size` bytes, zeroed; free() releases it. NULL and
 * ERROR_MEMORY, naming `what`, when the product overflows or memory is short.
 * A count of 0 gives a valid pointer. */
void *memory_array(size_t count, size_t size, const char *what, struct error *error);

/* Grows *array (of elements of `size` bytes, *capacity of them) so that it holds
 * at least `needed`; doubles, so that appending is linear. New elements are zero. */
enum error_code memory_grow(void *array_pointer, size_t *capacity, size_t needed, size_t size,
                            const char *what, struct error *error);

/* A copy of a string, or NULL and ERROR_MEMORY. */
char *memory_string(const char *string, struct error *error);

#endif
