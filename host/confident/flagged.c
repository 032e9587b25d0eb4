#include "host/confident/flagged.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/confident/noise_model.h"
#include "host/confident/row_parts.h"

#include <stdlib.h>

/* Few expected errors would otherwise be flagged at any probability. */
#define PROBABILITY_MINIMUM 0.25
#define ROUNDS 100

/* probabilities (rows) that a row is wrong. */
static enum error_code find_probabilities(const struct mix_view *view,
                                          const struct noise_model *model, float *probabilities,
                                          struct error *error) {
    size_t classes = view->classes;
    double *scratch = memory_array(ROW_PARTS * classes, sizeof *scratch, "a row", error);
    if (scratch == NULL) return error->code;
#pragma omp parallel for num_threads(view->threads) schedule(dynamic)
    for (size_t part = 0; part < ROW_PARTS; part++)
        for (size_t row = row_part_start(part, view->rows);
             row < row_part_start(part + 1, view->rows); row++) {
            double wrong[NOISE_CANDIDATES], sum = 0;
            noise_model_row(model, view->mix + row * classes, view->labels[row],
                            scratch + part * classes, wrong);
            for (size_t c = 0; c < model->count; c++) sum += model->candidates[c].weight * wrong[c];
            probabilities[row] = (float)sum;
        }
    free(scratch);
    return ERROR_NONE;
}

/* The probability down to which flagging gives the highest expected F1, 2 right / (flagged +
 * errors): half of that F1, found by Dinkelbach's iteration, which only rises. */
static double find_threshold(const float *probabilities, size_t rows) {
    double errors = 0, threshold = 0;
    for (size_t row = 0; row < rows; row++) errors += probabilities[row];
    for (int round = 0; round < ROUNDS; round++) {
        double right = 0, flagged = 0;
        for (size_t row = 0; row < rows; row++)
            if (probabilities[row] > threshold) {
                right += probabilities[row];
                flagged++;
            }
        double half = flagged > 0 ? right / (flagged + errors) : threshold;
        if (!(half > threshold)) break;
        threshold = half;
    }
    return threshold > PROBABILITY_MINIMUM ? threshold : PROBABILITY_MINIMUM;
}

enum error_code flagged_find(const struct mix_view *view, unsigned char *flagged, size_t *count,
                             struct error *error) {
    struct noise_model model;
    TRY(noise_model_fit(view, &model, error));
    float *probabilities = scratch_array(view->rows, sizeof *probabilities, "rows", error);
    if (probabilities != NULL) find_probabilities(view, &model, probabilities, error);
    if (probabilities != NULL && error->code == ERROR_NONE) {
        double threshold = find_threshold(probabilities, view->rows);
        *count = 0;
        for (size_t row = 0; row < view->rows; row++)
            *count += flagged[row] = probabilities[row] > threshold;
    }
    scratch_free(probabilities);
    noise_model_free(&model);
    return error->code;
}
