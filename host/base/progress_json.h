/* What --progress json writes to stderr, an object a line:
 *
 *   {"time": T, "event": "begin", "stage": S, "unit": U, "total": N}
 *   {"time": T, "event": "progress" or "end", "stage": S, "unit": U, "done": N, "total": N,
 *    "kept": N, "elapsed_seconds": X, "per_second": X, "times_real_time": X, "seconds_left": X}
 *   {"time": T, "event": "message", "level": L, "message": M}
 *   {"time": T, "event": "exit", "exit_code": N, "meaning": M}
 *
 * T: seconds of the Unix epoch. total, per_second, times_real_time and seconds_left are null where
 * they are not known. kept: of done, by an earlier run; speeds leave it out. */
#ifndef EARMARK_BASE_PROGRESS_JSON_H
#define EARMARK_BASE_PROGRESS_JSON_H

#include "host/base/text.h"

#include <stdint.h>
#include <stdio.h>

enum message_level { MESSAGE_ERROR, MESSAGE_WARNING, MESSAGE_INFO, MESSAGE_LEVELS };

const char *message_level_name(enum message_level level); /* "error", "warning", "info" */

/* A stage at a moment. Speeds are of what this run did, NAN where they are not known. */
struct progress_view {
    const char *stage, *unit;   /* literals; NULL: no stage has begun */
    uint64_t done, total, kept; /* total 0: not known */
    unsigned advances;          /* how often done grew: the time left waits for some */
    double audio_seconds;
    double elapsed; /* seconds */
    double per_second, times_real_time, seconds_left;
};

/* Fills in the last three from the others. */
void progress_view_measure(struct progress_view *view);

void progress_json_stage(FILE *stream, const char *event, const struct progress_view *view);
void progress_json_message(FILE *stream, enum message_level level, const char *message);
void progress_json_exit(FILE *stream, int exit_code, const char *meaning);

/* Appends "done" to "seconds_left", as members of an object. */
void progress_json_members(struct text *text, const struct progress_view *view);

/* Appends one more member: six digits, null where the value is not finite. */
void progress_json_number(struct text *text, const char *name, double value);

#endif
