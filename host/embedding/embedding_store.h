/* The embeddings of a run in progress: rows arrive in any order and are kept in OUT/shards, so
 * that a run can be killed at any moment and continued. Rows wait in memory until they are
 * committed as a shard (shard.h), once a second at first and less often as the run grows: a
 * kill costs at most a second and 2% of the run's time. Committed rows are mapped, so that
 * memory does not grow with the number of clips. */
#ifndef EARMARK_EMBEDDING_EMBEDDING_STORE_H
#define EARMARK_EMBEDDING_EMBEDDING_STORE_H

#include "host/embedding/known_verdicts.h"
#include "host/embedding/shard.h"

/* Where a clip of an earlier run is stored; private. */
struct stored_clip {
    uint32_t shard; /* index + 1; 0: an empty slot */
    uint32_t clip;
};

struct embedding_store {
    struct folder folder;         /* OUT/shards, or that of a part */
    const struct timespec *since; /* the settings' */
    struct shard_key key;
    char device[SHARD_DEVICE_SIZE]; /* of this run */
    bool resumes;                   /* clips of an earlier run were found */
    bool mixed;                     /* some of them were computed by another device */

    struct shard *shards; /* (shard_count) */
    size_t shard_count, shard_capacity;
    size_t next_name;    /* number of the next shard's file */
    uint64_t writer;     /* in its name */
    size_t damaged;      /* shards removed because they were damaged */
    bool of_other_input; /* of a state that was last used with another input */
    size_t unfit;        /* shards removed because they had another key */
    size_t stored_count; /* clips of an earlier run that can be found */

    struct stored_clip *slots; /* (slot_count) by fingerprint, open addressing */
    size_t slot_count;

    const float **row_values; /* (rows): the row's values; NULL: pending */
    size_t rows, row_capacity;
    size_t committed_count; /* clips committed by this run */

    struct clip_facts *pending; /* (pending_count) */
    float *pending_rows;        /* (pending_count, columns) */
    size_t *pending_numbers;    /* (pending_count): of the store's rows */
    size_t pending_count, pending_capacity, pending_row_capacity, pending_number_capacity;
    struct known_verdicts verdicts; /* of clips that have no embedding */
    double began, committed_at;
    enum error_code (*may_commit)(void *context, struct error *error);
    void *context;
};

struct embedding_store_settings {
    struct shard_key key;
    const char *device;
    bool keep; /* false: remove what an earlier run left */
    bool keeps_verdicts;
    /* Temporary files that were not written before it are left alone: of another process, where
     * several may write; NULL: none is. Must stay until the store is open. */
    const struct timespec *since;
    uint64_t writer; /* where several processes may write: in the names of shards (shard_name) */
    /* Asked before each commit, which does not happen if it fails; NULL: always. */
    enum error_code (*may_commit)(void *context, struct error *error);
    void *context;
};

/* Creates the folder `name` of `parent`, reads the shards of an earlier run, and removes those that
 * are damaged or have another key (all of them unless `keep`). ERROR_FILE when something there
 * cannot be read or written. */
enum error_code embedding_store_open(const struct folder *parent, const char *name,
                                     const struct embedding_store_settings *settings,
                                     struct embedding_store *store, struct error *error);

/* The clip with this fingerprint of an earlier run, until the store is closed; or NULL. */
const struct stored_clip *embedding_store_find(const struct embedding_store *store,
                                               const uint64_t fingerprint[2]);

/* Copies the facts of a clip that was found. Its values (columns) stay valid until the store is
 * closed; whoever can write in OUT can change them meanwhile, but not where they are. */
const float *embedding_store_take(const struct embedding_store *store,
                                  const struct stored_clip *stored, struct clip_facts *facts);

/* Row `row` of the store has these values, by embedding_store_take. */
enum error_code embedding_store_place(struct embedding_store *store, size_t row,
                                      const float *values, struct error *error);

/* Row `row` is new; its embedding and, where the key has them, its statistics are copied. Commits
 * when it is time to. */
enum error_code embedding_store_add(struct embedding_store *store, size_t row,
                                    const struct clip_facts *clip, const float *embedding,
                                    const float *statistics, struct error *error);

/* The same of a clip that has no row: its verdict, if it lasts and this store keeps them. */
enum error_code embedding_store_add_verdict(struct embedding_store *store,
                                            const struct clip_facts *clip,
                                            const struct verdict *verdict, struct error *error);

/* Commits what is pending; after it every row can be read. */
enum error_code embedding_store_commit(struct embedding_store *store, struct error *error);

/* Values of an embedding. */
static inline size_t embedding_store_size(const struct embedding_store *store) {
    return store->key.columns - store->key.statistics;
}

/* A committed row's embedding: (embedding_store_size), and right after it its statistics. */
static inline const float *embedding_store_row(const struct embedding_store *store, size_t row) {
    return store->row_values[row];
}

/* Sorts the shards by where they are mapped, for embedding_store_locate(): after the last commit.
 */
void embedding_store_sort(struct embedding_store *store);
/* The shard of a committed row, and its row in it. */
void embedding_store_locate(const struct embedding_store *store, size_t row, size_t *shard,
                            size_t *place);

/* Unmaps everything; takes a zeroed store. The shards stay until shards_remove. */
void embedding_store_close(struct embedding_store *store);

/* Removes OUT/shards with the files of a run, and nothing else. A missing folder is no error; a
 * link in its place is ERROR_FILE. */
enum error_code shards_remove(const struct folder *out, struct error *error);

#endif
