/* What was found, as the output files take it. */
#ifndef EARMARK_AUDIT_DETECTION_RESULTS_H
#define EARMARK_AUDIT_DETECTION_RESULTS_H

#include "host/audit/class_health.h"
#include "host/audit/detection.h"
#include "host/base/warnings.h"

/* Owned; zero-initialise. */
struct detection_results {
    struct run_issue *issues; /* (confident.issue_count) */
    struct run_evidence *evidence;
    struct health_tables health;
    const char *view_names[MIX_VIEWS];
    float *group_view;                    /* (rows, classes) detection_group_view() */
    struct run_group_error *group_errors; /* (results' group_error_count) */
    struct warnings cautions;
};

/* Fills in the members of *results that come from a detection: issues with their evidence, class
 * health, estimates, cautions; they point into *found and the detection. clips (rows): the `row`
 * of an issue; NULL: the row itself. detection_results_free() also after a failure. */
enum error_code detection_results_make(const struct device_operations *operations,
                                       struct device *device, const struct detection *detection,
                                       const size_t *clips, struct detection_results *found,
                                       struct run_results *results, struct error *error);
void detection_results_free(struct detection_results *found);

#endif
