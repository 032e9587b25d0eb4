/* The stages of an audit where a clip may have several labels: every label against the rest,
 * and the wrong and missing labels of a clip joined to the set that it should have. */
#include "host/audit/internal.h"

#include "host/base/memory.h"
#include "host/classifier/auditable.h"

#include <stdlib.h>
#include <string.h>

#define EXAMPLES 5  /* labels named in a warning */
#define NAMED 1000u /* labels named in run.json */

/* ---- rows and cross-validation ---- */

static enum error_code select_rows(const struct audit_settings *settings, enum fold_source source,
                                   struct audit *audit, struct error *error) {
    const struct row_source rows = {&audit->session.input.clips, audit->session.measures,
                                    &audit->session.store, &settings->crossval, source};
    return audit_rows_select_multilabel(&rows, &audit->session.input.labels, &audit->rows, error);
}

static enum error_code write_labels(struct audit *audit, struct error *error) {
    const size_t shape[2] = {audit->rows.count, audit->rows.classes};
    return npy_write_in(audit->session.folder.path, "labels.npy", NPY_INT8, 2, shape,
                        audit->rows.label_matrix, error);
}

static enum error_code cross_validate(struct audit *audit, const struct crossval_settings *settings,
                                      const struct crossval_progress *progress,
                                      struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    struct device *device = audit->session.engine.device;
    const struct crossval_multilabel_input input = {
        .embeddings = npy_direct(&audit->embeddings, NPY_FLOAT32),
        .labels = rows->label_matrix,
        .fold_of = rows->fold_of,
        .rows = rows->count,
        .features = audit->embeddings.columns,
        .classes = rows->classes,
        .folds = rows->folds,
    };
    return crossval_multilabel_run(device->operations, device, &input, settings, progress,
                                   audit->probabilities, &audit->crossval, error);
}

/* ---- confident learning ---- */

static size_t joint_cells(size_t classes) {
    return classes * 4;
}

static struct multilabel_input labels_view(const struct audit *audit) {
    const struct audit_rows *rows = &audit->rows;
    return (struct multilabel_input){
        .labels = npy_view(NPY_INT8, rows->count, rows->classes, rows->label_matrix),
        .probabilities = npy_view(NPY_FLOAT32, rows->count, rows->classes, audit->probabilities),
        .threads = audit->session.engine.threads,
    };
}

static enum error_code find_issues(struct audit *audit, const struct confident_settings *settings,
                                   struct error *error) {
    const struct multilabel_input input = labels_view(audit);
    TRY(multilabel_find(&input, settings, &audit->multilabel, error));
    audit->ranked = audit->multilabel.issues;
    audit->ranked_count = audit->multilabel.issue_count;
    return ERROR_NONE;
}

/* ---- issues ---- */

static int by_row_and_class(const void *left, const void *right) {
    const struct multilabel_annotation *a = left;
    const struct multilabel_annotation *b = right;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return (a->class_index > b->class_index) - (a->class_index < b->class_index);
}

/* The annotations of every row side by side, and where those of a row begin: (rows + 1). */
static size_t *sort_annotations(struct audit *audit, struct error *error) {
    struct multilabel_result *found = &audit->multilabel;
    size_t *starts = memory_array(found->rows + 1, sizeof *starts, "issues", error);
    audit->annotations =
        memory_array(found->annotation_count, sizeof *audit->annotations, "issues", error);
    if (error->code != ERROR_NONE) return starts;
    if (found->annotation_count > 1)
        qsort(found->annotations, found->annotation_count, sizeof *found->annotations,
              by_row_and_class);
    for (size_t i = 0; i < found->annotation_count; i++) {
        const struct multilabel_annotation *from = &found->annotations[i];
        size_t at = from->row * found->classes + (size_t)from->class_index;
        audit->annotations[i] =
            (struct run_annotation){from->class_index, from->given, audit->probabilities[at]};
        starts[from->row + 1]++;
    }
    for (size_t row = 0; row < found->rows; row++) starts[row + 1] += starts[row];
    return starts;
}

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

