#include "host/review/learning_model.h"

#include "host/base/memory.h"
#include "host/classifier/crossval.h"
#include "host/review/learning_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct learning_model {
    struct learning_input input;
    struct device *device;
    struct scaling scaling;
    struct learning_sums sums;
    struct learning_votes votes;
    double *first_sums, *first_votes;  /* (candidate_count) margins without decisions */
    double *margins;                   /* (candidate_count) */
    int32_t *now;                      /* (rows) the labels that the decisions leave */
    size_t *pair_wrong, *pair_decided; /* (classes, classes): given, likeliest other */
};

static enum error_code check(const struct learning_input *input, struct error *error) {
    int32_t first = input->rows > 0 ? input->fold_of[0] : 0;
    bool folds = false;
    for (size_t row = 0; row < input->rows; row++)
        folds |= (size_t)input->fold_of[row] % LEARNING_FOLDS != (size_t)first % LEARNING_FOLDS;
    if (input->classes < 2 || !folds)
        return FAIL(error, ERROR_DATA, "%zu classes, or one fold only: two of each are needed",
                    input->classes);
    if (input->features > LEARNING_COLUMNS)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "embeddings of %zu columns: the order learns from at most %zu", input->features,
                    LEARNING_COLUMNS);
    return ERROR_NONE;
}

static enum error_code prepare(struct learning_model *model, const volatile bool *stop,
                               struct error *error) {
    const struct learning_input *input = &model->input;
    const struct device_settings settings = {.threads = input->threads};
    const struct crossval_input rows = {.embeddings = input->embeddings,
                                        .labels = input->labels,
                                        .fold_of = input->fold_of,
                                        .rows = input->rows,
                                        .features = input->features,
                                        .classes = input->classes,
                                        .folds = 1};
    TRY(device_cpu_operations.open(&settings, &model->device, error));
    int32_t *one_fold = memory_array(input->rows, sizeof *one_fold, "folds", error);
    if (one_fold == NULL) return error->code;
    struct crossval_input whole = rows;
    whole.fold_of = one_fold;
    crossval_scaling(&whole, SCALE_POOLED, input->threads, &model->scaling, error);
    free(one_fold);
    if (error->code != ERROR_NONE) return error->code;
    TRY(learning_votes_open(&model->votes, input, &model->scaling, model->device, stop, error));
    TRY(learning_sums_open(&model->sums, input, &model->scaling, model->device, error));
    for (size_t row = 0; row < input->rows; row++) model->now[row] = input->labels[row];
    learning_votes_margins(&model->votes, model->now, model->first_votes);
    return learning_sums_margins(&model->sums, NULL, 0, model->first_sums, error);
}

enum error_code learning_model_open(const struct learning_input *input, const volatile bool *stop,
                                    struct learning_model **opened, struct error *error) {
    const char *what = "the order of the list";
    TRY(check(input, error));
    struct learning_model *model = memory_array(1, sizeof *model, what, error);
    if (model == NULL) return error->code;
    *opened = model;
    model->input = *input;
    size_t count = input->candidate_count, pairs = input->classes * input->classes;
    model->first_sums = memory_array(count, sizeof(double), what, error);
    model->first_votes = memory_array(count, sizeof(double), what, error);
    model->margins = memory_array(count, sizeof(double), what, error);
    model->now = memory_array(input->rows, sizeof *model->now, what, error);
    model->pair_wrong = memory_array(pairs, sizeof *model->pair_wrong, what, error);
    model->pair_decided = memory_array(pairs, sizeof *model->pair_decided, what, error);
    if (error->code != ERROR_NONE) return error->code;
    return prepare(model, stop, error);
}

void learning_model_close(struct learning_model *model) {
    if (model == NULL) return;
    learning_sums_close(&model->sums);
    learning_votes_close(&model->votes);
    scaling_close(&model->scaling);
    if (model->device != NULL) device_cpu_operations.close(model->device);
    free(model->first_sums);
    free(model->first_votes);
    free(model->margins);
    free(model->now);
    free(model->pair_wrong);
    free(model->pair_decided);
    free(model);
}

static double logit(double share) {
    return log(share / (1 - share));
}

static size_t pair_of(const struct learning_model *model, size_t row) {
    return (size_t)model->input.labels[row] * model->input.classes +
           (size_t)model->input.suggested[row];
}

/* Takes from the keys what the decisions say of pairs of classes. */
static void add_pairs(struct learning_model *model, const struct learning_decision *decisions,
                      size_t count, double *keys) {
    const struct learning_input *input = &model->input;
    size_t pairs = input->classes * input->classes, wrong = 0, decided = 0;
    memset(model->pair_wrong, 0, pairs * sizeof *model->pair_wrong);
    memset(model->pair_decided, 0, pairs * sizeof *model->pair_decided);
    for (size_t i = 0; i < count; i++) {
        size_t row = decisions[i].row, pair = pair_of(model, row);
        if (decisions[i].class_index == LEARNING_UNSURE) continue;
        bool is_wrong = decisions[i].class_index != input->labels[row];
        model->pair_wrong[pair] += is_wrong;
        model->pair_decided[pair]++;
        wrong += is_wrong;
        decided++;
    }
    double share = ((double)wrong + 1) / ((double)decided + 2);
    for (size_t i = 0; i < input->candidate_count; i++) {
        size_t pair = pair_of(model, input->candidates[i]);
        double own = ((double)model->pair_wrong[pair] + LEARNING_PRIOR * share) /
                     ((double)model->pair_decided[pair] + LEARNING_PRIOR);
        keys[i] -= LEARNING_PAIRS * (logit(own) - logit(share));
    }
}

enum error_code learning_model_keys(struct learning_model *model,
                                    const struct learning_decision *decisions, size_t count,
                                    double *keys, struct error *error) {
    const struct learning_input *input = &model->input;
    TRY(learning_sums_margins(&model->sums, decisions, count, model->margins, error));
    for (size_t i = 0; i < input->candidate_count; i++)
        keys[i] = (double)input->scores[input->candidates[i]] +
                  LEARNING_DISCRIMINANT * (model->margins[i] - model->first_sums[i]);
    for (size_t i = 0; i < count; i++)
        if (decisions[i].class_index != LEARNING_UNSURE)
            model->now[decisions[i].row] = decisions[i].class_index;
    learning_votes_margins(&model->votes, model->now, model->margins);
    for (size_t i = 0; i < count; i++)
        model->now[decisions[i].row] = input->labels[decisions[i].row];
    for (size_t i = 0; i < input->candidate_count; i++)
        keys[i] += LEARNING_VOTES * (model->margins[i] - model->first_votes[i]);
    add_pairs(model, decisions, count, keys);
    return ERROR_NONE;
}
