/* Embeds one part of a list into its own folder OUT/shards/part-I-of-N, beside any number of other
 * processes that embed other parts, or wait for this one. */
#ifndef EARMARK_CLUSTER_PART_RUN_H
#define EARMARK_CLUSTER_PART_RUN_H

#include "host/cluster/part.h"
#include "host/cluster/part_lease.h"
#include "host/embedding/session.h"

#define PARTS_FOLDER "shards"         /* of parts_home() */
#define PART_COMPLETE "complete.json" /* written last; for people, and as the sign */

/* Zeroed but for the session, which is SESSION_INITIAL. */
struct part_run {
    struct session session; /* its clips are those of the part */
    struct folder parts;    /* OUT/shards */
    struct folder folder;   /* of the part, in it */
    char name[PART_NAME_SIZE];
    struct part_lease lease;
    char what[64]; /* "shard 3/32" */
    size_t *list_rows;
    size_t unreadable, silent;
    struct text complete; /* what complete.json has */
    double began;
};

#define PART_RUN_INITIAL                                                                           \
    { .session = SESSION_INITIAL, .parts = FOLDER_INITIAL, .folder = FOLDER_INITIAL }

/* Embeds the part; what is complete already is only looked at. Clips that cannot be read are noted,
 * and no error. ERROR_FILE when a running process has the part; ERROR_STOPPED after a signal, or
 * when another process has taken the part over. part_run_close() also after a failure. */
enum error_code part_run(const struct session_settings *settings, const struct part *part,
                         struct part_run *run, struct error *error);
void part_run_close(struct part_run *run);

/* The folder with PARTS_FOLDER: OUT, or that of --state, in which parts stay when results go. */
static inline const char *parts_home(const struct session_settings *settings) {
    return settings->state == NULL ? settings->out : settings->state;
}

/* Settings that a part must agree in with the run that uses it, as lines of run_record.h, and the
 * key of the shards that a run with these settings writes. */
enum error_code part_record(const struct session_settings *settings, const struct session *session,
                            struct text *record, struct shard_key *key, struct error *error);

#endif
