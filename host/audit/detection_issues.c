/* What is said of each issue: the suggested label, the scores, and what every estimator says. */
#include "host/audit/detection.h"

#include "host/audit/issues.h"
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/scratch.h"
#include "host/classifier/votes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The label that the row should have: that of a copy, or the most probable of the others. */
static int32_t suggest(const struct detection *detection, size_t row) {
    const struct detection_input *input = detection->input;
    const float *mix = detection->view.mix + row * input->classes;
    int32_t best = -1;
    if (detection->same_sound != NULL && detection->same_sound[row] != SIZE_MAX)
        return input->labels[detection->same_sound[row]];
    for (size_t k = 0; k < input->classes; k++)
        if ((int32_t)k != input->labels[row] && (best < 0 || mix[k] > mix[best])) best = (int32_t)k;
    return best;
}

/* What confident learning does not know of an issue. */
static void complete_issue(const struct detection *detection, size_t row, const size_t *clips,
                           struct run_issue *issue) {
    const struct detection_input *input = detection->input;
    if (!detection->own_filter) return;
    issue->suggested = suggest(detection, row);
    issue->suggested_probability =
        detection->probabilities[row * input->classes + (size_t)issue->suggested];
    if (detection->same_sound == NULL || detection->same_sound[row] == SIZE_MAX) return;
    issue->certain = true;
    issue->same_sound = detection->same_sound[row];
    if (clips != NULL) issue->same_sound = clips[issue->same_sound];
}

/* The estimators' probabilities of the two labels. */
static void fill_evidence(const struct detection *detection, size_t row,
                          const struct run_issue *issue, struct run_evidence *evidence) {
    const struct detection_input *input = detection->input;
    for (size_t v = 0; v < input->view_count; v++)
        for (size_t e = 0; e < RUN_ESTIMATORS; e++) {
            const float *values =
                detection->ensemble.estimators[v * MIX_ESTIMATORS + e] + row * input->classes;
            evidence[v].given[e] = expf(values[issue->given]);
            evidence[v].suggested[e] = expf(values[issue->suggested]);
        }
}

/* Counts the labels of a row's neighbours. */
static void count_neighbours(const struct detection_input *input, const size_t *neighbours,
                             const struct run_issue *issue, struct run_evidence *evidence) {
    for (size_t n = 0; n < VOTES_NEIGHBOURS && neighbours[n] != SIZE_MAX; n++) {
        int32_t label = input->labels[neighbours[n]];
        evidence->neighbours++;
        evidence->with_given += label == issue->given;
        evidence->with_suggested += label == issue->suggested;
    }
}

/* The neighbours of the first issues in every view. */
static enum error_code find_neighbours(const struct device_operations *operations,
                                       struct device *device, const struct detection *detection,
                                       const struct run_issue *issues,
                                       struct run_evidence *evidence, struct error *error) {
    const struct detection_input *input = detection->input;
    size_t count = detection->confident.issue_count;
    if (count > RUN_NEIGHBOUR_ISSUES) count = RUN_NEIGHBOUR_ISSUES;
    size_t *queries = scratch_array(count, sizeof *queries, "neighbours", error);
    size_t *found = scratch_array(count, VOTES_NEIGHBOURS * sizeof *found, "neighbours", error);
    float *similar = scratch_array(count, VOTES_NEIGHBOURS * sizeof *similar, "neighbours", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t i = 0; i < count; i++) queries[i] = detection->confident.issues[i].row;
    for (size_t v = 0; v < input->view_count && error->code == ERROR_NONE; v++) {
        const struct votes_input rows = {.embeddings = input->views[v].embeddings,
                                         .labels = input->labels,
                                         .rows = input->rows,
                                         .features = input->views[v].features,
                                         .classes = input->classes,
                                         .apart = input->copy_of,
                                         .threads = input->threads};
        if (votes_neighbours(operations, device, &rows, queries, count, found, similar, error) !=
            ERROR_NONE)
            break;
        for (size_t i = 0; i < count; i++)
            count_neighbours(input, found + i * VOTES_NEIGHBOURS, &issues[i],
                             &evidence[i * input->view_count + v]);
    }
done:
    scratch_free(queries);
    scratch_free(found);
    scratch_free(similar);
    return error->code;
}

