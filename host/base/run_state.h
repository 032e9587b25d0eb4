/* What the process is doing, as far as it says: set by the thread that runs the stages, read by
 * the one that writes it to files (run_watch.h). All functions may be called from any thread. */
#ifndef EARMARK_BASE_RUN_STATE_H
#define EARMARK_BASE_RUN_STATE_H

#include "host/base/progress_json.h"

#define RUN_STATE_STATUSES 16

/* Times a run waited, and what it read. */
struct run_waits {
    double disk_wait;   /* seconds a decoder waited for files, the mean of the decoders */
    double device_wait; /* seconds in which the device was not asked, for lack of clips */
    uint64_t bytes_read;
};

struct run_state {
    const char *command; /* a literal; NULL: not set */
    double started;      /* of the monotonic clock */
    double started_at;   /* of the Unix epoch */
    struct progress_view stage;
    double stage_started;                         /* of the monotonic clock */
    bool stage_ended;                             /* its time has stopped */
    uint64_t clips;                               /* of the list; 0: not known yet */
    const char *status_names[RUN_STATE_STATUSES]; /* literals; NULL after the last */
    uint64_t status_counts[RUN_STATE_STATUSES];
    uint64_t clips_kept; /* of these: embedded by an earlier run */
    double audio_seconds;
    struct run_waits waits;
    int64_t issues; /* -1: not known yet */
    uint64_t messages[MESSAGE_LEVELS];
};

void run_state_begin(const char *command);
void run_state_stage(const struct progress_view *stage, bool begins);
void run_state_stage_end(void);
void run_state_clips(uint64_t clips);
/* One more clip of this status, a literal. */
void run_state_clip(const char *status, bool kept);
void run_state_audio(double seconds); /* in all */
void run_state_waits(const struct run_waits *waits);
void run_state_issues(uint64_t issues);
void run_state_message(enum message_level level);

/* A copy, with the stage measured now. */
void run_state_now(struct run_state *state);

#endif
