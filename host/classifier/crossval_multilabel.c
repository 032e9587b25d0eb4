#include "host/classifier/crossval_multilabel.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <stdlib.h>

/* One cross-validation of all classes. */
struct run {
    const struct device_operations *operations;
    struct device *device;
    const struct crossval_multilabel_input *input;
    const struct crossval_settings *settings; /* complete */
    const struct crossval_progress *progress; /* or NULL */
    float *probabilities;                     /* (rows, classes) */
    struct crossval_report *report;
    int32_t *labels;  /* (rows) of the class being fitted: 1 where the row has it */
    float *pairs;     /* (rows, 2): probabilities of not having the class, of having it */
    size_t *own_best; /* (classes): the C that the class's probabilities are of */
    size_t finished_before, class_fits, expected_fits; /* for the progress */
};

static void report_step(void *context, size_t finished, size_t all, double worst_gradient) {
    struct run *run = context;
    const struct crossval_progress *outer = run->progress;
    run->class_fits = all;
    if (outer == NULL || outer->step == NULL) return;
    outer->step(outer->context, run->finished_before + finished, run->expected_fits,
                worst_gradient);
}

/* Class c against the rest; sets the labels. */
static struct crossval_input take_class(struct run *run, size_t c) {
    const struct crossval_multilabel_input *input = run->input;
    for (size_t row = 0; row < input->rows; row++)
        run->labels[row] = input->labels[row * input->classes + c] != 0;
    return (struct crossval_input){.embeddings = input->embeddings,
                                   .labels = run->labels,
                                   .fold_of = input->fold_of,
                                   .rows = input->rows,
                                   .features = input->features,
                                   .classes = 2,
                                   .folds = input->folds,
                                   .name = input->name,
                                   .row_numbers = input->row_numbers};
}

/* Cross-validates class c and fills its column of probabilities. */
static enum error_code run_class(struct run *run, size_t c,
                                 const struct crossval_settings *settings,
                                 struct crossval_report *own, struct error *error) {
    const struct crossval_multilabel_input *input = run->input;
    const struct crossval_progress step = {report_step, run};
    const struct crossval_input binary = take_class(run, c);
    if (crossval_run(run->operations, run->device, &binary, settings, &step, run->pairs, own,
                     error) != ERROR_NONE) {
        error_prefix(error, "class %zu against the rest", c);
        return error->code;
    }
    run->finished_before += run->class_fits;
    for (size_t row = 0; row < input->rows; row++)
        run->probabilities[row * input->classes + c] = run->pairs[2 * row + 1];
    return ERROR_NONE;
}

static bool has_failed(const struct crossval_fit *fit) {
    return fit->stop == LBFGS_ITERATIONS || fit->stop == LBFGS_LINE_SEARCH;
}

/* Whether a fit ended worse than the other class's for the same C and fold. */
static bool is_worse(const struct crossval_fit *fit, const struct crossval_fit *than) {
    if (has_failed(fit) != has_failed(than)) return has_failed(fit);
    return fit->gradient > than->gradient;
}

static void merge_report(struct run *run, size_t c, const struct crossval_report *own) {
    struct crossval_report *report = run->report;
    for (size_t i = 0; i < own->c_count; i++)
        report->log_losses[i] += own->log_losses[i] / (double)run->input->classes;
    for (size_t i = 0; i < own->c_count * own->folds; i++)
        if (c == 0 || is_worse(&own->fits[i], &report->fits[i])) report->fits[i] = own->fits[i];
    report->exhausted += own->exhausted;
    report->failed += own->failed;
    report->flat += own->flat;
    run->own_best[c] = own->chosen;
}

/* Every class at every C. */
static enum error_code judge_all(struct run *run, struct error *error) {
    size_t classes = run->input->classes;
    if (run->expected_fits == 0) run->expected_fits = run->report->fit_count;
    for (size_t c = 0; c < classes; c++) {
        struct crossval_report own;
        if (run_class(run, c, run->settings, &own, error) == ERROR_NONE) merge_report(run, c, &own);
        crossval_report_free(&own);
        TRY(error->code);
    }
    crossval_report_choose(run->report);
    return ERROR_NONE;
}

