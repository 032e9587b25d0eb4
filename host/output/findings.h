/* What a run found besides its ranking, in words and as JSON: evidence for each issue, how many
 * labels are wrong, how well the classifier knows the classes, groups with many wrong labels.
 * The files of a run, the summary and the page share it, so that they say the same. */
#ifndef EARMARK_OUTPUT_FINDINGS_H
#define EARMARK_OUTPUT_FINDINGS_H

#include "host/output/run.h"

/* How a name is appended: text_string, name_visible, or escaped for a page. */
typedef void run_name_writer(struct text *text, const char *name);

/* Whether issues have marks (certain, none of the classes), entropy and evidence. */
bool run_has_marks(const struct run_results *results);

/* What one view says of an issue that has evidence: "xvector: logistic 0.02 given 0.91
 * suggested, discriminant 0.01 given 0.95 suggested, 17 of 20 neighbours labelled eight, 2 labelled
 * six". */
void run_evidence_words(struct text *text, const struct run_results *results,
                        const struct run_issue *issue, size_t view, run_name_writer *name);
/* Its parts, for a page: whether an estimator is shown by its counted neighbours ("17 of 20
 * neighbours labelled eight, 2 labelled six", written by run_votes_words), or else by its
 * probabilities. */
bool run_evidence_counts(const struct run_evidence *evidence, size_t estimator);
bool run_evidence_known(const struct run_evidence *evidence, size_t estimator);
void run_votes_words(struct text *text, const struct run_results *results,
                     const struct run_issue *issue, const struct run_evidence *evidence,
                     run_name_writer *name);
/* The same as an array with an object for each view; [] without evidence. */
void run_evidence_json(struct text *text, const struct run_results *results,
                       const struct run_issue *issue);

/* The error count as it is shown: whole numbers, `all` the sum of the two parts where the estimate
 * allows it. Only if it is estimated. */
struct run_shown_errors {
    uint64_t all, low, high; /* wrong labels, with the 95% interval widened to whole numbers */
    uint64_t flagged;        /* of the issues, how many are wrong */
    uint64_t unflagged;      /* wrong and not among the issues */
};
struct run_shown_errors run_shown_errors(const struct run_results *results);

/* The share of labels that are right, 0 to 1, by the error count as it is shown. It is not the
 * overall health, which is confident learning's. Only if the error count is estimated. */
double run_right_share(const struct run_results *results);

/* Of an issue that is certain: whether the other clip's label is less probable than its own. */
bool run_copy_is_wrong(const struct run_issue *issue);

/* Whether the interval holds more than half of the clips: no number is worth naming. */
bool run_errors_unknown(const struct run_results *results);

/* "About 31 labels are wrong (95% interval: 24 to 40): 27 of the 30 flagged, and 4 that are not
 * flagged; 97.4% are right". Only if the error count is estimated. */
void run_errors_words(struct text *text, const struct run_results *results);

/* "speaker anna, labelled six: 14 of 15 clips look like nine" */
void run_group_words(struct text *text, const struct run_results *results,
                     const struct run_group_error *group, run_name_writer *name);
/* The group's name, or its number written into buffer (32 bytes). */
const char *run_group_name(const struct run_group_error *group, char *buffer);

/* Objects; null where the numbers are not known. */
void run_error_count_json(struct text *text, const struct run_error_count *count);
void run_belief_json(struct text *text, const struct run_belief *belief);
/* An array of strings. */
void run_strings_json(struct text *text, const char *const *strings, size_t count);

#endif
