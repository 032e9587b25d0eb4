#include "host/confident/none_of_classes.h"

#include <math.h>

/* The weighted sum of the estimators' probabilities of a class. */
static double summed(const struct mix_view *view, size_t row, size_t class) {
    double sum = 0;
    for (size_t e = 0; e < view->estimator_count; e++)
        sum += (view->weights == NULL ? 1 : view->weights[e]) *
               exp((double)view->estimators[e][row * view->classes + class]);
    return sum;
}

/* H = ln S - (sum s ln s) / S for sums s of total S, over the largest possible, ln classes. */
static double entropy_of(const struct mix_view *view, size_t row) {
    double total = 0, logs = 0;
    for (size_t k = 0; k < view->classes; k++) {
        double sum = summed(view, row, k);
        total += sum;
        if (sum > 0) logs += sum * log(sum);
    }
    if (!(total > 0)) return 1;
    double entropy = (log(total) - logs / total) / log((double)view->classes);
    return fmin(fmax(entropy, 0), 1);
}

void none_of_classes_find(const struct mix_view *view, const size_t *issues, size_t issue_count,
                          struct none_of_classes *found) {
#pragma omp parallel for num_threads(view->threads) schedule(static)
    for (size_t i = 0; i < issue_count; i++) {
        double entropy = entropy_of(view, issues[i]);
        found[i] = (struct none_of_classes){entropy, entropy >= NONE_OF_CLASSES_ENTROPY};
    }
}
