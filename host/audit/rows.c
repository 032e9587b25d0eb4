#include "host/audit/rows.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/classifier/auditable.h"
#include "host/classifier/copies.h"
#include "host/classifier/folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void audit_rows_free(struct audit_rows *rows) {
    scratch_free(rows->clips);
    scratch_free(rows->labels);
    scratch_free(rows->fold_of);
    scratch_free(rows->copy_of);
    scratch_free(rows->groups);
    scratch_free(rows->hashes);
    free(rows->class_names);
    free(rows->class_of);
    scratch_free(rows->clip_folds);
    scratch_free(rows->clip_rows);
    scratch_free(rows->label_matrix);
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

/* One number for what all views have of a clip. values: (columns) of the store; scratch has room
 * for a row of every further view. */
static void hash_row(const struct row_source *source, size_t clip, const float *values,
                     float *scratch, uint64_t hash[2]) {
    copies_hash(values, source->store->key.columns, hash);
    for (size_t v = 0; v < source->view_count; v++) {
        npy_copy_float32(&source->views[v], clip, 1, scratch);
        copies_hash(scratch, source->views[v].columns, hash);
    }
}

static enum error_code take_candidates(const struct row_source *source, struct audit_rows *rows,
                                       struct error *error) {
    struct clip_list *clips = source->clips;
    const struct embedding_store *store = source->store;
    size_t widest = 0;
    for (size_t v = 0; v < source->view_count; v++)
        if (source->views[v].columns > widest) widest = source->views[v].columns;
    float *scratch = memory_array(widest, sizeof *scratch, "a row", error);
    for (size_t i = 0; i < clips->count && error->code == ERROR_NONE; i++) {
        if (clips->clips[i].status != CLIP_OK || clips->clips[i].class_index < 0) continue;
        const float *values = embedding_store_row(store, source->measures[i].row);
        if (!all_finite(values, embedding_store_size(store))) {
            clip_list_set_status(clips, i, CLIP_UNREADABLE,
                                 "its embedding is not finite: samples far beyond full scale",
                                 error);
            continue;
        }
        if (rows->hashes != NULL) hash_row(source, i, values, scratch, rows->hashes[rows->count]);
        rows->clips[rows->count] = i;
        rows->labels[rows->count++] = clips->clips[i].class_index;
    }
    free(scratch);
    TRY(error->code);
    return rows->count == 0 ? clip_list_fail(clips, "audited", error) : ERROR_NONE;
}

static enum error_code find_copies(struct audit_rows *rows, struct error *error) {
    if (rows->hashes == NULL) return ERROR_NONE;
    return copies_find((const uint64_t(*)[2])rows->hashes, rows->count, rows->copy_of,
                       &rows->copies, error);
}

/* Takes out the rows that cannot be audited; their clips get the reason. */
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
        if (rows->hashes != NULL) memcpy(rows->hashes[left], rows->hashes[i], sizeof *rows->hashes);
        rows->fold_of[left++] = rows->fold_of[i];
    }
    rows->count = left;
    return find_copies(rows, error);
}

enum error_code audit_rows_begin(const struct row_source *source, struct audit_rows *rows,
                                 struct error *error) {
    const struct clip_list *clips = source->clips;
    *rows = (struct audit_rows){.folds = source->settings->folds};
    rows->clips = scratch_array(clips->count, sizeof *rows->clips, "rows", error);
    rows->labels = scratch_array(clips->count, sizeof *rows->labels, "labels", error);
    rows->fold_of = scratch_array(clips->count, sizeof *rows->fold_of, "folds", error);
    rows->class_of = memory_array(clips->class_count, sizeof *rows->class_of, "classes", error);
    rows->clip_folds = scratch_array(clips->count, sizeof *rows->clip_folds, "folds", error);
    rows->clip_rows = scratch_array(clips->count, sizeof *rows->clip_rows, "rows", error);
    if (source->folds == FOLDS_BY_GROUP)
        rows->groups = scratch_array(clips->count, sizeof *rows->groups, "groups", error);
    if (!source->copies_apart) {
        rows->copy_of = scratch_array(clips->count, sizeof *rows->copy_of, "copies", error);
        rows->hashes = scratch_array(clips->count, sizeof *rows->hashes, "hashes", error);
    }
    TRY(error->code);
    for (size_t c = 0; c < clips->class_count; c++) rows->class_of[c] = -1;
    TRY(take_candidates(source, rows, error));
    return find_copies(rows, error);
}

enum error_code audit_rows_deal_folds(const struct row_source *source, size_t classes,
                                      bool stratified, struct audit_rows *rows,
                                      struct error *error) {
    const struct crossval_settings *settings = source->settings;
    return copies_folds(stratified ? rows->labels : NULL, rows->copies > 0 ? rows->copy_of : NULL,
                        rows->count, classes, rows->folds, settings->shuffle, settings->seed,
                        rows->fold_of, error);
}

