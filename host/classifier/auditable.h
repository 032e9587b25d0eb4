/* Which rows can be audited by cross-validation. Where no training row of a row's fold has
 * the row's label, its probabilities say nothing about that label. Such rows are left out
 * of the fit, and the other rows are treated as if they did not exist. */
#ifndef EARMARK_CLASSIFIER_AUDITABLE_H
#define EARMARK_CLASSIFIER_AUDITABLE_H

#include "host/base/error.h"

enum auditable {
    AUDITABLE_YES = 0,
    AUDITABLE_FEW = 1,    /* the class has fewer clips than folds */
    AUDITABLE_ABSENT = 2, /* all clips of the class are in one fold */
    /* Multilabel, only for classes: */
    AUDITABLE_COMMON = 3,     /* fewer clips than folds are without the class */
    AUDITABLE_EVERYWHERE = 4, /* all clips without the class are in one fold */
    /* only for rows: */
    AUDITABLE_UNLABELLED = 5,
};

/* Why a row cannot be audited, as a sentence: "its class has fewer clips than folds". */
const char *auditable_reason(enum auditable auditable);
/* Why a class cannot be audited (multilabel): "fewer clips than folds have it". */
const char *auditable_class_reason(enum auditable auditable);

/* Before folds are made: AUDITABLE_FEW for rows of classes with fewer rows than
 * folds, AUDITABLE_UNLABELLED for rows whose label is below 0. status (rows) is
 * written; *left: how many rows can be audited. */
enum error_code auditable_by_count(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                   unsigned char *status, size_t *left, struct error *error);

/* Multilabel, once the folds are known: which classes can be audited. The training rows of
 * every fold must include rows with the class and rows without it, and there must be at
 * least `minimum` of either kind in all. labels (rows, classes): 1 where the row has the
 * class, else 0; fold_of (rows). status (classes) is written; *left: how many classes can be
 * audited. */
enum error_code auditable_multilabel(const int8_t *labels, const int32_t *fold_of, size_t rows,
                                     size_t classes, size_t minimum, unsigned char *status,
                                     size_t *left, struct error *error);

/* One label a row, once the folds are known: AUDITABLE_ABSENT for rows whose label occurs in
 * their own fold only, AUDITABLE_YES for the others. Leaving these rows out leaves out their
 * whole class, so that no other row's status changes. labels (rows): 0 .. classes - 1;
 * status (rows) is written; *left: how many rows can be audited. */
enum error_code auditable_by_fold(const int32_t *labels, const int32_t *fold_of, size_t rows,
                                  size_t classes, unsigned char *status, size_t *left,
                                  struct error *error);

#endif