static enum error_code make_evidence(const struct device_operations *operations,
                                     struct device *device, const struct detection *detection,
                                     struct run_issue *issues, struct run_evidence **evidence,
                                     struct error *error) {
    size_t count = detection->confident.issue_count, views = detection->input->view_count;
    *evidence = scratch_array(count, views * sizeof **evidence, "evidence", error);
    if (*evidence == NULL) return error->code;
    for (size_t i = 0; i < count; i++) {
        fill_evidence(detection, detection->confident.issues[i].row, &issues[i],
                      *evidence + i * views);
        issues[i].evidence = *evidence + i * views;
    }
    return find_neighbours(operations, device, detection, issues, *evidence, error);
}

enum error_code detection_issues(const struct device_operations *operations, struct device *device,
                                 const struct detection *detection, const size_t *clips,
                                 struct run_issue **issues, struct run_evidence **evidence,
                                 struct error *error) {
    const struct confident_input confident = detection_confident_input(detection);
    *evidence = NULL;
    TRY(issues_make(&confident, &detection->confident, clips, issues, error));
    for (size_t i = 0; i < detection->confident.issue_count; i++)
        complete_issue(detection, detection->confident.issues[i].row, clips, &(*issues)[i]);
    if (detection->detector == DETECTOR_LOGISTIC) return ERROR_NONE;
    return make_evidence(operations, device, detection, *issues, evidence, error);
}

void detection_json(const struct detection *detection, struct text *text) {
    if (detection->detector == DETECTOR_LOGISTIC)
        crossval_report_json(&detection->crossval, text);
    else
        ensemble_json(&detection->ensemble, detection->input->views, text);
}

void detection_words(const struct detection *detection, struct text *text) {
    const struct crossval_report *logistic = &detection->crossval;
    if (detection->detector == DETECTOR_LOGISTIC)
        text_format(text, "C = %g, log-loss %.6g", logistic->c_values[logistic->chosen],
                    logistic->log_losses[logistic->chosen]);
    else
        text_format(text, "log-loss %.6g", detection->ensemble.report.log_loss);
}

enum error_code detection_facts(const struct detection *detection, struct run_facts *facts,
                                struct error *error) {
    struct text report = TEXT_INITIAL;
    detection_json(detection, &report);
    if (text_check(&report, error) == ERROR_NONE)
        run_fact_json(facts, "classifier",
                      detection->detector == DETECTOR_LOGISTIC ? "cross_validation" : "ensemble",
                      report.data);
    text_free(&report);
    return error->code;
}

/* Of the ensemble's fits only those of the chosen C count; a view is named where there are
 * several. */
void detection_warnings(const struct detection *detection, struct text *text) {
    const struct detection_input *input = detection->input;
    if (detection->detector == DETECTOR_LOGISTIC) {
        crossval_report_warnings(&detection->crossval, text);
        return;
    }
    for (size_t v = 0; v < input->view_count; v++) {
        const struct crossval_report fits =
            crossval_report_chosen(&detection->ensemble.logistic[v]);
        struct text lines = TEXT_INITIAL;
        crossval_report_warnings(&fits, &lines);
        char *rest = lines.data;
        for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
            if (line[0] == '\0') continue;
            /* A name may have line ends, which would begin another warning. */
            if (input->view_count > 1) name_shown(text, input->views[v].name, "\\");
            text_format(text, "%s%s\n", input->view_count > 1 ? ": " : "", line);
        }
        if (lines.failed) text->failed = true;
        text_free(&lines);
    }
}
