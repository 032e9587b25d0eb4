#include "host/audit/detection.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/confident/flagged.h"
#include "kernels/device.h"

#include <math.h>
#include <stdlib.h>

/* Added to the score of a row whose sound has another label elsewhere: below every margin. */
#define CERTAIN_SCORE 100.0F

const char *detector_name(enum detector detector) {
    static const char *const names[] = {"ensemble", "logistic"};
    return (size_t)detector < sizeof names / sizeof names[0] ? names[detector] : NULL;
}

const char *detection_filter_name(enum confident_filter filter) {
    return filter == FILTER_ENSEMBLE ? FILTER_ENSEMBLE_NAME : confident_filter_name(filter);
}

const char *detection_score_name(enum confident_score score) {
    return score == SCORE_LOG_MARGIN ? SCORE_LOG_MARGIN_NAME : confident_score_name(score);
}

/* ---- probabilities ---- */

static enum error_code run_ensemble(const struct device_operations *operations,
                                    struct device *device,
                                    const struct detection_settings *settings,
                                    enum progress_style style, struct detection *detection,
                                    struct error *error) {
    const struct detection_input *input = detection->input;
    const struct ensemble_input views = {.views = input->views,
                                         .view_count = input->view_count,
                                         .labels = input->labels,
                                         .fold_of = input->fold_of,
                                         .apart = input->copy_of,
                                         .row_numbers = input->row_numbers,
                                         .rows = input->rows,
                                         .classes = input->classes,
                                         .folds = input->folds};
    struct ensemble *ensemble = &detection->ensemble;
    TRY(ensemble_run(operations, device, &views, &settings->crossval, style, ensemble, error));
    for (size_t i = 0; i < input->rows * input->classes; i++)
        detection->probabilities[i] = expf(ensemble->mix[i]);
    detection->view.mix = ensemble->mix;
    detection->view.margins = ensemble->margins;
    detection->view.estimators = (const float *const *)ensemble->estimators;
    detection->view.estimator_count = input->view_count * MIX_ESTIMATORS;
    for (size_t i = 0; i < detection->view.estimator_count; i++)
        detection->weights[i] = ensemble->report.weights[i / MIX_ESTIMATORS];
    detection->view.weights = detection->weights;
    return ERROR_NONE;
}

/* The mix of one estimator alone: its logarithms and margins. */
static void take_logarithms(struct detection *detection) {
    const struct detection_input *input = detection->input;
    for (size_t row = 0; row < input->rows; row++) {
        const float *probabilities = detection->probabilities + row * input->classes;
        float *logarithms = detection->logarithms + row * input->classes;
        size_t label = (size_t)input->labels[row];
        float other = -INFINITY;
        for (size_t k = 0; k < input->classes; k++) {
            float logarithm = logf(probabilities[k]);
            logarithms[k] = logarithm > (float)LOG_FLOOR ? logarithm : (float)LOG_FLOOR;
            if (k != label && logarithms[k] > other) other = logarithms[k];
        }
        detection->margins[row] = logarithms[label] - other;
    }
}

static enum error_code run_logistic(const struct device_operations *operations,
                                    struct device *device,
                                    const struct detection_settings *settings,
                                    enum progress_style style, struct detection *detection,
                                    struct error *error) {
    const struct detection_input *input = detection->input;
    const struct ensemble_view *view = &input->views[0];
    const struct crossval_input rows = {.name = view->file == NULL ? view->name : view->file,
                                        .row_numbers = input->row_numbers,
                                        .embeddings = view->embeddings,
                                        .labels = input->labels,
                                        .fold_of = input->fold_of,
                                        .rows = input->rows,
                                        .features = view->features,
                                        .classes = input->classes,
                                        .folds = input->folds};
    struct progress progress = {0};
    const struct crossval_progress step = {crossval_show_fits, &progress};
    size_t cells = input->rows * input->classes;
    detection->logarithms = scratch_array(cells, sizeof(float), "probabilities", error);
    detection->margins = scratch_array(input->rows, sizeof(float), "margins", error);
    TRY(error->code);
    progress_start(&progress, style, "classifier", "fits", 0);
    crossval_run(operations, device, &rows, &settings->crossval, &step, detection->probabilities,
                 &detection->crossval, error);
    progress_finish(&progress);
    TRY(error->code);
    take_logarithms(detection);
    detection->view.mix = detection->logarithms;
    detection->view.margins = detection->margins;
    detection->view.estimators = (const float *const *)&detection->logarithms;
    detection->view.estimator_count = 1;
    return ERROR_NONE;
}

