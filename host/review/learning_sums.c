#include "host/review/learning_internal.h"

#include "host/base/memory.h"
#include "host/classifier/discriminant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For choosing the shrinkage, which is part of the preparation. */
#define CHOICE_BYTES ((size_t)256 << 20)

static enum error_code allocate(struct learning_sums *sums, struct error *error) {
    const struct learning_input *input = sums->input;
    size_t features = input->features, square = features * features, folds = sums->folds;
    size_t of_classes = input->classes * features, count = input->candidate_count;
    const char *what = "sums for the order of the list";
    sums->sums = memory_array(folds, of_classes * sizeof(double), what, error);
    sums->now_sums = memory_array(folds, of_classes * sizeof(double), what, error);
    sums->all_sums = memory_array(of_classes, sizeof(double), what, error);
    sums->products = memory_array(folds, square * sizeof(double), what, error);
    sums->now_products = memory_array(folds, square * sizeof(double), what, error);
    sums->all_products = memory_array(square, sizeof(double), what, error);
    sums->counts = memory_array(folds, input->classes * sizeof(size_t), what, error);
    sums->now_counts = memory_array(folds, input->classes * sizeof(size_t), what, error);
    sums->all_counts = memory_array(input->classes, sizeof(size_t), what, error);
    sums->row = memory_array(features, sizeof(double), what, error);
    sums->weights =
        memory_array(folds, input->classes * (features + 1) * sizeof(double), what, error);
    sums->addresses = memory_array(count, sizeof *sums->addresses, what, error);
    sums->candidate_labels = memory_array(count, sizeof *sums->candidate_labels, what, error);
    sums->candidate_folds = memory_array(count, sizeof *sums->candidate_folds, what, error);
    sums->logarithms = memory_array(count, input->classes * sizeof(float), what, error);
    if (error->code != ERROR_NONE) return error->code;
    return discriminant_fit_open(&sums->fit, features, input->classes, input->threads, 1, error);
}

/* Joins folds where there are more than LEARNING_FOLDS. */
static enum error_code join_folds(struct learning_sums *sums, struct error *error) {
    const struct learning_input *input = sums->input;
    sums->fold_of = memory_array(input->rows, sizeof *sums->fold_of, "folds", error);
    if (sums->fold_of == NULL) return error->code;
    for (size_t row = 0; row < input->rows; row++) {
        size_t fold = (size_t)input->fold_of[row] % LEARNING_FOLDS;
        sums->fold_of[row] = (int32_t)fold;
        if (fold >= sums->folds) sums->folds = fold + 1;
    }
    return ERROR_NONE;
}

/* The shrinkage and temperature that the audit would choose. */
static enum error_code choose(struct learning_sums *sums, struct device *device,
                              struct error *error) {
    const struct learning_input *input = sums->input;
    struct discriminant_report report;
    const struct crossval_input rows = {.embeddings = input->embeddings,
                                        .labels = input->labels,
                                        .fold_of = sums->fold_of,
                                        .rows = input->rows,
                                        .features = input->features,
                                        .classes = input->classes,
                                        .folds = sums->folds,
                                        .pooled = sums->scaling};
    float *logarithms =
        memory_array(input->rows, input->classes * sizeof *logarithms, "probabilities", error);
    if (logarithms == NULL) return error->code;
    discriminant_run_within(CHOICE_BYTES, device->operations, device, &rows, input->threads, NULL,
                            logarithms, &report, error);
    sums->shrinkage = report.shrinkage;
    sums->temperature = report.temperature;
    free(logarithms);
    return error->code;
}

static struct classifier_problem problem_of(const struct learning_sums *sums) {
    const struct learning_input *input = sums->input;
    return (struct classifier_problem){.rows = input->rows,
                                       .features = input->features,
                                       .classes = input->classes,
                                       .folds = sums->folds,
                                       .data = input->embeddings,
                                       .labels = input->labels,
                                       .fold_of = sums->fold_of,
                                       .shift = sums->scaling->shift,
                                       .scale = sums->scaling->scale};
}

