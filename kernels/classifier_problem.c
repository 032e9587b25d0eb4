#include "classifier_problem.h"

enum error_code classifier_problem_check(const struct classifier_problem *problem,
                                         struct error *error) {
    if (problem->rows == 0 || problem->features == 0 || problem->classes < 2 || problem->folds < 2)
        return FAIL(error, ERROR_INTERNAL,
                    "classifier of %zu rows, %zu features, %zu classes and %zu folds",
                    problem->rows, problem->features, problem->classes, problem->folds);
    for (size_t row = 0; row < problem->rows; row++) {
        if (problem->labels[row] < 0 || (size_t)problem->labels[row] >= problem->classes)
            return FAIL(error, ERROR_INTERNAL, "classifier: row %zu has label %d of %zu classes",
                        row, problem->labels[row], problem->classes);
        if (problem->fold_of[row] < 0 || (size_t)problem->fold_of[row] >= problem->folds)
            return FAIL(error, ERROR_INTERNAL, "classifier: row %zu is in fold %d of %zu", row,
                        problem->fold_of[row], problem->folds);
    }
    return ERROR_NONE;
}
