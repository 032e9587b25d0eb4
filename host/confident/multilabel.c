#include "host/confident/multilabel.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/confident/rank.h"
#include "host/confident/score.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#define ALPHA 0.8

static enum error_code check_shapes(const struct multilabel_input *input, struct error *error) {
    const struct npy_array *labels = &input->labels;
    const struct npy_array *p = &input->probabilities;
    if (p->dimensions != 2 || labels->dimensions != 2)
        return FAIL(error, ERROR_DATA,
                    "labels and probabilities have %zu and %zu dimensions instead of two (rows, "
                    "classes)",
                    labels->dimensions, p->dimensions);
    if (labels->rows != p->rows || labels->columns != p->columns)
        return FAIL(error, ERROR_DATA,
                    "the labels are %zu rows x %zu classes, the probabilities %zu x %zu",
                    labels->rows, labels->columns, p->rows, p->columns);
    if (p->count == 0) return FAIL(error, ERROR_DATA, "labels and probabilities are empty");
    if (npy_type_is_float(labels->type))
        return FAIL(error, ERROR_DATA, "the labels are %s instead of integers or bool, 0 or 1",
                    npy_type_name(labels->type));
    return ERROR_NONE;
}

/* ---- one class against the rest ---- */

/* One class's problem: labels (rows), probabilities (rows, 2) in the input's precision. */
struct binary_problem {
    int8_t *labels;
    void *probabilities;
    enum npy_type type;
};

/* [1 - p, p] in the input's precision. */
static void complement(const struct rows *rows, double p, size_t at, void *pairs) {
    if (rows->single) {
        ((float *)pairs)[2 * at] = 1 - (float)p;
        ((float *)pairs)[2 * at + 1] = (float)p;
    } else {
        ((double *)pairs)[2 * at] = 1 - p;
        ((double *)pairs)[2 * at + 1] = p;
    }
}

static enum error_code load_class(const struct multilabel_input *input, const struct rows *rows,
                                  size_t c, struct binary_problem *problem, struct error *error) {
    size_t bad = SIZE_MAX;
#pragma omp parallel for num_threads(input->threads) reduction(min : bad)
    for (size_t i = 0; i < rows->count; i++) {
        double label = npy_element(&input->labels, i, c);
        if (label != 0 && label != 1 && i < bad) bad = i;
        problem->labels[i] = label != 0;
        complement(rows, rows_element(rows, i, c), i, problem->probabilities);
    }
    if (bad == SIZE_MAX) return ERROR_NONE;
    return FAIL(error, ERROR_DATA, "row %zu, class %zu: the label %g is neither 0 nor 1", bad, c,
                npy_element(&input->labels, bad, c));
}

/* What is found of each row while the classes are taken one after the other. */
struct marks {
    unsigned char *flagged;      /* (rows): the filter flags one of its labels */
    unsigned char *off_diagonal; /* (rows): confident learning does */
    unsigned char *health;       /* (rows): cleanlab's default filter does */
};

/* Appends the issues of class c to the annotations. */
static enum error_code take_issues(struct multilabel_result *result, size_t c,
                                   const struct confident_result *found, unsigned char *flagged,
                                   size_t *capacity, struct error *error) {
    TRY(scratch_grow(&result->annotations, capacity, result->annotation_count + found->issue_count,
                     sizeof *result->annotations, "annotations", error));
    for (size_t i = 0; i < found->issue_count; i++) {
        flagged[found->issues[i].row] = 1;
        result->annotations[result->annotation_count++] =
            (struct multilabel_annotation){.row = found->issues[i].row,
                                           .class_index = (int32_t)c,
                                           .given = found->issues[i].given == 1};
    }
    for (size_t t = 0; t < 2; t++) result->thresholds[2 * c + t] = found->thresholds[t];
    for (size_t i = 0; i < 4; i++) result->confident_joint[4 * c + i] = found->confident_joint[i];
    return ERROR_NONE;
}

static void take_health(struct multilabel_result *result, size_t c,
                        const struct confident_result *found, unsigned char *health) {
    struct multilabel_class *counts = &result->class_counts[c];
    counts->rows = found->class_counts[1];
    for (size_t i = 0; i < found->issue_count; i++) {
        health[found->issues[i].row] = 1;
        if (found->issues[i].given == 1)
            counts->label_issues++;
        else
            counts->inverse_label_issues++;
    }
}

