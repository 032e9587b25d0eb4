/* The stages of an audit where a clip may have several labels: every label against the rest,
 * and the wrong and missing labels of a clip joined to the set that it should have. */
#include "host/audit/internal.h"
#include "host/audit/issues_multilabel.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/utf8.h"
#include "host/classifier/auditable.h"

#include <stdlib.h>
#include <string.h>

#define EXAMPLES 5  /* labels named in a warning */
#define NAMED 1000u /* labels named in run.json */

/* ---- rows and cross-validation ---- */

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
    return audit_rows_select_multilabel(&rows, &audit->session.input.labels, &audit->rows, error);
}

static enum error_code write_labels(struct audit *audit, struct error *error) {
    const size_t shape[2] = {audit->rows.count, audit->rows.classes};
    return npy_write_in(&audit->session.out.folder, "labels.npy", NPY_INT8, 2, shape,
                        audit->rows.label_matrix, error);
}

static enum error_code cross_validate(const struct audit_settings *settings, struct audit *audit,
                                      struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    struct device *device = audit->session.engine.device;
    struct crossval_settings crossval = settings->detection.crossval;
    struct progress progress = {0};
    const struct crossval_progress step = {crossval_show_fits, &progress};
    const struct crossval_multilabel_input input = {
        .embeddings = audit->views.views[0].embeddings,
        .labels = rows->label_matrix,
        .fold_of = rows->fold_of,
        .rows = rows->count,
        .features = audit->views.views[0].features,
        .classes = rows->classes,
        .folds = rows->folds,
    };
    crossval.threads = audit->session.engine.threads;
    audit->multilabel_probabilities =
        scratch_array(rows->count * rows->classes, sizeof(float), "probabilities", error);
    if (audit->multilabel_probabilities == NULL) return error->code;
    audit->probabilities = audit->multilabel_probabilities;
    if (settings->session.progress != PROGRESS_QUIET)
        crossval_say_sample(&crossval, rows->count, 2, rows->folds);
    progress_start(&progress, settings->session.progress, "classifier", "fits", 0);
    crossval_multilabel_run(device->operations, device, &input, &crossval, &step,
                            audit->multilabel_probabilities, &audit->multilabel_crossval, error);
    progress_finish(&progress);
    return error->code;
}

/* ---- confident learning ---- */

static struct multilabel_input labels_view(const struct audit *audit) {
    const struct audit_rows *rows = &audit->rows;
    return (struct multilabel_input){
        .labels = npy_view(NPY_INT8, rows->count, rows->classes, rows->label_matrix),
        .probabilities = npy_view(NPY_FLOAT32, rows->count, rows->classes, audit->probabilities),
        .threads = audit->session.engine.threads,
    };
}

static enum error_code find_issues(struct audit *audit, const struct detection_settings *settings,
                                   struct error *error) {
    const struct multilabel_input input = labels_view(audit);
    TRY(multilabel_find(&input, &settings->confident, &audit->multilabel, error));
    audit->ranked = audit->multilabel.issues;
    audit->ranked_count = audit->multilabel.issue_count;
    audit->results.score_name = confident_score_name(settings->confident.score);
    return ERROR_NONE;
}

/* ---- issues ---- */

static void append_label(struct audit *audit, int32_t label, size_t *count) {
    struct text *texts = &audit->label_texts;
    if ((*count)++ > 0) text_string(texts, audit->session.input.label_separator);
    text_string(texts, audit->session.input.labels.names[label]);
}

/* The set that the clip has, without what is wrong in it and with what is missing; labels
 * that are no classes stay. */
static void append_suggested(struct audit *audit, const struct run_issue *issue) {
    size_t given, count = 0, g = 0;
    const int32_t *members =
        label_sets_of(&audit->session.input.labels,
                      audit->session.input.clips.clips[issue->row].class_index, &given);
    for (size_t a = 0; a < issue->annotation_count; a++) {
        const struct run_annotation *annotation = &issue->annotations[a];
        int32_t changed = audit->rows.class_labels[annotation->class_index];
        for (; g < given && members[g] < changed; g++) append_label(audit, members[g], &count);
        if (g < given && members[g] == changed) g++;
        if (!annotation->given) append_label(audit, changed, &count);
    }
    for (; g < given; g++) append_label(audit, members[g], &count);
    text_append(&audit->label_texts, "", 1); /* its end */
}

