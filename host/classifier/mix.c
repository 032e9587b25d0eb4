#include "host/classifier/mix.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "kernels/device.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

/* Rows are summed in chunks of this many, so that sums do not depend on the threads. */
#define CHUNK_ROWS ((size_t)1024)

static const double temperatures[] = {0.5, 0.7, 1, 1.4, 2};
#define TEMPERATURES (sizeof temperatures / sizeof temperatures[0])

/* Ways to give four quarters to MIX_VIEWS views: (4 + 5) choose 5. */
#define WEIGHTINGS 126

struct weighting {
    double weights[MIX_VIEWS];
};

struct mixing {
    const struct mix_input *input;
    struct weighting weightings[WEIGHTINGS];
    size_t weighting_count;
};

/* Squared length: low for even weights. */
static double unevenness(const struct weighting *weighting) {
    double sum = 0;
    for (size_t v = 0; v < MIX_VIEWS; v++) sum += weighting->weights[v] * weighting->weights[v];
    return sum;
}

static int compare_weightings(const void *left, const void *right) {
    const struct weighting *a = left, *b = right;
    double apart = unevenness(a) - unevenness(b);
    if (apart != 0) return apart < 0 ? -1 : 1;
    for (size_t v = 0; v < MIX_VIEWS; v++)
        if (a->weights[v] != b->weights[v]) return a->weights[v] > b->weights[v] ? -1 : 1;
    return 0;
}

/* All weights in quarters, the most even ones first. */
static void list_weightings(struct mixing *mixing) {
    size_t views = mixing->input->view_count, combinations = 1;
    for (size_t v = 0; v < views; v++) combinations *= 5;
    for (size_t i = 0; i < combinations; i++) {
        struct weighting weighting = {{0}};
        size_t quarters = 0, rest = i;
        for (size_t v = 0; v < views; v++, rest /= 5) {
            quarters += rest % 5;
            weighting.weights[v] = (double)(rest % 5) / 4;
        }
        if (quarters == 4) mixing->weightings[mixing->weighting_count++] = weighting;
    }
    qsort(mixing->weightings, mixing->weighting_count, sizeof mixing->weightings[0],
          compare_weightings);
}

/* means (view_count, classes): each view's mean logarithms of a row. */
static void view_means(const struct mix_input *input, size_t row, double *means) {
    for (size_t v = 0; v < input->view_count; v++)
        for (size_t k = 0; k < input->classes; k++) {
            double sum = 0;
            for (size_t e = 0; e < MIX_ESTIMATORS; e++)
                sum += (double)input->estimators[v * MIX_ESTIMATORS + e][row * input->classes + k];
            means[v * input->classes + k] = sum / MIX_ESTIMATORS;
        }
}

/* logits (classes) = the weighted means; returns the largest. */
static double weigh(const struct mix_input *input, const struct weighting *weighting,
                    const double *means, double *logits) {
    double largest = -INFINITY;
    for (size_t k = 0; k < input->classes; k++) {
        double sum = 0;
        for (size_t v = 0; v < input->view_count; v++)
            sum += weighting->weights[v] * means[v * input->classes + k];
        logits[k] = sum;
        if (sum > largest) largest = sum;
    }
    return largest;
}

/* The logarithm of the sum of exp(temperature * (logits - largest)). */
static double log_sum(const double *logits, size_t classes, double largest, double temperature) {
    double sum = 0;
    for (size_t k = 0; k < classes; k++) sum += exp(temperature * (logits[k] - largest));
    return log(sum);
}

/* Adds a row's log-losses at every weighting and temperature; means and logits are scratch. */
static void add_row(const struct mixing *mixing, size_t row, double *means, double *logits,
                    double *losses) {
    const struct mix_input *input = mixing->input;
    size_t label = (size_t)input->labels[row];
    view_means(input, row, means);
    for (size_t w = 0; w < mixing->weighting_count; w++) {
        double largest = weigh(input, &mixing->weightings[w], means, logits);
        for (size_t t = 0; t < TEMPERATURES; t++)
            losses[w * TEMPERATURES + t] +=
                log_sum(logits, input->classes, largest, temperatures[t]) -
                temperatures[t] * (logits[label] - largest);
    }
}

