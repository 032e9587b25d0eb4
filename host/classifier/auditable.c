#include "host/classifier/auditable.h"
#include "host/base/memory.h"

#include <stdlib.h>

const char *auditable_reason(enum auditable auditable) {
    switch (auditable) {
    case AUDITABLE_YES: return "auditable";
    case AUDITABLE_FEW: return "its class has fewer clips than folds";
    case AUDITABLE_ABSENT: return "all clips of its class are in one fold";
    }
    return "unknown";
}

enum error_code auditable_by_count(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                   unsigned char *status, size_t *left, struct error *error) {
    size_t *counts = memory_array(classes, sizeof *counts, "class counts", error);
    if (counts == NULL) return error->code;
    for (size_t row = 0; row < rows; row++) counts[labels[row]]++;
    *left = 0;
    for (size_t row = 0; row < rows; row++) {
        bool enough = counts[labels[row]] >= folds;
        status[row] = enough ? AUDITABLE_YES : AUDITABLE_FEW;
        *left += enough;
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
