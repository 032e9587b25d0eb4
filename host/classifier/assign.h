/* From labels to folds: which rows can be audited, and the fold of each. */
#ifndef EARMARK_CLASSIFIER_ASSIGN_H
#define EARMARK_CLASSIFIER_ASSIGN_H

#include "host/classifier/auditable.h"

/* Where folds come from: a column of them if there is one, else stratified folds
 * of whole groups if there are groups, else stratified folds of rows. */
struct assign_request {
    const int64_t *column; /* (rows) or NULL */
    const int64_t *groups; /* (rows) or NULL */
    size_t folds;          /* not looked at with a column */
    bool shuffle;
    uint32_t seed;
};

struct assign_result {
    unsigned char *status; /* (rows) enum auditable */
    int32_t *fold_of;      /* (rows) 0 .. folds - 1; -1 where not auditable */
    size_t folds;
    size_t auditable; /* rows */
    size_t classes;   /* with auditable rows */
};

/* labels (rows) are 0 .. classes - 1, or below 0 where nobody has said what the row is.
 * Those are set aside, and so are rows of classes with fewer rows than folds
 * are set aside first (not with a column: its folds are what they are) and folds
 * made of the rest, as the reference would of these rows alone; then rows whose
 * label is in one fold only. ERROR_DATA when fewer than two classes are left.
 * assign_free frees; it may be called on a zeroed struct. */
enum error_code assign_folds(const int32_t *labels, size_t rows, size_t classes,
                             const struct assign_request *request, struct assign_result *result,
                             struct error *error);
/* The same where a row may have any number of labels: no stratifying, the folds are the
 * column's, or of whole groups and about the same size, or KFold's, which are shuffled
 * whatever the request says (a list sorted by label would leave whole classes out).
 * labels (rows, classes): 1 and 0, or -1 in the whole row where nobody has said what it
 * is; those rows are AUDITABLE_UNLABELLED. class_status (classes) is written: enum
 * auditable. Rows stay, whatever becomes of their classes. ERROR_DATA when no class is left. */
enum error_code assign_folds_multilabel(const int8_t *labels, size_t rows, size_t classes,
                                        const struct assign_request *request,
                                        struct assign_result *result, unsigned char *class_status,
                                        struct error *error);

void assign_free(struct assign_result *result);

#endif
