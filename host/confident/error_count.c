#include "host/confident/error_count.h"

#include "host/base/memory.h"
#include "host/confident/noise_model.h"
#include "host/confident/row_parts.h"

#include <math.h>
#include <stdlib.h>

/* A model may explain the labels worse than the best by this much, in natural logarithms: 1.9
 * would do if one of the models were true. */
#define EVIDENCE_RANGE 6.0
#define EVIDENCE_RANGE_ROW 0.02 /* more for each row: no model is true, whatever the number */
#define CHANCE 2.0              /* standard deviations */
#define RELATIVE 0.1
/* Shares of the doubt that may be errors, or none, against the estimate, and of the rows without
 * a class. */
#define DOUBT_HIGH 0.2
#define DOUBT_LOW 0.05
#define NO_CLASS 0.5
/* Entropy, as a share of that of equal probabilities, above which a row has no class. */
#define ENTROPY_NO_CLASS 0.8
/* A classifier that learned the error rate exactly is never surer than 1 less this rate: what is
 * missing to 1 in the surest rows may be errors altogether. */
#define SUREST 0.2
#define SUREST_FACTOR 2.0
#define BINS 1024
#define BINS_PER_HALF 48 /* bins while 1 - p[top] falls to a half */

/* Sums over rows. */
struct sums {
    double flagged_right, unflagged_wrong; /* expected */
    double doubt;                          /* 1 - p[given], of the mix */
    double no_class;
    double flagged;
    uint32_t unsure[BINS]; /* rows by -log2(1 - p[top]) */
};

static void add_row(const struct mix_view *view, const struct noise_model *model, size_t row,
                    bool flagged, double *scratch, struct sums *sums) {
    size_t classes = view->classes;
    const float *mix = view->mix + row * classes;
    int32_t label = view->labels[row];
    double wrong[NOISE_CANDIDATES], expected = 0;
    noise_model_row(model, mix, label, scratch, wrong);
    for (size_t c = 0; c < model->count; c++) expected += model->candidates[c].weight * wrong[c];
    *(flagged ? &sums->flagged_right : &sums->unflagged_wrong) += expected;
    sums->flagged += flagged;
    double top = mix[0], sum = 0, moment = 0;
    for (size_t k = 1; k < classes; k++) top = fmax(top, mix[k]);
    for (size_t k = 0; k < classes; k++) {
        double away = mix[k] - top, p = exp(away);
        sum += p;
        if (p > 0) moment += p * away;
    }
    sums->doubt += 1 - exp(mix[label] - top) / sum;
    double entropy = log(sum) - moment / sum;
    sums->no_class += entropy > ENTROPY_NO_CLASS * log((double)classes);
    double bin = -BINS_PER_HALF * log2(fmax(1 - 1 / sum, 0x1p-21));
    sums->unsure[bin > 0 ? (size_t)bin : 0]++;
}

static enum error_code sum_rows(const struct mix_view *view, const struct noise_model *model,
                                const unsigned char *flagged, struct sums *sums,
                                struct error *error) {
    double *scratch = memory_array(ROW_PARTS * view->classes, sizeof *scratch, "a row", error);
    struct sums *parts = memory_array(ROW_PARTS, sizeof *parts, "sums", error);
    if (scratch != NULL && parts != NULL) {
#pragma omp parallel for num_threads(view->threads) schedule(dynamic)
        for (size_t part = 0; part < ROW_PARTS; part++)
            for (size_t row = row_part_start(part, view->rows);
                 row < row_part_start(part + 1, view->rows); row++)
                add_row(view, model, row, flagged[row] != 0, scratch + part * view->classes,
                        &parts[part]);
        for (size_t part = 0; part < ROW_PARTS; part++) {
            sums->flagged_right += parts[part].flagged_right;
            sums->unflagged_wrong += parts[part].unflagged_wrong;
            sums->doubt += parts[part].doubt;
            sums->no_class += parts[part].no_class;
            sums->flagged += parts[part].flagged;
            for (size_t i = 0; i < BINS; i++) sums->unsure[i] += parts[part].unsure[i];
        }
    }
    free(scratch);
    free(parts);
    return error->code;
}

/* 1 - p[top] below which a fifth of the rows are. */
static double surest_unsure(const struct sums *sums, double rows) {
    double count = 0;
    size_t bin = BINS;
    while (bin > 0 && count < SUREST * rows) count += sums->unsure[--bin];
    return exp2(-((double)bin + 0.5) / BINS_PER_HALF);
}

/* The fewest and the most errors of models that explain the labels nearly as well as the best. */
static void find_range(const struct noise_model *model, double rows, double errors, double *fewest,
                       double *most) {
    double best = model->bounds[0];
    for (size_t i = 1; i < NOISE_GRID; i++) best = fmax(best, model->bounds[i]);
    double least = best - EVIDENCE_RANGE - EVIDENCE_RANGE_ROW * (double)model->rows;
    *fewest = *most = errors;
    for (size_t i = 0; i < NOISE_GRID; i++) {
        if (model->bounds[i] < least) continue;
        *fewest = fmin(*fewest, model->rates[i] * rows);
        *most = fmax(*most, model->rates[i] * rows);
    }
}

enum error_code error_count_estimate(const struct mix_view *view, const unsigned char *flagged,
                                     struct error_count *count, struct error *error) {
    struct noise_model model;
    struct sums sums = {.doubt = 0};
    TRY(noise_model_fit(view, &model, error));
    if (sum_rows(view, &model, flagged, &sums, error) == ERROR_NONE) {
        double rows = (double)view->rows, errors = sums.flagged_right + sums.unflagged_wrong;
        double fewest, most, doubt = fmax(sums.doubt - errors, 0);
        find_range(&model, rows, errors, &fewest, &most);
        most = (1 + RELATIVE) * most + CHANCE * sqrt(most / 2 + 1) + DOUBT_HIGH * doubt;
        most = fmax(most, SUREST_FACTOR * surest_unsure(&sums, rows) * rows);
        fewest = (1 - RELATIVE) * fewest - CHANCE * sqrt(fewest / 2 + 0.5) - DOUBT_LOW * doubt;
        double more = most + NO_CLASS * sums.no_class - errors, less = errors - fewest;
        *count = (struct error_count){
            .errors = errors,
            .low = fmax(errors - less, 0),
            .high = fmin(errors + more, rows),
            .flagged_right = sums.flagged_right,
            .flagged_right_low = fmax(sums.flagged_right - less, 0),
            .flagged_right_high = fmin(sums.flagged_right + more, sums.flagged),
            .unflagged_wrong = sums.unflagged_wrong,
            .unflagged_wrong_low = fmax(sums.unflagged_wrong - less, 0),
            .unflagged_wrong_high = fmin(sums.unflagged_wrong + more, rows - sums.flagged),
        };
    }
    noise_model_free(&model);
    return error->code;
}
