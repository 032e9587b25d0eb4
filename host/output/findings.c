#include "host/output/findings.h"

#include "host/base/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* ---- evidence ---- */

bool run_has_marks(const struct run_results *results) {
    return results->view_count > 0;
}

bool run_evidence_counts(const struct run_evidence *evidence, size_t estimator) {
    return estimator == RUN_ESTIMATORS - 1 && evidence->neighbours > 0;
}

bool run_evidence_known(const struct run_evidence *evidence, size_t estimator) {
    return isfinite(evidence->given[estimator]) && isfinite(evidence->suggested[estimator]);
}

void run_votes_words(struct text *text, const struct run_results *results,
                     const struct run_issue *issue, const struct run_evidence *evidence,
                     run_name_writer *name) {
    char number[16];
    text_format(text, "%" PRIu32 " of %" PRIu32 " neighbours labelled ", evidence->with_suggested,
                evidence->neighbours);
    name(text, run_suggested_label(results, issue, number));
    text_format(text, ", %" PRIu32 " labelled ", evidence->with_given);
    name(text, run_given_label(results, issue, number));
}

void run_evidence_words(struct text *text, const struct run_results *results,
                        const struct run_issue *issue, size_t view, run_name_writer *name) {
    const struct run_evidence *evidence = &issue->evidence[view];
    const char *before = ": ";
    name(text, results->view_names[view]);
    for (size_t i = 0; i < RUN_ESTIMATORS; i++) {
        bool votes = run_evidence_counts(evidence, i);
        if (!votes && !run_evidence_known(evidence, i)) continue;
        text_string(text, before);
        before = ", ";
        if (votes)
            run_votes_words(text, results, issue, evidence, name);
        else
            text_format(text, "%s %.2f given %.2f suggested", run_estimator_name(i),
                        (double)evidence->given[i], (double)evidence->suggested[i]);
    }
}

static void append_evidence_json(struct text *text, const char *view,
                                 const struct run_evidence *evidence) {
    text_string(text, "{\"view\": ");
    text_json(text, view);
    for (size_t i = 0; i < RUN_ESTIMATORS; i++) {
        text_format(text, ", \"%s\": {\"given\": ", run_estimator_name(i));
        number_json_float(text, evidence->given[i]);
        text_string(text, ", \"suggested\": ");
        number_json_float(text, evidence->suggested[i]);
        text_string(text, "}");
    }
    text_format(text,
                ", \"counted\": {\"neighbours\": %" PRIu32 ", \"with_given\": %" PRIu32
                ", \"with_suggested\": %" PRIu32 "}}",
                evidence->neighbours, evidence->with_given, evidence->with_suggested);
}

void run_evidence_json(struct text *text, const struct run_results *results,
                       const struct run_issue *issue) {
    text_string(text, "[");
    for (size_t v = 0; issue->evidence != NULL && v < results->view_count; v++) {
        if (v > 0) text_string(text, ", ");
        append_evidence_json(text, results->view_names[v], &issue->evidence[v]);
    }
    text_string(text, "]");
}

bool run_copy_is_wrong(const struct run_issue *issue) {
    return issue->given_probability > issue->suggested_probability;
}

/* ---- how many labels are wrong ---- */

/* A number of clips as a whole number. Runs that are read back may have any number there. */
static uint64_t whole(double number) {
    if (!(number > 0.0)) return 0;
    return number < 1e15 ? (uint64_t)number : (uint64_t)1e15;
}

struct run_shown_errors run_shown_errors(const struct run_results *results) {
    const struct run_error_count *count = &results->error_count;
    uint64_t issues = results->issue_count;
    uint64_t right = whole(round(count->flagged_right.number));
    struct run_shown_errors shown = {.all = whole(round(count->errors.number)),
                                     .low = whole(floor(count->errors.low)),
                                     .high = whole(ceil(count->errors.high)),
                                     .flagged = right < issues ? issues - right : 0,
                                     .unflagged = whole(round(count->unflagged_wrong.number))};
    /* Rounded one by one the parts would differ from their sum by one now and then. */
    if (shown.all >= shown.flagged &&
        fabs((double)(shown.all - shown.flagged) - count->unflagged_wrong.number) <= 1.0)
        shown.unflagged = shown.all - shown.flagged;
    if (shown.low > shown.all) shown.low = shown.all;
    if (shown.high < shown.all) shown.high = shown.all;
    return shown;
}

