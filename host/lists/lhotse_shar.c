/* Lhotse Shar: a folder with cuts.000000.jsonl.gz, recording.000000.tar, cuts.000001.jsonl.gz ...
 * or one shard of it; without shards, cuts.jsonl.gz and recording.tar. The sound of a cut is the
 * member of its id. */
#include "host/base/memory.h"
#include "host/lists/lhotse_cuts.h"
#include "host/lists/lhotse_set.h"
#include "host/lists/readers.h"
#include "host/lists/shards.h"
#include "host/lists/tar_rows.h"

#include <stdlib.h>
#include <string.h>

/* The part between "cuts" and ".jsonl", or NULL: not a file of cuts. *length: its bytes. */
static const char *shard_of(const char *name, size_t *length) {
    const char *end = strstr(name, ".jsonl");
    if (strncmp(name, "cuts.", 5) != 0 || strchr(name, '/') != NULL || end == NULL) return NULL;
    if (strcmp(end, ".jsonl") != 0 && strcmp(end, ".jsonl.gz") != 0) return NULL;
    *length = (size_t)(end - name - 4);
    return name + 4;
}

static bool is_cuts(const char *name) {
    size_t length;
    return shard_of(name, &length) != NULL;
}

/* The tar files of these cuts. */
static enum error_code name_tars(const struct shards *cuts, struct shards *tars,
                                 struct error *error) {
    *tars = (struct shards){0};
    tars->names = memory_array(cuts->count, sizeof *tars->names, "tar files", error);
    for (size_t i = 0; i < cuts->count && error->code == ERROR_NONE; i++) {
        struct text name = TEXT_INITIAL;
        size_t length = 0;
        const char *shard = shard_of(cuts->names[i], &length);
        text_string(&name, "recording");
        if (shard != NULL) text_append(&name, shard, length);
        text_string(&name, ".tar");
        if (text_check(&name, error) == ERROR_NONE) tars->names[tars->count++] = name.data;
        if (error->code != ERROR_NONE) text_free(&name);
    }
    return error->code;
}

static bool is_recording(const char *name) {
    size_t length = strlen(name);
    return strncmp(name, "recording.", 10) == 0 && length > 12 &&
           strcmp(name + length - 4, ".tar") == 0;
}

/* Sounds whose cuts are missing. Both lists are sorted bytewise. */
static enum error_code add_unlisted(struct builder *builder, const struct root_folder *folder,
                                    const struct shards *tars, struct error *error) {
    struct shards found;
    size_t next = 0;
    shards_in_folder(folder, is_recording, &found, error);
    for (size_t i = 0; i < found.count && error->code == ERROR_NONE; i++) {
        const struct clip_entry entry = {
            .path = found.names[i],
            .status = CLIP_UNREADABLE,
            .reason = "the cuts of its shard (cuts.*.jsonl.gz) are missing, so its sounds are not "
                      "in this run; copy them beside it"};
        while (next < tars->count && strcmp(tars->names[next], found.names[i]) < 0) next++;
        if (next == tars->count || strcmp(tars->names[next], found.names[i]) != 0)
            builder_add(builder, &entry, error);
    }
    shards_free(&found);
    return error->code;
}

static enum error_code read_shards(struct builder *builder, const struct list_file *list,
                                   const struct shards *cuts, struct error *error) {
    struct lhotse_cuts *set = NULL;
    lhotse_cuts_open(builder, list->path, &set, error);
    for (size_t i = 0; i < cuts->count && error->code == ERROR_NONE; i++) {
        struct text path = TEXT_INITIAL;
        text_format(&path, "%s/%s", list->path, cuts->names[i]);
        if (text_check(&path, error) == ERROR_NONE) {
            const struct list_file file = {.path = path.data,
                                           .folder = list->folder,
                                           .name = cuts->names[i],
                                           .is_member = true};
            tar_rows_file(builder, i);
            lhotse_cuts_read(set, &file, cuts->names[i], error);
        }
        text_free(&path);
    }
    if (error->code == ERROR_NONE) lhotse_cuts_finish(set, error);
    lhotse_cuts_free(set);
    return error->code;
}

/* Whether the sounds of the cuts are in the tar file beside them. */
static bool is_shard(const struct list_file *list, struct error *error) {
    struct text tar = TEXT_INITIAL;
    size_t length = 0;
    const char *shard = shard_of(list->name, &length);
    if (shard == NULL) return false;
    if (length > 0 && list->is_member) return true; /* their rows say that it is missing */
    text_format(&tar, "recording%.*s.tar", (int)length, shard);
    bool found =
        text_check(&tar, error) == ERROR_NONE && list_file_exists(list->folder, tar.data, error);
    text_free(&tar);
    return found;
}

static enum error_code read_one(struct builder *builder, const struct list_file *list,
                                struct error *error) {
    struct lhotse_cuts *set = NULL;
    lhotse_cuts_open(builder, list->path, &set, error);
    if (error->code == ERROR_NONE) lhotse_cuts_read(set, list, list->name, error);
    if (error->code == ERROR_NONE) lhotse_cuts_finish(set, error);
    lhotse_cuts_free(set);
    return error->code;
}

static enum error_code read_shar(struct builder *builder, const struct list_file *list,
                                 struct error *error) {
    struct shards cuts = {0}, tars = {0};
    bool is_file = is_cuts(list->name);
    if (is_file)
        shards_add(&cuts, list->name, error);
    else
        shards_in_folder(list->folder, is_cuts, &cuts, error);
    if (error->code == ERROR_NONE) name_tars(&cuts, &tars, error);
    if (error->code == ERROR_NONE) tar_rows_open(builder, list->folder, &tars, true, error);
    if (error->code == ERROR_NONE && is_file) read_one(builder, list, error);
    if (error->code == ERROR_NONE && !is_file) read_shards(builder, list, &cuts, error);
    if (error->code == ERROR_NONE && !is_file) add_unlisted(builder, list->folder, &tars, error);
    tar_rows_close(builder);
    shards_free(&cuts);
    shards_free(&tars);
    return error->code == ERROR_NONE ? manifest_finish(builder, error) : error->code;
}

const struct list_reader reader_lhotse_shar = {
    .name = "lhotse-shar",
    .sentence =
        "a folder of Lhotse Shar (cuts.000000.jsonl.gz, recording.000000.tar, ...), or one file "
        "of cuts in it",
    .labels = LHOTSE_LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .members = {"cuts.000000.jsonl.gz", "cuts.000000.jsonl", "cuts.jsonl.gz", "cuts.jsonl"},
    .reads_folder = true,
    .sniff = is_shard,
    .read = read_shar,
};
