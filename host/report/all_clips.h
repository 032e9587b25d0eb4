/* Every clip of a finished run, by its row of clips.csv: for a review, which may come to any of
 * them. Of their texts each distinct one is kept once. */
#ifndef EARMARK_REPORT_ALL_CLIPS_H
#define EARMARK_REPORT_ALL_CLIPS_H

#include "host/base/folder.h"
#include "host/output/run.h"

struct all_clips;

/* Reads clips.csv, which may be anybody's. Errors: ERROR_FILE, ERROR_DATA with the line,
 * ERROR_MEMORY. */
enum error_code all_clips_open(const struct folder *folder, struct all_clips **clips,
                               struct error *error);
void all_clips_close(struct all_clips *clips); /* takes NULL */

/* What a struct run_results has in place of its own clips; valid until all_clips_close. Unlike
 * others its `get` may be called from any thread, and the texts stay valid. Known are id, path,
 * label, class, group, fold, status, place in the file and in the arrays, peak and level. */
struct run_clips all_clips_view(const struct all_clips *clips);

#endif
