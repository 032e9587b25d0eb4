#include "host/classifier/crossval.h"
#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/classifier/crossval_sample.h"
#include "host/classifier/lockstep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double crossval_auto_c[CROSSVAL_AUTO_COUNT] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2};

struct crossval_settings crossval_settings_complete(const struct crossval_settings *settings) {
    struct crossval_settings complete = *settings;
    if (complete.threads < 1) complete.threads = 1;
    if (!complete.c_auto) return complete;
    complete.c_auto = false;
    complete.c_count = CROSSVAL_AUTO_COUNT;
    memcpy(complete.c_values, crossval_auto_c, sizeof crossval_auto_c);
    return complete;
}

/* One cross-validation. */
struct run {
    const struct crossval_input *input;
    const struct crossval_settings *settings;
    struct scaling scaling; /* unless the input has it */
    struct lockstep lockstep;
    bool *present;             /* (folds, classes): whether a fold's training rows have the class */
    size_t *held_out;          /* (folds): rows */
    struct lockstep_fit *fits; /* (batch of C, folds) being run */
    size_t fit_slots;
    struct lockstep_fit *best;     /* (folds) of the best C so far: weights only */
    struct classifier_task *tasks; /* (folds) for predictions */
    struct crossval_report *report;
};

static enum error_code check(const struct crossval_input *input,
                             const struct crossval_settings *settings, struct error *error) {
    if (input->rows == 0 || input->features == 0 || input->classes < 2 || input->folds < 2)
        return FAIL(
            error, ERROR_DATA,
            "cross-validation of %zu rows, %zu columns, %zu classes and %zu folds: at least "
            "two classes and two folds are needed",
            input->rows, input->features, input->classes, input->folds);
    if (!(settings->tolerance > 0) || settings->max_iterations < 1)
        return FAIL(error, ERROR_USAGE, "tolerance and iterations must be more than 0");
    if (settings->c_count == 0 || settings->c_count > CROSSVAL_MAXIMUM_C)
        return FAIL(error, ERROR_USAGE, "give 1 to %d values of C", CROSSVAL_MAXIMUM_C);
    for (size_t i = 0; i < settings->c_count; i++)
        if (!(settings->c_values[i] > 0) || !isfinite(settings->c_values[i]))
            return FAIL(error, ERROR_USAGE, "C must be a number above 0, not %g",
                        settings->c_values[i]);
    return ERROR_NONE;
}

static enum error_code count_classes(struct run *run, struct error *error) {
    const struct crossval_input *input = run->input;
    size_t size = input->folds * input->classes;
    size_t *counts = memory_array(size, sizeof *counts, "class counts", error);
    if (counts == NULL) return error->code;
    for (size_t row = 0; row < input->rows; row++) {
        size_t fold = (size_t)input->fold_of[row];
        counts[fold * input->classes + (size_t)input->labels[row]]++;
        run->held_out[fold]++;
    }
    for (size_t c = 0; c < input->classes; c++) {
        size_t total = 0;
        for (size_t fold = 0; fold < input->folds; fold++)
            total += counts[fold * input->classes + c];
        for (size_t fold = 0; fold < input->folds; fold++)
            run->present[fold * input->classes + c] = total > counts[fold * input->classes + c];
    }
    free(counts);
    return ERROR_NONE;
}

static void record(struct run *run, size_t c, const struct lockstep_fit *fit) {
    struct crossval_report *report = run->report;
    report->fits[c * report->folds + fit->fold] =
        (struct crossval_fit){.c = fit->c,
                              .fold = fit->fold,
                              .training_rows = fit->training_rows,
                              .iterations = fit->lbfgs.iterations,
                              .evaluations = fit->lbfgs.evaluations,
                              .exact_evaluations = fit->exact_evaluations,
                              .objective = fit->lbfgs.value,
                              .gradient = fit->lbfgs.norm,
                              .stop = fit->lbfgs.stop,
                              .unmet = !(fit->lbfgs.norm <= run->settings->tolerance),
                              .exact = fit->exact};
    report->exhausted += fit->lbfgs.stop == LBFGS_ITERATIONS;
    report->failed += fit->lbfgs.stop == LBFGS_LINE_SEARCH;
    report->flat += fit->lbfgs.stop == LBFGS_FLAT && !(fit->lbfgs.norm <= run->settings->tolerance);
}

