#include "host/classifier/auditable.h"
#include "host/base/memory.h"

#include <stdlib.h>

const char *auditable_reason(enum auditable auditable) {
    switch (auditable) {
    case AUDITABLE_YES: return "auditable";
    case AUDITABLE_FEW: return "its class has fewer clips than folds";
    case AUDITABLE_ABSENT: return "all clips of its class are in one fold";
    case AUDITABLE_UNLABELLED: return "it has no labels";
    case AUDITABLE_COMMON:
    case AUDITABLE_EVERYWHERE: break; /* only for classes */
    }
    return "unknown";
}

const char *auditable_class_reason(enum auditable auditable) {
    switch (auditable) {
    case AUDITABLE_YES: return "auditable";
    case AUDITABLE_FEW: return "fewer clips than folds have it";
    case AUDITABLE_ABSENT: return "all clips that have it are in one fold";
    case AUDITABLE_COMMON: return "fewer clips than folds are without it";
    case AUDITABLE_EVERYWHERE: return "all clips without it are in one fold";
    case AUDITABLE_UNLABELLED: break; /* only for rows */
    }
    return "unknown";
}

enum error_code auditable_by_count(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                   unsigned char *status, size_t *left, struct error *error) {
    size_t *counts = memory_array(classes, sizeof *counts, "class counts", error);
    if (counts == NULL) return error->code;
    for (size_t row = 0; row < rows; row++)
        if (labels[row] >= 0) counts[labels[row]]++;
    *left = 0;
    for (size_t row = 0; row < rows; row++) {
        status[row] = labels[row] < 0                ? AUDITABLE_UNLABELLED
                      : counts[labels[row]] >= folds ? AUDITABLE_YES
                                                     : AUDITABLE_FEW;
        *left += status[row] == AUDITABLE_YES;
    }
    free(counts);
    return ERROR_NONE;
}

enum error_code auditable_by_fold(const int32_t *labels, const int32_t *fold_of, size_t rows,
                                  size_t classes, unsigned char *status, size_t *left,
                                  struct error *error) {
    enum { NO_FOLD = -1, SEVERAL_FOLDS = -2 };
    int32_t *only = memory_array(classes, sizeof *only, "class folds", error);
    if (only == NULL) return error->code;
    for (size_t c = 0; c < classes; c++) only[c] = NO_FOLD;
    for (size_t row = 0; row < rows; row++) {
        int32_t *fold = &only[labels[row]];
        if (*fold == NO_FOLD)
            *fold = fold_of[row];
        else if (*fold != fold_of[row])
            *fold = SEVERAL_FOLDS;
    }
    *left = 0;
    for (size_t row = 0; row < rows; row++) {
        bool elsewhere = only[labels[row]] == SEVERAL_FOLDS;
        status[row] = elsewhere ? AUDITABLE_YES : AUDITABLE_ABSENT;
        *left += elsewhere;
    }
    free(only);
    return ERROR_NONE;
}

/* The rows with a class, or those without it. */
struct side {
    size_t rows;
    int32_t fold;   /* of the first */
    bool in_others; /* whether other folds have such rows too */
};

static enum auditable judge(const struct side sides[2], size_t minimum) {
    if (sides[1].rows < minimum) return AUDITABLE_FEW;
    if (sides[0].rows < minimum) return AUDITABLE_COMMON;
    if (!sides[1].in_others) return AUDITABLE_ABSENT;
    return sides[0].in_others ? AUDITABLE_YES : AUDITABLE_EVERYWHERE;
}

enum error_code auditable_multilabel(const int8_t *labels, const int32_t *fold_of, size_t rows,
                                     size_t classes, size_t minimum, unsigned char *status,
                                     size_t *left, struct error *error) {
    struct side(*sides)[2] = memory_array(classes, sizeof *sides, "class folds", error);
    if (sides == NULL) return error->code;
    for (size_t row = 0; row < rows; row++)
        for (size_t c = 0; c < classes; c++) {
            struct side *side = &sides[c][labels[row * classes + c] != 0];
            if (side->rows++ == 0) side->fold = fold_of[row];
            side->in_others = side->in_others || side->fold != fold_of[row];
        }
    *left = 0;
    for (size_t c = 0; c < classes; c++) {
        status[c] = (unsigned char)judge(sides[c], minimum);
        *left += status[c] == AUDITABLE_YES;
    }
    free(sides);
    return ERROR_NONE;
}
