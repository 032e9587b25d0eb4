/* Which clip of OLD is which of NEW. */
#ifndef EARMARK_REPORT_DIFF_MATCH_H
#define EARMARK_REPORT_DIFF_MATCH_H

#include "host/report/diff_side.h"

/* Finds each clip's partner: the clip of the same id, and of those left the one with the same
 * sound, which was moved or renamed. */
enum error_code diff_match(struct diff_side *old, struct diff_side *new, struct error *error);

#endif
