/* What is printed after a run. */
#ifndef EARMARK_OUTPUT_SUMMARY_H
#define EARMARK_OUTPUT_SUMMARY_H

#include "host/output/run.h"

#include <stdio.h>

#define SUMMARY_ISSUES 10u

/* Cautions, counts, reasons of clips that could not be audited, how many labels are wrong and
 * overall label health, the first ten issues, groups with many labels that look wrong, audio
 * faults, where the files are and what to do next; names with their control characters made
 * visible. width: columns of the terminal, which lines are made to fit; 0: none, names whole. */
enum error_code summary_print(FILE *stream, int width, const char *folder,
                              const struct run_results *results, struct error *error);

/* The same as one JSON object on one line, for --json. */
enum error_code summary_print_json(FILE *stream, const char *folder,
                                   const struct run_results *results, struct error *error);

#endif