/* Runs fits number first .. first + count - 1, counted fold by fold within each C, into
 * fits (count). */
static enum error_code run_fits(struct run *run, size_t first, size_t count,
                                struct lockstep_fit *fits, struct error *error) {
    size_t folds = run->input->folds, opened = 0;
    struct lockstep_fit *wanted = memory_array(count, sizeof *wanted, "fits", error);
    if (wanted == NULL) return error->code;
    for (size_t i = first; i < first + count; i++) {
        size_t fold = i % folds;
        if (run->held_out[fold] == 0) continue;
        enum error_code code =
            lockstep_fit_open(&wanted[opened++], fold, run->settings->c_values[i / folds],
                              &run->lockstep, run->present + fold * run->input->classes, error);
        if (code != ERROR_NONE) goto done;
    }
    run->lockstep.fits = wanted;
    run->lockstep.fit_count = opened;
    if (lockstep_run(&run->lockstep, error) != ERROR_NONE) goto done;
    run->lockstep.finished_before += opened;
    opened = 0;
    for (size_t i = first; i < first + count; i++) {
        if (run->held_out[i % folds] == 0) continue;
        record(run, i / folds, &wanted[opened]);
        lockstep_fit_trim(&wanted[opened]);
        fits[i - first] = wanted[opened++];
    }
    free(wanted);
    return ERROR_NONE;
done:
    for (size_t i = 0; i < opened; i++) lockstep_fit_close(&wanted[i]);
    free(wanted);
    return error->code;
}

static enum error_code predict(struct run *run, const struct lockstep_fit *fits,
                               float *probabilities, double *log_loss, struct error *error) {
    size_t count = 0;
    for (size_t fold = 0; fold < run->input->folds; fold++)
        if (run->held_out[fold] > 0)
            run->tasks[count++] = (struct classifier_task){fold, fits[fold].weights, NULL, 0};
    TRY(run->lockstep.operations->classifier_predict(
        run->lockstep.classifier, run->tasks, count, 1,
        run->settings->logarithms ? CLASSIFIER_LOGARITHMS : CLASSIFIER_PROBABILITIES,
        probabilities == NULL ? NULL : &probabilities, log_loss, error));
    *log_loss /= (double)run->input->rows;
    return ERROR_NONE;
}

/* The log-loss of C number c from its fits (folds), which are kept if it is the best so far. */
static enum error_code judge(struct run *run, size_t c, struct lockstep_fit *fits,
                             struct error *error) {
    struct crossval_report *report = run->report;
    TRY(predict(run, fits, NULL, &report->log_losses[c], error));
    if (c == 0 || crossval_report_beats(report, c)) {
        report->chosen = c;
        for (size_t fold = 0; fold < run->input->folds; fold++) {
            struct lockstep_fit kept = run->best[fold];
            run->best[fold] = fits[fold];
            fits[fold] = kept;
        }
    }
    return ERROR_NONE;
}

/* All folds of as many C at once as memory allows; if that is less than one C, a few folds
 * at a time. A fit does not depend on which others run beside it. */