enum error_code audit_rows_group_folds(const struct row_source *source, size_t classes,
                                       struct audit_rows *rows, struct error *error) {
    const struct clip_list *clips = source->clips;
    const struct crossval_settings *settings = source->settings;
    int64_t *groups = scratch_array(rows->count, sizeof *groups, "groups", error);
    if (groups == NULL) return error->code;
    for (size_t i = 0; i < rows->count; i++) groups[i] = clips->clips[rows->clips[i]].group_index;
    if (rows->copy_of == NULL ||
        copies_join_groups(rows->copy_of, rows->count, groups, clips->group_count,
                           &rows->joined_groups, error) == ERROR_NONE)
        folds_stratified_group(rows->labels, groups, rows->count, classes, rows->folds,
                               settings->shuffle, settings->seed, rows->fold_of, error);
    scratch_free(groups);
    return error->code;
}

enum error_code audit_rows_column_folds(const struct row_source *source, struct audit_rows *rows,
                                        struct error *error) {
    const struct clip_list *clips = source->clips;
    int64_t *values = scratch_array(rows->count, sizeof *values, "folds", error);
    if (values == NULL) return error->code;
    for (size_t i = 0; i < rows->count; i++) values[i] = clips->clips[rows->clips[i]].fold;
    folds_from_column(values, rows->count, rows->fold_of, &rows->folds, error);
    scratch_free(values);
    return error->code;
}

void audit_rows_end(const struct row_source *source, struct audit_rows *rows) {
    for (size_t i = 0; i < source->clips->count; i++) {
        rows->clip_folds[i] = -1;
        rows->clip_rows[i] = EMBEDDING_NO_ROW;
    }
    for (size_t i = 0; i < rows->count; i++) {
        rows->clip_folds[rows->clips[i]] = rows->fold_of[i];
        rows->clip_rows[rows->clips[i]] = i;
        if (rows->groups != NULL)
            rows->groups[i] = source->clips->clips[rows->clips[i]].group_index;
    }
    scratch_free(rows->hashes);
    rows->hashes = NULL;
}

/* ---- one label a clip ---- */

/* Deals the folds; classes with fewer rows than folds are taken out first. status: (rows). */
static enum error_code deal_folds(const struct row_source *source, struct audit_rows *rows,
                                  unsigned char *status, struct error *error) {
    size_t left = rows->count, classes = source->clips->class_count;
    TRY(auditable_by_count(rows->labels, rows->count, classes, rows->folds, status, &left, error));
    TRY(drop_rows(source->clips, status, rows, error));
    if (left == 0)
        return FAIL(error, ERROR_DATA,
                    "every class has fewer clips than the %zu folds: give fewer --folds",
                    rows->folds);
    if (source->folds == FOLDS_BY_GROUP)
        return audit_rows_group_folds(source, classes, rows, error);
    return audit_rows_deal_folds(source, classes, true, rows, error);
}

/* Folds for the candidates; rows that no fold can judge are taken out. */
static enum error_code make_folds(const struct row_source *source, struct audit_rows *rows,
                                  struct error *error) {
    size_t left = rows->count, classes = source->clips->class_count;
    unsigned char *status = scratch_array(source->clips->count, sizeof *status, "rows", error);
    if (status == NULL) return error->code;
    if (source->folds == FOLDS_BY_COLUMN)
        audit_rows_column_folds(source, rows, error);
    else
        deal_folds(source, rows, status, error);
    for (size_t i = 0; i < rows->count; i++) status[i] = AUDITABLE_YES;
    if (error->code == ERROR_NONE && auditable_by_fold(rows->labels, rows->fold_of, rows->count,
                                                       classes, status, &left, error) == ERROR_NONE)
        drop_rows(source->clips, status, rows, error);
    scratch_free(status);
    return error->code;
}

/* Numbers the classes that are left, in the order of their names. */
static enum error_code number_classes(const struct clip_list *clips, struct audit_rows *rows,
                                      struct error *error) {
    rows->class_names =
        memory_array(clips->class_count, sizeof *rows->class_names, "classes", error);
    if (rows->class_names == NULL) return error->code;
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

enum error_code audit_rows_select(const struct row_source *source, struct audit_rows *rows,
                                  struct error *error) {
    if (audit_rows_begin(source, rows, error) == ERROR_NONE &&
        make_folds(source, rows, error) == ERROR_NONE &&
        number_classes(source->clips, rows, error) == ERROR_NONE)
        audit_rows_end(source, rows);
    else
        audit_rows_free(rows);
    return error->code;
}
