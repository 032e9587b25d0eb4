/* report.html: one self-contained page. */
#ifndef EARMARK_REPORT_REPORT_H
#define EARMARK_REPORT_REPORT_H

#include "host/base/folder.h"
#include "host/base/text.h"
#include "host/output/run.h"
#include "host/report/limits.h"
#include "host/sound/decoder.h"

/* Writes folder/report.html. The clips' files are decoded again, from
 * results->root, by all the decoders; the page states which could not be decoded.
 * *sounds may be NULL.
 * The folder must have issues.jsonl, and may have the arrays of the run. Links to clips in the
 * folder are relative, so that both can move together; those to others are absolute. */
enum error_code report_write(const struct folder *folder, const struct run_results *results,
                             struct decoders *decoders, struct report_sounds *sounds,
                             struct error *error);

/* The tables of the page as a piece of HTML, without the list of issues, sounds and links to files:
 * health, classes, confident joint, audio faults, settings. Errors: ERROR_MEMORY. */
enum error_code report_overview(const struct run_results *results, struct text *html,
                                struct error *error);

#endif
