/* The stages of an audit where a clip has one label. */
#include "host/audit/internal.h"

#include "host/audit/class_health.h"
#include "host/audit/issues.h"
#include "host/base/memory.h"

static enum error_code select_rows(const struct audit_settings *settings, enum fold_source source,
                                   struct audit *audit, struct error *error) {
    const struct row_source rows = {&audit->session.input.clips, audit->session.measures,
                                    &audit->session.store, &settings->crossval, source};
    return audit_rows_select(&rows, &audit->rows, error);
}

/* int64, as confident learning and other programs take them. */
static enum error_code write_labels(struct audit *audit, struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    audit->labels = memory_array(rows->count, sizeof *audit->labels, "labels", error);
    if (audit->labels == NULL) return error->code;
    for (size_t i = 0; i < rows->count; i++) audit->labels[i] = rows->labels[i];
    return npy_write_in(audit->session.folder.path, "labels.npy", NPY_INT64, 1, &rows->count,
                        audit->labels, error);
}

static enum error_code cross_validate(struct audit *audit, const struct crossval_settings *settings,
                                      const struct crossval_progress *progress,
                                      struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    struct device *device = audit->session.engine.device;
    const struct crossval_input input = {
        .embeddings = npy_direct(&audit->embeddings, NPY_FLOAT32),
        .labels = rows->labels,
        .fold_of = rows->fold_of,
        .rows = rows->count,
        .features = audit->embeddings.columns,
        .classes = rows->classes,
        .folds = rows->folds,
    };
    return crossval_run(device->operations, device, &input, settings, progress,
                        audit->probabilities, &audit->crossval, error);
}

static struct confident_input confident_view(const struct audit *audit) {
    const struct audit_rows *rows = &audit->rows;
    return (struct confident_input){
        .labels = npy_view(NPY_INT64, rows->count, 0, audit->labels),
        .probabilities = npy_view(NPY_FLOAT32, rows->count, rows->classes, audit->probabilities),
        .threads = audit->session.engine.threads,
    };
}

static enum error_code find_issues(struct audit *audit, const struct confident_settings *settings,
                                   struct error *error) {
    const struct confident_input input = confident_view(audit);
    TRY(confident_find(&input, settings, &audit->confident, error));
    audit->ranked = audit->confident.issues;
    audit->ranked_count = audit->confident.issue_count;
    return ERROR_NONE;
}

static enum error_code make_issues(struct audit *audit, struct error *error) {
    const struct confident_input input = confident_view(audit);
    return issues_make(&input, &audit->confident, audit->rows.clips, &audit->issues, error);
}

static enum error_code make_class_health(struct audit *audit, struct error *error) {
    struct health_tables tables;
    health_tables_make(&audit->confident, &tables, error);
    audit->classes = tables.classes;
    audit->pairs = tables.pairs;
    audit->results.classes = tables.classes;
    audit->results.pairs = tables.pairs;
    audit->results.pair_count = tables.pair_count;
    audit->results.overall_health = tables.overall;
    return error->code;
}

static void add_counts(const struct audit *audit, struct run_facts *facts) {
    run_fact_integer(facts, "confident_learning", "num_label_issues",
                     (int64_t)audit->confident.num_label_issues);
    run_fact_integer(facts, "confident_learning", "num_label_issues_calibrated",
                     (int64_t)audit->confident.num_label_issues_calibrated);
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
    .make_issues = make_issues,
    .make_class_health = make_class_health,
    .add_counts = add_counts,
    .report_left_out = report_left_out,
};
