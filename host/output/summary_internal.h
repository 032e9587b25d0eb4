/* The parts of the summary. Private to host/output/summary*.c. */
#ifndef EARMARK_OUTPUT_SUMMARY_INTERNAL_H
#define EARMARK_OUTPUT_SUMMARY_INTERNAL_H

#include "host/base/text.h"
#include "host/output/run.h"

#include <stdio.h>

/* All clips of the run, whatever their status. */
uint64_t summary_clips(const struct run_results *results);

/* Appends the line, broken to fit after `indent` columns, with its end; empties it. */
void summary_wrapped(struct text *text, struct text *line, int indent, int width);

/* The first issues as a table, with a line below those that are certain. */
void summary_issues(struct text *text, const struct run_results *results, int width);
/* The first groups with many labels that look wrong. */
void summary_groups(struct text *text, const struct run_results *results, int width);

/* Writes the text and frees it. */
enum error_code summary_put(FILE *stream, struct text *text, struct error *error);

#endif
