/* Arrays as long as the data, under a bound on memory (--memory). As many as fit within the bound
 * are in memory; the others are files without a name in a folder of the user's, mapped, whose pages
 * the system writes out and drops as it needs to. Where an array is changes no result. Without a
 * bound all are in memory.
 *
 * The bound is the process's, as memory is. */
#ifndef EARMARK_BASE_SCRATCH_H
#define EARMARK_BASE_SCRATCH_H

#include "host/base/folder.h"

struct scratch_bound {
    size_t bytes;                /* for all arrays that are in memory at a time */
    size_t least;                /* smaller arrays are in memory and are not counted */
    const struct folder *folder; /* must stay open as long as there are arrays */
    bool is_default;             /* nobody asked for it: without room there, memory is used */
};

/* Smaller arrays are in what a command needs in any case. */
#define SCRATCH_LEAST ((size_t)256 << 10)

/* Sets the bound, before the first array; NULL: there is none. */
void scratch_set(const struct scratch_bound *bound);

/* Whether there is one, and it was asked for. */
bool scratch_is_bounded(void);

/* What a command takes in any case: the program itself, its libraries', threads' and files' own
 * memory. Measured: 3 MB, and 1 MB a thread. */
size_t scratch_program(int threads);

/* Before scratch_set(): ERROR_USAGE, with the least that works, where `bytes`, given as --memory,
 * are less than `least`, which the command cannot do without. */
enum error_code scratch_check(size_t bytes, size_t least, const char *command, struct error *error);

/* As memory_array(): zeroed, and NULL on ERROR_MEMORY, also ERROR_FILE when the folder's disk is
 * full. scratch_free() releases it. May be called by several threads. */
void *scratch_array(size_t count, size_t size, const char *what, struct error *error);
void scratch_free(void *array); /* takes NULL */

/* As memory_grow(), of such an array. */
enum error_code scratch_grow(void *array_pointer, size_t *capacity, size_t needed, size_t size,
                             const char *what, struct error *error);

/* Bytes that were put into files so far. */
size_t scratch_in_files(void);

#endif