/* The report of every C on a sample of the rows, of each class its own. */
static enum error_code judge_samples(struct run *run, struct crossval_report *sample,
                                     struct error *error) {
    const struct crossval_progress step = {report_step, run};
    struct run on = *run;
    on.report = sample;
    for (size_t c = 0; c < run->input->classes; c++) {
        struct crossval_report own;
        const struct crossval_input binary = take_class(run, c);
        if (crossval_judge_sample(run->operations, run->device, &binary, run->settings, &step, &own,
                                  error) == ERROR_NONE) {
            run->finished_before += run->class_fits;
            sample->rows = own.rows;
            merge_report(&on, c, &own);
        } else {
            error_prefix(error, "class %zu against the rest", c);
        }
        crossval_report_free(&own);
        TRY(error->code);
    }
    crossval_report_choose(sample);
    return ERROR_NONE;
}

/* Replaces the settings' values of C by the best on samples; the report's `sample` says how. */
static enum error_code choose_on_samples(struct run *run, struct crossval_settings *settings,
                                         struct crossval_report **sample, struct error *error) {
    *sample = memory_array(1, sizeof **sample, "report", error);
    if (*sample == NULL) return error->code;
    TRY(crossval_report_open(*sample, settings->c_values, settings->c_count, run->input->folds,
                             error));
    run->expected_fits = (settings->c_count + 1) * run->input->folds * run->input->classes;
    TRY(judge_samples(run, *sample, error));
    settings->c_values[0] = (*sample)->c_values[(*sample)->chosen];
    settings->c_count = 1;
    return ERROR_NONE;
}

/* Fits the classes whose own best C is not the common one once more, at the common C: keeping
 * the probabilities at every C would take that many times the memory. */
static enum error_code repeat_others(struct run *run, struct error *error) {
    const struct crossval_report *report = run->report;
    struct crossval_settings settings = *run->settings;
    settings.c_values[0] = report->c_values[report->chosen];
    settings.c_count = 1;
    for (size_t c = 0; c < run->input->classes; c++)
        run->expected_fits += run->own_best[c] == report->chosen ? 0 : report->folds;
    for (size_t c = 0; c < run->input->classes; c++) {
        struct crossval_report own;
        if (run->own_best[c] == report->chosen) continue;
        run_class(run, c, &settings, &own, error);
        crossval_report_free(&own);
        TRY(error->code);
    }
    return ERROR_NONE;
}

enum error_code crossval_multilabel_run(const struct device_operations *operations,
                                        struct device *device,
                                        const struct crossval_multilabel_input *input,
                                        const struct crossval_settings *settings,
                                        const struct crossval_progress *progress,
                                        float *probabilities, struct crossval_report *report,
                                        struct error *error) {
    struct crossval_settings complete = crossval_settings_complete(settings);
    struct crossval_report *sample = NULL;
    struct run run = {.operations = operations,
                      .device = device,
                      .input = input,
                      .settings = &complete,
                      .progress = progress,
                      .probabilities = probabilities,
                      .report = report};
    *report = (struct crossval_report){0};
    if (input->classes == 0) return FAIL(error, ERROR_DATA, "no classes to cross-validate");
    run.labels = scratch_array(input->rows, sizeof *run.labels, "labels", error);
    run.pairs = scratch_array(input->rows, 2 * sizeof *run.pairs, "probabilities", error);
    run.own_best = memory_array(input->classes, sizeof *run.own_best, "classes", error);
    if (error->code == ERROR_NONE && crossval_is_sampled(settings, input->rows, 2, input->folds))
        choose_on_samples(&run, &complete, &sample, error);
    if (error->code == ERROR_NONE &&
        crossval_report_open(report, complete.c_values, complete.c_count, input->folds, error) ==
            ERROR_NONE) {
        report->fit_count *= input->classes;
        if (judge_all(&run, error) == ERROR_NONE) repeat_others(&run, error);
    }
    report->sample = sample; /* it is freed with the report */
    scratch_free(run.labels);
    scratch_free(run.pairs);
    free(run.own_best);
    return error->code;
}
