#include "host/classifier/group_view.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/classifier/folds.h"
#include "host/classifier/votes.h"

#include <stdlib.h>

static enum error_code vote(const struct device_operations *operations, struct device *device,
                            const struct group_view_input *input, size_t view, const int32_t *apart,
                            enum progress_style style, float *votes, struct error *error) {
    const struct ensemble_input *rows = input->ensemble;
    const struct votes_input own = {.embeddings = rows->views[view].embeddings,
                                    .labels = rows->labels,
                                    .rows = rows->rows,
                                    .features = rows->views[view].features,
                                    .classes = rows->classes,
                                    .apart = apart,
                                    .threads = input->threads};
    struct progress progress = {0};
    const struct votes_progress step = {progress_step, &progress};
    progress_start(&progress, style, "neighbours in other groups", "clips", 0);
    enum error_code code = votes_run(operations, device, &own, &step, votes, error);
    progress_finish(&progress);
    return code;
}

/* votes (views * rows, classes), margins (rows) and apart (rows) are scratch. */
static enum error_code make(const struct device_operations *operations, struct device *device,
                            const struct group_view_input *input, enum progress_style style,
                            float *votes, float *margins, int32_t *apart, float *log_probabilities,
                            struct error *error) {
    const struct ensemble_input *rows = input->ensemble;
    const float *estimators[MIX_VIEWS * MIX_ESTIMATORS];
    int64_t *distinct = NULL;
    size_t count = 0;
    TRY(folds_encode(input->groups, rows->rows, apart, &distinct, &count, error));
    free(distinct);
    for (size_t v = 0; v < rows->view_count; v++) {
        float *own = votes + v * rows->rows * rows->classes;
        TRY(vote(operations, device, input, v, apart, style, own, error));
        for (size_t e = 0; e < MIX_ESTIMATORS; e++)
            estimators[v * MIX_ESTIMATORS + e] =
                e == ESTIMATOR_NEIGHBOURS ? own : input->result->estimators[v * MIX_ESTIMATORS + e];
    }
    struct mix_report report;
    return mix_make(&(struct mix_input){.rows = rows->rows,
                                        .classes = rows->classes,
                                        .view_count = rows->view_count,
                                        .labels = rows->labels,
                                        .estimators = estimators,
                                        .threads = input->threads},
                    log_probabilities, margins, &report, error);
}

enum error_code group_view_run(const struct device_operations *operations, struct device *device,
                               const struct group_view_input *input, enum progress_style style,
                               float *log_probabilities, struct error *error) {
    const struct ensemble_input *rows = input->ensemble;
    size_t cells = rows->rows * rows->classes;
    float *votes = scratch_array(rows->view_count, cells * sizeof *votes, "votes", error);
    float *margins = scratch_array(rows->rows, sizeof *margins, "margins", error);
    int32_t *apart = scratch_array(rows->rows, sizeof *apart, "groups", error);
    if (error->code == ERROR_NONE)
        make(operations, device, input, style, votes, margins, apart, log_probabilities, error);
    scratch_free(votes);
    scratch_free(margins);
    scratch_free(apart);
    return error->code;
}
