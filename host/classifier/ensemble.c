#include "host/classifier/ensemble.h"

#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/scratch.h"
#include "host/classifier/votes.h"

#include <math.h>
#include <stdlib.h>

/* What the steps of one run share. */
struct ensemble_step {
    const struct device_operations *operations;
    struct device *device;
    const struct ensemble_input *input;
    struct crossval_settings settings;
    struct ensemble *ensemble;
    struct progress progress;
    struct crossval_progress step;
    struct scaling pooled; /* of the view, for what standardises by all rows */
};

static struct crossval_input view_input(const struct ensemble_step *run, size_t view) {
    const struct ensemble_input *input = run->input;
    const struct ensemble_view *rows = &input->views[view];
    return (struct crossval_input){.name = rows->file == NULL ? rows->name : rows->file,
                                   .row_numbers = input->row_numbers,
                                   .embeddings = rows->embeddings,
                                   .labels = input->labels,
                                   .fold_of = input->fold_of,
                                   .rows = input->rows,
                                   .features = rows->features,
                                   .classes = input->classes,
                                   .folds = input->folds,
                                   .pooled = &run->pooled};
}

static enum error_code allocate(const struct ensemble_input *input, struct ensemble *ensemble,
                                struct error *error) {
    size_t cells = input->rows * input->classes;
    ensemble->view_count = input->view_count;
    for (size_t i = 0; i < input->view_count * MIX_ESTIMATORS; i++)
        ensemble->estimators[i] = scratch_array(cells, sizeof(float), "probabilities", error);
    ensemble->mix = scratch_array(cells, sizeof(float), "probabilities", error);
    ensemble->margins = scratch_array(input->rows, sizeof(float), "margins", error);
    return error->code;
}

static enum error_code run_logistic(struct ensemble_step *run, size_t view, struct error *error) {
    struct crossval_input input = view_input(run, view);
    return crossval_run(run->operations, run->device, &input, &run->settings, &run->step,
                        run->ensemble->estimators[view * MIX_ESTIMATORS + ESTIMATOR_LOGISTIC],
                        &run->ensemble->logistic[view], error);
}

/* How far the votes may prefer the given label, as a difference of logarithms. The clips of a
 * group that share an error are each other's neighbours, and would confirm it. */
#define CONFIRMATION 1.0

/* votes (rows, classes): the given label's lead over the others is cut to CONFIRMATION. Votes
 * against the label keep their weight. */
static void limit_confirmation(const struct ensemble_input *input, int threads, float *votes) {
    size_t classes = input->classes;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t row = 0; row < input->rows; row++) {
        float *values = votes + row * classes;
        size_t label = (size_t)input->labels[row];
        double other = -INFINITY, sum = 0;
        for (size_t k = 0; k < classes; k++)
            if (k != label && (double)values[k] > other) other = (double)values[k];
        if ((double)values[label] - other <= CONFIRMATION) continue;
        values[label] = (float)(other + CONFIRMATION);
        for (size_t k = 0; k < classes; k++) sum += exp((double)values[k]);
        for (size_t k = 0; k < classes; k++) values[k] = (float)((double)values[k] - log(sum));
    }
}

static enum error_code run_discriminant(struct ensemble_step *run, size_t view,
                                        struct error *error) {
    struct crossval_input input = view_input(run, view);
    const struct discriminant_progress step = {progress_step, &run->progress};
    size_t memory = run->settings.memory == 0 ? DISCRIMINANT_MEMORY : run->settings.memory;
    return discriminant_run_within(
        memory, run->operations, run->device, &input, run->settings.threads, &step,
        run->ensemble->estimators[view * MIX_ESTIMATORS + ESTIMATOR_DISCRIMINANT],
        &run->ensemble->discriminant[view], error);
}

static enum error_code run_votes(struct ensemble_step *run, size_t view, struct error *error) {
    const struct votes_input input = {.embeddings = run->input->views[view].embeddings,
                                      .labels = run->input->labels,
                                      .rows = run->input->rows,
                                      .features = run->input->views[view].features,
                                      .classes = run->input->classes,
                                      .apart = run->input->apart,
                                      .threads = run->settings.threads};
    const struct votes_progress step = {progress_step, &run->progress};
    float *votes = run->ensemble->estimators[view * MIX_ESTIMATORS + ESTIMATOR_NEIGHBOURS];
    TRY(votes_run(run->operations, run->device, &input, &step, votes, error));
    limit_confirmation(run->input, run->settings.threads, votes);
    return ERROR_NONE;
}

enum error_code ensemble_check_columns(const char *name, size_t features, struct error *error) {
    if (features <= DISCRIMINANT_MAXIMUM_FEATURES) return ERROR_NONE;
    return FAIL(error, ERROR_UNSUPPORTED,
                "%s: embeddings of %zu columns: the ensemble takes at most %zu; use --detector "
                "logistic",
                name, features, DISCRIMINANT_MAXIMUM_FEATURES);
}

