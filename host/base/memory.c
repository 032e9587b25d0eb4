#include "host/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define LARGE ((size_t)16 << 20) /* bytes */

void *memory_array(size_t count, size_t size, const char *what, struct error *error) {
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        FAIL(error, ERROR_MEMORY, "%s: %zu x %zu bytes is more than can be addressed", what, count,
             size);
        return NULL;
    }
    void *array = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (array == NULL)
        FAIL(error, ERROR_MEMORY, "%s: no memory for %zu x %zu bytes", what, count, size);
    return array;
}

enum error_code memory_grow(void *array_pointer, size_t *capacity, size_t needed, size_t size,
                            const char *what, struct error *error) {
    if (needed <= *capacity) return ERROR_NONE;
    size_t wanted = *capacity < 16 ? 16 : *capacity;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 4 / size)
            return FAIL(error, ERROR_MEMORY, "%s: %zu elements are too many", what, needed);
        /* Large arrays are moved without being copied; half of one unused would matter more. */
        wanted += wanted * size < LARGE ? wanted : wanted / 4;
    }
    void *old;
    memcpy(&old, array_pointer, sizeof old);
    unsigned char *grown = realloc(old, wanted * size);
    if (grown == NULL)
        return FAIL(error, ERROR_MEMORY, "%s: no memory for %zu x %zu bytes", what, wanted, size);
    memset(grown + *capacity * size, 0, (wanted - *capacity) * size);
    memcpy(array_pointer, &grown, sizeof grown);
    *capacity = wanted;
    return ERROR_NONE;
}

char *memory_string(const char *string, struct error *error) {
    char *copy = strdup(string);
    if (copy == NULL) FAIL(error, ERROR_MEMORY, "no memory for a string");
    return copy;
}