static int by_row(const void *left, const void *right) {
    const struct confident_issue *a = left;
    const struct confident_issue *b = right;
    return (a->row > b->row) - (a->row < b->row);
}

/* The problem of class c by these settings, its issues in the order of the rows. */
static enum error_code find_class(const struct multilabel_input *input,
                                  const struct confident_settings *settings, size_t c,
                                  const struct binary_problem *problem, unsigned char *off_diagonal,
                                  struct confident_result *found, struct error *error) {
    const double removed[2] = {settings->num_to_remove == NULL ? 0 : settings->num_to_remove[c], 0};
    struct confident_settings own = *settings;
    struct confident_input binary = {
        .labels = npy_view(NPY_INT8, input->labels.rows, 0, problem->labels),
        .probabilities = npy_view(problem->type, input->labels.rows, 2, problem->probabilities),
        .threads = input->threads,
        .one_class_allowed = true,
    };
    own.num_to_remove = settings->num_to_remove == NULL ? NULL : removed;
    own.joint = settings->joint == NULL ? NULL : settings->joint + 4 * c;
    own.score = SCORE_SELF_CONFIDENCE; /* any: the order of a class's issues is not used */
    own.adjust_pred_probs = false;
    own.off_diagonal = off_diagonal;
    if (confident_find(&binary, &own, found, error) != ERROR_NONE) {
        error_prefix(error, "class %zu against the rest (1: the row has it)", c);
        return error->code;
    }
    qsort(found->issues, found->issue_count, sizeof *found->issues, by_row);
    return ERROR_NONE;
}

/* The settings of class health: cleanlab's defaults. */
static struct confident_settings health_settings(const double *joint) {
    return (struct confident_settings){.filter = FILTER_PRUNE_BY_NOISE_RATE,
                                       .frac_noise = 1,
                                       .min_examples_per_class = 1,
                                       .joint = joint};
}

/* Whether the settings find what class health is made of. */
static bool finds_health(const struct confident_settings *settings) {
    struct confident_settings health = health_settings(NULL);
    return settings->filter == health.filter && settings->frac_noise == health.frac_noise &&
           settings->min_examples_per_class == health.min_examples_per_class &&
           settings->num_to_remove == NULL;
}

/* The issues of class c by the settings, and its health. */
static enum error_code take_class(const struct multilabel_input *input,
                                  const struct confident_settings *settings, size_t c,
                                  const struct binary_problem *problem, struct marks *marks,
                                  struct multilabel_result *result, size_t *capacity,
                                  struct error *error) {
    struct confident_settings health = health_settings(settings->joint);
    struct confident_result found = CONFIDENT_RESULT_INITIAL;
    if (find_class(input, settings, c, problem, marks->off_diagonal, &found, error) == ERROR_NONE)
        take_issues(result, c, &found, marks->flagged, capacity, error);
    if (error->code == ERROR_NONE && !finds_health(settings)) {
        confident_free(&found);
        find_class(input, &health, c, problem, NULL, &found, error);
    }
    if (error->code == ERROR_NONE) take_health(result, c, &found, marks->health);
    confident_free(&found);
    return error->code;
}

static enum error_code find_classes(const struct multilabel_input *input,
                                    const struct confident_settings *settings,
                                    struct multilabel_result *result, struct marks *marks,
                                    struct error *error) {
    struct rows rows = rows_of(&input->probabilities);
    size_t capacity = 0;
    struct binary_problem problem = {.type = rows.single ? NPY_FLOAT32 : NPY_FLOAT64};
    problem.labels = scratch_array(rows.count, 1, "labels", error);
    problem.probabilities =
        scratch_array(rows.count * 2, rows_element_size(&rows), "probabilities", error);
    for (size_t c = 0; c < rows.classes && error->code == ERROR_NONE; c++)
        if (load_class(input, &rows, c, &problem, error) == ERROR_NONE)
            take_class(input, settings, c, &problem, marks, result, &capacity, error);
    for (size_t i = 0; i < rows.count && error->code == ERROR_NONE; i++) {
        result->num_label_issues += marks->off_diagonal[i];
        result->health_issues += marks->health[i];
    }
    scratch_free(problem.probabilities);
    scratch_free(problem.labels);
    return error->code;
}

/* ---- the lowest rows ---- */