/* Suggested sets go into one text, whose place is known only once it is complete. */
static enum error_code name_sets(struct audit *audit, struct error *error) {
    for (size_t i = 0; i < audit->ranked_count; i++) append_suggested(audit, &audit->issues[i]);
    TRY(text_check(&audit->label_texts, error));
    const char *at = audit->label_texts.data;
    for (size_t i = 0; i < audit->ranked_count; i++) {
        audit->issues[i].given_set = clip_label(&audit->session.input.clips, audit->issues[i].row);
        audit->issues[i].suggested_set = at;
        at += strlen(at) + 1;
    }
    return ERROR_NONE;
}

static enum error_code make_findings(struct audit *audit, struct error *error) {
    const struct multilabel_input input = labels_view(audit);
    TRY(issues_make_multilabel(&input, &audit->multilabel, audit->rows.clips,
                               &audit->multilabel_issues, &audit->annotations, error));
    audit->issues = audit->multilabel_issues;
    TRY(name_sets(audit, error));
    TRY(class_health_make_multilabel(&audit->multilabel, &audit->multilabel_classes, error));
    audit->results.issues = audit->issues;
    audit->results.issue_count = audit->ranked_count;
    audit->results.classes = audit->multilabel_classes;
    audit->results.overall_health = multilabel_health(&audit->multilabel);
    return ERROR_NONE;
}

/* ---- facts ---- */

static enum error_code add_facts(const struct audit *audit, struct run_facts *facts,
                                 struct error *error) {
    struct text report = TEXT_INITIAL;
    run_fact_integer(facts, "confident_learning", "num_label_issues",
                     (int64_t)audit->multilabel.num_label_issues);
    crossval_report_json(&audit->multilabel_crossval, &report);
    if (text_check(&report, error) == ERROR_NONE)
        run_fact_json(facts, "classifier", "cross_validation", report.data);
    text_free(&report);
    return error->code;
}

static void add_warnings(const struct audit *audit, struct text *sentences) {
    crossval_report_warnings(&audit->multilabel_crossval, sentences);
}

static enum error_code report_left_out(struct audit *audit, struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    const char *const *names = audit->session.input.labels.names;
    struct text examples = TEXT_INITIAL, all = TEXT_INITIAL;
    size_t count = 0;
    text_string(&all, "[");
    for (size_t k = 0; k < rows->label_count; k++) {
        enum auditable status = (enum auditable)rows->label_status[k];
        if (status == AUDITABLE_YES) continue;
        if (count < EXAMPLES)
            text_format(&examples, "%s%.*s (%zu; %s)", count == 0 ? "" : ", ",
                        UTF8_PIECE(names[k], 100), rows->label_rows[k],
                        auditable_class_reason(status));
        if (count < NAMED) {
            text_string(&all, count == 0 ? "" : ", ");
            text_json(&all, names[k]);
        }
        count++;
    }
    text_string(&all, "]");
    if (text_check(&all, error) == ERROR_NONE && count > 0 &&
        text_check(&examples, error) == ERROR_NONE) {
        warnings_add(&audit->warnings, error,
                     "%zu %s cannot be audited (with how many clips, and why), clips keep %s: %s%s",
                     count, count == 1 ? "label" : "labels", count == 1 ? "it" : "them",
                     examples.data, count > EXAMPLES ? ", ..." : "");
        run_fact_json(&audit->results.facts, "classifier", "labels_not_audited", all.data);
    }
    text_free(&examples);
    text_free(&all);
    return error->code;
}

const struct audit_kind audit_multilabel = {
    .multilabel = true,
    .check_classes = audit_check_labels,
    .select_rows = select_rows,
    .write_labels = write_labels,
    .cross_validate = cross_validate,
    .find_issues = find_issues,
    .make_findings = make_findings,
    .add_facts = add_facts,
    .add_warnings = add_warnings,
    .report_left_out = report_left_out,
};
