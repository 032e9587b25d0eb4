/* Cross-validation of arrays on disk: what `earmark crossval` reads and writes. */
#ifndef EARMARK_CROSSVAL_FILES_H
#define EARMARK_CROSSVAL_FILES_H

#include "host/base/npy.h"
#include "host/classifier/assign.h"
#include "host/classifier/crossval.h"

struct crossval_files {
    const char *embeddings; /* (rows, features), any number type */
    const char *labels;     /* (rows) integers */
    const char *groups;     /* (rows) integers, or NULL */
    const char *fold_of;    /* (rows) integers, or NULL */
};

/* The arrays, and the rows that can be audited. */
struct crossval_data {
    size_t given_rows;
    int64_t *given_labels; /* (given_rows) */
    struct assign_result assigned;
    enum npy_type type; /* of the embeddings in the file */

    struct crossval_input input; /* auditable rows; classes with such rows, sorted */
    int64_t *class_values;       /* (input.classes): the labels' values */
    int64_t *rows;               /* (input.rows): row numbers in the files */

    /* own: what input points into */
    struct npy_array array;
    float *embeddings;
    int32_t *labels;
    int32_t *fold_of;
};

#define CROSSVAL_DATA_INITIAL                                                                      \
    { .array = NPY_INITIAL }

/* Reads the arrays and assigns the folds that settings ask for. Float32 embeddings
 * stay mapped; others are rounded to float32. Errors name file and row. */
enum error_code crossval_data_open(const struct crossval_files *files,
                                   const struct crossval_settings *settings,
                                   struct crossval_data *data, struct error *error);
void crossval_data_close(struct crossval_data *data);

/* Writes into a folder that exists: pred_probs.npy (rows, classes) float32, folds.npy
 * and labels.npy (rows) int32 and int64, rows.npy (rows) int64, classes.json (the
 * labels' values), not_auditable.csv (row, label, reason), and last crossval.json. */
enum error_code crossval_data_write(const char *folder, const struct crossval_files *files,
                                    const struct crossval_settings *settings,
                                    const struct crossval_data *data, const float *probabilities,
                                    const struct crossval_report *report, struct error *error);

#endif
