#include "host/classifier/assign.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/classifier/copies.h"
#include "host/classifier/folds.h"

#include <stdlib.h>
#include <string.h>

/* The rows that are left, end to end. */
struct remaining {
    size_t count;
    size_t *rows;     /* (count) their numbers */
    int32_t *labels;  /* (count) */
    int64_t *given;   /* (count) folds of the column, or groups; 0 without either */
    int32_t *copy_of; /* (count), or NULL */
    int32_t *fold_of; /* (count) */
    unsigned char *status;
};

static void remaining_free(struct remaining *remaining) {
    scratch_free(remaining->rows);
    scratch_free(remaining->labels);
    scratch_free(remaining->given);
    scratch_free(remaining->copy_of);
    scratch_free(remaining->fold_of);
    scratch_free(remaining->status);
}

static enum error_code gather(struct remaining *remaining, const int32_t *labels, size_t rows,
                              const struct assign_request *request, const unsigned char *status,
                              struct error *error) {
    size_t count = remaining->count;
    const int64_t *given = request->column != NULL ? request->column : request->groups;
    remaining->rows = scratch_array(count, sizeof(size_t), "rows", error);
    remaining->labels = scratch_array(count, sizeof(int32_t), "labels", error);
    remaining->given = scratch_array(count, sizeof(int64_t), "groups", error);
    remaining->fold_of = scratch_array(count, sizeof(int32_t), "folds", error);
    remaining->status = scratch_array(count, 1, "statuses", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t row = 0, at = 0; row < rows; row++)
        if (status[row] == AUDITABLE_YES) {
            remaining->rows[at] = row;
            remaining->labels[at] = labels[row];
            if (given != NULL) remaining->given[at] = given[row];
            at++;
        }
    if (request->copy_of == NULL) return ERROR_NONE;
    remaining->copy_of = scratch_array(count, sizeof(int32_t), "copies", error);
    if (remaining->copy_of == NULL) return error->code;
    return copies_select(request->copy_of, rows, remaining->rows, count, remaining->copy_of, error);
}

/* Whole groups; groups that share a copy are one. */
static enum error_code fold_groups(const struct remaining *left, size_t classes,
                                   const struct assign_request *request, struct error *error) {
    int64_t *distinct = NULL;
    int32_t *codes = scratch_array(left->count, sizeof *codes, "groups", error);
    int64_t *groups = scratch_array(left->count, sizeof *groups, "groups", error);
    size_t count = 0, joined = 0;
    if (error->code != ERROR_NONE ||
        folds_encode(left->given, left->count, codes, &distinct, &count, error) != ERROR_NONE)
        goto done;
    for (size_t i = 0; i < left->count; i++) groups[i] = codes[i];
    if (left->copy_of == NULL ||
        copies_join_groups(left->copy_of, left->count, groups, count, &joined, error) == ERROR_NONE)
        folds_stratified_group(left->labels, groups, left->count, classes, request->folds,
                               request->shuffle, request->seed, left->fold_of, error);
done:
    scratch_free(codes);
    scratch_free(groups);
    free(distinct);
    return error->code;
}

static enum error_code fold_rows(const struct remaining *left, size_t classes,
                                 const struct assign_request *request, struct assign_result *result,
                                 struct error *error) {
    if (request->column != NULL)
        return folds_from_column(left->given, left->count, left->fold_of, &result->folds, error);
    if (request->groups != NULL) return fold_groups(left, classes, request, error);
    return copies_folds(left->labels, left->copy_of, left->count, classes, request->folds,
                        request->shuffle, request->seed, left->fold_of, error);
}

static enum error_code count_classes(const int32_t *labels, size_t rows, size_t classes,
                                     const struct assign_request *request,
                                     struct assign_result *result, struct error *error) {
    bool *seen = memory_array(classes, sizeof *seen, "classes", error);
    if (seen == NULL) return error->code;
    size_t all = 0, labelled = 0;
    for (size_t row = 0; row < rows; row++) {
        if (result->status[row] != AUDITABLE_YES || seen[labels[row]]) continue;
        seen[labels[row]] = true;
        result->classes++;
    }
    for (size_t c = 0; c < classes; c++) seen[c] = false;
    for (size_t row = 0; row < rows; row++) {
        if (labels[row] < 0) continue;
        labelled++;
        all += !seen[labels[row]];
        seen[labels[row]] = true;
    }
    free(seen);
    if (result->classes >= 2) return ERROR_NONE;
    if (all == 0) return FAIL(error, ERROR_DATA, "none of the %zu clips has a label", rows);
    if (all < 2)
        return FAIL(error, ERROR_DATA,
                    "all %zu clips have the same label; at least two classes are needed", labelled);
    return FAIL(
        error, ERROR_DATA,
        "of %zu classes %zu can be audited, at least two are needed: %s; use fewer folds or "
        "more clips",
        all, result->classes,
        request->column != NULL   ? "the others' clips are all in one fold of the column"
        : request->groups != NULL ? "the others have fewer clips than folds, or all of "
                                    "them in one fold's groups"
                                  : "the others have fewer clips than folds");
}

