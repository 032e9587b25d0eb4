/* The run that the server shows. Private to host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_RUN_H
#define EARMARK_REVIEW_SERVER_RUN_H

#include "host/base/root_folder.h"
#include "host/base/text.h"
#include "host/output/run.h"
#include "host/report/read.h"
#include "host/report/review_data.h"
#include "host/report/run_hash.h"
#include "host/review/conflicts.h"
#include "host/review/decision_writer.h"
#include "host/review/learning.h"
#include "host/review/server_cache.h"
#include "host/review/server_request.h"
#include "host/review/server_settings.h"

#include <pthread.h>
#include <sys/stat.h>

/* Where a row stands in the ranking. */
struct row_rank {
    size_t row, issue; /* issue: rank - 1 */
};

struct server {
    const struct folder *out;
    const struct review_settings *settings;
    char *place; /* OUT's whole path, without links; NULL: not known */
    char token[REQUEST_KEY_SIZE];
    /* Of the paths of sounds and pictures, which browsers keep in their history and tools show: it
     * must not tell the token. A hash of the token under a key would do; no library that earmark
     * links itself has one. Another random number tells even less of it, is new with each start,
     * too, and reaches only who has the token, in /issues.json. */
    char key[REQUEST_KEY_SIZE];

    struct run_read *read;
    struct run_results results; /* of the run, with every clip */
    char hash[RUN_HASH_SIZE];
    struct stat pinned;         /* of run.json */
    char *separator;            /* of a multilabel run; else NULL */
    struct row_rank *ranks;     /* (results.issue_count) ascending rows */
    struct conflicts conflicts; /* with --conflicts; results.issues are then its own */

    struct root_folder root;
    struct clip_sources *sources;
    struct server_cache *cache;
    struct learning *learning;
    struct review_data *data;
    struct text page, issues, overview; /* answers that stay as they are */

    pthread_mutex_t lock; /* for what follows */
    struct decisions decisions;
    struct decision_writer writer;
    size_t saved;                  /* decisions, since the start */
    size_t *drawn;                 /* (drawn_count) rows of spot checks, in their order */
    size_t drawn_count, unflagged; /* unflagged: audited clips that are no issue */
    uint64_t *turns;               /* by index of the decisions: when each was made, in counts */
    size_t turn_capacity;
    uint64_t turn;
};

/* Opens all of it; server_run_close after a failure, too. The server is zeroed. */
enum error_code server_run_open(struct server *server, struct decoders *decoders,
                                struct error *error);
void server_run_close(struct server *server);

/* ERROR_FILE once OUT is no longer where it was (a disk that was unmounted lives on for who has a
 * file of it open, and what is written there nobody finds again), or once run.json is no longer the
 * file that was opened, or cannot be looked at. */
enum error_code server_run_check(const struct server *server, struct error *error);

/* The rank of a row's issue - 1, or SIZE_MAX. */
size_t server_run_issue(const struct server *server, size_t row);

/* The row that a decision is about, or DECISION_NO_ROW. */
size_t server_run_row(const struct decided *decided);

#endif
