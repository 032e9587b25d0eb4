#include "host/commands/issues_files.h"

#include "host/audit/class_health.h"
#include "host/audit/issues.h"
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/table_file.h"
#include "host/output/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum error_code issues_read_table(const char *path, size_t count, size_t dimensions,
                                  const char *shape, double **values, struct error *error) {
    struct npy_array array;
    TRY(npy_open(path, &array, error));
    if (array.dimensions != dimensions || array.count != count || (array.fortran && dimensions > 2))
        FAIL(error, ERROR_DATA,
             "%s: %zu numbers in %zu dimensions; %zu numbers are expected, in the shape %s", path,
             array.count, array.dimensions, count, shape);
    else
        *values = memory_array(count, sizeof **values, path, error);
    if (error->code == ERROR_NONE) npy_copy_float64(&array, 0, array.rows, *values);
    npy_close(&array);
    return error->code;
}

enum error_code issues_open_folder(const char *folder, bool fresh, struct error *error) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return FAIL(error, ERROR_FILE, "%s: cannot make the folder: %s", folder, strerror(errno));
    char *run = file_join(folder, "run.json", error);
    char *results = file_join(folder, "health.json", error);
    if (run != NULL && results != NULL) {
        if (access(run, F_OK) == 0)
            FAIL(error, ERROR_FILE, "%s: holds the files of another run; give another folder",
                 folder);
        else if (access(results, F_OK) == 0 && !fresh)
            FAIL(error, ERROR_FILE,
                 "%s: holds results already; give another folder, or --fresh to replace them",
                 folder);
        else if (unlink(results) != 0 && errno != ENOENT)
            FAIL(error, ERROR_FILE, "%s: cannot be replaced: %s", results, strerror(errno));
    }
    free(run);
    free(results);
    return error->code;
}

/* issues.npy and mask.npy. */
static enum error_code write_rows(const char *folder, const struct confident_issue *issues,
                                  size_t count, size_t rows, struct error *error) {
    int64_t *ranked = memory_array(count, sizeof *ranked, "issues", error);
    unsigned char *mask = memory_array(rows, 1, "the mask", error);
    if (error->code == ERROR_NONE) {
        for (size_t i = 0; i < count; i++) {
            ranked[i] = issues[i].row;
            mask[issues[i].row] = 1;
        }
        npy_write_in(folder, "issues.npy", NPY_INT64, 1, &count, ranked, error);
    }
    if (error->code == ERROR_NONE)
        npy_write_in(folder, "mask.npy", NPY_BOOL, 1, &rows, mask, error);
    free(mask);
    free(ranked);
    return error->code;
}

/* ---- one label a row ---- */

static enum error_code write_scores(const char *folder, const struct confident_input *input,
                                    const struct confident_settings *settings,
                                    const struct confident_result *result, struct error *error) {
    double *scores = memory_array(result->rows, sizeof *scores, "scores", error);
    if (scores != NULL &&
        confident_score_rows(input, settings->score,
                             settings->adjust_pred_probs ? result->thresholds : NULL, scores,
                             error) == ERROR_NONE)
        npy_write_in(folder, "scores.npy", NPY_FLOAT64, 1, &result->rows, scores, error);
    free(scores);
    return error->code;
}

/* health.json: what a script wants to know first. */
static enum error_code write_health_json(const char *folder, size_t rows, size_t classes,
                                         const struct confident_settings *settings, size_t issues,
                                         uint64_t off_diagonal, const uint64_t *calibrated,
                                         struct error *error) {
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
    number_json(&table.row, 1 - (double)off_diagonal / (double)rows);
    text_string(&table.row, "\n}\n");
    return table_close(&table, error);
}

/* The tables that `audit` writes, too. */
static enum error_code write_tables(const char *folder, const struct confident_input *input,
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
    free(issues);
    free(tables.classes);
    free(tables.pairs);
    return error->code;
}

