/* From labels to folds: which rows can be audited, and the fold of each. */
#ifndef EARMARK_CLASSIFIER_ASSIGN_H
#define EARMARK_CLASSIFIER_ASSIGN_H

#include "host/classifier/auditable.h"

/* Where folds come from: a column of them if there is one, else stratified folds
 * of whole groups if there are groups, else stratified folds of rows. */
struct assign_request {
    const int64_t *column;  /* (rows) or NULL */
    const int64_t *groups;  /* (rows) or NULL */
    const int32_t *copy_of; /* (rows) as copies_find() wrote it: copies share a fold (not with a
                               column); NULL: each row stands for itself */
    size_t folds;           /* ignored with a column */
    bool shuffle;
    uint32_t seed;
};

struct assign_result {
    unsigned char *status; /* (rows) enum auditable */
    int32_t *fold_of;      /* (rows) 0 .. folds - 1; -1 where not auditable */
    size_t folds;
    size_t auditable; /* rows */
    size_t classes;   /* that have auditable rows */
};

/* One label a row: labels (rows) are 0 .. classes - 1, below 0 for an unlabelled row.
 * Unlabelled rows are left out, and so are rows of classes with fewer rows than folds
 * (with a column no class is left out for that). Folds are made of the other rows as
 * scikit-learn would of these alone. Then rows whose label occurs in one fold only are left
 * out too. ERROR_DATA when fewer than two classes remain. assign_free() frees *result, after
 * an error too. */
enum error_code assign_folds(const int32_t *labels, size_t rows, size_t classes,
                             const struct assign_request *request, struct assign_result *result,
                             struct error *error);

/* Any number of labels a row: labels (rows, classes) are 1 and 0, or -1 throughout an
 * unlabelled row, which is AUDITABLE_UNLABELLED. Nothing is stratified: folds come from the
 * column, are whole groups of about the same number of rows, or are KFold's, shuffled even
 * without request->shuffle, because a list sorted by label would otherwise leave whole
 * classes out of the training rows. class_status (classes), enum auditable, is written; no
 * row is left out because of its classes. ERROR_DATA when no class can be audited. */
enum error_code assign_folds_multilabel(const int8_t *labels, size_t rows, size_t classes,
                                        const struct assign_request *request,
                                        struct assign_result *result, unsigned char *class_status,
                                        struct error *error);

/* Frees a result; takes a zeroed one. */
void assign_free(struct assign_result *result);

#endif
