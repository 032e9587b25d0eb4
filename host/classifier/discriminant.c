#include "host/classifier/discriminant.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/classifier/discriminant_fit.h"
#include "host/classifier/scaling.h"
#include "host/classifier/temperature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double discriminant_shrinkages[DISCRIMINANT_SHRINKAGES] = {0.01, 0.03, 0.1, 0.3, 0.6, 0.9};

/* Log-losses that differ by less are equal but for rounding: the smaller shrinkage is taken. */
#define TIE 1e-12

struct run {
    const struct crossval_input *input;
    const struct device_operations *operations;
    struct classifier *classifier;
    size_t memory;
    int threads;
    const struct discriminant_progress *progress;
    size_t finished_steps, all_steps;
    struct scaling own;            /* where the input has none */
    const struct scaling *scaling; /* SCALE_POOLED */
    size_t *folds;                 /* (fold_count): those that hold rows out */
    size_t fold_count;
    size_t *counts;       /* (folds, classes): rows that each fold holds out */
    size_t *all_counts;   /* (classes) */
    double *sums;         /* (folds, classes, features): of these rows */
    double *all_sums;     /* (classes, features) */
    bool kept;            /* whether the products of every fold are; else they are summed again */
    double *products;     /* (folds, features, features) if kept, else of one fold */
    double *all_products; /* (features, features) */
    struct discriminant_fit fit;
    size_t at_once;  /* shrinkages that are fitted together */
    double *weights; /* (at_once, folds, classes, features + 1) */
    bool failed[DISCRIMINANT_SHRINKAGES];
    struct classifier_task *tasks;          /* (sets, fold_count) */
    size_t sets;                            /* shrinkages that are judged in one pass */
    float *scores[DISCRIMINANT_SHRINKAGES]; /* (sets) of (rows, classes): ln p */
};

static enum error_code check(const struct crossval_input *input, struct error *error) {
    if (input->rows == 0 || input->features == 0 || input->classes < 2 || input->folds < 2)
        return FAIL(error, ERROR_DATA,
                    "discriminant of %zu rows, %zu columns, %zu classes and %zu folds: at least "
                    "two classes and two folds are needed",
                    input->rows, input->features, input->classes, input->folds);
    if (input->features > DISCRIMINANT_MAXIMUM_FEATURES)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "embeddings of %zu columns: the discriminant takes at most %zu; use "
                    "--detector logistic",
                    input->features, DISCRIMINANT_MAXIMUM_FEATURES);
    return ERROR_NONE;
}

static enum error_code count_rows(struct run *run, struct error *error) {
    const struct crossval_input *input = run->input;
    run->folds = memory_array(input->folds, sizeof(size_t), "folds", error);
    run->counts = memory_array(input->folds, input->classes * sizeof(size_t), "classes", error);
    run->all_counts = memory_array(input->classes, sizeof(size_t), "classes", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t row = 0; row < input->rows; row++) {
        run->counts[(size_t)input->fold_of[row] * input->classes + (size_t)input->labels[row]]++;
        run->all_counts[input->labels[row]]++;
    }
    for (size_t fold = 0; fold < input->folds; fold++) {
        size_t rows = 0;
        for (size_t c = 0; c < input->classes; c++) rows += run->counts[fold * input->classes + c];
        if (rows > 0) run->folds[run->fold_count++] = fold;
    }
    return ERROR_NONE;
}

/* Without a bound on memory, which takes care of itself, the scores of all shrinkages may take this
 * much; else the rows are read again. */
#define SCORES_BYTES ((size_t)256 << 20)

/* Shrinkages whose scores are kept together. */
static size_t scores_at_once(const struct run *run) {
    size_t sets = SCORES_BYTES / sizeof(float) / run->input->rows / run->input->classes;
    if (scratch_is_bounded() || sets > run->at_once) sets = run->at_once;
    return sets < 1 ? 1 : sets;
}

static enum error_code allocate(struct run *run, struct error *error) {
    size_t features = run->input->features, classes = run->input->classes;
    size_t folds = run->input->folds, square = features * features;
    run->kept = folds <= run->memory / sizeof(double) / square;
    size_t fits = run->fold_count * classes * (features + 1);
    run->at_once = run->memory / sizeof(double) / fits;
    if (run->at_once < 1) run->at_once = 1;
    if (run->at_once > DISCRIMINANT_SHRINKAGES) run->at_once = DISCRIMINANT_SHRINKAGES;
    run->sums = memory_array(folds, classes * features * sizeof(double), "class sums", error);
    run->all_sums = memory_array(classes, features * sizeof(double), "class sums", error);
    run->products =
        memory_array(run->kept ? folds : 1, square * sizeof(double), "outer products", error);
    run->all_products = memory_array(square, sizeof(double), "outer products", error);
    run->weights = memory_array(run->at_once, fits * sizeof(double), "weights", error);
    run->sets = scores_at_once(run);
    run->tasks = memory_array(run->sets * run->fold_count, sizeof *run->tasks, "tasks", error);
    for (size_t i = 0; i < run->sets; i++)
        run->scores[i] = scratch_array(run->input->rows, classes * sizeof(float), "scores", error);
    if (error->code != ERROR_NONE) return error->code;
    int workers = run->threads < (int)run->at_once ? run->threads : (int)run->at_once;
    return discriminant_fit_open(&run->fit, features, classes, run->threads, workers, error);
}