static enum error_code run_grid(struct run *run, struct error *error) {
    size_t folds = run->input->folds, c_count = run->settings->c_count;
    size_t memory = run->settings->memory == 0 ? CROSSVAL_MEMORY : run->settings->memory;
    size_t most = memory / lockstep_fit_bytes(run->input->features, run->input->classes);
    size_t batch = most >= folds ? most / folds : 1;
    size_t at_once = most >= folds ? batch * folds : (most == 0 ? 1 : most);
    if (batch > c_count) batch = c_count;
    run->fits = memory_array(batch * folds, sizeof *run->fits, "fits", error);
    if (run->fits == NULL) return error->code;
    run->fit_slots = batch * folds;
    for (size_t c = 0; c < c_count; c += batch) {
        size_t end = (c + batch < c_count ? c + batch : c_count) * folds;
        for (size_t first = c * folds, count; first < end; first += count) {
            count = end - first < at_once ? end - first : at_once;
            TRY(run_fits(run, first, count, run->fits + (first - c * folds), error));
        }
        for (size_t k = c; k * folds < end; k++)
            TRY(judge(run, k, run->fits + (k - c) * folds, error));
        for (size_t i = 0; i < batch * folds; i++) {
            lockstep_fit_close(&run->fits[i]);
            run->fits[i] = (struct lockstep_fit){0};
        }
    }
    return ERROR_NONE;
}

enum error_code crossval_scaling(const struct crossval_input *input, enum crossval_scale scaled,
                                 int threads, struct scaling *scaling, struct error *error) {
    TRY(scaling_open(scaling, &input->embeddings, input->rows, input->features, input->fold_of,
                     input->folds, scaled, threads, error));
    return scaling_check(scaling, &input->embeddings, input->rows, input->name, input->row_numbers,
                         error);
}

static enum error_code run_open(struct run *run, const struct device_operations *operations,
                                struct device *device, struct error *error) {
    const struct crossval_input *input = run->input;
    const struct crossval_settings *settings = run->settings;
    run->present = memory_array(input->folds, input->classes * sizeof(bool), "classes", error);
    run->held_out = memory_array(input->folds, sizeof(size_t), "folds", error);
    run->best = memory_array(input->folds, sizeof *run->best, "fits", error);
    run->tasks = memory_array(input->folds, sizeof *run->tasks, "tasks", error);
    if (error->code != ERROR_NONE) return error->code;
    TRY(count_classes(run, error));
    bool known = settings->scale == SCALE_POOLED && input->pooled != NULL;
    const struct scaling *scaling = known ? input->pooled : &run->scaling;
    if (!known)
        TRY(crossval_scaling(input, settings->scale, settings->threads, &run->scaling, error));
    struct classifier_problem problem = {.rows = input->rows,
                                         .features = input->features,
                                         .classes = input->classes,
                                         .folds = input->folds,
                                         .data = input->embeddings,
                                         .labels = input->labels,
                                         .fold_of = input->fold_of,
                                         .shift = scaling->shift,
                                         .scale = scaling->scale};
    run->lockstep.operations = operations;
    TRY(operations->classifier_open(device, &problem, &run->lockstep.classifier, error));
    run->lockstep.scaling = scaling;
    run->lockstep.settings = settings;
    run->lockstep.features = input->features;
    run->lockstep.classes = input->classes;
    for (size_t fold = 0; fold < input->folds; fold++)
        run->lockstep.all_fits += (run->held_out[fold] > 0 ? 1U : 0U) * settings->c_count;
    return ERROR_NONE;
}

static void run_close(struct run *run) {
    if (run->lockstep.classifier != NULL)
        run->lockstep.operations->classifier_close(run->lockstep.classifier);
    scaling_close(&run->scaling);
    size_t folds = run->input->folds;
    if (run->best != NULL)
        for (size_t i = 0; i < folds; i++) lockstep_fit_close(&run->best[i]);
    if (run->fits != NULL)
        for (size_t i = 0; i < run->fit_slots; i++) lockstep_fit_close(&run->fits[i]);
    free(run->best);
    free(run->fits);
    free(run->present);
    free(run->held_out);
    free(run->tasks);
}

