/* Issues that others choose, descriptions of single rows, and the scores of all rows. */
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/confident/confident.h"
#include "host/confident/rank.h"
#include "host/confident/score.h"

#include <omp.h>
#include <stdlib.h>

/* row: (classes) as rows_block() returns it. */
static struct confident_row describe_row(const struct scorer scorers[SCORE_COUNT], const void *row,
                                         int32_t given, double *work) {
    const struct rows *rows = scorers[0].rows;
    struct confident_row described = {.given = given, .suggested_probability = -1};
    for (size_t k = 0; k < rows->classes; k++) {
        double p = rows->single ? (double)((const float *)row)[k] : ((const double *)row)[k];
        if (p > described.suggested_probability) {
            described.suggested = (int32_t)k;
            described.suggested_probability = p;
        }
        if (k == (size_t)given) described.given_probability = p;
    }
    for (int score = 0; score < SCORE_COUNT; score++)
        described.scores[score] = scorer_row(&scorers[score], row, (size_t)given, work);
    return described;
}

enum error_code confident_describe(const struct confident_input *input,
                                   const struct confident_issue *issues, size_t count,
                                   struct confident_row *described, struct error *error) {
    struct rows rows = rows_of(&input->probabilities);
    struct scorer scorers[SCORE_COUNT];
    for (int score = 0; score < SCORE_COUNT; score++)
        TRY(scorer_open(&rows, (enum confident_score)score, NULL, &scorers[score], error));
    size_t work_size = scorer_work(&rows) + rows.classes;
    double *work = memory_array((size_t)input->threads * work_size, sizeof *work, "scores", error);
    if (work == NULL) return error->code;
#pragma omp parallel for num_threads(input->threads) schedule(dynamic, 256)
    for (size_t i = 0; i < count; i++) {
        double *own = work + (size_t)omp_get_thread_num() * work_size;
        const void *row = rows_block(&rows, issues[i].row, 1, own + scorer_work(&rows));
        described[i] = describe_row(scorers, row, issues[i].given, own);
    }
    free(work);
    return ERROR_NONE;
}

enum error_code confident_score_rows(const struct confident_input *input,
                                     enum confident_score score, const double *thresholds,
                                     double *scores, struct error *error) {
    struct rows rows = rows_of(&input->probabilities);
    struct scorer scorer;
    TRY(scorer_open(&rows, score, thresholds, &scorer, error));
    size_t per_block = rows_per_block(&rows);
    size_t blocks = (rows.count + per_block - 1) / per_block;
    size_t work_size = scorer_work(&rows) + per_block * rows.classes;
    double *work = memory_array((size_t)input->threads * work_size, sizeof *work, "scores", error);
    int64_t *labels =
        memory_array((size_t)input->threads * per_block, sizeof *labels, "scores", error);
    if (error->code != ERROR_NONE) goto done;
#pragma omp parallel for num_threads(input->threads) schedule(dynamic)
    for (size_t b = 0; b < blocks; b++) {
        size_t thread = (size_t)omp_get_thread_num();
        double *own = work + thread * work_size;
        int64_t *given = labels + thread * per_block;
        size_t first = b * per_block;
        size_t count = rows.count - first < per_block ? rows.count - first : per_block;
        struct error ignored = ERROR_INITIAL; /* the labels were accepted before */
        const char *block = rows_block(&rows, first, count, own + scorer_work(&rows));
        npy_copy_int64(&input->labels, first, count, given, &ignored);
        for (size_t i = 0; i < count; i++)
            scores[first + i] =
                scorer_row(&scorer, block + i * rows.classes * rows_element_size(&rows),
                           (size_t)given[i], own);
    }
done:
    free(labels);
    free(work);
    return error->code;
}

static int compare_rows(const void *left, const void *right) {
    const struct confident_issue *a = left, *b = right;
    return (a->row > b->row) - (a->row < b->row);
}

enum error_code confident_rank_issues(struct confident_result *result, struct error *error) {
    sort_in_place(result->issues, result->issue_count, sizeof *result->issues, compare_rows);
    return rank_sort(result->issues, result->issue_count, error);
}

enum error_code confident_set_issues(struct confident_result *result, const unsigned char *flagged,
                                     const float *scores, const int32_t *labels,
                                     struct error *error) {
    size_t count = 0;
    for (size_t row = 0; row < result->rows; row++) count += flagged[row];
    struct confident_issue *issues = scratch_array(count, sizeof *issues, "issues", error);
    if (issues == NULL) return error->code;
    for (size_t row = 0, at = 0; row < result->rows; row++)
        if (flagged[row])
            issues[at++] = (struct confident_issue){
                .score = (double)scores[row], .row = (uint32_t)row, .given = labels[row]};
    scratch_free(result->issues);
    result->issues = issues;
    result->issue_count = count;
    return rank_sort(issues, count, error);
}