/* ERROR_DATA: every row of the view is the same, so that it says nothing. */
static enum error_code check_view(const struct ensemble_input *input, size_t view,
                                  struct error *error) {
    const struct ensemble_view *rows = &input->views[view];
    const float *first = matrix_row(&rows->embeddings, 0);
    for (size_t row = 1; row < input->rows; row++)
        for (size_t f = 0; f < rows->features; f++)
            if (matrix_row(&rows->embeddings, row)[f] != first[f]) return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "%s: every column is constant: all %zu rows have the same embedding, so there is "
                "nothing to learn from",
                rows->file == NULL ? rows->name : rows->file, input->rows);
}

/* The estimators of one view, each with its own progress. */
static enum error_code run_view(struct ensemble_step *run, enum progress_style style, size_t view,
                                struct error *error) {
    static const struct {
        const char *title, *unit;
        enum error_code (*run)(struct ensemble_step *, size_t, struct error *);
    } stages[MIX_ESTIMATORS] = {
        [ESTIMATOR_LOGISTIC] = {"logistic regression", "fits", run_logistic},
        [ESTIMATOR_DISCRIMINANT] = {"discriminant", "steps", run_discriminant},
        [ESTIMATOR_NEIGHBOURS] = {"neighbours", "clips", run_votes},
    };
    TRY(check_view(run->input, view, error));
    const struct crossval_input rows = view_input(run, view);
    crossval_scaling(&rows, SCALE_POOLED, run->settings.threads, &run->pooled, error);
    for (size_t e = 0; e < MIX_ESTIMATORS && error->code == ERROR_NONE; e++) {
        run->progress = (struct progress){0};
        progress_start(&run->progress, style, stages[e].title, stages[e].unit, 0);
        stages[e].run(run, view, error);
        progress_finish(&run->progress);
    }
    scaling_close(&run->pooled);
    return error->code;
}

enum error_code ensemble_run(const struct device_operations *operations, struct device *device,
                             const struct ensemble_input *input,
                             const struct crossval_settings *settings, enum progress_style style,
                             struct ensemble *ensemble, struct error *error) {
    struct ensemble_step run = {.operations = operations,
                                .device = device,
                                .input = input,
                                .settings = *settings,
                                .ensemble = ensemble};
    *ensemble = (struct ensemble){0};
    run.step = (struct crossval_progress){crossval_show_fits, &run.progress};
    run.settings.logarithms = true;
    if (run.settings.scale == SCALE_STANDARD) run.settings.scale = SCALE_POOLED;
    if (run.settings.threads < 1) run.settings.threads = 1;
    if (input->view_count == 0 || input->view_count > MIX_VIEWS)
        return FAIL(error, ERROR_USAGE,
                    "%zu embeddings are given; an ensemble takes 1 to %d of them",
                    input->view_count, MIX_VIEWS);
    for (size_t v = 0; v < input->view_count; v++) {
        const struct ensemble_view *view = &input->views[v];
        TRY(ensemble_check_columns(view->file == NULL ? view->name : view->file, view->features,
                                   error));
    }
    TRY(allocate(input, ensemble, error));
    for (size_t v = 0; v < input->view_count; v++) TRY(run_view(&run, style, v, error));
    const struct mix_input mix = {.rows = input->rows,
                                  .classes = input->classes,
                                  .view_count = input->view_count,
                                  .labels = input->labels,
                                  .estimators = (const float *const *)ensemble->estimators,
                                  .threads = run.settings.threads};
    return mix_make(&mix, ensemble->mix, ensemble->margins, &ensemble->report, error);
}

void ensemble_free(struct ensemble *ensemble) {
    for (size_t i = 0; i < (size_t)MIX_VIEWS * MIX_ESTIMATORS; i++)
        scratch_free(ensemble->estimators[i]);
    for (size_t v = 0; v < MIX_VIEWS; v++) crossval_report_free(&ensemble->logistic[v]);
    scratch_free(ensemble->mix);
    scratch_free(ensemble->margins);
    *ensemble = (struct ensemble){0};
}

static void append_number(struct text *text, const char *name, double value) {
    text_format(text, ", \"%s\": ", name);
    number_json(text, value);
}

void ensemble_json(const struct ensemble *ensemble, const struct ensemble_view *views,
                   struct text *text) {
    text_string(text, "{\"log_loss\": ");
    number_json(text, ensemble->report.log_loss);
    append_number(text, "temperature", ensemble->report.temperature);
    text_string(text, ", \"views\": [");
    for (size_t v = 0; v < ensemble->view_count; v++) {
        const struct discriminant_report *discriminant = &ensemble->discriminant[v];
        text_string(text, v == 0 ? "\n  {\"name\": " : ",\n  {\"name\": ");
        text_json(text, views[v].name);
        append_number(text, "weight", ensemble->report.weights[v]);
        append_number(text, "log_loss", ensemble->report.log_losses[v]);
        text_string(text, ",\n  \"discriminant\": {\"shrinkage\": ");
        number_json(text, discriminant->shrinkage);
        append_number(text, "temperature", discriminant->temperature);
        append_number(text, "log_loss", discriminant->log_loss);
        text_string(text, "},\n  \"logistic\": ");
        crossval_report_json(&ensemble->logistic[v], text);
        text_string(text, "}");
    }
    text_string(text, "]}");
}
