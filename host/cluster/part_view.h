/* The parts of a list as a run that uses them sees them: whether each can be used, and its rows. */
#ifndef EARMARK_CLUSTER_PART_VIEW_H
#define EARMARK_CLUSTER_PART_VIEW_H

#include "host/cluster/part_index.h"
#include "host/cluster/part_run.h"

struct part_view {
    char *problem; /* why it cannot be used, as "is missing"; NULL: nothing known */
    struct part_index index;
    size_t clips;       /* of the list */
    uint64_t list_hash; /* of these */
    size_t first_shard; /* of the store */
    size_t next_clip, next_note;
};

struct part_views {
    struct part_view *list; /* (count) */
    size_t count;
    size_t fitting; /* without a problem */
};

/* Looks at the index of each of `count` parts in the folder; part_views_close() also after a
 * failure. What is wrong with a part is its problem, and no error. */
enum error_code part_views_open(const struct session_settings *settings,
                                const struct session *session, const struct folder *parts,
                                size_t count, struct part_views *views, struct error *error);
void part_views_close(struct part_views *views); /* takes a zeroed one */

/* Reads, checks and maps the shards of all parts into the session's store. */
enum error_code part_views_map(const struct session_settings *settings, const struct folder *parts,
                               struct session *session, struct part_views *views,
                               struct error *error);

/* Takes what the part has of its next clip, which is clip `clip` of the session's list. */
enum error_code part_view_take(struct part_view *view, struct session *session, size_t clip,
                               struct error *error);

#endif
