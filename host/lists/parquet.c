/* Parquet files: sounds in a column of their own, or a table with their paths. */
#include "host/containers/parquet.h"
#include "host/base/file.h"
#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/lists/folder.h"
#include "host/lists/folder_levels.h"
#include "host/lists/parquet_input.h"
#include "host/lists/readers.h"
#include "host/lists/shards.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- names of the sounds ---- */

/* Hashes of the names that rows have; two that are equal by accident only cost a name. */
struct taken {
    uint64_t *hashes; /* 0: free */
    size_t capacity;  /* a power of two */
    size_t count;
};

static uint64_t *find_hash(const struct taken *taken, uint64_t hash) {
    size_t slot = (size_t)hash & (taken->capacity - 1);
    while (taken->hashes[slot] != 0 && taken->hashes[slot] != hash)
        slot = (slot + 1) & (taken->capacity - 1);
    return &taken->hashes[slot];
}

static enum error_code grow(struct taken *taken, struct error *error) {
    struct taken larger = {.capacity = taken->capacity == 0 ? 1024 : 2 * taken->capacity};
    larger.hashes = scratch_array(larger.capacity, sizeof *larger.hashes, "names", error);
    if (larger.hashes == NULL) return error->code;
    for (size_t i = 0; i < taken->capacity; i++)
        if (taken->hashes[i] != 0) *find_hash(&larger, taken->hashes[i]) = taken->hashes[i];
    scratch_free(taken->hashes);
    larger.count = taken->count;
    *taken = larger;
    return ERROR_NONE;
}

/* *is_new: whether no earlier row has the name. */
static enum error_code take_name(struct taken *taken, const char *name, size_t size, bool *is_new,
                                 struct error *error) {
    if (2 * taken->count >= taken->capacity) TRY(grow(taken, error));
    uint64_t hash = XXH3_64bits_withSeed(name, size, hash_seed());
    if (hash == 0) hash = 1;
    uint64_t *slot = find_hash(taken, hash);
    *is_new = *slot == 0;
    taken->count += *is_new;
    *slot = hash;
    return ERROR_NONE;
}

/* ---- rows ---- */

struct rows {
    struct parquet_input *input;
    struct taken taken;
    struct text path; /* of the current row */
    struct text file; /* of the list, beside the parquet file */
    bool all_null;    /* the bytes, in the current row group */
    bool has_nulls;   /* some of the bytes there are null, or may be */
    struct parquet_cursor bytes;
};

/* "data/train.parquet/a.wav", "data/train.parquet/row-7". */
static enum error_code name_member(struct rows *rows, uint64_t row, struct error *error) {
    const struct parquet_input *input = rows->input;
    const struct text *value = &input->values[ROLE_PATH];
    size_t size = 0;
    const char *name = NULL;
    bool is_new = false;
    if (input->columns[ROLE_PATH] != PARQUET_NONE && input->has_value[ROLE_PATH]) {
        size = value->length;
        name = parquet_member_name(value->data, &size);
    }
    if (size > 0) TRY(take_name(&rows->taken, name, size, &is_new, error));
    text_clear(&rows->path);
    text_format(&rows->path, "%s/", input->name);
    if (is_new)
        text_append(&rows->path, name, size);
    else
        parquet_row_name(&input->file, &input->sounds, row, &rows->path);
    return text_check(&rows->path, error);
}

static bool exists(const struct rows *rows, const char *path) {
    int found = root_folder_file(&rows->input->builder->collection->clips.root, path, O_PATH);
    if (found >= 0) close(found);
    return found >= 0;
}

/* A path in a row, from the folder of the parquet file, or else from that of the list. */
static enum error_code find_file(struct rows *rows, const char *path, struct error *error) {
    const char *slash = strrchr(rows->input->name, '/');
    text_clear(&rows->file);
    if (slash != NULL && path[0] != '/') {
        text_append(&rows->file, rows->input->name, (size_t)(slash + 1 - rows->input->name));
        text_string(&rows->file, path);
        TRY(text_check(&rows->file, error));
        if (exists(rows, rows->file.data)) return ERROR_NONE;
        text_clear(&rows->file);
    }
    text_string(&rows->file, path);
    return text_check(&rows->file, error);
}

/* Whether the row has the bytes of its sound. */
static enum error_code has_bytes(struct rows *rows, bool *has, struct error *error) {
    struct parquet_value value = {.state = PARQUET_NULL};
    *has = !rows->all_null;
    if (rows->all_null || !rows->has_nulls) return ERROR_NONE;
    TRY(parquet_cursor_next(&rows->bytes, &value, error));
    *has = value.state == PARQUET_VALUE;
    return ERROR_NONE;
}