static enum error_code sum_rows(struct learning_sums *sums, struct device *device,
                                struct error *error) {
    const struct learning_input *input = sums->input;
    const struct classifier_problem problem = problem_of(sums);
    struct classifier *classifier = NULL;
    size_t features = input->features;
    TRY(device->operations->classifier_open(device, &problem, &classifier, error));
    for (size_t fold = 0; fold < sums->folds && error->code == ERROR_NONE; fold++)
        device->operations->classifier_scatter(classifier, fold,
                                               sums->sums + fold * input->classes * features,
                                               sums->products + fold * features * features, error);
    device->operations->classifier_close(classifier);
    for (size_t row = 0; row < input->rows; row++)
        sums->counts[(size_t)sums->fold_of[row] * input->classes + (size_t)input->labels[row]]++;
    return error->code;
}

static enum error_code open_candidates(struct learning_sums *sums, struct device *device,
                                       struct error *error) {
    const struct learning_input *input = sums->input;
    struct classifier_problem problem = problem_of(sums);
    for (size_t i = 0; i < input->candidate_count; i++) {
        size_t row = input->candidates[i];
        sums->addresses[i] = matrix_row(&input->embeddings, row);
        sums->candidate_labels[i] = input->labels[row];
        sums->candidate_folds[i] = sums->fold_of[row];
    }
    problem.rows = input->candidate_count;
    problem.data = matrix_at(sums->addresses, 0);
    problem.labels = sums->candidate_labels;
    problem.fold_of = sums->candidate_folds;
    return device->operations->classifier_open(device, &problem, &sums->classifier, error);
}

enum error_code learning_sums_open(struct learning_sums *sums, const struct learning_input *input,
                                   const struct scaling *scaling, struct device *device,
                                   struct error *error) {
    *sums = (struct learning_sums){.input = input, .scaling = scaling};
    TRY(join_folds(sums, error));
    TRY(choose(sums, device, error));
    TRY(allocate(sums, error));
    TRY(sum_rows(sums, device, error));
    return open_candidates(sums, device, error);
}

void learning_sums_close(struct learning_sums *sums) {
    if (sums->classifier != NULL)
        sums->classifier->device->operations->classifier_close(sums->classifier);
    discriminant_fit_close(&sums->fit);
    free(sums->fold_of);
    free(sums->sums);
    free(sums->products);
    free(sums->counts);
    free(sums->now_sums);
    free(sums->now_products);
    free(sums->now_counts);
    free(sums->all_sums);
    free(sums->all_products);
    free(sums->all_counts);
    free(sums->row);
    free(sums->weights);
    free(sums->addresses);
    free(sums->candidate_labels);
    free(sums->candidate_folds);
    free(sums->logarithms);
    *sums = (struct learning_sums){0};
}

/* Takes the row from its given class and adds it to its new one. */
static void change_row(struct learning_sums *sums, const struct learning_decision *decision) {
    const struct learning_input *input = sums->input;
    size_t features = input->features, row = decision->row, fold = (size_t)sums->fold_of[row];
    size_t given = (size_t)input->labels[row];
    double *sum = sums->now_sums + (fold * input->classes + given) * features;
    const float *values = matrix_row(&input->embeddings, row);
    for (size_t f = 0; f < features; f++) {
        sums->row[f] = ((double)values[f] - sums->scaling->shift[f]) * sums->scaling->scale[f];
        sum[f] -= sums->row[f];
    }
    sums->now_counts[fold * input->classes + given]--;
    if (decision->class_index == LEARNING_EXCLUDED) {
        double *products = sums->now_products + fold * features * features;
        for (size_t i = 0; i < features; i++)
            for (size_t j = 0; j <= i; j++)
                products[i * features + j] -= sums->row[i] * sums->row[j];
        return;
    }
    size_t class_index = (size_t)decision->class_index;
    sum = sums->now_sums + (fold * input->classes + class_index) * features;
    for (size_t f = 0; f < features; f++) sum[f] += sums->row[f];
    sums->now_counts[fold * input->classes + class_index]++;
}

