#include "host/audit/rows.h"

#include "host/base/memory.h"
#include "host/classifier/auditable.h"
#include "host/classifier/folds.h"
#include "host/embedding/identical.h"

#include <math.h>
#include <stdlib.h>

void audit_rows_free(struct audit_rows *rows) {
    free(rows->clips);
    free(rows->labels);
    free(rows->fold_of);
    free(rows->class_names);
    free(rows->class_of);
    free(rows->clip_folds);
    free(rows->clip_rows);
    free(rows->label_matrix);
    free(rows->class_labels);
    free(rows->label_status);
    free(rows->label_rows);
    *rows = (struct audit_rows){0};
}

static bool all_finite(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

/* The clips that decoded and have a label, with the list's class indexes. */
static enum error_code take_candidates(struct clip_list *clips,
                                       const struct clip_measures *measures,
                                       const struct embedding_store *store, struct audit_rows *rows,
                                       struct error *error) {
    for (size_t i = 0; i < clips->count; i++) {
        if (clips->clips[i].status != CLIP_OK || clips->clips[i].class_index < 0) continue;
        if (!all_finite(embedding_store_row(store, measures[i].row), store->key.columns)) {
            TRY(clip_list_set_status(clips, i, CLIP_UNREADABLE,
                                     "its embedding is not finite: samples far beyond full scale",
                                     error));
            continue;
        }
        rows->clips[rows->count] = i;
        rows->labels[rows->count++] = clips->clips[i].class_index;
    }
    return rows->count == 0 ? clip_list_fail(clips, "audited", error) : ERROR_NONE;
}

/* Takes out the rows that cannot be audited, telling the list why. */
static enum error_code drop_rows(struct clip_list *clips, const unsigned char *status,
                                 struct audit_rows *rows, struct error *error) {
    size_t left = 0;
    for (size_t i = 0; i < rows->count; i++) {
        enum auditable auditable = (enum auditable)status[i];
        if (auditable != AUDITABLE_YES) {
            TRY(clip_list_set_status(clips, rows->clips[i],
                                     auditable == AUDITABLE_FEW ? CLIP_TOO_FEW_EXAMPLES
                                                                : CLIP_LABEL_NOT_IN_TRAINING,
                                     auditable_reason(auditable), error));
            continue;
        }
        rows->clips[left] = rows->clips[i];
        rows->labels[left] = rows->labels[i];
        rows->fold_of[left++] = rows->fold_of[i];
    }
    rows->count = left;
    return ERROR_NONE;
}

/* Stratified by rows->labels, 0 .. classes - 1. */
static enum error_code make_group_folds(const struct clip_list *clips,
                                        const struct clip_measures *measures,
                                        const struct crossval_settings *settings, size_t classes,
                                        struct audit_rows *rows, struct error *error) {
    int64_t *groups = memory_array(rows->count, sizeof *groups, "groups", error);
    uint64_t(*hashes)[2] = memory_array(rows->count, sizeof *hashes, "audio hashes", error);
    if (groups == NULL || hashes == NULL) goto done;
    for (size_t i = 0; i < rows->count; i++) {
        groups[i] = clips->clips[rows->clips[i]].group_index;
        hashes[i][0] = measures[rows->clips[i]].facts.hash[0];
        hashes[i][1] = measures[rows->clips[i]].facts.hash[1];
    }
    if (identical_join_groups((const uint64_t(*)[2])hashes, rows->count, groups, clips->group_count,
                              &rows->joined_groups, error) == ERROR_NONE)
        folds_stratified_group(rows->labels, groups, rows->count, classes, rows->folds,
                               settings->shuffle, settings->seed, rows->fold_of, error);
done:
    free(groups);
    free(hashes);
    return error->code;
}

static enum error_code take_column_folds(const struct clip_list *clips, struct audit_rows *rows,
                                         struct error *error) {
    int64_t *values = memory_array(rows->count, sizeof *values, "folds", error);
    if (values == NULL) return error->code;
    for (size_t i = 0; i < rows->count; i++) values[i] = clips->clips[rows->clips[i]].fold;
    folds_from_column(values, rows->count, rows->fold_of, &rows->folds, error);
    free(values);
    return error->code;
}

/* Folds for the candidates; rows that no fold can judge are taken out. */
static enum error_code make_folds(struct clip_list *clips, const struct clip_measures *measures,
                                  const struct crossval_settings *settings, enum fold_source source,
                                  struct audit_rows *rows, unsigned char *status,
                                  struct error *error) {
    size_t left = rows->count, classes = clips->class_count;
    rows->folds = settings->folds;
    if (source == FOLDS_BY_COLUMN) {
        TRY(take_column_folds(clips, rows, error));
    } else {
        TRY(auditable_by_count(rows->labels, rows->count, classes, rows->folds, status, &left,
                               error));
        TRY(drop_rows(clips, status, rows, error));
        if (left == 0)
            return FAIL(error, ERROR_DATA,
                        "every class has fewer clips than the %zu folds: give fewer --folds",
                        rows->folds);
        if (source == FOLDS_BY_GROUP)
            TRY(make_group_folds(clips, measures, settings, classes, rows, error));
        else
            TRY(folds_stratified(rows->labels, rows->count, classes, rows->folds, settings->shuffle,
                                 settings->seed, rows->fold_of, error));
    }
    for (size_t i = 0; i < rows->count; i++) status[i] = AUDITABLE_YES;
    TRY(auditable_by_fold(rows->labels, rows->fold_of, rows->count, classes, status, &left, error));
    return drop_rows(clips, status, rows, error);
}

/* Folds for all candidates, and the labels that can be judged with them. */
static enum error_code make_label_folds(const struct clip_list *clips,
                                        const struct clip_measures *measures,
                                        const struct crossval_settings *settings,
                                        enum fold_source source, const struct label_sets *sets,
                                        struct audit_rows *rows, struct error *error) {
    rows->folds = settings->folds;
    for (size_t i = 0; i < rows->count; i++) rows->labels[i] = 0;
    if (source == FOLDS_BY_COLUMN)
        TRY(take_column_folds(clips, rows, error));
    else if (source == FOLDS_BY_GROUP)
        TRY(make_group_folds(clips, measures, settings, 1, rows, error));
    else
        TRY(folds_shuffled(rows->count, rows->folds, settings->seed, rows->fold_of, error));
    size_t minimum = source == FOLDS_BY_COLUMN ? 1 : rows->folds;
    return audit_rows_take_labels(clips, sets, minimum, rows, error);
}

/* Where the rows are in the list. */
static void place_rows(const struct clip_list *clips, struct audit_rows *rows) {
    for (size_t i = 0; i < clips->count; i++) {
        rows->clip_folds[i] = -1;
        rows->clip_rows[i] = EMBEDDING_NO_ROW;
    }
    for (size_t i = 0; i < rows->count; i++) {
        rows->clip_folds[rows->clips[i]] = rows->fold_of[i];
        rows->clip_rows[rows->clips[i]] = i;
    }
}

/* Numbers the classes that are left, in the order of their names. */
static enum error_code number_classes(const struct clip_list *clips, struct audit_rows *rows,
                                      struct error *error) {
    for (size_t i = 0; i < rows->count; i++) rows->class_of[rows->labels[i]] = 0;
    for (size_t c = 0; c < clips->class_count; c++) {
        if (rows->class_of[c] < 0) continue;
        rows->class_names[rows->classes] = clips->class_names[c];
        rows->class_of[c] = (int32_t)rows->classes++;
    }
    for (size_t i = 0; i < rows->count; i++) rows->labels[i] = rows->class_of[rows->labels[i]];
    if (rows->classes < 2)
        return FAIL(error, ERROR_DATA,
                    "only %zu class can be audited%s%s; an audit needs at least two with as many "
                    "clips as folds",
                    rows->classes, rows->classes == 1 ? ": " : "",
                    rows->classes == 1 ? rows->class_names[0] : "");
    return ERROR_NONE;
}

enum error_code audit_rows_select(struct clip_list *clips, const struct clip_measures *measures,
                                  const struct embedding_store *store,
                                  const struct crossval_settings *settings, enum fold_source source,
                                  const struct label_sets *sets, struct audit_rows *rows,
                                  struct error *error) {
    unsigned char *status = memory_array(clips->count, sizeof *status, "rows", error);
    *rows = (struct audit_rows){0};
    rows->clips = memory_array(clips->count, sizeof *rows->clips, "rows", error);
    rows->labels = memory_array(clips->count, sizeof *rows->labels, "labels", error);
    rows->fold_of = memory_array(clips->count, sizeof *rows->fold_of, "folds", error);
    if (sets == NULL)
        rows->class_names =
            memory_array(clips->class_count, sizeof *rows->class_names, "classes", error);
    rows->class_of = memory_array(clips->class_count, sizeof *rows->class_of, "classes", error);
    rows->clip_folds = memory_array(clips->count, sizeof *rows->clip_folds, "folds", error);
    rows->clip_rows = memory_array(clips->count, sizeof *rows->clip_rows, "rows", error);
    if (error->code == ERROR_NONE) take_candidates(clips, measures, store, rows, error);
    for (size_t c = 0; error->code == ERROR_NONE && c < clips->class_count; c++)
        rows->class_of[c] = -1;
    if (error->code == ERROR_NONE && sets != NULL)
        make_label_folds(clips, measures, settings, source, sets, rows, error);
    else if (error->code == ERROR_NONE &&
             make_folds(clips, measures, settings, source, rows, status, error) == ERROR_NONE)
        number_classes(clips, rows, error);
    if (error->code == ERROR_NONE) place_rows(clips, rows);
    free(status);
    if (error->code != ERROR_NONE) audit_rows_free(rows);
    return error->code;
}
