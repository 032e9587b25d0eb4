#include "host/audit/detection_results.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/confident/belief.h"
#include "host/confident/error_count.h"
#include "host/confident/group_errors.h"
#include "host/confident/none_of_classes.h"

#include <stdlib.h>

/* Which views there are is said where evidence of each is. */
static void name_views(const struct detection *detection, struct detection_results *found,
                       struct run_results *results) {
    if (detection->detector == DETECTOR_LOGISTIC) return;
    for (size_t v = 0; v < detection->input->view_count; v++)
        found->view_names[v] = detection->input->views[v].name;
    results->view_names = found->view_names;
    results->view_count = detection->input->view_count;
}

static int compare_entropy(const void *left, const void *right) {
    const struct none_of_classes *a = left, *b = right;
    return (a->entropy > b->entropy) - (a->entropy < b->entropy);
}

/* Whether the median of the rows would be marked by the mix, were it an issue: with half of the
 * labels wrong every clip's probabilities are flat. (The estimators' mean is flat for any right
 * label, which votes confirm only so far.) Of at most SAMPLE rows, evenly spaced. */
#define SAMPLE ((size_t)1000)
static enum error_code ordinary_marked(const struct mix_view *view, bool *marked,
                                       struct error *error) {
    struct mix_view mix = *view;
    size_t count = view->rows < SAMPLE ? view->rows : SAMPLE;
    size_t *rows = scratch_array(count, sizeof *rows, "rows", error);
    struct none_of_classes *found = memory_array(count, sizeof *found, "rows", error);
    if (error->code == ERROR_NONE && count > 0) {
        for (size_t i = 0; i < count; i++) rows[i] = i * view->rows / count;
        mix.estimators = &view->mix;
        mix.estimator_count = 1;
        mix.weights = NULL;
        none_of_classes_find(&mix, rows, count, found);
        qsort(found, count, sizeof *found, compare_entropy);
        *marked = found[count / 2].marked;
    }
    scratch_free(rows);
    free(found);
    return error->code;
}

/* Issues that belong to none of the classes; identical sounds belong to one. */
static enum error_code mark_issues(const struct detection *detection,
                                   struct detection_results *found, struct error *error) {
    size_t count = detection->confident.issue_count;
    bool flat = false;
    TRY(ordinary_marked(&detection->view, &flat, error));
    size_t *rows = scratch_array(count, sizeof *rows, "issues", error);
    struct none_of_classes *marks = scratch_array(count, sizeof *marks, "issues", error);
    if (error->code == ERROR_NONE) {
        for (size_t i = 0; i < count; i++) rows[i] = detection->confident.issues[i].row;
        none_of_classes_find(&detection->view, rows, count, marks);
        for (size_t i = 0; i < count; i++) {
            found->issues[i].entropy = marks[i].entropy;
            found->issues[i].none_of_classes =
                marks[i].marked && !flat && !found->issues[i].certain;
        }
    }
    scratch_free(rows);
    scratch_free(marks);
    return error->code;
}

/* How well the classes are known, and what follows from it for the list. With groups it is what is
 * known without the row's own group: its other clips say nothing of how well a class is known. */
static enum error_code judge(const struct detection *detection, struct detection_results *found,
                             struct run_results *results, struct error *error) {
    const struct detection_input *input = detection->input;
    struct mix_view view = detection->view;
    struct belief belief = BELIEF_INITIAL;
    const struct belief_words words = {.labels = input->labels,
                                       .class_names = input->class_names,
                                       .flagged = detection->confident.issue_count,
                                       .group_option =
                                           input->groups == NULL ? input->group_option : NULL};
    if (found->group_view != NULL) view.mix = found->group_view;
    if (belief_measure(&view, &belief, error) == ERROR_NONE && belief_knows_little(&belief))
        /* Nothing fits any class then: that says nothing of the clip. */
        for (size_t i = 0; i < detection->confident.issue_count; i++)
            found->issues[i].none_of_classes = false;
    if (error->code == ERROR_NONE &&
        belief_warn(&belief, &words, &found->cautions, error) == ERROR_NONE &&
        detection->detector == DETECTOR_ENSEMBLE) {
        results->belief = (struct run_belief){.computed = true,
                                              .balanced_accuracy = belief.balanced_accuracy,
                                              .chance = belief.chance,
                                              .majority = belief.majority};
        for (size_t i = 0; i < input->classes; i++)
            found->health.classes[i].recall = belief.recall[found->health.classes[i].index];
    }
    belief_free(&belief);
    return error->code;
}

