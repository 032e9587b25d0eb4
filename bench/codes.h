/* Numbers for names: the place of each among the different ones, bytewise sorted. */
#ifndef EARMARK_BENCH_CODES_H
#define EARMARK_BENCH_CODES_H

#include <stddef.h>

struct codes {
    const char **names; /* (name_count) the different ones, sorted; they belong to the caller */
    size_t name_count;
    size_t *of; /* (count) each value's place in names */
};

struct codes codes_make(char *const *values, size_t count);
void codes_free(struct codes *codes);

#endif