static enum error_code run_open(struct run *run, struct device *device, struct error *error) {
    const struct crossval_input *input = run->input;
    TRY(count_rows(run, error));
    run->scaling = input->pooled == NULL ? &run->own : input->pooled;
    if (input->pooled == NULL)
        TRY(crossval_scaling(input, SCALE_POOLED, run->threads, &run->own, error));
    TRY(allocate(run, error));
    struct classifier_problem problem = {.rows = input->rows,
                                         .features = input->features,
                                         .classes = input->classes,
                                         .folds = input->folds,
                                         .data = input->embeddings,
                                         .labels = input->labels,
                                         .fold_of = input->fold_of,
                                         .shift = run->scaling->shift,
                                         .scale = run->scaling->scale};
    size_t passes = (DISCRIMINANT_SHRINKAGES + run->at_once - 1) / run->at_once;
    run->all_steps = run->fold_count * (1 + passes) + DISCRIMINANT_SHRINKAGES;
    return run->operations->classifier_open(device, &problem, &run->classifier, error);
}

static void run_close(struct run *run) {
    if (run->classifier != NULL) run->operations->classifier_close(run->classifier);
    scaling_close(&run->own);
    discriminant_fit_close(&run->fit);
    free(run->folds);
    free(run->counts);
    free(run->all_counts);
    free(run->sums);
    free(run->all_sums);
    free(run->products);
    free(run->all_products);
    free(run->weights);
    free(run->tasks);
    for (size_t i = 0; i < DISCRIMINANT_SHRINKAGES; i++) scratch_free(run->scores[i]);
}

static enum error_code finish_step(struct run *run, struct error *error) {
    run->finished_steps++;
    if (run->progress != NULL && run->progress->step != NULL)
        run->progress->step(run->progress->context, run->finished_steps, run->all_steps);
    return stop_check(error);
}

static double *products_of(const struct run *run, size_t fold) {
    size_t square = run->input->features * run->input->features;
    return run->products + (run->kept ? fold * square : 0);
}

static enum error_code sum_fold(struct run *run, size_t fold, struct error *error) {
    double *sums = run->sums + fold * run->input->classes * run->input->features;
    return run->operations->classifier_scatter(run->classifier, fold, sums, products_of(run, fold),
                                               error);
}

static void add(double *total, const double *part, size_t count) {
    for (size_t i = 0; i < count; i++) total[i] += part[i];
}

static enum error_code sum_folds(struct run *run, struct error *error) {
    size_t features = run->input->features, sums = run->input->classes * features;
    for (size_t i = 0; i < run->fold_count; i++) {
        size_t fold = run->folds[i];
        TRY(sum_fold(run, fold, error));
        add(run->all_sums, run->sums + fold * sums, sums);
        add(run->all_products, products_of(run, fold), features * features);
        TRY(finish_step(run, error));
    }
    return ERROR_NONE;
}

/* Weights (classes, features + 1) of a shrinkage, counted from the pass's first, and of the fold
 * that is number `index` of those with rows. */
static double *weights_of(const struct run *run, size_t shrinkage, size_t index) {
    size_t size = run->input->classes * (run->input->features + 1);
    return run->weights + (shrinkage * run->fold_count + index) * size;
}

/* The weights of all folds for `count` shrinkages from number `first` on. */
static enum error_code fit_folds(struct run *run, size_t first, size_t count, struct error *error) {
    size_t sums = run->input->classes * run->input->features;
    for (size_t i = 0; i < run->fold_count; i++) {
        size_t fold = run->folds[i];
        double *weights[DISCRIMINANT_SHRINKAGES];
        if (!run->kept) TRY(sum_fold(run, fold, error));
        struct discriminant_rows rows = {.features = run->input->features,
                                         .classes = run->input->classes,
                                         .all_products = run->all_products,
                                         .out_products = products_of(run, fold),
                                         .all_sums = run->all_sums,
                                         .out_sums = run->sums + fold * sums,
                                         .all_counts = run->all_counts,
                                         .out_counts = run->counts + fold * run->input->classes};
        for (size_t a = 0; a < count; a++) weights[a] = weights_of(run, a, i);
        discriminant_fit_rows(&run->fit, &rows);
        discriminant_fit_weights(&run->fit, discriminant_shrinkages + first, count, weights,
                                 run->failed + first);
        TRY(finish_step(run, error));
    }
    return ERROR_NONE;
}

