/* Flagged rows and class health of a multilabel result as the output files take them. */
#ifndef EARMARK_AUDIT_ISSUES_MULTILABEL_H
#define EARMARK_AUDIT_ISSUES_MULTILABEL_H

#include "host/confident/multilabel.h"
#include "host/output/run.h"

/* The issues of `found`, ranked, with scores, probabilities and annotations (by class), without
 * sets and neighbours. clips (rows): the `row` of an issue; NULL: the row itself. *issues
 * (found->issue_count) points into *annotations (found->annotation_count); the caller frees
 * both, after a failure too. */
enum error_code issues_make_multilabel(const struct multilabel_input *input,
                                       const struct multilabel_result *found, const size_t *clips,
                                       struct run_issue **issues,
                                       struct run_annotation **annotations, struct error *error);

/* classes (found->classes), worst quality first, to be freed by the caller. */
enum error_code class_health_make_multilabel(const struct multilabel_result *found,
                                             struct run_class **classes, struct error *error);

#endif
