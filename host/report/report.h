/* report.html: one self-contained page. */
#ifndef EARMARK_REPORT_REPORT_H
#define EARMARK_REPORT_REPORT_H

#include "host/output/run.h"
#include "host/sound/decoder.h"

#define REPORT_PLAYED_ISSUES 200u   /* have their sound in the page */
#define REPORT_LISTED_ISSUES 20000u /* are in the page at all; issues.csv has every one */
#define REPORT_LISTED_CLIPS 200u    /* that could not be audited, named in the page */
#define REPORT_FAULT_CLIPS 100u     /* of each audio fault, named in the page */

struct report_sounds {
    size_t played;  /* issues whose sound is in the page */
    size_t missing; /* issues whose file could no longer be read, as the page states */
};

/* Writes folder/report.html. The clips' files are decoded again, from
 * results->root, by all the decoders; the page states which could not be decoded.
 * *sounds may be NULL.
 * Links to clips are relative to the folder, so that both can move together. */
enum error_code report_write(const char *folder, const struct run_results *results,
                             struct decoders *decoders, struct report_sounds *sounds,
                             struct error *error);

#endif