/* The annotation that is least probable speaks for the clip. */
static void take_probabilities(struct run_issue *issue) {
    float least = 1;
    for (size_t a = 0; a < issue->annotation_count; a++) {
        const struct run_annotation *annotation = &issue->annotations[a];
        float own = annotation->given ? annotation->probability : 1 - annotation->probability;
        if (own < least) least = own;
    }
    issue->given_probability = least;
    issue->suggested_probability = 1 - least;
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

/* All three scores of every flagged row: (SCORE_COUNT, issues). */
static double *score_issues(const struct audit *audit, struct error *error) {
    const struct multilabel_input input = labels_view(audit);
    size_t count = audit->ranked_count;
    uint32_t *rows = memory_array(count, sizeof *rows, "issues", error);
    double *scores = memory_array(count, SCORE_COUNT * sizeof *scores, "scores", error);
    for (size_t i = 0; error->code == ERROR_NONE && i < count; i++) rows[i] = audit->ranked[i].row;
    for (int s = 0; error->code == ERROR_NONE && s < SCORE_COUNT; s++)
        multilabel_score_rows(&input, (enum confident_score)s, NULL, rows, count,
                              scores + (size_t)s * count, error);
    free(rows);
    return scores;
}

static enum error_code make_issues(struct audit *audit, struct error *error) {
    size_t count = audit->ranked_count;
    size_t *starts = sort_annotations(audit, error);
    double *scores = error->code == ERROR_NONE ? score_issues(audit, error) : NULL;
    audit->issues = memory_array(count, sizeof *audit->issues, "issues", error);
    for (size_t i = 0; scores != NULL && error->code == ERROR_NONE && i < count; i++) {
        size_t row = audit->ranked[i].row;
        audit->issues[i] = (struct run_issue){
            .row = audit->rows.clips[row],
            .given = -1,
            .suggested = -1,
            .annotations = audit->annotations + starts[row],
            .annotation_count = starts[row + 1] - starts[row],
            .score = audit->ranked[i].score,
            .self_confidence = scores[SCORE_SELF_CONFIDENCE * count + i],
            .normalized_margin = scores[SCORE_NORMALIZED_MARGIN * count + i],
            .confidence_weighted_entropy = scores[SCORE_CONFIDENCE_WEIGHTED_ENTROPY * count + i],
        };
        take_probabilities(&audit->issues[i]);
    }
    if (error->code == ERROR_NONE) name_sets(audit, error);
    free(scores);
    free(starts);
    return error->code;
}

/* ---- class health ---- */

static int worst_first(const void *left, const void *right) {
    const struct run_class *a = left;
    const struct run_class *b = right;
    if (a->label_quality != b->label_quality) return a->label_quality < b->label_quality ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static enum error_code make_class_health(struct audit *audit, struct error *error) {
    const struct multilabel_result *found = &audit->multilabel;
    audit->classes = memory_array(found->classes, sizeof *audit->classes, "classes", error);
    if (audit->classes == NULL) return error->code;
    for (size_t c = 0; c < found->classes; c++) {
        const struct multilabel_class *counts = &found->class_counts[c];
        audit->classes[c] = (struct run_class){
            .index = (int32_t)c,
            .examples = counts->rows,
            .label_issues = (int64_t)counts->label_issues,
            .inverse_label_issues = (int64_t)counts->inverse_label_issues,
            .label_noise = multilabel_noise(counts),
            .inverse_label_noise = multilabel_inverse_noise(counts, found->rows),
            .label_quality = 1 - multilabel_noise(counts),
        };
    }
    qsort(audit->classes, found->classes, sizeof *audit->classes, worst_first);
    audit->results.classes = audit->classes;
    audit->results.overall_health = 1 - (double)found->num_label_issues / (double)found->rows;
    return ERROR_NONE;
}

/* ---- facts ---- */

static void add_counts(const struct audit *audit, struct run_facts *facts) {
    run_fact_integer(facts, "confident_learning", "num_label_issues",
                     (int64_t)audit->multilabel.num_label_issues);
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
            text_format(&examples, "%s%.100s (%zu; %s)", count == 0 ? "" : ", ", names[k],
                        rows->label_rows[k], auditable_class_reason(status));
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
    .joint_cells = joint_cells,
    .joint_shape = "classes x 2 x 2",
    .find_issues = find_issues,
    .make_issues = make_issues,
    .make_class_health = make_class_health,
    .add_counts = add_counts,
    .report_left_out = report_left_out,
};
