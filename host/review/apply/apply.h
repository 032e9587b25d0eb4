/* earmark apply: decisions written into a new list. Nothing that is there is changed. */
#ifndef EARMARK_REVIEW_APPLY_APPLY_H
#define EARMARK_REVIEW_APPLY_APPLY_H

#include "host/review/apply/apply_report.h"

/* NEW must not exist, and appears whole or not at all. Errors: ERROR_USAGE (NEW, conflicts),
 * ERROR_DATA (the list has changed, the list cannot have what was decided, names collide),
 * ERROR_UNSUPPORTED (a run of an older version), ERROR_FILE, ERROR_MEMORY. apply_report_free also
 * after a failure. */
enum error_code apply_decisions(const struct apply_settings *settings, struct apply_report *report,
                                struct error *error);
void apply_report_free(struct apply_report *report); /* takes a zeroed one */

/* Names of choices, for the table of options; NULL after the last. */
const char *apply_exclude_name(int value);
const char *apply_conflicts_name(int value);

#endif
