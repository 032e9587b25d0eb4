/* The data of a review. Private to host/report/review_*.c. */
#ifndef EARMARK_REPORT_REVIEW_INTERNAL_H
#define EARMARK_REPORT_REVIEW_INTERNAL_H

#include "host/base/npy.h"
#include "host/clips/string_table.h"
#include "host/report/limits.h"
#include "host/report/near.h"
#include "host/report/run_hash.h"

/* The nearest clips with the given (0) and with the suggested label (1). */
struct issue_near {
    size_t array_row;
    size_t counts[2];
    struct near_clip found[2][REVIEW_NEAR];
};

struct review_data {
    const struct run_results *results;
    char hash[RUN_HASH_SIZE];
    struct near *near; /* NULL: there are no embeddings */
    struct issue_near *nearest;
    size_t near_count;              /* issues, from the first, that were searched for */
    struct npy_array probabilities; /* no rows: there are none */
    float *row_values;              /* (classes) room for one row of them */
    struct string_table names;      /* the classes, then labels that are none */
    char *separator;                /* of the labels of a set; NULL: one label a clip */
    struct text scratch;
    size_t *rows; /* room for those of other clips */
    size_t row_capacity;
};

#endif
