#include "host/classifier/crossval_sample.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/classifier/references.h"

#include <stdlib.h>

static enum error_code gather(const struct crossval_rows *from, const size_t *rows,
                              struct crossval_sample *sample, struct error *error) {
    sample->addresses = memory_array(sample->rows, sizeof *sample->addresses, "a sample", error);
    sample->labels = memory_array(sample->rows, sizeof *sample->labels, "a sample", error);
    sample->fold_of = memory_array(sample->rows, sizeof *sample->fold_of, "a sample", error);
    sample->row_numbers =
        memory_array(sample->rows, sizeof *sample->row_numbers, "a sample", error);
    TRY(error->code);
    for (size_t i = 0; i < sample->rows; i++) {
        size_t row = rows[i];
        sample->addresses[i] = matrix_row(&from->embeddings, row);
        sample->labels[i] = from->labels[row];
        sample->fold_of[i] = from->fold_of[row];
        sample->row_numbers[i] = from->row_numbers == NULL ? (int64_t)row : from->row_numbers[row];
    }
    return ERROR_NONE;
}

enum error_code crossval_sample_open(const struct crossval_rows *from, size_t most,
                                     struct crossval_sample *sample, struct error *error) {
    size_t *rows = NULL;
    *sample = (struct crossval_sample){0};
    /* a class of a fold is a class of its own to the choice */
    int32_t *cells = scratch_array(from->rows, sizeof *cells, "a sample", error);
    if (cells == NULL) return error->code;
    for (size_t row = 0; row < from->rows; row++)
        cells[row] = from->fold_of[row] * (int32_t)from->classes + from->labels[row];
    if (references_choose(&from->embeddings, cells, from->rows, from->features,
                          from->classes * from->folds, most, CROSSVAL_SAMPLE_LEAST, &rows,
                          &sample->rows, error) == ERROR_NONE)
        gather(from, rows, sample, error);
    free(rows);
    scratch_free(cells);
    return error->code;
}

void crossval_sample_close(struct crossval_sample *sample) {
    free((void *)sample->addresses);
    free(sample->labels);
    free(sample->fold_of);
    free(sample->row_numbers);
    *sample = (struct crossval_sample){0};
}
