#include "host/embedding/embedding_store.h"

#include "host/base/clock.h"
#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/embedding/run_record.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* When to commit: after a second and 2% of the time that the run has taken, so that the
 * number of shards grows with the logarithm of that time; or when this many bytes wait. */
#define COMMIT_SECONDS 1.0
#define COMMIT_SHARE 0.02
#define COMMIT_BYTES SHARD_ROW_BYTES

/* ---- the folder ---- */

/* What a killed process leaves of a file that it was replacing. */
static bool is_temporary(const char *name) {
    char of[SHARD_NAME_SIZE];
    size_t number, length = strcspn(name, ".");
    if (file_is_temporary(name, RUN_RECORD) || file_is_temporary(name, VERDICT_FILE)) return true;
    length += name[length] == '.' ? 1 + strcspn(name + length + 1, ".") : 0;
    if (length >= sizeof of) return false;
    snprintf(of, sizeof of, "%.*s", (int)length, name);
    return shard_number(of, &number) && file_is_temporary(name, of);
}

static enum error_code remove_own(void *context, const char *name, struct error *error) {
    size_t number;
    bool own = shard_number(name, &number) || is_temporary(name) || strcmp(name, RUN_RECORD) == 0 ||
               strcmp(name, VERDICT_FILE) == 0;
    return own ? folder_remove(context, name, error) : ERROR_NONE;
}

enum error_code shards_remove(const struct folder *out, struct error *error) {
    struct folder shards;
    if (folder_open_in(out, "shards", false, &shards, error) == ERROR_NONE &&
        shards.descriptor >= 0 && folder_each(&shards, remove_own, &shards, error) == ERROR_NONE)
        folder_remove_folder(out, "shards", error);
    folder_close(&shards);
    return error->code;
}

/* ---- shards of an earlier run ---- */

static bool are_finite(const float *rows, size_t count, const struct shard_key *key) {
    float sum = 0; /* of zeros, or NaN */
    for (size_t i = 0; i < count * key->columns; i++) sum += rows[i] * 0;
    return sum == 0;
}

static enum error_code take_shard(void *context, const char *name, struct error *error) {
    struct embedding_store *store = context;
    struct error own = ERROR_INITIAL;
    size_t number;
    bool fits = false;
    if (is_temporary(name)) return file_remove_temporary(&store->folder, name, store->since, error);
    if (!shard_number(name, &number)) return ERROR_NONE;
    if (number >= store->next_name) store->next_name = number + 1;
    TRY(memory_grow(&store->shards, &store->shard_capacity, store->shard_count + 1,
                    sizeof *store->shards, "shards", error));
    struct shard *shard = &store->shards[store->shard_count];
    shard_open(&store->folder, name, &store->key, shard, &fits, &own);
    if (own.code == ERROR_NONE && fits && !are_finite(shard->rows, shard->count, &store->key))
        FAIL(&own, ERROR_DATA, "%s: has values that no run writes", name);
    if (own.code != ERROR_NONE) shard_close(shard);
    if (own.code == ERROR_NONE && fits) {
        store->shard_count++;
        store->stored_count += shard->count;
        store->mixed = store->mixed || strcmp(shard->device, store->device) != 0;
        return ERROR_NONE;
    }
    if (own.code != ERROR_NONE && own.code != ERROR_DATA) {
        *error = own;
        return error->code;
    }
    store->damaged += own.code == ERROR_DATA;
    store->unfit += own.code == ERROR_NONE;
    return folder_remove(&store->folder, name, error);
}

static size_t slot_of(const struct embedding_store *store, const uint64_t fingerprint[2]) {
    /* Fingerprints of a shard may be anybody's choice. */
    XXH64_hash_t hash = XXH3_64bits_withSeed(fingerprint, 2 * sizeof *fingerprint, hash_seed());
    size_t slot = (size_t)hash & (store->slot_count - 1);
    for (;; slot = (slot + 1) & (store->slot_count - 1)) {
        const struct stored_clip *stored = &store->slots[slot];
        if (stored->shard == 0) return slot;
        const struct clip_facts *clip = &store->shards[stored->shard - 1].clips[stored->clip];
        if (memcmp(clip->fingerprint, fingerprint, sizeof clip->fingerprint) == 0) return slot;
    }
}

/* The table is at most half full, so that probing stays short and ends. */
static enum error_code index_clips(struct embedding_store *store, struct error *error) {
    size_t slot_count = 64;
    while (slot_count < 2 * store->stored_count) slot_count *= 2;
    store->slots = scratch_array(slot_count, sizeof *store->slots, "an index of shards", error);
    if (store->slots == NULL) return error->code;
    store->slot_count = slot_count;
    store->stored_count = 0;
    for (size_t s = 0; s < store->shard_count; s++)
        for (size_t i = 0; i < store->shards[s].count; i++) {
            size_t slot = slot_of(store, store->shards[s].clips[i].fingerprint);
            store->stored_count += store->slots[slot].shard == 0;
            store->slots[slot] = (struct stored_clip){(uint32_t)s + 1, (uint32_t)i};
            store->resumes = true;
        }
    return ERROR_NONE;
}

enum error_code embedding_store_open(const struct folder *parent, const char *name,
                                     const struct embedding_store_settings *settings,
                                     struct embedding_store *store, struct error *error) {
    bool keep = settings->keep;
    *store = (struct embedding_store){.folder = FOLDER_INITIAL,
                                      .key = settings->key,
                                      .since = settings->since,
                                      .writer = settings->writer,
                                      .may_commit = settings->may_commit,
                                      .context = settings->context};
    store->began = store->committed_at = clock_seconds();
    snprintf(store->device, sizeof store->device, "%s", settings->device);
    TRY(folder_open_in(parent, name, true, &store->folder, error));
    TRY(folder_each(&store->folder, keep ? take_shard : remove_own,
                    keep ? (void *)store : &store->folder, error));
    if (settings->keeps_verdicts)
        TRY(known_verdicts_open(&store->folder, store->key.settings, &store->verdicts, error));
    return index_clips(store, error);
}

