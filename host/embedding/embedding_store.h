/* Embeddings on their way: rows in any order, kept in OUT/shards so that a run that
 * is killed at any moment goes on where it was. Rows wait in memory until they are
 * committed as a shard (shard.h), once a second at first and more rarely as the run
 * grows: a kill costs a second's work and 2% of the run's. Committed rows are mapped,
 * so that memory does not grow with clips. */
#ifndef EARMARK_EMBEDDING_EMBEDDING_STORE_H
#define EARMARK_EMBEDDING_EMBEDDING_STORE_H

#include "host/embedding/shard.h"

/* Where a clip of an earlier run lies; private. */
struct stored_clip {
    uint32_t shard; /* index + 1; 0: an empty slot */
    uint32_t clip;
};

struct embedding_store {
    char *folder; /* OUT/shards */
    struct shard_key key;
    char device[SHARD_DEVICE_SIZE]; /* that computes now */
    bool resumes;                   /* clips of an earlier run were found */
    bool mixed;                     /* some of them were computed by another device */

    struct shard *shards; /* (shard_count) */
    size_t shard_count, shard_capacity;
    size_t next_name;    /* number of the next shard's file */
    size_t damaged;      /* shards that were thrown away: damaged */
    size_t unfit;        /* shards that were thrown away: of other settings */
    size_t stored_count; /* clips of an earlier run that can be found */

    struct stored_clip *slots; /* (slot_count) by fingerprint, open addressing */
    size_t slot_count;

    const float **row_values; /* (rows): where each row lies; NULL: pending */
    size_t rows, row_capacity;
    size_t committed_count; /* clips committed by this run that a later one can find */

    struct clip_facts *pending; /* (pending_count) */
    float *pending_rows;        /* (pending_count, columns) */
    size_t *pending_numbers;    /* (pending_count): of the store's rows */
    size_t pending_count, pending_capacity, pending_row_capacity, pending_number_capacity;
    double began, committed_at;
};

/* Makes OUT/shards, reads what an earlier run left there, and throws away shards that
 * are damaged or of another key (or all, unless `keep`). ERROR_FILE when something
 * there cannot be read or written. */
enum error_code embedding_store_open(const char *out, const struct shard_key *key,
                                     const char *device, bool keep, struct embedding_store *store,
                                     struct error *error);

/* What an earlier run found about the clip with this fingerprint; NULL: nothing. Its
 * values (columns) stay valid until the store is closed. Silent clips are never
 * found: why they are silent is only known after decoding. */
const struct clip_facts *embedding_store_find(const struct embedding_store *store,
                                              const uint64_t fingerprint[2], const float **values);

/* Row `row` of the store is one that was found. */
enum error_code embedding_store_place(struct embedding_store *store, size_t row,
                                      const float *values, struct error *error);

/* Row `row` is a new one; copied. Commits when it is time. */
enum error_code embedding_store_add(struct embedding_store *store, size_t row,
                                    const struct clip_facts *clip, const float *values,
                                    struct error *error);

/* Commits what is pending; after it every row can be read. */
enum error_code embedding_store_commit(struct embedding_store *store, struct error *error);

/* A committed row: (columns). */
static inline const float *embedding_store_row(const struct embedding_store *store, size_t row) {
    return store->row_values[row];
}

/* Unmaps everything; takes a zeroed store. The shards stay until shards_remove. */
void embedding_store_close(struct embedding_store *store);

/* Removes OUT/shards and what a run keeps in it, and nothing else; a missing one is fine. */
enum error_code shards_remove(const char *out, struct error *error);

#endif