enum error_code assign_folds(const int32_t *labels, size_t rows, size_t classes,
                             const struct assign_request *request, struct assign_result *result,
                             struct error *error) {
    struct remaining left = {0};
    size_t minimum = request->column != NULL ? 1 : request->folds; /* rows of a class */
    *result = (struct assign_result){.folds = request->folds};
    if (rows == 0) return FAIL(error, ERROR_DATA, "no clips to audit");
    result->status = scratch_array(rows, 1, "statuses", error);
    result->fold_of = scratch_array(rows, sizeof(int32_t), "folds", error);
    if (error->code != ERROR_NONE) goto done;
    if (auditable_by_count(labels, rows, classes, minimum, result->status, &left.count, error))
        goto done;
    if (left.count > 0) {
        if (gather(&left, labels, rows, request, result->status, error) != ERROR_NONE ||
            fold_rows(&left, classes, request, result, error) != ERROR_NONE ||
            auditable_by_fold(left.labels, left.fold_of, left.count, classes, left.status,
                              &result->auditable, error) != ERROR_NONE)
            goto done;
    }
    for (size_t row = 0; row < rows; row++) result->fold_of[row] = -1;
    for (size_t i = 0; i < left.count; i++) {
        result->status[left.rows[i]] = left.status[i];
        if (left.status[i] == AUDITABLE_YES) result->fold_of[left.rows[i]] = left.fold_of[i];
    }
    count_classes(labels, rows, classes, request, result, error);
done:
    remaining_free(&left);
    return error->code;
}

/* Assigns folds to the labelled rows only. Where rows have several labels all count as one
 * class, so that nothing is stratified. fold_of: (left) is written. */
static enum error_code fold_labelled_rows(const struct assign_request *request, size_t rows,
                                          size_t left, struct assign_result *result,
                                          int32_t *fold_of, struct error *error) {
    struct remaining labelled = {.count = left};
    int32_t *same = scratch_array(rows, sizeof *same, "labels", error);
    if (same == NULL || gather(&labelled, same, rows, request, result->status, error) != ERROR_NONE)
        goto done;
    if (request->column != NULL)
        folds_from_column(labelled.given, left, labelled.fold_of, &result->folds, error);
    else if (request->groups != NULL)
        fold_groups(&labelled, 1, request, error);
    else
        copies_folds(NULL, labelled.copy_of, left, 1, request->folds, true, request->seed,
                     labelled.fold_of, error);
    if (error->code == ERROR_NONE) memcpy(fold_of, labelled.fold_of, left * sizeof *fold_of);
done:
    remaining_free(&labelled);
    scratch_free(same);
    return error->code;
}

/* The labels of the labelled rows: (auditable, classes), to be freed. */
static int8_t *gather_labels(const int8_t *labels, size_t rows, size_t classes,
                             const struct assign_result *result, struct error *error) {
    int8_t *gathered = scratch_array(result->auditable, classes, "labels", error);
    for (size_t row = 0, at = 0; gathered != NULL && row < rows; row++)
        if (result->status[row] == AUDITABLE_YES)
            memcpy(gathered + at++ * classes, labels + row * classes, classes);
    return gathered;
}

enum error_code assign_folds_multilabel(const int8_t *labels, size_t rows, size_t classes,
                                        const struct assign_request *request,
                                        struct assign_result *result, unsigned char *class_status,
                                        struct error *error) {
    int32_t *fold_of = NULL;
    int8_t *gathered = NULL;
    *result = (struct assign_result){.folds = request->folds};
    result->status = scratch_array(rows, 1, "statuses", error);
    result->fold_of = scratch_array(rows, sizeof(int32_t), "folds", error);
    TRY(error->code);
    for (size_t row = 0; row < rows; row++) {
        bool known = labels[row * classes] >= 0;
        result->status[row] = known ? AUDITABLE_YES : AUDITABLE_UNLABELLED;
        result->auditable += known;
    }
    if (result->auditable == 0) return FAIL(error, ERROR_DATA, "no clips to audit");
    fold_of = scratch_array(result->auditable, sizeof *fold_of, "folds", error);
    gathered = gather_labels(labels, rows, classes, result, error);
    if (error->code == ERROR_NONE &&
        fold_labelled_rows(request, rows, result->auditable, result, fold_of, error) == ERROR_NONE)
        auditable_multilabel(gathered, fold_of, result->auditable, classes,
                             request->column == NULL ? result->folds : 0, class_status,
                             &result->classes, error);
    for (size_t row = 0, at = 0; error->code == ERROR_NONE && row < rows; row++)
        result->fold_of[row] = result->status[row] == AUDITABLE_YES ? fold_of[at++] : -1;
    if (error->code == ERROR_NONE && result->classes == 0)
        FAIL(error, ERROR_DATA,
             "of %zu classes none can be audited (the first: %s); use fewer folds or more clips",
             classes, auditable_class_reason((enum auditable)class_status[0]));
    scratch_free(fold_of);
    scratch_free(gathered);
    return error->code;
}

void assign_free(struct assign_result *result) {
    scratch_free(result->status);
    scratch_free(result->fold_of);
    *result = (struct assign_result){0};
}
