#include "memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#define MAXIMUM_BYTES ((size_t)1 << 40) /* more is a defect of the caller or of its input */

void *memory_aligned(size_t count, size_t size, const char *what, struct error *error) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > MAXIMUM_BYTES) {
        FAIL(error, ERROR_MEMORY, "no memory for %s: %zu elements of %zu bytes", what, count, size);
        return NULL;
    }
    void *memory = aligned_alloc(64, bytes == 0 ? 64 : (bytes + 63) / 64 * 64);
    if (memory == NULL) FAIL(error, ERROR_MEMORY, "no memory for %s: %zu bytes", what, bytes);
    return memory;
}

enum error_code memory_room(size_t bytes, const char *what, struct error *error) {
    void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return FAIL(error, ERROR_MEMORY, "no memory to %s: %zu bytes", what, bytes);
    munmap(room, bytes);
    return ERROR_NONE;
}