/* Flags the num_label_issues rows of the lowest self-confidence, and no others. */
static enum error_code flag_lowest(const struct multilabel_input *input,
                                   const struct multilabel_result *result, unsigned char *flagged,
                                   struct error *error) {
    size_t rows = result->rows;
    double *scores = scratch_array(rows, sizeof *scores, "scores", error);
    struct confident_issue *sorted = scratch_array(rows, sizeof *sorted, "scores", error);
    if (error->code == ERROR_NONE && multilabel_score_rows(input, SCORE_SELF_CONFIDENCE, NULL, NULL,
                                                           rows, scores, error) == ERROR_NONE) {
        for (size_t i = 0; i < rows; i++)
            sorted[i] = (struct confident_issue){.score = scores[i], .row = (uint32_t)i};
        if (rank_sort(sorted, rows, error) == ERROR_NONE)
            for (size_t i = 0; i < rows; i++) flagged[sorted[i].row] = i < result->num_label_issues;
    }
    scratch_free(sorted);
    scratch_free(scores);
    return error->code;
}

/* The annotation of a row that agrees least with its probability, the first of equal ones. */
static struct multilabel_annotation least_probable(const struct multilabel_input *input,
                                                   size_t row) {
    struct multilabel_annotation least = {.row = (uint32_t)row};
    double lowest = INFINITY;
    for (size_t c = 0; c < input->labels.columns; c++) {
        double p = npy_element(&input->probabilities, row, c);
        bool given = npy_element(&input->labels, row, c) != 0;
        double own = given ? p : 1 - p;
        if (!(own < lowest)) continue;
        lowest = own;
        least.class_index = (int32_t)c;
        least.given = given;
    }
    return least;
}

/* Keeps the annotations of the flagged rows; a row that has none gets the least probable one. */
static enum error_code annotate_lowest(const struct multilabel_input *input,
                                       const unsigned char *flagged,
                                       struct multilabel_result *result, struct error *error) {
    size_t kept = 0, wanted = result->annotation_count, capacity = result->annotation_count;
    unsigned char *named = scratch_array(result->rows, 1, "rows", error);
    if (named == NULL) return error->code;
    for (size_t i = 0; i < result->annotation_count; i++) {
        struct multilabel_annotation annotation = result->annotations[i];
        if (!flagged[annotation.row]) continue;
        named[annotation.row] = 1;
        result->annotations[kept++] = annotation;
    }
    result->annotation_count = kept;
    for (size_t i = 0; i < result->rows; i++) wanted += flagged[i] && !named[i];
    if (scratch_grow(&result->annotations, &capacity, wanted, sizeof *result->annotations,
                     "annotations", error) == ERROR_NONE)
        for (size_t i = 0; i < result->rows; i++)
            if (flagged[i] && !named[i])
                result->annotations[result->annotation_count++] = least_probable(input, i);
    scratch_free(named);
    return error->code;
}

/* ---- ranking ---- */

static enum error_code rank_rows(const struct multilabel_input *input,
                                 const struct confident_settings *settings,
                                 const unsigned char *flagged, struct multilabel_result *result,
                                 struct error *error) {
    for (size_t i = 0; i < result->rows; i++) result->issue_count += flagged[i];
    size_t count = result->issue_count;
    uint32_t *rows = scratch_array(count, sizeof *rows, "issues", error);
    double *scores = scratch_array(count, sizeof *scores, "issues", error);
    result->issues = scratch_array(count, sizeof *result->issues, "issues", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t i = 0, at = 0; i < result->rows; i++)
        if (flagged[i]) rows[at++] = (uint32_t)i;
    if (multilabel_score_rows(input, settings->score,
                              settings->adjust_pred_probs ? result->thresholds : NULL, rows, count,
                              scores, error) != ERROR_NONE)
        goto done;
    for (size_t i = 0; i < count; i++)
        result->issues[i] =
            (struct confident_issue){.score = scores[i], .row = rows[i], .given = -1};
    rank_sort(result->issues, count, error);
done:
    scratch_free(scores);
    scratch_free(rows);
    return error->code;
}

