#include "host/confident/noise_model.h"

#include "host/base/memory.h"
#include "host/confident/noise_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* exp(-0.2) to exp(1.6). */
#define SHARPNESS_COUNT 10
#define SHARPNESS_FIRST (-0.2)
#define SHARPNESS_STEP 0.2
/* At a sharpness of 1 the mix explains everything as doubt, since it was calibrated to the given
 * labels: where the rows do not decide, errors are the better explanation. */
#define SHARPNESS_EXPECTED 2.2
#define SHARPNESS_DEVIATION 0.2
#define SPREAD_COUNT 4
_Static_assert(SHARPNESS_COUNT *SPREAD_COUNT == NOISE_GRID, "the grid has another size");
/* Classes that overlap look like frequent errors between the two: more than this is taken for
 * overlap. */
#define SPREAD_STRUCTURED 100.0
#define RATE_STRUCTURED 0.25
/* Numbers of the mix that are enough for the few parameters, and rows for many classes. */
#define FIT_NUMBERS ((size_t)1 << 18)
#define FIT_ROWS ((size_t)4000)
#define WEIGHT_MINIMUM 1e-3

static const double spreads[SPREAD_COUNT] = {1, 10, 100, 3000};

/* ---- the rows to fit ---- */

struct fit_rows {
    struct noise_rows rows;
    size_t *starts;
    const float **mix;
};

/* Rows spread evenly over the list, without a period that a list may have. */
static bool row_is_used(size_t row, size_t used, size_t rows) {
    if (used >= rows) return true;
    double place = (double)(((uint64_t)row * 0x9e3779b97f4a7c15ULL) >> 11) * 0x1p-53;
    return place * (double)rows < (double)used;
}

static enum error_code choose_rows(const struct mix_view *view, struct fit_rows *chosen,
                                   struct error *error) {
    size_t classes = view->classes, used = FIT_NUMBERS / classes;
    if (used < FIT_ROWS) used = FIT_ROWS;
    size_t *starts = memory_array(classes + 2, sizeof *starts, "starts of classes", error);
    if (starts == NULL) return error->code;
    chosen->starts = starts; /* of class k at k + 1 until its rows are in place, then at k */
    size_t count = 0;
    for (size_t row = 0; row < view->rows; row++)
        if (row_is_used(row, used, view->rows)) {
            starts[view->labels[row] + 2]++;
            count++;
        }
    chosen->mix = memory_array(count, sizeof *chosen->mix, "rows to fit", error);
    if (chosen->mix == NULL) return error->code;
    for (size_t k = 1; k <= classes; k++) starts[k + 1] += starts[k];
    for (size_t row = 0; row < view->rows; row++)
        if (row_is_used(row, used, view->rows))
            chosen->mix[starts[view->labels[row] + 1]++] = view->mix + row * classes;
    chosen->rows = (struct noise_rows){
        .rows = count, .classes = classes, .starts = starts, .mix = chosen->mix};
    return ERROR_NONE;
}

static void free_rows(struct fit_rows *chosen) {
    free(chosen->starts);
    free(chosen->mix);
}

/* ---- the grid ---- */

static double sharpness_at(size_t i) {
    return exp(SHARPNESS_FIRST + SHARPNESS_STEP * (double)i);
}

static double sharpness_prior(double sharpness) {
    double away = (log(sharpness) - log(SHARPNESS_EXPECTED)) / SHARPNESS_DEVIATION;
    return -0.5 * away * away;
}

/* The weight of a point of the grid, as a logarithm. */
static double evidence_of(const struct noise_model *model, size_t point) {
    if (spreads[point % SPREAD_COUNT] <= SPREAD_STRUCTURED && model->rates[point] > RATE_STRUCTURED)
        return -HUGE_VAL;
    return model->bounds[point] + sharpness_prior(sharpness_at(point / SPREAD_COUNT));
}

/* Fits all points with one sharpness, or only the candidates. */
static void fit_sharpness(struct noise_fit *fit, const struct noise_rows *rows, size_t i,
                          struct noise_model *model) {
    size_t transition_size = rows->classes * rows->classes * sizeof(double);
    double sharpness = sharpness_at(i);
    bool all = model->count == 0;
    noise_fit_sharpen(fit, rows, sharpness);
    for (size_t j = 0; all && j < SPREAD_COUNT; j++) {
        model->bounds[i * SPREAD_COUNT + j] = noise_fit_run(fit, rows, spreads[j]);
        model->rates[i * SPREAD_COUNT + j] = fit->rate;
    }
    for (size_t c = 0; c < model->count; c++) {
        struct noise_candidate *candidate = &model->candidates[c];
        if (candidate->sharpness != sharpness) continue;
        noise_fit_run(fit, rows, candidate->spread);
        memcpy(candidate->transition, fit->transition, transition_size);
    }
}

