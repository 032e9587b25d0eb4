/* Arrays on disk: what `earmark crossval` and `earmark detect` read and write. */
#ifndef EARMARK_COMMANDS_CROSSVAL_FILES_H
#define EARMARK_COMMANDS_CROSSVAL_FILES_H

#include "host/audit/detection.h"
#include "host/base/npy.h"
#include "host/classifier/assign.h"
#include "host/classifier/crossval_multilabel.h"

struct crossval_files {
    const char *embeddings[MIX_VIEWS]; /* (embedding_count) of (rows, features), any number type */
    size_t embedding_count;
    const char *labels;  /* (rows) integers; with multi_label (rows, classes) */
    const char *groups;  /* (rows) integers, or NULL */
    const char *fold_of; /* (rows) integers, or NULL */
    bool multi_label;    /* a row may have any number of classes: labels are 1 and 0, or -1
                            throughout an unlabelled row */
    bool copies_apart;   /* rows with the same embeddings may be in different folds */
    bool has_unlabelled; /* without multi_label: */
    int64_t unlabelled;  /* the label that means that a row has none */
};

/* The arrays, and the rows that can be audited. */
struct crossval_data {
    size_t given_rows;
    int64_t *given_labels; /* (given_rows); NULL if multilabel */
    struct assign_result assigned;

    struct ensemble_view views[MIX_VIEWS]; /* (view_count) of the auditable rows */
    size_t view_count;
    struct crossval_input input; /* the first view; classes with auditable rows, sorted */
    int32_t *copy_of;            /* (input.rows), see classifier/copies.h; NULL: not looked for */
    int64_t *groups;             /* (input.rows), or NULL */
    int64_t *class_values;       /* (input.classes): the labels' values */
    int64_t *rows;               /* (input.rows): row numbers in the files */

    /* Multilabel only; input.labels is NULL then, and class_values are columns
     * of the file. */
    int8_t *label_matrix;        /* (input.rows, input.classes) */
    size_t given_classes;        /* columns in the file */
    unsigned char *class_status; /* (given_classes) enum auditable */

    /* owned: what input points into */
    struct npy_array arrays[MIX_VIEWS]; /* as the files are */
    float *copies[MIX_VIEWS];           /* of views that cannot be used where they are */
    const float **addresses[MIX_VIEWS]; /* of the rows of others of which not all are audited */
    char *names[MIX_VIEWS];
    int32_t *labels;
    int32_t *fold_of;
};

#define CROSSVAL_DATA_INITIAL                                                                      \
    { .given_rows = 0 }

/* The rows as input of crossval_multilabel_run. */
struct crossval_multilabel_input crossval_data_labels(const struct crossval_data *data);

/* The rows as input of detection_classify: one label a row. */
struct detection_input crossval_data_detection(const struct crossval_data *data, int threads);

/* Says which files were rounded to float32. */
void crossval_data_report(const struct crossval_files *files, const struct crossval_data *data);

/* Reads the arrays and assigns the folds that settings ask for. Float32 embeddings
 * stay mapped; others are rounded to float32. Errors name file and row. */
enum error_code crossval_data_open(const struct crossval_files *files,
                                   const struct crossval_settings *settings,
                                   struct crossval_data *data, struct error *error);
void crossval_data_close(struct crossval_data *data);

/* detection_bound() for these data; nothing where `bytes` are 0. */
enum error_code crossval_data_bound(size_t bytes, const struct crossval_data *data, int threads,
                                    const char *command, const struct folder *folder,
                                    struct detection_settings *settings, struct error *error);

/* After the last use of the embeddings: npy_unchanged() for each file of them. */
enum error_code crossval_data_unchanged(const struct crossval_data *data, struct error *error);

/* Writes into a folder that exists: pred_probs.npy (rows, classes) float32, folds.npy (rows)
 * int32, labels.npy (rows) int64 (multilabel: (rows, classes) int8, 0 and 1), rows.npy (rows)
 * int64, classes.json (the labels' values), not_auditable.csv (row, label, reason; multilabel: a
 * class has a line without a row), and last crossval.json with the result (JSON) and warnings
 * (lines) of the fits. */
enum error_code crossval_data_write(const struct folder *folder, const struct crossval_files *files,
                                    const struct crossval_settings *settings,
                                    const struct crossval_data *data, const float *probabilities,
                                    const struct text *result, const struct text *warnings,
                                    struct error *error);

#endif
