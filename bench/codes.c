#include "bench/codes.h"

#include "bench/tables.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct codes codes_make(char *const *values, size_t count) {
    struct codes codes = {bench_allocate(count, sizeof *codes.names), 0,
                          bench_allocate(count, sizeof *codes.of)};
    for (size_t i = 0; i < count; i++) codes.names[i] = values[i];
    qsort(codes.names, count, sizeof *codes.names, compare_names);
    for (size_t i = 0; i < count; i++) {
        const char *name = codes.names[i];
        if (codes.name_count == 0 || strcmp(codes.names[codes.name_count - 1], name) != 0) {
            codes.names[codes.name_count++] = name;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const char **place =
            bsearch(&values[i], codes.names, codes.name_count, sizeof *codes.names, compare_names);
        codes.of[i] = (size_t)(place - codes.names);
    }
    return codes;
}

void codes_free(struct codes *codes) {
    free(codes->names);
    free(codes->of);
}
