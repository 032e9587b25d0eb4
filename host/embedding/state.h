/* The folder of --state: embeddings that stay from run to run, so that a job of every night embeds
 * only what is new. It has a folder for everything that embeddings depend on besides the clip
 * (version, model, settings), named by its hash, in which shards (shard.h) lie as in OUT/shards:
 * jobs with different settings share it without losing anything. One run at a time uses it. */
#ifndef EARMARK_EMBEDDING_STATE_H
#define EARMARK_EMBEDDING_STATE_H

#include "host/base/folder_lock.h"
#include "host/embedding/embedding_store.h"

#define STATE_NAME_SIZE 17

/* Opens and locks the folder, which is made. ERROR_USAGE for OUT itself; ERROR_FILE when another
 * run has it. */
enum error_code state_open(const char *path, const char *out, struct folder_lock *state,
                           struct error *error);

/* The name of the folder in it. */
void state_name(const struct shard_key *key, char name[STATE_NAME_SIZE]);

/* Whether the names of changed lines (run_record_replace) have RUN_RECORD_INPUT. */
bool state_input_changed(const char *changed);

/* Says that there are embeddings of other settings, which nothing removes. */
enum error_code state_report_others(const struct folder *state, const char *name,
                                    struct error *error);

/* Drops rows and verdicts that the run has not used: shards of which less than half is used, and
 * small ones once there are many, are written again, and shards without a used row removed. Rows
 * that another input may use stay, which is said: after a run with another input than the last that
 * used less than half of all. Nothing is dropped where it may be of clips that could not be read
 * this time, as while a disk is away: unless the rows that are not used are more than twice the
 * `unreadable` clips. After embedding_run(); the store's rows can still be read, but no clip found.
 */
enum error_code state_trim(struct embedding_store *store, size_t unreadable, bool quiet,
                           struct error *error);

/* The same for a part of host/cluster/, whose index names the shards that are used, in two steps.
 * First what would be written again is: the rows are in other shards then, which the index is to
 * name. *drops: whether what is not used may go. */
enum error_code state_gather(struct embedding_store *store, size_t unreadable, bool quiet,
                             bool *drops, struct error *error);
/* Once the index is there: removes the shards without a used row, of those that this run has opened
 * or written, and trims the verdicts. */
enum error_code state_drop(struct embedding_store *store, bool drops, size_t unreadable,
                           struct error *error);

#endif