/* How many labels are wrong; the estimate is about the rule's own set of issues. */
static enum error_code count_errors(const struct detection *detection, struct run_results *results,
                                    struct error *error) {
    struct error_count count;
    double flagged = (double)detection->confident.issue_count;
    if (detection->flagged == NULL) return ERROR_NONE;
    TRY(error_count_estimate(&detection->view, detection->flagged, &count, error));
    results->error_count = (struct run_error_count){
        .estimated = true,
        .errors = {count.errors, count.low, count.high},
        .flagged_right = {flagged - count.flagged_right, flagged - count.flagged_right_high,
                          flagged - count.flagged_right_low},
        .unflagged_wrong = {count.unflagged_wrong, count.unflagged_wrong_low,
                            count.unflagged_wrong_high},
    };
    return ERROR_NONE;
}

/* Groups that look mislabelled as a whole. */
static enum error_code find_groups(const struct detection *detection,
                                   struct detection_results *found, struct run_results *results,
                                   struct error *error) {
    const struct detection_input *input = detection->input;
    const char *const *names = input->group_names;
    const struct group_errors_input rows = {.rows = input->rows,
                                            .classes = input->classes,
                                            .labels = input->labels,
                                            .groups = input->groups,
                                            .log_probabilities = found->group_view,
                                            .threads = input->threads};
    struct group_error *errors = NULL;
    size_t count = 0;
    if (found->group_view == NULL) return ERROR_NONE;
    TRY(group_errors_find(&rows, &errors, &count, error));
    found->group_errors = memory_array(count, sizeof *found->group_errors, "groups", error);
    for (size_t i = 0; found->group_errors != NULL && i < count; i++)
        found->group_errors[i] = (struct run_group_error){
            .group = names == NULL ? NULL : names[errors[i].group],
            .number = errors[i].group,
            .given = errors[i].given,
            .suggested = errors[i].suggested,
            .clips = errors[i].clips,
            .matching = errors[i].matching,
        };
    scratch_free(errors);
    results->group_errors = found->group_errors;
    results->group_error_count = count;
    return error->code;
}

enum error_code detection_results_make(const struct device_operations *operations,
                                       struct device *device, const struct detection *detection,
                                       const size_t *clips, struct detection_results *found,
                                       struct run_results *results, struct error *error) {
    const struct confident_result *confident = &detection->confident;
    TRY(detection_issues(operations, device, detection, clips, &found->issues, &found->evidence,
                         error));
    TRY(health_tables_make(confident, &found->health, error));
    name_views(detection, found, results);
    TRY(mark_issues(detection, found, error));
    TRY(detection_group_view(operations, device, detection, &found->group_view, error));
    TRY(judge(detection, found, results, error));
    TRY(count_errors(detection, results, error));
    TRY(find_groups(detection, found, results, error));
    results->detector = detector_name(detection->detector);
    results->score_name = detection->score_name;
    results->issues = found->issues;
    results->issue_count = confident->issue_count;
    results->confident_joint = confident->confident_joint;
    results->classes = found->health.classes;
    results->pairs = found->health.pairs;
    results->pair_count = found->health.pair_count;
    results->overall_health = found->health.overall;
    results->cautions = (const char *const *)found->cautions.sentences;
    results->caution_count = found->cautions.count;
    return ERROR_NONE;
}

void detection_results_free(struct detection_results *found) {
    scratch_free(found->issues);
    scratch_free(found->evidence);
    free(found->health.classes);
    free(found->health.pairs);
    scratch_free(found->group_view);
    free(found->group_errors);
    warnings_free(&found->cautions);
    *found = (struct detection_results){0};
}
