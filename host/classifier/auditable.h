/* Which rows can be judged by cross-validation. A row whose label no training row
 * of its fold carries cannot: whatever its probabilities, they say nothing about
 * its label. Such rows are left out of the fit, and the rest is treated as if they
 * had never been there. */
#ifndef EARMARK_AUDITABLE_H
#define EARMARK_AUDITABLE_H

#include "host/base/error.h"

enum auditable {
    AUDITABLE_YES = 0,
    AUDITABLE_FEW = 1,    /* the class has fewer clips than folds */
    AUDITABLE_ABSENT = 2, /* all clips of the class are in one fold */
};

/* A sentence for people: "its class has fewer clips than folds". */
const char *auditable_reason(enum auditable auditable);

/* Before folds are made: AUDITABLE_FEW for rows of classes with fewer rows than
 * folds. status (rows) is written; returns how many rows are left. */
enum error_code auditable_by_count(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                   unsigned char *status, size_t *left, struct error *error);

/* Once the folds are known: AUDITABLE_ABSENT for rows whose label is in their own
 * fold only. Taking these rows out takes their whole class out, so that no other
 * row changes its status. */
enum error_code auditable_by_fold(const int32_t *labels, const int32_t *fold_of, size_t rows,
                                  size_t classes, unsigned char *status, size_t *left,
                                  struct error *error);

#endif
