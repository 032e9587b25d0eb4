/* The view of a group that does not ask the group itself. */
#include "host/audit/detection.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/classifier/group_view.h"

#include <stdlib.h>

enum error_code detection_group_view(const struct device_operations *operations,
                                     struct device *device, const struct detection *detection,
                                     float **logarithms, struct error *error) {
    const struct detection_input *input = detection->input;
    *logarithms = NULL;
    if (input->groups == NULL || detection->detector != DETECTOR_ENSEMBLE) return ERROR_NONE;
    const struct ensemble_input rows = {.views = input->views,
                                        .view_count = input->view_count,
                                        .labels = input->labels,
                                        .fold_of = input->fold_of,
                                        .row_numbers = input->row_numbers,
                                        .rows = input->rows,
                                        .classes = input->classes,
                                        .folds = input->folds};
    const struct group_view_input view = {.ensemble = &rows,
                                          .result = &detection->ensemble,
                                          .groups = input->groups,
                                          .threads = input->threads};
    float *logs = scratch_array(input->rows, input->classes * sizeof *logs, "probabilities", error);
    if (logs == NULL) return error->code;
    if (group_view_run(operations, device, &view, PROGRESS_QUIET, logs, error) != ERROR_NONE) {
        scratch_free(logs);
        return error->code;
    }
    *logarithms = logs;
    return ERROR_NONE;
}
