/* report.html: one self-contained page. */
#ifndef EARMARK_REPORT_REPORT_H
#define EARMARK_REPORT_REPORT_H

#include "host/base/folder.h"
#include "host/output/run.h"
#include "host/report/limits.h"
#include "host/sound/decoder.h"

/* Writes folder/report.html. The clips' files are decoded again, from
 * results->root, by all the decoders; the page states which could not be decoded.
 * *sounds may be NULL.
 * Links to clips are relative to the folder, so that both can move together. */
enum error_code report_write(const struct folder *folder, const struct run_results *results,
                             struct decoders *decoders, struct report_sounds *sounds,
                             struct error *error);

#endif
