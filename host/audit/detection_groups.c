/* The view of a group that does not ask the group itself. */
#include "host/audit/detection.h"

#include "host/base/memory.h"
#include "host/classifier/folds.h"
#include "host/classifier/votes.h"

#include <stdlib.h>

/* Votes of every view's neighbours in other groups: estimators (view_count * MIX_ESTIMATORS) are
 * the ensemble's but for these, which are votes (view_count, rows, classes). */
static enum error_code vote_apart(const struct device_operations *operations, struct device *device,
                                  const struct detection *detection, const int32_t *apart,
                                  float *votes, const float **estimators, struct error *error) {
    const struct detection_input *input = detection->input;
    for (size_t i = 0; i < input->view_count * MIX_ESTIMATORS; i++)
        estimators[i] = detection->ensemble.estimators[i];
    for (size_t v = 0; v < input->view_count; v++) {
        const struct votes_input view = {.embeddings = input->views[v].embeddings,
                                         .labels = input->labels,
                                         .rows = input->rows,
                                         .features = input->views[v].features,
                                         .classes = input->classes,
                                         .apart = apart,
                                         .threads = input->threads};
        float *own = votes + v * input->rows * input->classes;
        TRY(votes_run(operations, device, &view, NULL, own, error));
        estimators[v * MIX_ESTIMATORS + ESTIMATOR_NEIGHBOURS] = own;
    }
    return ERROR_NONE;
}

enum error_code detection_group_errors(const struct device_operations *operations,
                                       struct device *device, const struct detection *detection,
                                       struct group_error **found, size_t *count,
                                       struct error *error) {
    const struct detection_input *input = detection->input;
    const float *estimators[MIX_VIEWS * MIX_ESTIMATORS];
    size_t cells = input->rows * input->classes, groups = 0;
    struct mix_report report;
    int64_t *distinct = NULL;
    *found = NULL;
    *count = 0;
    if (input->groups == NULL || detection->detector != DETECTOR_ENSEMBLE) return ERROR_NONE;
    int32_t *apart = memory_array(input->rows, sizeof *apart, "groups", error);
    float *votes = memory_array(input->view_count * cells, sizeof *votes, "votes", error);
    float *mix = memory_array(cells, sizeof *mix, "probabilities", error);
    float *margins = memory_array(input->rows, sizeof *margins, "margins", error);
    if (error->code == ERROR_NONE &&
        folds_encode(input->groups, input->rows, apart, &distinct, &groups, error) == ERROR_NONE &&
        vote_apart(operations, device, detection, apart, votes, estimators, error) == ERROR_NONE) {
        const struct mix_input views = {.rows = input->rows,
                                        .classes = input->classes,
                                        .view_count = input->view_count,
                                        .labels = input->labels,
                                        .estimators = estimators,
                                        .threads = input->threads};
        const struct group_errors_input rows = {.rows = input->rows,
                                                .classes = input->classes,
                                                .labels = input->labels,
                                                .groups = input->groups,
                                                .log_probabilities = mix,
                                                .threads = input->threads};
        if (mix_make(&views, mix, margins, &report, error) == ERROR_NONE)
            group_errors_find(&rows, found, count, error);
    }
    free(apart);
    free(votes);
    free(mix);
    free(margins);
    free(distinct);
    return error->code;
}
