/* What each stage of a run took, for timing.json. */
#ifndef EARMARK_EMBEDDING_STAGE_TIMES_H
#define EARMARK_EMBEDDING_STAGE_TIMES_H

#include "host/base/resources.h"
#include "host/embedding/session.h"
#include "host/output/timing.h"

#define STAGE_TIMES 8

struct stage_times {
    struct run_timing list[STAGE_TIMES];
    size_t count;
    double began, stage_began; /* of the monotonic clock */
    struct resources resources;
    struct decoders_usage usage;
};

/* The first stage begins; its name is a literal, as all are. */
void stage_times_begin(struct stage_times *times, const char *stage);

/* The stage ends, in which so much of `unit` was done, and `next` begins. */
void stage_times_end(struct stage_times *times, const char *stage, double amount, const char *unit,
                     const struct session *session, const char *next);

/* What a stage other than the embedding waited for, as in timing.json; NULL: none of these. Its
 * threads waited for queued_seconds in all while other programs had the processors. device: there
 * is one that is no CPU. */
const char *stage_times_limit(const struct run_timing *timing, double queued_seconds, int threads,
                              bool device);

/* timing.json, of the stages that have ended. */
enum error_code stage_times_write(const struct stage_times *times, const struct session *session,
                                  struct error *error);

#endif