const struct stored_clip *embedding_store_find(const struct embedding_store *store,
                                               const uint64_t fingerprint[2]) {
    if (!store->resumes) return NULL;
    const struct stored_clip *stored = &store->slots[slot_of(store, fingerprint)];
    return stored->shard == 0 ? NULL : stored;
}

const float *embedding_store_take(const struct embedding_store *store,
                                  const struct stored_clip *stored, struct clip_facts *facts) {
    const struct shard *shard = &store->shards[stored->shard - 1];
    *facts = shard->clips[stored->clip];
    return shard->rows + stored->clip * store->key.columns;
}

/* ---- rows ---- */

enum error_code embedding_store_place(struct embedding_store *store, size_t row,
                                      const float *values, struct error *error) {
    TRY(scratch_grow(&store->row_values, &store->row_capacity, row + 1, sizeof *store->row_values,
                     "rows", error));
    if (row >= store->rows) store->rows = row + 1;
    store->row_values[row] = values;
    return ERROR_NONE;
}

enum error_code embedding_store_add(struct embedding_store *store, size_t row,
                                    const struct clip_facts *clip, const float *embedding,
                                    const float *statistics, struct error *error) {
    const size_t columns = store->key.columns, next = store->pending_count;
    const size_t size = embedding_store_size(store);
    TRY(embedding_store_place(store, row, NULL, error));
    TRY(memory_grow(&store->pending, &store->pending_capacity, next + 1, sizeof *clip, "rows",
                    error));
    TRY(memory_grow(&store->pending_rows, &store->pending_row_capacity, (next + 1) * columns,
                    sizeof *store->pending_rows, "rows", error));
    TRY(memory_grow(&store->pending_numbers, &store->pending_number_capacity, next + 1, sizeof row,
                    "rows", error));
    store->pending[next] = *clip;
    store->pending_numbers[next] = row;
    float *values = store->pending_rows + next * columns;
    memcpy(values, embedding, size * sizeof *values);
    if (columns > size) memcpy(values + size, statistics, (columns - size) * sizeof *values);
    store->pending_count++;
    double now = clock_seconds();
    double wait = COMMIT_SECONDS + COMMIT_SHARE * (now - store->began);
    if (store->pending_count * columns * sizeof *values < COMMIT_BYTES &&
        now - store->committed_at < wait)
        return ERROR_NONE;
    return embedding_store_commit(store, error);
}

enum error_code embedding_store_add_verdict(struct embedding_store *store,
                                            const struct clip_facts *clip,
                                            const struct verdict *verdict, struct error *error) {
    return known_verdicts_add(&store->verdicts, &store->folder, clip, verdict, error);
}

enum error_code embedding_store_commit(struct embedding_store *store, struct error *error) {
    char name[SHARD_NAME_SIZE];
    bool fits = false;
    if (store->pending_count == 0) return ERROR_NONE;
    if (store->may_commit != NULL) TRY(store->may_commit(store->context, error));
    TRY(memory_grow(&store->shards, &store->shard_capacity, store->shard_count + 1,
                    sizeof *store->shards, "shards", error));
    shard_name(store->next_name, store->writer, name);
    struct shard *shard = &store->shards[store->shard_count];
    if (shard_write(&store->folder, name, &store->key, store->device, store->pending_count,
                    store->pending, store->pending_rows, error) == ERROR_NONE)
        shard_open(&store->folder, name, &store->key, shard, &fits, error);
    if (error->code == ERROR_NONE && (!fits || shard->count != store->pending_count))
        FAIL(error, ERROR_FILE, "%s/%s: was changed by another program", store->folder.path, name);
    if (error->code != ERROR_NONE) {
        shard_close(shard);
        return error->code;
    }
    for (size_t i = 0; i < store->pending_count; i++)
        store->row_values[store->pending_numbers[i]] = shard->rows + i * store->key.columns;
    store->committed_count += store->pending_count;
    store->shard_count++;
    store->next_name++;
    store->pending_count = 0;
    store->committed_at = clock_seconds();
    return ERROR_NONE;
}

static int by_place(const void *left, const void *right) {
    const struct shard *a = left, *b = right;
    return (a->rows > b->rows) - (a->rows < b->rows);
}

void embedding_store_sort(struct embedding_store *store) {
    scratch_free(store->slots); /* they point into the old order */
    store->slots = NULL;
    store->resumes = false;
    if (store->shard_count > 0)
        qsort(store->shards, store->shard_count, sizeof *store->shards, by_place);
}

void embedding_store_locate(const struct embedding_store *store, size_t row, size_t *shard,
                            size_t *place) {
    const float *values = store->row_values[row];
    size_t first = 0, end = store->shard_count;
    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;
        *(store->shards[middle].rows <= values ? &first : &end) = middle;
    }
    *shard = first;
    *place = (size_t)(values - store->shards[first].rows) / store->key.columns;
}

void embedding_store_close(struct embedding_store *store) {
    for (size_t i = 0; i < store->shard_count; i++) shard_close(&store->shards[i]);
    free(store->shards);
    scratch_free(store->slots);
    scratch_free((void *)store->row_values);
    free(store->pending);
    free(store->pending_rows);
    free(store->pending_numbers);
    known_verdicts_close(&store->verdicts);
    folder_close(&store->folder);
    *store = (struct embedding_store){.folder = FOLDER_INITIAL};
}