static void add_folds(const double *parts, size_t folds, size_t size, double *all) {
    memcpy(all, parts, size * sizeof *all);
    for (size_t fold = 1; fold < folds; fold++)
        for (size_t i = 0; i < size; i++) all[i] += parts[fold * size + i];
}

/* The sums with the decisions: of every fold, and of all. Of products only the lower triangle is
 * kept up. */
static void change_sums(struct learning_sums *sums, const struct learning_decision *decisions,
                        size_t count) {
    const struct learning_input *input = sums->input;
    size_t square = input->features * input->features,
           of_classes = input->classes * input->features;
    memcpy(sums->now_sums, sums->sums, sums->folds * of_classes * sizeof *sums->sums);
    memcpy(sums->now_products, sums->products, sums->folds * square * sizeof *sums->products);
    memcpy(sums->now_counts, sums->counts, sums->folds * input->classes * sizeof *sums->counts);
    for (size_t i = 0; i < count; i++)
        if (decisions[i].class_index != LEARNING_UNSURE &&
            decisions[i].class_index != input->labels[decisions[i].row])
            change_row(sums, &decisions[i]);
    add_folds(sums->now_sums, sums->folds, of_classes, sums->all_sums);
    add_folds(sums->now_products, sums->folds, square, sums->all_products);
    memset(sums->all_counts, 0, input->classes * sizeof *sums->all_counts);
    for (size_t i = 0; i < sums->folds * input->classes; i++)
        sums->all_counts[i % input->classes] += sums->now_counts[i];
}

/* *failed: a fold's training rows give no weights. */
static void fit_folds(struct learning_sums *sums, bool *failed) {
    const struct learning_input *input = sums->input;
    size_t features = input->features;
    *failed = false;
    for (size_t fold = 0; fold < sums->folds; fold++) {
        const struct discriminant_rows rows = {
            .features = features,
            .classes = input->classes,
            .all_products = sums->all_products,
            .out_products = sums->now_products + fold * features * features,
            .all_sums = sums->all_sums,
            .out_sums = sums->now_sums + fold * input->classes * features,
            .all_counts = sums->all_counts,
            .out_counts = sums->now_counts + fold * input->classes};
        double *weights = sums->weights + fold * input->classes * (features + 1);
        discriminant_fit_rows(&sums->fit, &rows);
        discriminant_fit_weights(&sums->fit, &sums->shrinkage, 1, &weights, failed);
    }
}

enum error_code learning_sums_margins(struct learning_sums *sums,
                                      const struct learning_decision *decisions, size_t count,
                                      double *margins, struct error *error) {
    const struct learning_input *input = sums->input;
    struct classifier_task tasks[LEARNING_FOLDS];
    bool failed;
    double loss;
    change_sums(sums, decisions, count);
    fit_folds(sums, &failed);
    memset(margins, 0, input->candidate_count * sizeof *margins);
    if (failed) return ERROR_NONE;
    for (size_t fold = 0; fold < sums->folds; fold++)
        tasks[fold] = (struct classifier_task){
            fold, sums->weights + fold * input->classes * (input->features + 1), NULL, 0};
    TRY(sums->classifier->device->operations->classifier_predict(
        sums->classifier, tasks, sums->folds, 1, CLASSIFIER_LOGARITHMS_WHOLE, &sums->logarithms,
        &loss, error));
    for (size_t i = 0; i < input->candidate_count; i++) {
        const float *logs = sums->logarithms + i * input->classes;
        size_t label = (size_t)input->labels[input->candidates[i]];
        double other = -INFINITY;
        for (size_t c = 0; c < input->classes; c++)
            if (c != label && (double)logs[c] > other) other = (double)logs[c];
        double margin = sums->temperature * ((double)logs[label] - other);
        margins[i] = fmax(LOG_FLOOR, fmin(-LOG_FLOOR, margin));
    }
    return ERROR_NONE;
}
