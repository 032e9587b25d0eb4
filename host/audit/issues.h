/* Flagged rows as the output files take them. */
#ifndef EARMARK_AUDIT_ISSUES_H
#define EARMARK_AUDIT_ISSUES_H

#include "host/confident/confident.h"
#include "host/output/run.h"

/* The issues of `found`, ranked, with their scores and probabilities and without neighbours.
 * clips (rows): the `row` of an issue for each row of the input; NULL: the row itself. *issues
 * (found->issue_count) is to be freed by the caller, after a failure too. */
enum error_code issues_make(const struct confident_input *input,
                            const struct confident_result *found, const size_t *clips,
                            struct run_issue **issues, struct error *error);

#endif