/* The sound of the row: a member, a file beside it, or a problem. */
static enum error_code take_sound(struct rows *rows, uint64_t row, struct manifest_row *clip,
                                  struct error *error) {
    struct parquet_input *input = rows->input;
    const char *path = input->columns[ROLE_PATH] != PARQUET_NONE && input->has_value[ROLE_PATH]
                           ? input->values[ROLE_PATH].data
                           : "";
    bool has = false;
    if (input->sounds.bytes == PARQUET_NONE) {
        if (path[0] != '\0') TRY(find_file(rows, path, error));
        clip->values[ROLE_PATH] = path[0] == '\0' ? path : rows->file.data;
        return ERROR_NONE;
    }
    TRY(has_bytes(rows, &has, error));
    if (!has && path[0] != '\0') {
        TRY(find_file(rows, path, error));
        clip->values[ROLE_PATH] = rows->file.data;
        if (input->builder->options.allow_outside || exists(rows, rows->file.data))
            return ERROR_NONE;
    }
    TRY(name_member(rows, row, error));
    clip->values[ROLE_PATH] = rows->path.data;
    clip->container = input->name;
    clip->place = parquet_place(input->sounds.bytes, row);
    if (!has && input->problem[0] == '\0')
        error_format(input->problem, sizeof input->problem,
                     "its bytes are null, and %s%.*s%s; write it again with the sounds in it",
                     path[0] == '\0' ? "so is its path" : "there is no file '", 150, path,
                     path[0] == '\0' ? "" : "'");
    return ERROR_NONE;
}

static enum error_code add_row(struct rows *rows, uint64_t row, struct error *error) {
    struct parquet_input *input = rows->input;
    struct manifest_row clip = {.line = (size_t)row + 1, .unit = "row"};
    TRY(parquet_input_next(input, error));
    for (enum manifest_role role = ROLE_LABEL; role < ROLE_COUNT; role++)
        if (input->columns[role] != PARQUET_NONE && input->has_value[role])
            clip.values[role] = input->values[role].data;
    if (input->columns[ROLE_SPLIT] == PARQUET_NONE && input->split.length > 0)
        clip.values[ROLE_SPLIT] = input->split.data;
    TRY(take_sound(rows, row, &clip, error));
    if (input->problem[0] != '\0') clip.problem = input->problem;
    return manifest_add(input->builder, &clip, error);
}

/* Looks where bytes are null only if the footer does not say that none is. */
static void begin_group(struct rows *rows, size_t group) {
    const struct parquet_input *input = rows->input;
    const size_t bytes = input->sounds.bytes;
    if (bytes == PARQUET_NONE) return;
    const struct parquet_chunk *chunk = parquet_chunk(&input->file, group, bytes);
    rows->all_null = chunk->nulls == chunk->values;
    rows->has_nulls = chunk->nulls != 0 && input->file.columns[bytes].definition > 0;
    parquet_cursor_close(&rows->bytes);
    if (!rows->has_nulls) return;
    parquet_cursor_open(&rows->bytes, &input->file, bytes);
    rows->bytes.group = group;
    rows->bytes.only_levels = true;
}

static enum error_code add_rows(struct parquet_input *input, struct error *error) {
    struct rows rows = {.input = input};
    for (size_t role = 0; role < ROLE_COUNT; role++)
        if (input->columns[role] != PARQUET_NONE)
            parquet_cursor_open(&input->cursors[role], &input->file, input->columns[role]);
    for (size_t i = 0; i < input->file.group_count && error->code == ERROR_NONE; i++) {
        const struct parquet_group *group = &input->file.groups[i];
        begin_group(&rows, i);
        for (uint64_t row = 0; row < group->rows && error->code == ERROR_NONE; row++)
            add_row(&rows, group->first_row + row, error);
    }
    parquet_cursor_close(&rows.bytes);
    scratch_free(rows.taken.hashes);
    text_free(&rows.path);
    text_free(&rows.file);
    return error->code;
}

/* ---- files ---- */

/* The part of the data set: "train-00000-of-00002.parquet", "default/train/0000.parquet". */
static enum error_code take_split(struct parquet_input *input, struct error *error) {
    for (const char *at = input->name; *at != '\0';) {
        size_t part = strcspn(at, "/"), length = strspn(at, LETTERS);
        bool ends = length == part || strchr("-_.", at[length]) != NULL;
        if (length <= part && ends && folder_is_split(at, length)) {
            text_clear(&input->split);
            text_append(&input->split, at, length);
        }
        at += part + (at[part] == '/');
    }
    return text_check(&input->split, error);
}