bool run_errors_unknown(const struct run_results *results) {
    const struct run_shown_errors shown = run_shown_errors(results);
    return 2 * (shown.high - shown.low) > results->status_counts[CLIP_OK];
}

double run_right_share(const struct run_results *results) {
    double audited = (double)results->status_counts[CLIP_OK];
    double wrong = (double)run_shown_errors(results).all;
    return wrong < audited ? 1.0 - wrong / audited : 0.0;
}

static void append_parts(struct text *text, const struct run_results *results,
                         const struct run_shown_errors *shown) {
    text_string(text, ": ");
    number_thousands(text, shown->flagged);
    text_string(text, " of the ");
    number_thousands(text, results->issue_count);
    text_string(text, " flagged, and ");
    number_thousands(text, shown->unflagged);
    text_format(text, " that %s not flagged", shown->unflagged == 1 ? "is" : "are");
}

void run_errors_words(struct text *text, const struct run_results *results) {
    const struct run_shown_errors shown = run_shown_errors(results);
    const bool unknown = run_errors_unknown(results);
    if (unknown) {
        text_string(text, "How many labels are wrong is hardly known (95% interval: ");
    } else if (shown.all == 0) {
        text_string(text, "No label seems to be wrong (95% interval: ");
    } else {
        text_string(text, "About ");
        number_thousands(text, shown.all);
        text_format(text, " label%s wrong (95%% interval: ", shown.all == 1 ? " is" : "s are");
    }
    number_thousands(text, shown.low);
    text_string(text, " to ");
    number_thousands(text, shown.high);
    text_string(text, ")");
    if (unknown) return;
    if (results->issue_count > 0) append_parts(text, results, &shown);
    if (results->status_counts[CLIP_OK] == 0 || shown.all == 0) return;
    text_string(text, "; ");
    number_percent(text, run_right_share(results));
    text_string(text, " are right");
}

static void append_estimate(struct text *text, const char *opening,
                            const struct run_estimate *estimate) {
    text_format(text, "%s: {\"number\": ", opening);
    number_json(text, estimate->number);
    text_string(text, ", \"low\": ");
    number_json(text, estimate->low);
    text_string(text, ", \"high\": ");
    number_json(text, estimate->high);
    text_string(text, "}");
}

void run_error_count_json(struct text *text, const struct run_error_count *count) {
    if (!count->estimated) {
        text_string(text, "null");
        return;
    }
    append_estimate(text, "{\"errors\"", &count->errors);
    append_estimate(text, ", \"flagged_right\"", &count->flagged_right);
    append_estimate(text, ", \"unflagged_wrong\"", &count->unflagged_wrong);
    text_string(text, "}");
}

/* ---- the classifier and the groups ---- */

void run_belief_json(struct text *text, const struct run_belief *belief) {
    if (!belief->computed) {
        text_string(text, "null");
        return;
    }
    text_string(text, "{\"balanced_accuracy\": ");
    number_json(text, belief->balanced_accuracy);
    text_string(text, ", \"chance\": ");
    number_json(text, belief->chance);
    text_string(text, ", \"majority\": ");
    number_json(text, belief->majority);
    text_string(text, "}");
}

const char *run_group_name(const struct run_group_error *group, char *buffer) {
    if (group->group != NULL) return group->group;
    snprintf(buffer, 32, "%" PRId64, group->number);
    return buffer;
}

void run_group_words(struct text *text, const struct run_results *results,
                     const struct run_group_error *group, run_name_writer *name) {
    char number[32];
    name(text, results->group_name == NULL ? "group" : results->group_name);
    text_string(text, " ");
    name(text, run_group_name(group, number));
    text_string(text, ", labelled ");
    name(text, run_class_name(results, group->given, number));
    text_string(text, ": ");
    number_thousands(text, group->matching);
    text_string(text, " of ");
    number_thousands(text, group->clips);
    text_format(text, " clip%s like ", group->clips == 1 ? " looks" : "s look");
    name(text, run_class_name(results, group->suggested, number));
}

void run_strings_json(struct text *text, const char *const *strings, size_t count) {
    text_string(text, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_string(text, ", ");
        text_json(text, strings[i]);
    }
    text_string(text, "]");
}
