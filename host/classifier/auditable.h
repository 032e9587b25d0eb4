/* Which rows can be judged by cross-validation. A row whose label no training row
 * of its fold carries cannot: whatever its probabilities, they say nothing about
 * its label. Such rows are left out of the fit, and the rest is treated as if they
 * had never been there. */
#ifndef EARMARK_CLASSIFIER_AUDITABLE_H
#define EARMARK_CLASSIFIER_AUDITABLE_H

#include "host/base/error.h"

enum auditable {
    AUDITABLE_YES = 0,
    AUDITABLE_FEW = 1,    /* the class has fewer clips than folds */
    AUDITABLE_ABSENT = 2, /* all clips of the class are in one fold */
    /* With several labels a clip, of classes and not of rows: */
    AUDITABLE_COMMON = 3,     /* fewer clips than folds are without the class */
    AUDITABLE_EVERYWHERE = 4, /* all clips without the class are in one fold */
    /* and of rows: */
    AUDITABLE_UNLABELLED = 5, /* nobody has said what the row is */
};

/* A sentence for people: "its class has fewer clips than folds". */
const char *auditable_reason(enum auditable auditable);
/* The same of a class: "fewer clips than folds have it". */
const char *auditable_class_reason(enum auditable auditable);

/* Before folds are made: AUDITABLE_FEW for rows of classes with fewer rows than
 * folds, AUDITABLE_UNLABELLED for rows whose label is below 0. status (rows) is
 * written; *left: how many rows are left. */
enum error_code auditable_by_count(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                   unsigned char *status, size_t *left, struct error *error);

/* Where a row may have any number of labels it is classes that cannot be judged: a fold's
 * training rows must have rows with the class and rows without it. labels (rows, classes):
 * 1 where the row has the class, else 0. minimum: so many of either kind there must be,
 * whatever the folds. status (classes) is written; *left: how many classes are left. */
enum error_code auditable_multilabel(const int8_t *labels, const int32_t *fold_of, size_t rows,
                                     size_t classes, size_t minimum, unsigned char *status,
                                     size_t *left, struct error *error);

/* Once the folds are known: AUDITABLE_ABSENT for rows whose label is in their own
 * fold only. Taking these rows out takes their whole class out, so that no other
 * row changes its status. */
enum error_code auditable_by_fold(const int32_t *labels, const int32_t *fold_of, size_t rows,
                                  size_t classes, unsigned char *status, size_t *left,
                                  struct error *error);

#endif
