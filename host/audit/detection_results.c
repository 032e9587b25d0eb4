#include "host/audit/detection_results.h"

#include <stdlib.h>

/* Which views there are is said where evidence of each is. */
static void name_views(const struct detection *detection, struct detection_results *found,
                       struct run_results *results) {
    if (detection->detector == DETECTOR_LOGISTIC) return;
    for (size_t v = 0; v < detection->input->view_count; v++)
        found->view_names[v] = detection->input->views[v].name;
    results->view_names = found->view_names;
    results->view_count = detection->input->view_count;
}

enum error_code detection_results_make(const struct device_operations *operations,
                                       struct device *device, const struct detection *detection,
                                       const size_t *clips, struct detection_results *found,
                                       struct run_results *results, struct error *error) {
    const struct confident_result *confident = &detection->confident;
    TRY(detection_issues(operations, device, detection, clips, &found->issues, &found->evidence,
                         error));
    TRY(health_tables_make(confident, &found->health, error));
    name_views(detection, found, results);
    results->detector = detector_name(detection->detector);
    results->score_name = detection->score_name;
    results->issues = found->issues;
    results->issue_count = confident->issue_count;
    results->confident_joint = confident->confident_joint;
    results->classes = found->health.classes;
    results->pairs = found->health.pairs;
    results->pair_count = found->health.pair_count;
    results->overall_health = found->health.overall;
    results->cautions = (const char *const *)found->cautions.sentences;
    results->caution_count = found->cautions.count;
    return ERROR_NONE;
}

void detection_results_free(struct detection_results *found) {
    free(found->issues);
    free(found->evidence);
    free(found->health.classes);
    free(found->health.pairs);
    warnings_free(&found->cautions);
    *found = (struct detection_results){0};
}
