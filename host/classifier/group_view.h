/* What other groups say of a group's rows. In an ensemble whose folds keep groups whole only the
 * neighbours may be of the row's own group; here they are not. Such probabilities show errors that
 * a whole group shares (confident/group_errors.h), and how much is known of a new group. They rank
 * single errors worse than the ensemble does, which is why they are no part of its mix. */
#ifndef EARMARK_CLASSIFIER_GROUP_VIEW_H
#define EARMARK_CLASSIFIER_GROUP_VIEW_H

#include "host/classifier/ensemble.h"

struct group_view_input {
    const struct ensemble_input *ensemble; /* its fold_of keeps the rows of a group in one fold */
    const struct ensemble *result;         /* of ensemble_run for that input */
    const int64_t *groups;                 /* (rows) any numbers */
    int threads;                           /* >= 1; results do not depend on it */
};

/* Writes log_probabilities (rows, classes), natural logarithms, at least LOG_FLOOR: the mix
 * (mix.h) of the ensemble's logistic regressions and discriminants with the votes of rows of other
 * groups. style is that of the progress of the votes. Errors: those of votes_run and mix_make. */
enum error_code group_view_run(const struct device_operations *operations, struct device *device,
                               const struct group_view_input *input, enum progress_style style,
                               float *log_probabilities, struct error *error);

#endif
