#include "host/commands/issues_files.h"

#include "host/audit/class_health.h"
#include "host/audit/issues.h"
#include "host/audit/issues_multilabel.h"
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/scratch.h"
#include "host/base/table_file.h"
#include "host/output/files.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* issues.npy and mask.npy. */
static enum error_code write_rows(const struct folder *folder, const struct confident_issue *issues,
                                  size_t count, size_t rows, struct error *error) {
    int64_t *ranked = scratch_array(count, sizeof *ranked, "issues", error);
    unsigned char *mask = scratch_array(rows, 1, "the mask", error);
    if (error->code == ERROR_NONE) {
        for (size_t i = 0; i < count; i++) {
            ranked[i] = issues[i].row;
            mask[issues[i].row] = 1;
        }
        npy_write_in(folder, "issues.npy", NPY_INT64, 1, &count, ranked, error);
    }
    if (error->code == ERROR_NONE)
        npy_write_in(folder, "mask.npy", NPY_BOOL, 1, &rows, mask, error);
    scratch_free(mask);
    scratch_free(ranked);
    return error->code;
}

/* ---- one label a row ---- */

/* health.json: the counts and the overall class health, for scripts. */
static enum error_code write_health_json(const struct folder *folder, size_t rows, size_t classes,
                                         const struct confident_settings *settings, size_t issues,
                                         uint64_t off_diagonal, const uint64_t *calibrated,
                                         double overall, struct error *error) {
    struct table table;
    TRY(table_open(&table, folder, "health.json", error));
    text_format(&table.row, "{\n  \"rows\": %zu,\n  \"classes\": %zu,\n", rows, classes);
    text_format(&table.row, "  \"filter\": \"%s\",\n  \"score\": \"%s\",\n",
                confident_filter_name(settings->filter), confident_score_name(settings->score));
    text_format(&table.row, "  \"issues\": %zu,\n  \"off_diagonal\": %" PRIu64 ",\n", issues,
                off_diagonal);
    if (calibrated != NULL)
        text_format(&table.row, "  \"off_diagonal_calibrated\": %" PRIu64 ",\n", *calibrated);
    text_string(&table.row, "  \"overall_label_health_score\": ");
    number_json(&table.row, overall);
    text_string(&table.row, "\n}\n");
    return table_close(&table, error);
}

/* The tables that `audit` writes, too. */
static enum error_code write_tables(const struct folder *folder,
                                    const struct confident_input *input,
                                    const struct confident_settings *settings,
                                    const struct confident_result *result, struct error *error) {
    struct health_tables tables = {0};
    struct run_issue *issues = NULL;
    if (issues_make(input, result, NULL, &issues, error) == ERROR_NONE &&
        health_tables_make(result, &tables, error) == ERROR_NONE) {
        const struct run_results results = {
            .class_count = result->classes,
            .score_name = confident_score_name(settings->score),
            .issues = issues,
            .issue_count = result->issue_count,
            .classes = tables.classes,
            .pairs = tables.pairs,
            .pair_count = tables.pair_count,
            .confident_joint = result->confident_joint,
            .overall_health = tables.overall,
        };
        if (run_write_issues(folder, &results, error) == ERROR_NONE)
            run_write_health(folder, &results, error);
    }
    scratch_free(issues);
    free(tables.classes);
    free(tables.pairs);
    return error->code;
}

/* scores.npy, for a thread. */
struct scores_file {
    const struct folder *folder;
    size_t rows;
    const double *scores; /* (rows) */
    struct error error;
};

static void *write_scores(void *argument) {
    struct scores_file *file = argument;
    npy_write_in(file->folder, "scores.npy", NPY_FLOAT64, 1, &file->rows, file->scores,
                 &file->error);
    return NULL;
}

/* All files but scores.npy and health.json, and the end of the probabilities: the files were made
 * from them once more. */
static enum error_code write_others(const struct folder *folder,
                                    const struct confident_input *input,
                                    const struct confident_settings *settings,
                                    const struct confident_result *result, struct error *error) {
    const size_t square[2] = {result->classes, result->classes};
    TRY(write_tables(folder, input, settings, result, error));
    TRY(write_rows(folder, result->issues, result->issue_count, result->rows, error));
    TRY(npy_write_in(folder, "confident_joint.npy", NPY_INT64, 2, square, result->confident_joint,
                     error));
    TRY(npy_write_in(folder, "thresholds.npy", NPY_FLOAT64, 1, &result->classes, result->thresholds,
                     error));
    TRY(npy_unchanged(&input->probabilities, error));
    npy_release(&input->probabilities);
    return ERROR_NONE;
}

