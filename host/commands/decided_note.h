/* After a new audit into a folder that was reviewed before. */
#ifndef EARMARK_COMMANDS_DECIDED_NOTE_H
#define EARMARK_COMMANDS_DECIDED_NOTE_H

#include "host/output/run.h"

/* Where OUT has decisions: says how many issues of the new run are decided already, how many are
 * new, and how many decisions no longer fit. Decisions that cannot be read are no failure of the
 * run: a warning says why. */
void decided_note(const char *out, const struct run_results *results);

#endif
