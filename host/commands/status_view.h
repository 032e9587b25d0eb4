/* What `earmark status` has found out about OUT, and how it says it. */
#ifndef EARMARK_COMMANDS_STATUS_VIEW_H
#define EARMARK_COMMANDS_STATUS_VIEW_H

#include "host/base/run_status.h"
#include "host/cluster/part_states.h"

enum status_verdict {
    STATUS_COMPLETE,
    STATUS_RUNNING, /* at least one process works on it */
    STATUS_STOPPED, /* none does: it was stopped or failed, or its process is gone */
    STATUS_NO_RUN
};

struct status_view {
    const char *out;
    enum status_verdict verdict;

    bool finished;   /* run.json, or the last file of crossval or issues, is there */
    bool has_counts; /* the next ones are known */
    uint64_t clips, unreadable, issues;

    bool has_run; /* progress.json */
    struct run_status run;
    bool run_lives;
    double beat_age; /* seconds */
    bool has_shards; /* of an ordinary run that did not finish */

    struct part_states parts;
};

/* Append the text, whose names are visible, or one JSON object with a line feed. */
void status_text(struct text *text, const struct status_view *view);
void status_json(struct text *text, const struct status_view *view, int exit_code);

#endif