enum error_code detection_classify(const struct device_operations *operations,
                                   struct device *device, const struct detection_input *input,
                                   const struct detection_settings *settings,
                                   enum progress_style style, struct detection *detection,
                                   struct error *error) {
    *detection = (struct detection){.input = input,
                                    .detector = settings->detector,
                                    .own_filter = settings->confident.filter == FILTER_ENSEMBLE,
                                    .view = {.rows = input->rows,
                                             .classes = input->classes,
                                             .labels = input->labels,
                                             .threads = input->threads}};
    if (settings->detector == DETECTOR_LOGISTIC && input->view_count > 1)
        return FAIL(error, ERROR_USAGE,
                    "--detector logistic takes one embedding a clip, but %zu are given; give one, "
                    "or --detector ensemble",
                    input->view_count);
    if (style != PROGRESS_QUIET)
        crossval_say_sample(&settings->crossval, input->rows, input->classes, input->folds);
    detection->probabilities =
        scratch_array(input->rows * input->classes, sizeof(float), "probabilities", error);
    detection->labels = scratch_array(input->rows, sizeof(int64_t), "labels", error);
    TRY(error->code);
    for (size_t row = 0; row < input->rows; row++) detection->labels[row] = input->labels[row];
    if (settings->detector == DETECTOR_LOGISTIC)
        return run_logistic(operations, device, settings, style, detection, error);
    return run_ensemble(operations, device, settings, style, detection, error);
}

void detection_free(struct detection *detection) {
    ensemble_free(&detection->ensemble);
    crossval_report_free(&detection->crossval);
    confident_free(&detection->confident);
    scratch_free(detection->logarithms);
    scratch_free(detection->margins);
    scratch_free(detection->probabilities);
    scratch_free(detection->labels);
    scratch_free(detection->scores);
    scratch_free(detection->same_sound);
    scratch_free(detection->flagged);
    *detection = (struct detection){0};
}

/* ---- issues ---- */

struct confident_input detection_confident_input(const struct detection *detection) {
    const struct detection_input *input = detection->input;
    return (struct confident_input){
        .labels = npy_view(NPY_INT64, input->rows, 0, detection->labels),
        .probabilities =
            npy_view(NPY_FLOAT32, input->rows, input->classes, detection->probabilities),
        .threads = input->threads,
    };
}

/* scores (rows): margins, or cleanlab's. */
static enum error_code score_rows(const struct detection_settings *settings,
                                  struct detection *detection, struct error *error) {
    const struct confident_input input = detection_confident_input(detection);
    size_t rows = detection->input->rows;
    bool adjusted = settings->confident.adjust_pred_probs;
    detection->score_name = detection_score_name(settings->confident.score);
    if (settings->confident.score == SCORE_LOG_MARGIN) {
        for (size_t i = 0; i < rows; i++) detection->scores[i] = detection->view.margins[i];
        return ERROR_NONE;
    }
    double *scores = scratch_array(rows, sizeof *scores, "scores", error);
    if (scores != NULL && confident_score_rows(&input, settings->confident.score,
                                               adjusted ? detection->confident.thresholds : NULL,
                                               scores, error) == ERROR_NONE)
        for (size_t i = 0; i < rows; i++) detection->scores[i] = (float)scores[i];
    scratch_free(scores);
    return error->code;
}

/* How much a copy supports its label: the logarithm of its odds where one label in 20 is wrong. The
 * mix has not seen the labels of copies, so both add up. */
#define COPY_SUPPORT 3.0f

/* A row among copies: sorted by sound and label, rows of a label follow one another. */
struct copy {
    int32_t first, label, row;
};

static int compare_copy(const void *a, const void *b) {
    const struct copy *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* alike (rows): how many rows with the same sound have the row's label; only where sounds have
 * several labels, elsewhere it is left. */
static enum error_code count_alike(const struct detection *detection, int32_t *alike,
                                   struct error *error) {
    const struct detection_input *input = detection->input;
    size_t count = 0;
    for (size_t row = 0; row < input->rows; row++)
        count += detection->same_sound[input->copy_of[row]] != SIZE_MAX;
    if (count == 0) return ERROR_NONE;
    struct copy *copies = scratch_array(count, sizeof *copies, "copies", error);
    if (copies == NULL) return error->code;
    count = 0;
    for (size_t row = 0; row < input->rows; row++)
        if (detection->same_sound[input->copy_of[row]] != SIZE_MAX)
            copies[count++] = (struct copy){input->copy_of[row], input->labels[row], (int32_t)row};
    sort_in_place(copies, count, sizeof *copies, compare_copy);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && copies[end].first == copies[begin].first &&
                              copies[end].label == copies[begin].label;)
            end++;
        for (size_t i = begin; i < end; i++) alike[copies[i].row] = (int32_t)(end - begin);
    }
    scratch_free(copies);
    return ERROR_NONE;
}

