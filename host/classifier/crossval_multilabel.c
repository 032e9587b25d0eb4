#include "host/classifier/crossval_multilabel.h"

#include "host/base/memory.h"

#include <stdlib.h>

/* One run: what its parts share. */
struct versus {
    const struct device_operations *operations;
    struct device *device;
    const struct crossval_multilabel_input *input;
    const struct crossval_settings *settings; /* complete */
    const struct crossval_progress *progress; /* or NULL */
    float *probabilities;                     /* (rows, classes) */
    struct crossval_report *report;
    int32_t *labels;  /* (rows) of the class at hand */
    float *pairs;     /* (rows, 2): without the class, with it */
    size_t *own_best; /* (classes): the C whose probabilities the class has now */
    size_t finished_before, fits_at_hand, expected; /* for the progress */
};

static void show_step(void *context, size_t finished, size_t all, double worst_gradient) {
    struct versus *versus = context;
    const struct crossval_progress *outer = versus->progress;
    versus->fits_at_hand = all;
    if (outer == NULL || outer->step == NULL) return;
    outer->step(outer->context, versus->finished_before + finished, versus->expected,
                worst_gradient);
}

/* Cross-validates class c and takes its column of probabilities. */
static enum error_code run_class(struct versus *versus, size_t c,
                                 const struct crossval_settings *settings,
                                 struct crossval_report *own, struct error *error) {
    const struct crossval_multilabel_input *input = versus->input;
    const struct crossval_progress step = {show_step, versus};
    const struct crossval_input binary = {.embeddings = input->embeddings,
                                          .labels = versus->labels,
                                          .fold_of = input->fold_of,
                                          .rows = input->rows,
                                          .features = input->features,
                                          .classes = 2,
                                          .folds = input->folds};
    for (size_t row = 0; row < input->rows; row++)
        versus->labels[row] = input->labels[row * input->classes + c] != 0;
    if (crossval_run(versus->operations, versus->device, &binary, settings, &step, versus->pairs,
                     own, error) != ERROR_NONE) {
        error_prefix(error, "class %zu against the rest", c);
        return error->code;
    }
    versus->finished_before += versus->fits_at_hand;
    for (size_t row = 0; row < input->rows; row++)
        versus->probabilities[row * input->classes + c] = versus->pairs[2 * row + 1];
    return ERROR_NONE;
}

static bool has_failed(const struct crossval_fit *fit) {
    return fit->stop == LBFGS_ITERATIONS || fit->stop == LBFGS_LINE_SEARCH;
}

/* Whether a fit ended worse than another of the same C and fold. */
static bool is_worse(const struct crossval_fit *fit, const struct crossval_fit *than) {
    if (has_failed(fit) != has_failed(than)) return has_failed(fit);
    return fit->gradient > than->gradient;
}

static void merge_report(struct versus *versus, size_t c, const struct crossval_report *own) {
    struct crossval_report *report = versus->report;
    for (size_t i = 0; i < own->c_count; i++)
        report->log_losses[i] += own->log_losses[i] / (double)versus->input->classes;
    for (size_t i = 0; i < own->c_count * own->folds; i++)
        if (c == 0 || is_worse(&own->fits[i], &report->fits[i])) report->fits[i] = own->fits[i];
    report->exhausted += own->exhausted;
    report->failed += own->failed;
    versus->own_best[c] = own->chosen;
}

/* Every class at every C. */
static enum error_code judge_all(struct versus *versus, struct error *error) {
    size_t classes = versus->input->classes;
    versus->expected = versus->report->fit_count;
    for (size_t c = 0; c < classes; c++) {
        struct crossval_report own;
        if (run_class(versus, c, versus->settings, &own, error) == ERROR_NONE)
            merge_report(versus, c, &own);
        crossval_report_free(&own);
        TRY(error->code);
    }
    crossval_report_choose(versus->report);
    return ERROR_NONE;
}

/* The classes whose own best C is another than everybody's, once more at that one:
 * keeping all probabilities would take as many times the memory as there are Cs. */
static enum error_code repeat_others(struct versus *versus, struct error *error) {
    const struct crossval_report *report = versus->report;
    struct crossval_settings settings = *versus->settings;
    settings.c_values[0] = report->c_values[report->chosen];
    settings.c_count = 1;
    for (size_t c = 0; c < versus->input->classes; c++)
        versus->expected += versus->own_best[c] == report->chosen ? 0 : report->folds;
    for (size_t c = 0; c < versus->input->classes; c++) {
        struct crossval_report own;
        if (versus->own_best[c] == report->chosen) continue;
        run_class(versus, c, &settings, &own, error);
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
    const struct crossval_settings complete = crossval_settings_complete(settings);
    struct versus versus = {.operations = operations,
                            .device = device,
                            .input = input,
                            .settings = &complete,
                            .progress = progress,
                            .probabilities = probabilities,
                            .report = report};
    *report = (struct crossval_report){0};
    if (input->classes == 0) return FAIL(error, ERROR_DATA, "no class to judge");
    versus.labels = memory_array(input->rows, sizeof *versus.labels, "labels", error);
    versus.pairs = memory_array(input->rows, 2 * sizeof *versus.pairs, "probabilities", error);
    versus.own_best = memory_array(input->classes, sizeof *versus.own_best, "classes", error);
    if (error->code == ERROR_NONE &&
        crossval_report_open(report, complete.c_values, complete.c_count, input->folds, error) ==
            ERROR_NONE) {
        report->fit_count *= input->classes;
        if (judge_all(&versus, error) == ERROR_NONE) repeat_others(&versus, error);
    }
    free(versus.labels);
    free(versus.pairs);
    free(versus.own_best);
    return error->code;
}