/* With the complete settings; probabilities may be NULL. */
static enum error_code run_values(const struct device_operations *operations, struct device *device,
                                  const struct crossval_input *input,
                                  const struct crossval_settings *settings,
                                  const struct crossval_progress *progress, float *probabilities,
                                  struct crossval_report *report, struct error *error) {
    struct run run = {.input = input, .settings = settings, .report = report};
    run.lockstep.progress = progress;
    double log_loss;
    TRY(check(input, settings, error));
    if (crossval_report_open(report, settings->c_values, settings->c_count, input->folds, error) ==
            ERROR_NONE &&
        run_open(&run, operations, device, error) == ERROR_NONE &&
        run_grid(&run, error) == ERROR_NONE &&
        (probabilities == NULL ||
         predict(&run, run.best, probabilities, &log_loss, error) == ERROR_NONE)) {
        crossval_report_choose(report);
        report->rows = input->rows;
    }
    run_close(&run);
    return error->code;
}

enum error_code crossval_judge_sample(const struct device_operations *operations,
                                      struct device *device, const struct crossval_input *input,
                                      const struct crossval_settings *settings,
                                      const struct crossval_progress *progress,
                                      struct crossval_report *report, struct error *error) {
    *report = (struct crossval_report){0};
    const struct crossval_rows rows = {.embeddings = input->embeddings,
                                       .labels = input->labels,
                                       .fold_of = input->fold_of,
                                       .row_numbers = input->row_numbers,
                                       .rows = input->rows,
                                       .features = input->features,
                                       .classes = input->classes,
                                       .folds = input->folds};
    struct crossval_sample sample;
    struct crossval_input some = *input;
    if (crossval_sample_open(&rows, crossval_sample_rows(settings), &sample, error) == ERROR_NONE) {
        some.embeddings = matrix_at(sample.addresses, 0);
        some.labels = sample.labels;
        some.fold_of = sample.fold_of;
        some.row_numbers = sample.row_numbers;
        some.rows = sample.rows;
        some.pooled = NULL;
        run_values(operations, device, &some, settings, progress, NULL, report, error);
    }
    crossval_sample_close(&sample);
    return error->code;
}

size_t crossval_sample_rows(const struct crossval_settings *settings) {
    return settings->sample == 0 ? CROSSVAL_SAMPLE : settings->sample;
}

bool crossval_is_sampled(const struct crossval_settings *settings, size_t rows, size_t classes,
                         size_t folds) {
    size_t cells = rows / 2 / CROSSVAL_SAMPLE_LEAST; /* of which each keeps rows */
    return settings->c_auto && rows / 2 > crossval_sample_rows(settings) && folds > 0 &&
           classes <= cells / folds;
}

enum error_code crossval_run(const struct device_operations *operations, struct device *device,
                             const struct crossval_input *input,
                             const struct crossval_settings *settings,
                             const struct crossval_progress *progress, float *probabilities,
                             struct crossval_report *report, struct error *error) {
    struct crossval_settings own = crossval_settings_complete(settings);
    struct crossval_report *sample = NULL;
    *report = (struct crossval_report){0};
    if (crossval_is_sampled(settings, input->rows, input->classes, input->folds)) {
        sample = memory_array(1, sizeof *sample, "report", error);
        if (sample != NULL)
            crossval_judge_sample(operations, device, input, &own, progress, sample, error);
        if (error->code == ERROR_NONE && sample != NULL && sample->c_values != NULL) {
            own.c_values[0] = sample->c_values[sample->chosen];
            own.c_count = 1;
        }
    }
    if (error->code == ERROR_NONE)
        run_values(operations, device, input, &own, progress, probabilities, report, error);
    report->sample = sample; /* it is freed with the report */
    return error->code;
}

void crossval_say_sample(const struct crossval_settings *settings, size_t rows, size_t classes,
                         size_t folds) {
    if (crossval_is_sampled(settings, rows, classes, folds))
        progress_message("C of logistic regression is chosen on a fixed sample of about %zu of the "
                         "%zu rows, then all rows are fitted once",
                         crossval_sample_rows(settings), rows);
}

void crossval_show_fits(void *context, size_t finished_fits, size_t all_fits,
                        double worst_gradient) {
    (void)worst_gradient;
    progress_step(context, finished_fits, all_fits);
}
