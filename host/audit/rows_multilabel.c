/* Multilabel: all candidates stay rows, labels that no fold can judge are left out. */
#include "host/audit/rows.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/classifier/auditable.h"

#include <stdlib.h>

/* How many rows have each label of the list. */
static size_t *count_rows(const struct clip_list *clips, const struct label_sets *sets,
                          const struct audit_rows *rows, struct error *error) {
    size_t *counts = memory_array(sets->count, sizeof *counts, "labels", error), count;
    for (size_t i = 0; counts != NULL && i < rows->count; i++) {
        const int32_t *members =
            label_sets_of(sets, clips->clips[rows->clips[i]].class_index, &count);
        for (size_t m = 0; m < count; m++) counts[members[m]]++;
    }
    return counts;
}

/* Keeps the labels that have at least `minimum` rows; the others need no column. */
static size_t keep_frequent(const size_t *counts, size_t labels, size_t minimum,
                            struct audit_rows *rows) {
    size_t kept = 0;
    for (size_t k = 0; k < labels; k++) {
        bool enough = counts[k] >= minimum;
        rows->label_status[k] = enough ? AUDITABLE_YES : AUDITABLE_FEW;
        if (enough) rows->class_labels[kept++] = (int32_t)k;
    }
    return kept;
}

/* (rows, classes) of the labels in class_labels. */
static enum error_code fill_matrix(const struct clip_list *clips, const struct label_sets *sets,
                                   struct audit_rows *rows, size_t classes, struct error *error) {
    int32_t *class_of = memory_array(sets->count, sizeof *class_of, "labels", error);
    rows->label_matrix = scratch_array(rows->count, classes, "labels of clips", error);
    if (error->code != ERROR_NONE) {
        free(class_of);
        return error->code;
    }
    for (size_t k = 0; k < sets->count; k++) class_of[k] = -1;
    for (size_t c = 0; c < classes; c++) class_of[rows->class_labels[c]] = (int32_t)c;
    for (size_t i = 0, count; i < rows->count; i++) {
        const int32_t *members =
            label_sets_of(sets, clips->clips[rows->clips[i]].class_index, &count);
        for (size_t m = 0; m < count; m++)
            if (class_of[members[m]] >= 0)
                rows->label_matrix[i * classes + (size_t)class_of[members[m]]] = 1;
    }
    free(class_of);
    return ERROR_NONE;
}

/* Takes out the columns that are not AUDITABLE_YES. */
static void drop_columns(struct audit_rows *rows, const unsigned char *status, size_t classes) {
    size_t kept = 0;
    for (size_t i = 0, to = 0; i < rows->count; i++)
        for (size_t c = 0; c < classes; c++)
            if (status[c] == AUDITABLE_YES)
                rows->label_matrix[to++] = rows->label_matrix[i * classes + c];
    for (size_t c = 0; c < classes; c++) {
        rows->label_status[rows->class_labels[c]] = status[c];
        if (status[c] == AUDITABLE_YES) rows->class_labels[kept++] = rows->class_labels[c];
    }
    rows->classes = kept;
}

size_t audit_rows_minimum(enum fold_source source, size_t folds) {
    return source == FOLDS_BY_COLUMN ? 1 : folds;
}

enum error_code audit_rows_fail_labels(const struct label_sets *sets, struct error *error) {
    return FAIL(error, ERROR_DATA,
                "none of the %zu labels can be audited: each needs as many clips as there are "
                "folds, and as many without it",
                sets->count);
}

/* Classes, names and matrix of rows that have folds. */
static enum error_code take_labels(const struct clip_list *clips, const struct label_sets *sets,
                                   size_t minimum, struct audit_rows *rows, struct error *error) {
    unsigned char *status = NULL;
    rows->label_count = sets->count;
    rows->label_status = memory_array(sets->count, 1, "labels", error);
    rows->class_labels = memory_array(sets->count, sizeof *rows->class_labels, "labels", error);
    rows->class_names = memory_array(sets->count, sizeof *rows->class_names, "labels", error);
    rows->label_rows = count_rows(clips, sets, rows, error);
    if (error->code != ERROR_NONE) goto done;
    size_t classes = keep_frequent(rows->label_rows, sets->count, minimum, rows);
    status = memory_array(classes, 1, "labels", error);
    if (status == NULL || fill_matrix(clips, sets, rows, classes, error) != ERROR_NONE ||
        auditable_multilabel(rows->label_matrix, rows->fold_of, rows->count, classes, minimum,
                             status, &rows->classes, error) != ERROR_NONE)
        goto done;
    drop_columns(rows, status, classes);
    for (size_t c = 0; c < rows->classes; c++)
        rows->class_names[c] = sets->names[rows->class_labels[c]];
    if (rows->classes == 0) audit_rows_fail_labels(sets, error);
done:
    free(status);
    return error->code;
}

static enum error_code make_folds(const struct row_source *source, struct audit_rows *rows,
                                  struct error *error) {
    for (size_t i = 0; i < rows->count; i++) rows->labels[i] = 0;
    if (source->folds == FOLDS_BY_COLUMN) return audit_rows_column_folds(source, rows, error);
    if (source->folds == FOLDS_BY_GROUP) return audit_rows_group_folds(source, 1, rows, error);
    return audit_rows_deal_folds(source, 1, false, rows, error);
}

enum error_code audit_rows_select_multilabel(const struct row_source *source,
                                             const struct label_sets *sets, struct audit_rows *rows,
                                             struct error *error) {
    if (audit_rows_begin(source, rows, error) == ERROR_NONE &&
        make_folds(source, rows, error) == ERROR_NONE &&
        take_labels(source->clips, sets, audit_rows_minimum(source->folds, rows->folds), rows,
                    error) == ERROR_NONE)
        audit_rows_end(source, rows);
    else
        audit_rows_free(rows);
    return error->code;
}