enum error_code multilabel_find(const struct multilabel_input *input,
                                const struct confident_settings *settings,
                                struct multilabel_result *result, struct error *error) {
    *result = (struct multilabel_result){.rows = 0};
    TRY(check_shapes(input, error));
    result->rows = input->probabilities.rows;
    size_t classes = result->classes = input->probabilities.columns;
    struct marks marks = {.flagged = scratch_array(result->rows, 1, "rows", error),
                          .off_diagonal = scratch_array(result->rows, 1, "rows", error),
                          .health = scratch_array(result->rows, 1, "rows", error)};
    bool lowest = settings->filter == FILTER_LOW_SELF_CONFIDENCE ||
                  settings->filter == FILTER_LOW_NORMALIZED_MARGIN;
    result->class_counts = memory_array(classes, sizeof *result->class_counts, "classes", error);
    result->thresholds = memory_array(classes * 2, sizeof *result->thresholds, "classes", error);
    result->confident_joint =
        memory_array(classes * 4, sizeof *result->confident_joint, "classes", error);
    if (error->code == ERROR_NONE) find_classes(input, settings, result, &marks, error);
    if (error->code == ERROR_NONE && lowest &&
        flag_lowest(input, result, marks.flagged, error) == ERROR_NONE)
        annotate_lowest(input, marks.flagged, result, error);
    if (error->code == ERROR_NONE) rank_rows(input, settings, marks.flagged, result, error);
    scratch_free(marks.health);
    scratch_free(marks.off_diagonal);
    scratch_free(marks.flagged);
    if (error->code != ERROR_NONE) multilabel_free(result);
    return error->code;
}

void multilabel_free(struct multilabel_result *result) {
    scratch_free(result->issues);
    free(result->class_counts);
    free(result->thresholds);
    free(result->confident_joint);
    scratch_free(result->annotations);
    *result = (struct multilabel_result){.rows = 0};
}

double multilabel_health(const struct multilabel_result *result) {
    return 1 - (double)result->health_issues / (double)result->rows;
}

double multilabel_noise(const struct multilabel_class *counts) {
    return (double)counts->label_issues / fmax((double)counts->rows, 1);
}

double multilabel_inverse_noise(const struct multilabel_class *counts, size_t rows) {
    return (double)counts->inverse_label_issues / fmax((double)(rows - counts->rows), 1);
}

/* ---- scores ---- */

static int descending(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a < b) - (a > b);
}

/* scores (classes) are sorted in place. */
static double moving_average(double *scores, size_t classes) {
    qsort(scores, classes, sizeof *scores, descending);
    double average = scores[0];
    for (size_t c = 1; c < classes; c++) average = ALPHA * scores[c] + (1 - ALPHA) * average;
    return average;
}

/* Opens the scorers (classes) of rows [1 - p, p]. */
static enum error_code open_scorers(const struct rows *pairs, enum confident_score score,
                                    const double *thresholds, size_t classes,
                                    struct scorer *scorers, struct error *error) {
    for (size_t c = 0; c < classes; c++)
        TRY(scorer_open(pairs, score, thresholds == NULL ? NULL : thresholds + 2 * c, &scorers[c],
                        error));
    return ERROR_NONE;
}

enum error_code multilabel_score_rows(const struct multilabel_input *input,
                                      enum confident_score score, const double *thresholds,
                                      const uint32_t *rows, size_t count, double *scores,
                                      struct error *error) {
    struct rows all = rows_of(&input->probabilities);
    struct rows pairs = {.single = all.single, .classes = 2};
    size_t work_size = all.classes + scorer_work(&pairs);
    struct scorer *scorers = memory_array(all.classes, sizeof *scorers, "scores", error);
    double *work = memory_array((size_t)input->threads * work_size, sizeof *work, "scores", error);
    if (error->code != ERROR_NONE ||
        open_scorers(&pairs, score, thresholds, all.classes, scorers, error) != ERROR_NONE)
        goto done;
#pragma omp parallel for num_threads(input->threads) schedule(dynamic, 64)
    for (size_t i = 0; i < count; i++) {
        double *own = work + (size_t)omp_get_thread_num() * work_size;
        size_t row = rows == NULL ? i : rows[i];
        for (size_t c = 0; c < all.classes; c++) {
            double pair[2];
            complement(&all, rows_element(&all, row, c), 0, pair);
            own[c] = scorer_row(&scorers[c], pair, npy_element(&input->labels, row, c) != 0,
                                own + all.classes);
        }
        scores[i] = moving_average(own, all.classes);
    }
done:
    free(work);
    free(scorers);
    return error->code;
}