/* losses (weightings, TEMPERATURES): sums over all rows. */
static enum error_code sum_losses(const struct mixing *mixing, double *losses,
                                  struct error *error) {
    const struct mix_input *input = mixing->input;
    size_t chunks = (input->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    size_t cells = mixing->weighting_count * TEMPERATURES;
    size_t scratch = (input->view_count + 1) * input->classes;
    double *parts = scratch_array(chunks, cells * sizeof *parts, "log-losses", error);
    double *rows = memory_array((size_t)input->threads, scratch * sizeof *rows, "a row", error);
    if (error->code != ERROR_NONE) goto done;
#pragma omp parallel for schedule(dynamic, 1) num_threads(input->threads)
    for (size_t c = 0; c < chunks; c++) {
        double *means = rows + (size_t)omp_get_thread_num() * scratch;
        size_t end = (c + 1) * CHUNK_ROWS < input->rows ? (c + 1) * CHUNK_ROWS : input->rows;
        for (size_t row = c * CHUNK_ROWS; row < end; row++)
            add_row(mixing, row, means, means + input->view_count * input->classes,
                    parts + c * cells);
    }
    for (size_t c = 0; c < chunks; c++)
        for (size_t i = 0; i < cells; i++) losses[i] += parts[c * cells + i];
done:
    scratch_free(parts);
    free(rows);
    return error->code;
}

/* Losses that differ by less are the same but for rounding: two views that are equal. */
#define SAME_LOSS 1e-12

/* Takes the best cell into the report, and each view's own best loss. */
static const struct weighting *choose(const struct mixing *mixing, const double *losses,
                                      struct mix_report *report) {
    double rows = (double)mixing->input->rows;
    size_t best = 0;
    for (size_t v = 0; v < MIX_VIEWS; v++) report->log_losses[v] = INFINITY;
    for (size_t i = 0; i < mixing->weighting_count * TEMPERATURES; i++) {
        const struct weighting *weighting = &mixing->weightings[i / TEMPERATURES];
        if (losses[i] < losses[best] * (1 - SAME_LOSS)) best = i;
        for (size_t v = 0; v < mixing->input->view_count; v++)
            if (weighting->weights[v] == 1 && losses[i] / rows < report->log_losses[v])
                report->log_losses[v] = losses[i] / rows;
    }
    const struct weighting *chosen = &mixing->weightings[best / TEMPERATURES];
    for (size_t v = 0; v < MIX_VIEWS; v++) report->weights[v] = chosen->weights[v];
    report->temperature = temperatures[best % TEMPERATURES];
    report->log_loss = losses[best] / rows;
    return chosen;
}

static void write_row(const struct mix_input *input, const struct weighting *weighting,
                      double temperature, size_t row, double *means, float *mix, float *margins) {
    double *logits = means + input->view_count * input->classes;
    size_t label = (size_t)input->labels[row];
    view_means(input, row, means);
    double largest = weigh(input, weighting, means, logits), other = -INFINITY;
    double sum = log_sum(logits, input->classes, largest, temperature);
    for (size_t k = 0; k < input->classes; k++) {
        double logarithm = temperature * (logits[k] - largest) - sum;
        mix[row * input->classes + k] = (float)(logarithm > LOG_FLOOR ? logarithm : LOG_FLOOR);
        if (k != label && logits[k] > other) other = logits[k];
    }
    margins[row] = (float)(temperature * (logits[label] - other));
}

static enum error_code write_rows(const struct mix_input *input, const struct weighting *weighting,
                                  double temperature, float *mix, float *margins,
                                  struct error *error) {
    size_t scratch = (input->view_count + 1) * input->classes;
    double *rows = memory_array((size_t)input->threads, scratch * sizeof *rows, "a row", error);
    if (rows == NULL) return error->code;
#pragma omp parallel for schedule(static) num_threads(input->threads)
    for (size_t row = 0; row < input->rows; row++)
        write_row(input, weighting, temperature, row, rows + (size_t)omp_get_thread_num() * scratch,
                  mix, margins);
    free(rows);
    return ERROR_NONE;
}

enum error_code mix_make(const struct mix_input *input, float *mix, float *margins,
                         struct mix_report *report, struct error *error) {
    struct mixing *mixing;
    double *losses = NULL;
    *report = (struct mix_report){.temperature = 1};
    if (input->view_count == 0 || input->view_count > MIX_VIEWS)
        return FAIL(error, ERROR_INTERNAL, "%zu views cannot be mixed", input->view_count);
    mixing = memory_array(1, sizeof *mixing, "weights of the views", error);
    if (mixing == NULL) return error->code;
    mixing->input = input;
    list_weightings(mixing);
    losses =
        memory_array(mixing->weighting_count, TEMPERATURES * sizeof *losses, "log-losses", error);
    if (losses != NULL && sum_losses(mixing, losses, error) == ERROR_NONE) {
        const struct weighting *chosen = choose(mixing, losses, report);
        write_rows(input, chosen, report->temperature, mix, margins, error);
    }
    free(losses);
    free(mixing);
    return error->code;
}
