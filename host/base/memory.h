/* Allocation whose size depends on input: checked for overflow, with an error that names it. */
#ifndef EARMARK_BASE_MEMORY_H
#define EARMARK_BASE_MEMORY_H

#include "host/base/error.h"

/* `count` elements of `size` bytes, zeroed; free() releases them. NULL on ERROR_MEMORY, whose
 * message begins with `what`, also if the product overflows. A count of 0 gives a valid pointer. */
void *memory_array(size_t count, size_t size, const char *what, struct error *error);

/* Grows the array at *array_pointer, of *capacity elements of `size` bytes, to at least `needed`
 * by doubling, so that appending takes linear time. New elements are zero. */
enum error_code memory_grow(void *array_pointer, size_t *capacity, size_t needed, size_t size,
                            const char *what, struct error *error);

/* A copy of a string, to be freed; NULL on ERROR_MEMORY. */
char *memory_string(const char *string, struct error *error);

#endif
