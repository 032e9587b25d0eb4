#include "host/review/learning_model.h"

#include "host/base/memory.h"
#include "host/classifier/crossval.h"
#include "host/review/learning_fit.h"
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
    double *first_sums, *first_votes;   /* (candidate_count) margins without decisions */
    double *margins;                    /* (candidate_count) */
    int32_t *now;                       /* (rows) the labels that the decisions leave */
    struct learning_evidence *evidence; /* (candidate_count) */
    int32_t *pair_number; /* (classes, classes): given, likeliest other; -1: not decided */
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
    model->evidence = memory_array(count, sizeof *model->evidence, what, error);
    model->pair_number = memory_array(pairs, sizeof *model->pair_number, what, error);
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
    free(model->evidence);
    free(model->pair_number);
    free(model);
}

static size_t pair_of(const struct learning_input *input, size_t row) {
    return (size_t)input->labels[row] * input->classes + (size_t)input->suggested[row];
}

/* What speaks against the label of each candidate, with what the decisions changed. */
static enum error_code gather(struct learning_model *model,
                              const struct learning_decision *decisions, size_t count,
                              struct error *error) {
    const struct learning_input *input = &model->input;
    TRY(learning_sums_margins(&model->sums, decisions, count, model->margins, error));
    for (size_t i = 0; i < input->candidate_count; i++) {
        size_t row = input->candidates[i];
        double *x = model->evidence[i].x;
        x[EVIDENCE_ONE] = 1;
        x[EVIDENCE_SCORE] = -(double)input->scores[row];
        x[EVIDENCE_FLAG] = input->issue[row] ? 0 : -1;
        x[EVIDENCE_SUMS] = model->first_sums[i] - model->margins[i];
    }
    for (size_t i = 0; i < count; i++)
        if (decisions[i].class_index != LEARNING_UNSURE)
            model->now[decisions[i].row] = decisions[i].class_index;
    learning_votes_margins(&model->votes, model->now, model->margins);
    for (size_t i = 0; i < count; i++)
        model->now[decisions[i].row] = input->labels[decisions[i].row];
    for (size_t i = 0; i < input->candidate_count; i++)
        model->evidence[i].x[EVIDENCE_VOTES] = model->first_votes[i] - model->margins[i];
    return ERROR_NONE;
}

/* The evidence of the decided candidates into rows (count), whose pairs get numbers in the order in
 * which they occur: model->pair_number. */
static size_t take_decided(struct learning_model *model, const struct learning_decision *decisions,
                           size_t count, struct learning_evidence *rows, size_t *pair_count) {
    const struct learning_input *input = &model->input;
    size_t taken = 0, at = 0;
    for (size_t i = 0; i < input->classes * input->classes; i++) model->pair_number[i] = -1;
    *pair_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t row = decisions[i].row;
        while (at < input->candidate_count && input->candidates[at] < row) at++;
        if (at == input->candidate_count) break;
        if (input->candidates[at] != row || decisions[i].class_index == LEARNING_UNSURE) continue;
        int32_t *number = &model->pair_number[pair_of(input, row)];
        if (*number < 0) *number = (int32_t)(*pair_count)++;
        rows[taken] = model->evidence[at];
        rows[taken].pair = *number;
        rows[taken++].wrong = decisions[i].class_index != input->labels[row];
    }
    return taken;
}

static void set_keys(const struct learning_model *model, const double *weights, const double *terms,
                     double trust, double *keys) {
    const struct learning_input *input = &model->input;
    for (size_t i = 0; i < input->candidate_count; i++) {
        int32_t number = model->pair_number[pair_of(input, input->candidates[i])];
        keys[i] =
            learning_key(model->evidence[i].x, weights, number < 0 ? 0 : terms[number], trust);
    }
}

enum error_code learning_model_keys(struct learning_model *model,
                                    const struct learning_decision *decisions, size_t count,
                                    double *keys, struct error *error) {
    const char *what = "the evidence of decisions";
    double weights[EVIDENCE_COUNT];
    size_t pair_count, taken;
    TRY(gather(model, decisions, count, error));
    struct learning_evidence *rows = memory_array(count, sizeof *rows, what, error);
    double *terms = memory_array(count, sizeof *terms, what, error); /* no more pairs than rows */
    if (error->code == ERROR_NONE) {
        taken = take_decided(model, decisions, count, rows, &pair_count);
        if (learning_fit(rows, taken, pair_count, weights, terms, error) == ERROR_NONE)
            set_keys(model, weights, terms, learning_trust(rows, taken), keys);
    }
    free(rows);
    free(terms);
    return error->code;
}
