/* Numbers for names: the index of each in the list of distinct names, sorted bytewise. */
#ifndef EARMARK_BENCH_CODES_H
#define EARMARK_BENCH_CODES_H

#include <stddef.h>

struct codes {
    const char **names; /* (name_count) distinct, sorted; owned by the caller */
    size_t name_count;
    size_t *of; /* (count) index of each value in names */
};

struct codes codes_make(char *const *values, size_t count);
void codes_free(struct codes *codes);

#endif