/* The logarithm, up to a constant of the set, of how probable a row's label is for its sound. */
static float support(const struct detection *detection, const int32_t *alike, size_t row) {
    const struct detection_input *input = detection->input;
    const float *mix = detection->view.mix + (size_t)input->copy_of[row] * input->classes;
    return mix[input->labels[row]] + COPY_SUPPORT * (float)alike[row];
}

/* best (rows), by a set's first row: a row with the label that is most probable for the sound,
 * given the mix and the labels of all its copies. same_sound: that row where the label is another
 * one, else a row with another label. */
static enum error_code compare_copies(struct detection *detection, int32_t *alike, int32_t *best,
                                      struct error *error) {
    const struct detection_input *input = detection->input;
    const int32_t *labels = input->labels;
    size_t *same_sound = detection->same_sound;
    for (size_t row = 0; row < input->rows; row++) {
        size_t first = (size_t)input->copy_of[row];
        same_sound[row] = SIZE_MAX;
        if (labels[row] != labels[first] && same_sound[first] == SIZE_MAX) same_sound[first] = row;
    }
    TRY(count_alike(detection, alike, error));
    for (size_t row = 0; row < input->rows; row++) {
        size_t first = (size_t)input->copy_of[row];
        if (row == first) best[row] = (int32_t)row;
        if (support(detection, alike, row) > support(detection, alike, (size_t)best[first]))
            best[first] = (int32_t)row;
    }
    for (size_t row = input->rows; row-- > 0;) { /* the first of a set after its copies */
        size_t first = (size_t)input->copy_of[row], other = same_sound[first];
        if (other == SIZE_MAX) continue;
        if (labels[row] != labels[best[first]])
            same_sound[row] = (size_t)best[first];
        else
            same_sound[row] = labels[row] != labels[first] ? first : other;
    }
    return ERROR_NONE;
}

/* Identical sounds under different labels: one of the labels is wrong for certain. All are
 * flagged; those whose label is not the most probable one come first. */
static enum error_code flag_copies(struct detection *detection, unsigned char *flagged,
                                   struct error *error) {
    const struct detection_input *input = detection->input;
    int32_t *best = scratch_array(input->rows, sizeof *best, "copies", error);
    int32_t *alike = scratch_array(input->rows, sizeof *alike, "copies", error);
    detection->same_sound =
        scratch_array(input->rows, sizeof *detection->same_sound, "copies", error);
    if (error->code != ERROR_NONE) goto done;
    if (compare_copies(detection, alike, best, error) != ERROR_NONE) goto done;
    for (size_t row = 0; row < input->rows; row++) {
        if (detection->same_sound[row] == SIZE_MAX) continue;
        flagged[row] = 1;
        if (input->labels[row] != input->labels[best[(size_t)input->copy_of[row]]])
            detection->scores[row] -= CERTAIN_SCORE;
    }
done:
    scratch_free(best);
    scratch_free(alike);
    return error->code;
}

/* The ensemble's own set of issues, ranked by the scores. */
static enum error_code flag_rows(struct detection *detection, struct error *error) {
    const struct detection_input *input = detection->input;
    size_t count;
    detection->flagged = scratch_array(input->rows, 1, "issues", error);
    if (detection->flagged == NULL) return error->code;
    TRY(flagged_find(&detection->view, detection->flagged, &count, error));
    if (input->copy_of != NULL) TRY(flag_copies(detection, detection->flagged, error));
    return confident_set_issues(&detection->confident, detection->flagged, detection->scores,
                                input->labels, error);
}

enum error_code detection_find(const struct detection_settings *settings,
                               struct detection *detection, struct error *error) {
    const struct detection_input *input = detection->input;
    const struct confident_input confident = detection_confident_input(detection);
    struct confident_settings own = settings->confident;
    if (own.filter == FILTER_ENSEMBLE) own.filter = FILTER_PREDICTED_NEQ_GIVEN; /* replaced below */
    if (own.score == SCORE_LOG_MARGIN) own.score = SCORE_SELF_CONFIDENCE;
    TRY(confident_find(&confident, &own, &detection->confident, error));
    detection->scores = scratch_array(input->rows, sizeof(float), "scores", error);
    if (detection->scores == NULL) return error->code;
    TRY(score_rows(settings, detection, error));
    if (detection->own_filter) return flag_rows(detection, error);
    if (settings->confident.score != SCORE_LOG_MARGIN) return ERROR_NONE;
    for (size_t i = 0; i < detection->confident.issue_count; i++) {
        struct confident_issue *issue = &detection->confident.issues[i];
        issue->score = (double)detection->scores[issue->row];
    }
    return confident_rank_issues(&detection->confident, error);
}