static void close_input(struct parquet_input *input) {
    for (size_t role = 0; role < ROLE_COUNT; role++) {
        parquet_cursor_close(&input->cursors[role]);
        text_free(&input->values[role]);
    }
    text_free(&input->split);
    json_decref(input->features);
    parquet_close(&input->file);
    if (input->descriptor >= 0) close(input->descriptor);
}

/* Says once how the input is read. */
static enum error_code say(const struct parquet_input *input, const struct list_file *list,
                           struct error *error) {
    struct text *reading = &input->builder->collection->reading;
    if (reading->length > 0) return ERROR_NONE;
    text_format(reading, "%s is read as parquet: ", list->path);
    parquet_input_words(input, reading);
    if (input->columns[ROLE_SPLIT] == PARQUET_NONE && input->split.length > 0)
        text_string(reading, ", splits from the names of files");
    TRY(text_check(reading, error));
    const bool unused =
        input->columns[ROLE_START] == PARQUET_NONE && input->columns[ROLE_END] == PARQUET_NONE;
    return unused ? manifest_warn_of_unused(input->builder, input->path, error) : ERROR_NONE;
}

static enum error_code read_file(struct builder *builder, const struct list_file *list,
                                 const struct list_file *file, struct error *error) {
    struct parquet_input input = {
        .builder = builder, .path = file->path, .name = file->name, .descriptor = -1};
    size_t size = 0;
    if (list_file_open(file, &input.descriptor, &size, error) == ERROR_NONE &&
        parquet_open(input.descriptor, file->path, &input.file, error) != ERROR_NONE &&
        error->code == ERROR_DATA)
        error_prefix(error, "%s", file->path);
    if (error->code == ERROR_NONE && parquet_input_columns(&input, error) == ERROR_NONE &&
        take_split(&input, error) == ERROR_NONE)
        say(&input, list, error);
    /* Sounds have the paths that they have: none is looked for elsewhere. */
    if (error->code == ERROR_NONE && input.sounds.bytes != PARQUET_NONE &&
        manifest_flush(builder, error) == ERROR_NONE)
        builder->paths.is_decided = true;
    if (error->code == ERROR_NONE && add_rows(&input, error) == ERROR_DATA)
        error_prefix(error, "%s", file->path);
    close_input(&input);
    return error->code;
}

/* One of several files, which costs only its own rows if it is damaged or missing. */
static enum error_code read_shard(struct builder *builder, const struct list_file *list,
                                  const char *name, struct error *error) {
    struct error own = ERROR_INITIAL;
    char *path = file_join(list->folder->path, name, error);
    const struct list_file file = {
        .path = path, .folder = list->folder, .name = name, .is_member = true};
    if (path != NULL) read_file(builder, list, &file, &own);
    free(path);
    if (own.code != ERROR_DATA && own.code != ERROR_FILE) {
        if (own.code != ERROR_NONE) *error = own;
        return error->code;
    }
    const struct clip_entry entry = {.path = name, .status = CLIP_BAD_ROW, .reason = own.message};
    return builder_add(builder, &entry, error);
}

/* What save_to_disk() of datasets leaves: Arrow files, and what they are. */
static const char *const saved[] = {"state.json", "dataset_dict.json"};

static bool is_saved(const struct list_file *list) {
    for (size_t i = 0; i < sizeof saved / sizeof saved[0]; i++)
        if (list->is_member && strcmp(list->name, saved[i]) == 0) return true;
    return false;
}

static bool sniff_parquet(const struct list_file *list, struct error *error) {
    (void)error;
    return !is_saved(list) || list_file_starts_with(list, "\"_data_files\"") ||
           list_file_starts_with(list, "\"splits\"");
}

static enum error_code read_parquet(struct builder *builder, const struct list_file *list,
                                    struct error *error) {
    const size_t count = list->shards == NULL ? 0 : list->shards->count;
    if (is_saved(list))
        return FAIL(error, ERROR_DATA,
                    "%s: written by save_to_disk() as Arrow files, which are not read; write it "
                    "with dataset.to_parquet()",
                    list->folder->path);
    if (list->shards == NULL) TRY(read_file(builder, list, list, error));
    for (size_t i = 0; i < count; i++)
        TRY(read_shard(builder, list, list->shards->names[i], error));
    TRY(manifest_finish(builder, error));
    return list->is_member ? folder_warn_of_unlisted(builder, list->name, error) : ERROR_NONE;
}

const struct list_reader reader_parquet = {
    .name = "parquet",
    .sentence = "a parquet file with the sounds in a column, or their paths; a folder of these, or "
                "one with metadata.parquet",
    .labels = MANIFEST_LABELS,
    .endings = {".parquet"},
    .members = {"metadata.parquet", "state.json", "dataset_dict.json"},
    .sniff = sniff_parquet,
    .reads_shards = true,
    .read = read_parquet,
};
