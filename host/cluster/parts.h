/* The parts of a list that several processes have embedded (part_run.h), put together: each clip's
 * embedding stays where it is mapped. */
#ifndef EARMARK_CLUSTER_PARTS_H
#define EARMARK_CLUSTER_PARTS_H

#include "host/cluster/part_run.h"

/* Appends the command that makes a part. */
struct parts_command {
    void (*append)(const void *context, const struct part *part, struct text *text);
    const void *context;
};

/* After session_open_device(): takes every clip's embedding from the parts in OUT/shards, as
 * session_embed() would compute it: measures, counts, statuses and the store's rows. Of several
 * numbers of parts the one is used that is complete. *count: how many parts.
 *
 * ERROR_DATA when a part is missing, damaged, or of another list, model or settings: each was
 * named in a message, with the command that makes it. */
enum error_code parts_take(const struct session_settings *settings,
                           const struct parts_command *command, struct session *session,
                           size_t *count, struct error *error);

#endif
