/* Working memory of the CPU device. */
#ifndef EARMARK_CPU_MEMORY_H
#define EARMARK_CPU_MEMORY_H

#include "kernels/error.h"

#include <stddef.h>

/* 64-byte aligned memory of count * size bytes (both checked), not zeroed;
 * free() releases it. NULL and ERROR_MEMORY, naming `what`, where there is none. */
void *memory_aligned(size_t count, size_t size, const char *what, struct error *error);

/* ERROR_MEMORY, naming `what`, unless `bytes` more addresses can be mapped now. For calls into
 * libraries that crash where an allocation of their own fails. */
enum error_code memory_room(size_t bytes, const char *what, struct error *error);

#endif
