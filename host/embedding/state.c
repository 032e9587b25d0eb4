#include "host/embedding/state.h"

#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/progress.h"
#include "host/base/scratch.h"
#include "host/embedding/run_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A shard with fewer bytes of rows is small; when there are more of them, they are put together. */
#define SMALL_BYTES (SHARD_ROW_BYTES / 8)
#define SMALL_SHARDS 8

/* ---- the folder ---- */

enum error_code state_open(const char *path, const char *out, struct folder_lock *state,
                           struct error *error) {
    struct stat own, other;
    TRY(folder_lock_open(path, true, state, error));
    if (fstat(state->folder.descriptor, &own) != 0) return file_fail(error, path, "look at", errno);
    if (stat(out, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino)
        return FAIL(error, ERROR_USAGE,
                    "--state %s: is the folder for the results; give one that stays when these are "
                    "replaced",
                    path);
    return ERROR_NONE;
}

void state_name(const struct shard_key *key, char name[STATE_NAME_SIZE]) {
    snprintf(name, STATE_NAME_SIZE, "%016" PRIx64, key->settings[0]);
}

bool state_input_changed(const char *changed) {
    const size_t length = strlen(RUN_RECORD_INPUT);
    for (const char *at = changed; *at != '\0';) {
        const size_t word = strcspn(at, ",");
        if (word == length && strncmp(at, RUN_RECORD_INPUT, length) == 0) return true;
        at += word;
        at += strspn(at, ", ");
    }
    return false;
}

struct others {
    const char *own;
    char name[STATE_NAME_SIZE]; /* of one of them */
    size_t count;
};

static enum error_code count_other(void *context, const char *name, struct error *error) {
    struct others *others = context;
    (void)error;
    if (strlen(name) != STATE_NAME_SIZE - 1 || strcmp(name, others->own) == 0 ||
        strspn(name, "0123456789abcdef") != STATE_NAME_SIZE - 1)
        return ERROR_NONE;
    if (others->count == 0 || strcmp(name, others->name) < 0)
        snprintf(others->name, sizeof others->name, "%s", name);
    others->count++;
    return ERROR_NONE;
}

enum error_code state_report_others(const struct folder *state, const char *name,
                                    struct error *error) {
    struct others others = {.own = name};
    TRY(folder_each(state, count_other, &others, error));
    if (others.count > 0)
        progress_message("note: %s also has embeddings by another version, model or settings, in "
                         "%zu %s, as %s; remove what no job uses any more",
                         state->path, others.count, others.count == 1 ? "folder" : "folders",
                         others.name);
    return ERROR_NONE;
}

/* ---- which rows are used ---- */

/* The rows of all shards, one after the other. */
struct usage {
    bool *used;    /* (rows) */
    size_t *first; /* (shards + 1): where a shard's rows begin */
    size_t *count; /* (shards): used rows */
    size_t rows, total;
};

static enum error_code find_used(const struct embedding_store *store, struct usage *usage,
                                 struct error *error) {
    const size_t shards = store->shard_count;
    usage->first = memory_array(shards + 1, sizeof *usage->first, "shards", error);
    usage->count = memory_array(shards, sizeof *usage->count, "shards", error);
    TRY(error->code);
    for (size_t s = 0; s < shards; s++)
        usage->first[s + 1] = usage->first[s] + store->shards[s].count;
    usage->rows = usage->first[shards];
    usage->used = memory_array(usage->rows, sizeof *usage->used, "shards", error);
    for (size_t row = 0; row < store->rows && error->code == ERROR_NONE; row++) {
        size_t shard, place;
        embedding_store_locate(store, row, &shard, &place);
        bool *used = &usage->used[usage->first[shard] + place];
        usage->count[shard] += !*used;
        usage->total += !*used;
        *used = true;
    }
    return error->code;
}

static void usage_free(struct usage *usage) {
    free(usage->used);
    free(usage->first);
    free(usage->count);
}

/* ---- writing shards again ---- */

/* A shard that is being filled. */
struct filling {
    struct embedding_store *store;
    struct clip_facts *clips;
    float *rows;
    size_t count, clip_capacity, row_capacity;
    char device[SHARD_DEVICE_SIZE];
};

static enum error_code write_shard(struct filling *filling, struct error *error) {
    struct embedding_store *store = filling->store;
    char name[SHARD_NAME_SIZE];
    if (filling->count == 0) return ERROR_NONE;
    shard_name(store->next_name, store->writer, name);
    TRY(shard_write(&store->folder, name, &store->key, filling->device, filling->count,
                    filling->clips, filling->rows, error));
    store->next_name++;
    filling->count = 0;
    return ERROR_NONE;
}

static enum error_code add_row(struct filling *filling, const struct shard *shard, size_t place,
                               struct error *error) {
    const size_t columns = filling->store->key.columns;
    if (strcmp(filling->device, shard->device) != 0 ||
        filling->count * columns * sizeof *filling->rows >= SHARD_ROW_BYTES) {
        TRY(write_shard(filling, error));
        memcpy(filling->device, shard->device, sizeof filling->device);
    }
    const size_t next = filling->count;
    TRY(memory_grow(&filling->clips, &filling->clip_capacity, next + 1, sizeof *filling->clips,
                    "shards", error));
    TRY(memory_grow(&filling->rows, &filling->row_capacity, (next + 1) * columns,
                    sizeof *filling->rows, "shards", error));
    filling->clips[next] = shard->clips[place];
    memcpy(filling->rows + next * columns, shard->rows + place * columns,
           columns * sizeof *filling->rows);
    filling->count++;
    return ERROR_NONE;
}

/* Whether a shard is written again, or removed where none of its rows is used. */
static bool is_rewritten(const struct embedding_store *store, const struct usage *usage,
                         size_t shard, bool many_small) {
    const size_t count = store->shards[shard].count;
    const bool small = count * store->key.columns * sizeof(float) < SMALL_BYTES;
    return 2 * usage->count[shard] < count || usage->count[shard] == 0 || (small && many_small);
}

static bool has_many_small(const struct embedding_store *store) {
    size_t small = 0;
    for (size_t s = 0; s < store->shard_count; s++)
        small += store->shards[s].count * store->key.columns * sizeof(float) < SMALL_BYTES;
    return small > SMALL_SHARDS;
}

/* First what is used is written, then the shards that had it are removed: a kill in between leaves
 * rows twice, which the next run finds unused. */
static enum error_code write_again(struct embedding_store *store, const struct usage *usage,
                                   struct error *error) {
    struct filling filling = {.store = store};
    const bool many_small = has_many_small(store);
    for (size_t s = 0; s < store->shard_count && error->code == ERROR_NONE; s++) {
        const struct shard *shard = &store->shards[s];
        if (!is_rewritten(store, usage, s, many_small)) continue;
        for (size_t i = 0; i < shard->count && error->code == ERROR_NONE; i++)
            if (usage->used[usage->first[s] + i]) add_row(&filling, shard, i, error);
    }
    if (error->code == ERROR_NONE) write_shard(&filling, error);
    for (size_t s = 0; s < store->shard_count && error->code == ERROR_NONE; s++)
        if (is_rewritten(store, usage, s, many_small))
            folder_remove(&store->folder, store->shards[s].name, error);
    free(filling.clips);
    free(filling.rows);
    return error->code;
}

/* What made no row of this run is not part of it: of the devices that run.json names, too. */
static void forget_unused(struct embedding_store *store, const struct usage *usage) {
    size_t kept = 0;
    store->mixed = false;
    for (size_t s = 0; s < store->shard_count; s++) {
        if (usage->count[s] == 0) {
            shard_close(&store->shards[s]);
            continue;
        }
        store->mixed = store->mixed || strcmp(store->shards[s].device, store->device) != 0;
        store->shards[kept++] = store->shards[s];
    }
    store->shard_count = kept;
}

static void report_kept(const struct embedding_store *store, const struct usage *usage) {
    struct text text = TEXT_INITIAL;
    text_format(&text, "note: %s has ", store->folder.path);
    number_thousands(&text, usage->rows - usage->total);
    text_string(&text, " embeddings of clips that are not in this input; they are kept, since it "
                       "was last used with another input; remove the folder if no job uses them");
    if (!text.failed) progress_message("%s", text.data);
    text_free(&text);
}

/* Whether rows that are not used may be dropped: they are neither of another input's clips nor of
 * some that could not be read this time. */
static bool may_drop(const struct embedding_store *store, const struct usage *usage,
                     size_t unreadable, bool quiet) {
    const bool away = unreadable > 0 && (usage->rows - usage->total) / 2 <= unreadable;
    const bool shared = store->of_other_input && 2 * usage->total < usage->rows;
    if (shared && !quiet) report_kept(store, usage);
    return !shared && !away;
}

enum error_code state_trim(struct embedding_store *store, size_t unreadable, bool quiet,
                           struct error *error) {
    struct usage usage = {NULL, NULL, NULL, 0, 0};
    embedding_store_sort(store);
    if (find_used(store, &usage, error) == ERROR_NONE) {
        if (may_drop(store, &usage, unreadable, quiet)) write_again(store, &usage, error);
        forget_unused(store, &usage);
    }
    usage_free(&usage);
    TRY(error->code);
    return known_verdicts_trim(&store->verdicts, &store->folder, store->of_other_input, unreadable,
                               error);
}

/* ---- of a part ---- */

/* What another device has computed stays where that is said. */
static bool is_gathered(const struct embedding_store *store, const struct usage *usage,
                        size_t shard, bool many_small) {
    return is_rewritten(store, usage, shard, many_small) &&
           strcmp(store->shards[shard].device, store->device) == 0;
}

/* Where a gathered row is: of each row the shard + 1, or 0. Found at once, since every commit adds
 * a shard. */
static uint32_t *find_gathered(const struct embedding_store *store, const struct usage *usage,
                               struct error *error) {
    const bool many_small = has_many_small(store);
    uint32_t *from = scratch_array(store->rows, sizeof *from, "shards", error);
    for (size_t row = 0; from != NULL && row < store->rows; row++) {
        size_t shard, place;
        embedding_store_locate(store, row, &shard, &place);
        if (is_gathered(store, usage, shard, many_small)) from[row] = (uint32_t)shard + 1;
    }
    return from;
}

static enum error_code gather(struct embedding_store *store, const struct usage *usage,
                              struct error *error) {
    const size_t columns = store->key.columns, size = embedding_store_size(store);
    uint32_t *from = find_gathered(store, usage, error);
    for (size_t row = 0; row < store->rows && error->code == ERROR_NONE; row++) {
        if (from[row] == 0) continue;
        const struct shard *shard = &store->shards[from[row] - 1];
        const float *values = store->row_values[row];
        const struct clip_facts facts = shard->clips[(size_t)(values - shard->rows) / columns];
        embedding_store_add(store, row, &facts, values, values + size, error);
    }
    scratch_free(from);
    if (error->code == ERROR_NONE) embedding_store_commit(store, error);
    return error->code;
}

enum error_code state_gather(struct embedding_store *store, size_t unreadable, bool quiet,
                             bool *drops, struct error *error) {
    struct usage usage = {NULL, NULL, NULL, 0, 0};
    embedding_store_sort(store);
    if (find_used(store, &usage, error) == ERROR_NONE) {
        *drops = may_drop(store, &usage, unreadable, quiet);
        if (*drops) gather(store, &usage, error);
    }
    usage_free(&usage);
    embedding_store_sort(store);
    return error->code;
}

enum error_code state_drop(struct embedding_store *store, bool drops, size_t unreadable,
                           struct error *error) {
    struct usage usage = {NULL, NULL, NULL, 0, 0};
    if (drops && find_used(store, &usage, error) == ERROR_NONE)
        for (size_t s = 0; s < store->shard_count && error->code == ERROR_NONE; s++)
            if (usage.count[s] == 0) folder_remove(&store->folder, store->shards[s].name, error);
    usage_free(&usage);
    TRY(error->code);
    return known_verdicts_trim(&store->verdicts, &store->folder, store->of_other_input, unreadable,
                               error);
}