/* Takes a shrinkage's scores, if they are the best so far; loss: the device's, at temperature 1. */
static enum error_code judge(struct run *run, size_t shrinkage, const float *scores, double loss,
                             float *best, struct discriminant_report *report, struct error *error) {
    const struct crossval_input *input = run->input;
    const struct temperature_input given = {scores, input->labels, input->rows, input->classes,
                                            run->threads};
    double temperature = 1, *log_loss = &report->log_losses[shrinkage];
    if (isfinite(loss)) TRY(temperature_search(&given, &temperature, log_loss, error));
    if (*log_loss < report->log_loss - TIE) {
        report->log_loss = *log_loss;
        report->shrinkage = discriminant_shrinkages[shrinkage];
        report->temperature = temperature;
        memcpy(best, scores, input->rows * input->classes * sizeof *best);
    }
    return finish_step(run, error);
}

/* Judges as many of the `count` shrinkages from number `from` on as one pass over the rows can, of
 * those that were fitted together from number `first` on; *judged: how many. */
static enum error_code judge_pass(struct run *run, size_t first, size_t from, size_t count,
                                  size_t *judged, float *best, struct discriminant_report *report,
                                  struct error *error) {
    size_t shrinkages[DISCRIMINANT_SHRINKAGES], sets = 0, folds = run->fold_count;
    double losses[DISCRIMINANT_SHRINKAGES];
    for (*judged = 0; *judged < count && sets < run->sets; ++*judged) {
        size_t a = from + *judged;
        report->log_losses[a] = INFINITY;
        if (run->failed[a]) {
            TRY(finish_step(run, error));
            continue;
        }
        for (size_t i = 0; i < folds; i++)
            run->tasks[sets * folds + i] =
                (struct classifier_task){run->folds[i], weights_of(run, a - first, i), NULL, 0};
        shrinkages[sets++] = a;
    }
    if (sets == 0) return ERROR_NONE;
    TRY(run->operations->classifier_predict(run->classifier, run->tasks, folds, sets,
                                            CLASSIFIER_LOGARITHMS_WHOLE, run->scores, losses,
                                            error));
    for (size_t s = 0; s < sets; s++)
        TRY(judge(run, shrinkages[s], run->scores[s], losses[s], best, report, error));
    return ERROR_NONE;
}

/* The frequencies of the classes in each row's training rows. */
static void write_frequencies(const struct run *run, float *log_probabilities,
                              struct discriminant_report *report) {
    const struct crossval_input *input = run->input;
    double loss = 0;
    for (size_t row = 0; row < input->rows; row++) {
        const size_t *out = run->counts + (size_t)input->fold_of[row] * input->classes;
        float *to = log_probabilities + row * input->classes;
        size_t training = 0;
        for (size_t c = 0; c < input->classes; c++) training += run->all_counts[c] - out[c];
        for (size_t c = 0; c < input->classes; c++) {
            size_t count = run->all_counts[c] - out[c];
            to[c] = (float)(count == 0 ? LOG_FLOOR : log((double)count / (double)training));
        }
        loss -= (double)to[input->labels[row]];
    }
    report->temperature = 1;
    report->log_loss = loss / (double)input->rows;
}

static enum error_code run_all(struct run *run, float *log_probabilities,
                               struct discriminant_report *report, struct error *error) {
    const struct crossval_input *input = run->input;
    TRY(sum_folds(run, error));
    report->log_loss = INFINITY;
    for (size_t first = 0, count; first < DISCRIMINANT_SHRINKAGES; first += count) {
        size_t left = DISCRIMINANT_SHRINKAGES - first;
        count = left < run->at_once ? left : run->at_once;
        TRY(fit_folds(run, first, count, error));
        for (size_t done = 0, judged; done < count; done += judged)
            TRY(judge_pass(run, first, first + done, count - done, &judged, log_probabilities,
                           report, error));
    }
    if (isfinite(report->log_loss))
        temperature_apply(log_probabilities, input->rows, input->classes, report->temperature,
                          run->threads);
    else
        write_frequencies(run, log_probabilities, report);
    return ERROR_NONE;
}

enum error_code discriminant_run_within(size_t memory, const struct device_operations *operations,
                                        struct device *device, const struct crossval_input *input,
                                        int threads, const struct discriminant_progress *progress,
                                        float *log_probabilities,
                                        struct discriminant_report *report, struct error *error) {
    *report = (struct discriminant_report){0};
    struct run run = {.input = input,
                      .operations = operations,
                      .memory = memory,
                      .threads = threads < 1 ? 1 : threads,
                      .progress = progress};
    TRY(check(input, error));
    if (run_open(&run, device, error) == ERROR_NONE)
        run_all(&run, log_probabilities, report, error);
    run_close(&run);
    return error->code;
}

enum error_code discriminant_run(const struct device_operations *operations, struct device *device,
                                 const struct crossval_input *input, int threads,
                                 const struct discriminant_progress *progress,
                                 float *log_probabilities, struct discriminant_report *report,
                                 struct error *error) {
    return discriminant_run_within(DISCRIMINANT_MEMORY, operations, device, input, threads,
                                   progress, log_probabilities, report, error);
}