enum error_code issues_write(const char *folder, const struct confident_input *input,
                             const struct confident_settings *settings,
                             const struct confident_result *result, struct error *error) {
    const size_t square[2] = {result->classes, result->classes};
    TRY(write_tables(folder, input, settings, result, error));
    TRY(write_rows(folder, result->issues, result->issue_count, result->rows, error));
    TRY(write_scores(folder, input, settings, result, error));
    TRY(npy_write_in(folder, "confident_joint.npy", NPY_INT64, 2, square, result->confident_joint,
                     error));
    TRY(npy_write_in(folder, "thresholds.npy", NPY_FLOAT64, 1, &result->classes, result->thresholds,
                     error));
    return write_health_json(folder, result->rows, result->classes, settings, result->issue_count,
                             result->num_label_issues, &result->num_label_issues_calibrated, error);
}

/* ---- multilabel ---- */

static enum error_code write_annotations(const char *folder, const struct multilabel_result *result,
                                         struct error *error) {
    struct table table;
    TRY(table_open(&table, folder, "annotations.csv", error));
    text_string(&table.row, "row,class,given,suggested\n");
    for (size_t i = 0; i < result->annotation_count && error->code == ERROR_NONE; i++) {
        const struct multilabel_annotation *annotation = &result->annotations[i];
        text_format(&table.row, "%" PRIu32 ",%" PRId32 ",%d,%d\n", annotation->row,
                    annotation->class_index, annotation->given, !annotation->given);
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

static enum error_code write_multilabel_issues(const char *folder,
                                               const struct multilabel_result *result,
                                               struct error *error) {
    struct table table;
    TRY(table_open(&table, folder, "issues.csv", error));
    text_string(&table.row, "rank,row,score\n");
    for (size_t i = 0; i < result->issue_count && error->code == ERROR_NONE; i++) {
        text_format(&table.row, "%zu,%" PRIu32 ",", i + 1, result->issues[i].row);
        number_shortest(&table.row, result->issues[i].score);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

/* Noise of a class: its issues over the rows that have it (or have it not). */
static enum error_code write_multilabel_classes(const char *folder,
                                                const struct multilabel_result *result,
                                                struct error *error) {
    struct table table;
    TRY(table_open(&table, folder, "classes.csv", error));
    text_string(&table.row, "class,examples,label_issues,inverse_label_issues,label_noise,"
                            "inverse_label_noise,label_quality\n");
    for (size_t c = 0; c < result->classes && error->code == ERROR_NONE; c++) {
        const struct multilabel_class *counts = &result->class_counts[c];
        double noise = multilabel_noise(counts);
        double inverse = multilabel_inverse_noise(counts, result->rows);
        text_format(&table.row, "%zu,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", c, counts->rows,
                    counts->label_issues, counts->inverse_label_issues);
        number_shortest(&table.row, noise);
        text_string(&table.row, ",");
        number_shortest(&table.row, inverse);
        text_string(&table.row, ",");
        number_shortest(&table.row, 1 - noise);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code issues_write_multilabel(const char *folder, const struct multilabel_input *input,
                                        const struct confident_settings *settings,
                                        const struct multilabel_result *result,
                                        struct error *error) {
    const size_t shape[3] = {result->classes, 2, 2};
    double *scores = memory_array(result->rows, sizeof *scores, "scores", error);
    if (scores != NULL &&
        multilabel_score_rows(input, settings->score,
                              settings->adjust_pred_probs ? result->thresholds : NULL, NULL,
                              result->rows, scores, error) == ERROR_NONE &&
        npy_write_in(folder, "scores.npy", NPY_FLOAT64, 1, &result->rows, scores, error) ==
            ERROR_NONE &&
        write_multilabel_issues(folder, result, error) == ERROR_NONE &&
        write_annotations(folder, result, error) == ERROR_NONE &&
        write_multilabel_classes(folder, result, error) == ERROR_NONE &&
        write_rows(folder, result->issues, result->issue_count, result->rows, error) ==
            ERROR_NONE &&
        npy_write_in(folder, "confident_joint.npy", NPY_INT64, 3, shape, result->confident_joint,
                     error) == ERROR_NONE)
        write_health_json(folder, result->rows, result->classes, settings, result->issue_count,
                          result->num_label_issues, NULL, error);
    free(scores);
    return error->code;
}
