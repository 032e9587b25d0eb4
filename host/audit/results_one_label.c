/* The stages of an audit where a clip has one label. */
#include "host/audit/internal.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <stdlib.h>

static enum error_code select_rows(const struct audit_settings *settings, enum fold_source source,
                                   struct audit *audit, struct error *error) {
    const struct row_source rows = {&audit->session.input.clips,
                                    audit->session.measures,
                                    &audit->session.store,
                                    &settings->detection.crossval,
                                    source,
                                    settings->copies_apart,
                                    audit->views.given,
                                    audit->views.file_count};
    return audit_rows_select(&rows, &audit->rows, error);
}

/* int64, as numpy's programs take them. */
static enum error_code write_labels(struct audit *audit, struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    int64_t *labels = scratch_array(rows->count, sizeof *labels, "labels", error);
    if (labels == NULL) return error->code;
    for (size_t i = 0; i < rows->count; i++) labels[i] = rows->labels[i];
    npy_write_in(&audit->session.out.folder, "labels.npy", NPY_INT64, 1, &rows->count, labels,
                 error);
    scratch_free(labels);
    return error->code;
}

static enum error_code cross_validate(const struct audit_settings *settings, struct audit *audit,
                                      struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    struct device *device = audit->session.engine.device;
    struct detection_settings detection = settings->detection;
    detection.crossval.threads = audit->session.engine.threads;
    audit->detection_input = (struct detection_input){
        .views = audit->views.views,
        .view_count = audit->views.count,
        .labels = rows->labels,
        .fold_of = rows->fold_of,
        .copy_of = rows->copies > 0 ? rows->copy_of : NULL,
        .groups = rows->groups,
        .group_names = audit->session.input.clips.group_names,
        .group_option = "--group",
        .class_names = rows->class_names,
        .rows = rows->count,
        .classes = rows->classes,
        .folds = rows->folds,
        .threads = audit->session.engine.threads,
    };
    TRY(detection_classify(device->operations, device, &audit->detection_input, &detection,
                           settings->session.progress, &audit->detection, error));
    audit->probabilities = audit->detection.probabilities;
    return ERROR_NONE;
}

static enum error_code find_issues(struct audit *audit, const struct detection_settings *settings,
                                   struct error *error) {
    struct detection *detection = &audit->detection;
    TRY(detection_find(settings, detection, error));
    audit->ranked = detection->confident.issues;
    audit->ranked_count = detection->confident.issue_count;
    return npy_write_in(&audit->session.out.folder, "scores.npy", NPY_FLOAT32, 1,
                        &audit->rows.count, detection->scores, error);
}

static enum error_code make_findings(struct audit *audit, struct error *error) {
    struct device *device = audit->session.engine.device;
    TRY(detection_results_make(device->operations, device, &audit->detection, audit->rows.clips,
                               &audit->found, &audit->results, error));
    audit->issues = audit->found.issues;
    return ERROR_NONE;
}

static enum error_code add_facts(const struct audit *audit, struct run_facts *facts,
                                 struct error *error) {
    const struct confident_result *confident = &audit->detection.confident;
    run_fact_integer(facts, "confident_learning", "num_label_issues",
                     (int64_t)confident->num_label_issues);
    run_fact_integer(facts, "confident_learning", "num_label_issues_calibrated",
                     (int64_t)confident->num_label_issues_calibrated);
    return detection_facts(&audit->detection, facts, error);
}

static void add_warnings(const struct audit *audit, struct text *sentences) {
    detection_warnings(&audit->detection, sentences);
}

/* Nothing to add: the clips of a class that is left out have their own status and reason. */
static enum error_code report_left_out(struct audit *audit, struct error *error) {
    (void)audit;
    return error->code;
}

const struct audit_kind audit_one_label = {
    .multilabel = false,
    .check_classes = audit_check_classes,
    .select_rows = select_rows,
    .write_labels = write_labels,
    .cross_validate = cross_validate,
    .find_issues = find_issues,
    .make_findings = make_findings,
    .add_facts = add_facts,
    .add_warnings = add_warnings,
    .report_left_out = report_left_out,
};
