/* The files of a run, read back for `earmark report`. They are treated as hostile:
 * counts are bounded by what the files hold, every index is checked. */
#ifndef EARMARK_REPORT_READ_H
#define EARMARK_REPORT_READ_H

#include "host/base/folder.h"
#include "host/output/run.h"

struct run_read;

/* Reads run.json, classes.json, clips.csv (only the rows that a page needs),
 * issues.jsonl, classes.csv, overlapping_classes.csv, confident_joint.csv and
 * group_errors.csv of a finished run; what version 0.2.0 did not write may be missing. ERROR_FILE
 * or ERROR_DATA names the file, the line and the reason. */
enum error_code run_read_open(const struct folder *folder, struct run_read **read,
                              struct error *error);
/* From now on the results know every clip of clips.csv: of those that a page does not list what
 * all_clips.h has. */
enum error_code run_read_every_clip(struct run_read *read, const struct folder *folder,
                                    struct error *error);
const struct run_results *run_read_results(const struct run_read *read);
void run_read_close(struct run_read *read); /* takes NULL */

#endif