enum error_code issues_write(const struct folder *folder, const struct confident_input *input,
                             const struct confident_settings *settings,
                             const struct confident_result *result, struct error *error) {
    struct scores_file scores = {folder, result->rows, settings->scores, ERROR_INITIAL};
    pthread_t thread;
    /* It takes as long as all the others, and leaves the processors idle. */
    bool beside = pthread_create(&thread, NULL, write_scores, &scores) == 0;
    write_others(folder, input, settings, result, error);
    if (beside) pthread_join(thread, NULL);
    if (!beside && error->code == ERROR_NONE) write_scores(&scores);
    if (scores.error.code != ERROR_NONE) FAIL(error, scores.error.code, "%s", scores.error.message);
    TRY(error->code);
    /* Without this file the others are not a result. */
    return write_health_json(folder, result->rows, result->classes, settings, result->issue_count,
                             result->num_label_issues, &result->num_label_issues_calibrated,
                             1 - (double)result->num_label_issues / (double)result->rows, error);
}

/* ---- multilabel ---- */

/* Appends a row's set of class numbers, "0;2": the given one, or that with its annotations
 * corrected. */
static void append_set(struct text *sets, const struct npy_array *labels,
                       const struct run_issue *issue, bool corrected) {
    const char *separator = "";
    size_t next = 0; /* annotation */
    for (size_t c = 0; c < labels->columns; c++) {
        bool member = npy_element(labels, issue->row, c) != 0;
        bool wrong =
            next < issue->annotation_count && issue->annotations[next].class_index == (int32_t)c;
        next += wrong;
        if (corrected && wrong) member = !member;
        if (!member) continue;
        text_format(sets, "%s%zu", separator, c);
        separator = ";";
    }
    text_append(sets, "", 1); /* its end */
}

/* The addresses of the sets are known only once all are appended. */
static enum error_code name_sets(const struct npy_array *labels, struct run_issue *issues,
                                 size_t count, struct text *sets, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        append_set(sets, labels, &issues[i], false);
        append_set(sets, labels, &issues[i], true);
    }
    TRY(text_check(sets, error));
    const char *at = sets->data;
    for (size_t i = 0; i < count; i++) {
        issues[i].given_set = at;
        at += strlen(at) + 1;
        issues[i].suggested_set = at;
        at += strlen(at) + 1;
    }
    return ERROR_NONE;
}

static enum error_code write_multilabel_tables(const struct folder *folder,
                                               const struct multilabel_input *input,
                                               const struct confident_settings *settings,
                                               const struct multilabel_result *result,
                                               struct error *error) {
    struct run_issue *issues = NULL;
    struct run_annotation *annotations = NULL;
    struct run_class *classes = NULL;
    struct text sets = TEXT_INITIAL;
    if (issues_make_multilabel(input, result, NULL, &issues, &annotations, error) == ERROR_NONE &&
        name_sets(&input->labels, issues, result->issue_count, &sets, error) == ERROR_NONE &&
        class_health_make_multilabel(result, &classes, error) == ERROR_NONE) {
        const struct run_results results = {
            .class_count = result->classes,
            .multilabel = true,
            .score_name = confident_score_name(settings->score),
            .issues = issues,
            .issue_count = result->issue_count,
            .classes = classes,
            .overall_health = multilabel_health(result),
        };
        if (run_write_issues(folder, &results, error) == ERROR_NONE)
            run_write_health(folder, &results, error);
    }
    scratch_free(issues);
    scratch_free(annotations);
    free(classes);
    text_free(&sets);
    return error->code;
}

enum error_code issues_write_multilabel(const struct folder *folder,
                                        const struct multilabel_input *input,
                                        const struct confident_settings *settings,
                                        const struct multilabel_result *result,
                                        struct error *error) {
    const size_t shape[3] = {result->classes, 2, 2};
    double *scores = scratch_array(result->rows, sizeof *scores, "scores", error);
    if (scores != NULL &&
        multilabel_score_rows(input, settings->score,
                              settings->adjust_pred_probs ? result->thresholds : NULL, NULL,
                              result->rows, scores, error) == ERROR_NONE &&
        npy_write_in(folder, "scores.npy", NPY_FLOAT64, 1, &result->rows, scores, error) ==
            ERROR_NONE &&
        write_multilabel_tables(folder, input, settings, result, error) == ERROR_NONE &&
        write_rows(folder, result->issues, result->issue_count, result->rows, error) ==
            ERROR_NONE &&
        npy_write_in(folder, "confident_joint.npy", NPY_INT64, 3, shape, result->confident_joint,
                     error) == ERROR_NONE &&
        npy_unchanged(&input->probabilities, error) == ERROR_NONE)
        write_health_json(folder, result->rows, result->classes, settings, result->issue_count,
                          result->num_label_issues, NULL, multilabel_health(result), error);
    scratch_free(scores);
    return error->code;
}