static enum error_code fit_grid(const struct noise_rows *rows, int threads,
                                struct noise_model *model, struct error *error) {
#pragma omp parallel num_threads(threads)
    {
        struct error mine = ERROR_INITIAL;
        struct noise_fit fit;
        noise_fit_allocate(&fit, rows, &mine);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < SHARPNESS_COUNT; i++)
            if (mine.code == ERROR_NONE) fit_sharpness(&fit, rows, i, model);
        noise_fit_free(&fit);
#pragma omp critical
        if (mine.code != ERROR_NONE) FAIL(error, mine.code, "%s", mine.message);
    }
    return error->code;
}

/* The candidates of the highest evidence. */
static enum error_code choose_candidates(struct noise_model *model, struct error *error) {
    bool taken[NOISE_GRID] = {false};
    double evidences[NOISE_GRID], sum = 0;
    for (size_t i = 0; i < NOISE_GRID; i++) evidences[i] = evidence_of(model, i);
    while (model->count < NOISE_CANDIDATES) {
        size_t best = NOISE_GRID;
        for (size_t i = 0; i < NOISE_GRID; i++)
            if (!taken[i] && (best == NOISE_GRID || evidences[i] > evidences[best])) best = i;
        double top = model->count == 0 ? evidences[best] : model->candidates[0].evidence;
        double weight = exp(evidences[best] - top);
        if (weight < WEIGHT_MINIMUM) break;
        taken[best] = true;
        struct noise_candidate *candidate = &model->candidates[model->count];
        candidate->transition =
            memory_array(model->classes * model->classes, sizeof(double), "error rates", error);
        if (candidate->transition == NULL) return error->code;
        candidate->sharpness = sharpness_at(best / SPREAD_COUNT);
        candidate->spread = spreads[best % SPREAD_COUNT];
        candidate->evidence = evidences[best];
        candidate->weight = weight;
        sum += weight;
        model->count++;
    }
    for (size_t c = 0; c < model->count; c++) model->candidates[c].weight /= sum;
    return ERROR_NONE;
}

enum error_code noise_model_fit(const struct mix_view *view, struct noise_model *model,
                                struct error *error) {
    *model = (struct noise_model){.classes = view->classes, .count = 0};
    struct fit_rows chosen = {.starts = NULL};
    enum error_code code = choose_rows(view, &chosen, error);
    model->rows = chosen.rows.rows;
    if (code == ERROR_NONE) code = fit_grid(&chosen.rows, view->threads, model, error);
    if (code == ERROR_NONE) code = choose_candidates(model, error);
    if (code == ERROR_NONE) code = fit_grid(&chosen.rows, view->threads, model, error);
    free_rows(&chosen);
    if (code != ERROR_NONE) noise_model_free(model);
    return code;
}

void noise_model_free(struct noise_model *model) {
    for (size_t c = 0; c < NOISE_CANDIDATES; c++) free(model->candidates[c].transition);
    *model = (struct noise_model){.classes = 0, .count = 0};
}

void noise_model_row(const struct noise_model *model, const float *mix, int32_t label,
                     double *likely, double *wrong) {
    size_t classes = model->classes;
    double top = mix[0];
    for (size_t k = 1; k < classes; k++) top = fmax(top, mix[k]);
    for (size_t c = 0; c < model->count; c++) {
        const struct noise_candidate *candidate = &model->candidates[c];
        const double *transition = candidate->transition + (size_t)label * classes;
        if (c == 0 || candidate->sharpness != model->candidates[c - 1].sharpness)
            for (size_t k = 0; k < classes; k++)
                likely[k] = exp(candidate->sharpness * (mix[k] - top));
        double other = 0, given = likely[label] * transition[label];
        for (size_t k = 0; k < classes; k++)
            if (k != (size_t)label) other += likely[k] * transition[k];
        wrong[c] = other > 0 ? other / (other + given) : 0;
    }
}
