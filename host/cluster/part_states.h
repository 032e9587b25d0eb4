/* The parts of a cluster run as they stand, for `earmark status`: what their folders say, at this
 * moment and without their list. Other processes write them; nothing is locked or changed. */
#ifndef EARMARK_CLUSTER_PART_STATES_H
#define EARMARK_CLUSTER_PART_STATES_H

#include "host/cluster/part_run.h"

/* A file that its process should have replaced is left alone for so long. */
#define STATES_STALE PART_LEASE_STALE

enum part_state {
    PART_NOT_BEGUN,
    PART_IS_COMPLETE,
    PART_RUNS,
    PART_IS_DEAD, /* its process has ended without saying so, or shows no sign any more */
    PART_STOPPED, /* begun, and no process has it: it was stopped or failed */
    PART_STATES
};

const char *part_state_name(enum part_state state); /* "not_begun", "complete" ... */

/* A part that has an owner. */
struct part_seen {
    size_t number;
    enum part_state state;
    double beat_age; /* seconds, by the clock of the file system and of this computer */
    uint64_t clips, clips_done;
    double clips_a_second;
    char host[LOCK_OWNER_FIELD];
    char process[LOCK_OWNER_FIELD];
};

struct part_states {
    size_t count;          /* of parts; 0: there are none */
    bool several;          /* there are folders of other numbers of parts, too */
    unsigned char *states; /* (count) enum part_state */
    size_t totals[PART_STATES];
    struct part_seen *seen; /* (seen_count), by number */
    size_t seen_count, seen_capacity;
    size_t sized; /* parts of which the number of clips is known */
    uint64_t clips, clips_done, unreadable;
    double clips_a_second; /* of those that run */
    char *input;           /* INPUT, any bytes, as the first part that has one says; or NULL */
};

/* Looks into OUT/shards. part_states_free() also after a failure. */
enum error_code part_states_read(const struct folder *out, struct part_states *states,
                                 struct error *error);
void part_states_free(struct part_states *states); /* takes a zeroed one */

#endif
