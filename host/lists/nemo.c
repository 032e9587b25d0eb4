/* NeMo's tarred manifests: JSON lines whose audio_filepath is a member of one of the tar files
 * beside the list (tarred_audio_manifest.json, audio_0.tar, audio_1.tar ...). The list may be in
 * shards: sharded_manifests/manifest_0.json for audio_0.tar, and so on. */
#include "host/base/file.h"
#include "host/base/json_lines.h"
#include "host/lists/list_note.h"
#include "host/lists/readers.h"
#include "host/lists/shards.h"
#include "host/lists/tar_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char path_name[] = "audio_filepath";

static bool is_tar(const char *name) {
    size_t length = strlen(name);
    return (length > 4 && strcmp(name + length - 4, ".tar") == 0) ||
           (length > 7 && strcmp(name + length - 7, ".tar.gz") == 0);
}

/* The path of the first object, to be freed; NULL: it has none, or is not read. */
static char *first_path(const struct list_file *list, struct error *error) {
    struct error trouble = ERROR_INITIAL; /* reading the file reports it */
    FILE *stream = NULL;
    char *path = NULL;
    if (list_file_stream(list, &stream, &trouble) != ERROR_NONE) return NULL;
    struct json_lines lines = {.stream = stream, .name = list->path};
    bool end = false;
    for (size_t i = 0; i < 100 && !end && lines.object == NULL; i++)
        if (json_lines_next(&lines, &end, &trouble) != ERROR_NONE) break;
    if (trouble.code == ERROR_NONE && lines.object != NULL)
        path = json_bytes(json_object_get(lines.object, path_name), &trouble);
    json_lines_close(&lines);
    fclose(stream);
    if (trouble.code == ERROR_MEMORY) *error = trouble;
    return path;
}

/* Whether tar files, and no sounds, are beside a list whose first path is no file. */
static bool is_tarred(const struct list_file *list, struct error *error) {
    struct error trouble = ERROR_INITIAL; /* a link that leads out: there is a file */
    struct shards shards;
    char *path = first_path(list, error);
    if (path == NULL) return false;
    bool is_file = list_file_exists(list->folder, path, &trouble) || trouble.code != ERROR_NONE;
    free(path);
    if (is_file || error->code != ERROR_NONE) return false;
    shards_in_folder(list->folder, is_tar, &shards, error);
    bool found = shards.count > 0;
    shards_free(&shards);
    return found && error->code == ERROR_NONE;
}

/* ---- manifests ---- */

static enum error_code read_manifest(struct builder *builder, const struct list_file *list,
                                     struct error *error) {
    FILE *stream = NULL;
    TRY(list_note_file(builder, list, error));
    TRY(list_file_stream(list, &stream, error));
    manifest_jsonl_read(builder, stream, list->path, error);
    fclose(stream);
    return error->code;
}

/* One of several: a row with the reason if it cannot be opened, or is empty. */
static enum error_code read_shard(struct builder *builder, const struct list_file *list,
                                  struct error *error) {
    struct error own = ERROR_INITIAL;
    FILE *stream = NULL;
    list_file_stream(list, &stream, &own);
    if (own.code == ERROR_MEMORY || (own.code != ERROR_NONE && file_is_shortage(errno)))
        return (*error = own).code;
    int first = stream == NULL ? EOF : fgetc(stream);
    if (own.code == ERROR_NONE && first == EOF) FAIL(&own, ERROR_DATA, "%s: empty", list->path);
    char reason[512];
    error_format(reason, sizeof reason,
                 "the clips of this manifest are not in this run; copy it again: %s", own.message);
    struct clip_entry entry = {.path = list->name, .status = CLIP_UNREADABLE, .reason = reason};
    if (own.code != ERROR_NONE) {
        builder_add(builder, &entry, error);
    } else if (list_note_file(builder, list, error) == ERROR_NONE) {
        ungetc(first, stream);
        tar_rows_list(builder, list->name);
        manifest_jsonl_read(builder, stream, list->path, error);
    }
    if (stream != NULL) fclose(stream);
    return error->code;
}

static enum error_code read_shards(struct builder *builder, const struct list_file *list,
                                   struct error *error) {
    for (size_t i = 0; i < list->shards->count && error->code == ERROR_NONE; i++) {
        const char *name = list->shards->names[i];
        char *path = file_join(list->folder->path, name, error);
        const struct list_file shard = {
            .path = path, .folder = list->folder, .name = name, .is_member = true};
        if (path != NULL) read_shard(builder, &shard, error);
        free(path);
    }
    if (!list->shards->whole) return error->code;
    return tar_rows_unlisted(builder,
                             "no manifest lists a sound in it, so its sounds are not in this run; "
                             "copy the missing manifest (manifest_N.json) beside the others",
                             error);
}

static void describe(const struct list_file *list, size_t tars, struct text *reading) {
    text_format(reading, "%s is read as ", list->path);
    if (list->shards == NULL)
        text_format(reading, "a tarred manifest of NeMo: sounds from %zu tar files beside it",
                    tars);
    else
        text_format(reading,
                    "a tarred manifest of NeMo in %zu files: sounds from %zu tar files in %s",
                    list->shards->count, tars, list->folder->path);
}

static enum error_code read_nemo(struct builder *builder, const struct list_file *list,
                                 struct error *error) {
    struct collection *collection = builder->collection;
    struct shards shards;
    shards_in_folder(list->folder, is_tar, &shards, error);
    describe(list, shards.count, &collection->reading);
    if (error->code == ERROR_NONE) tar_rows_open(builder, list->folder, &shards, false, error);
    if (error->code == ERROR_NONE && list->shards == NULL) read_manifest(builder, list, error);
    if (error->code == ERROR_NONE && list->shards != NULL) read_shards(builder, list, error);
    tar_rows_close(builder);
    shards_free(&shards);
    TRY(error->code);
    if (builder->segments > 0)
        text_format(&collection->reading, "; %zu of %zu clips are segments of them",
                    builder->segments, collection->clips.count);
    TRY(text_check(&collection->reading, error));
    return manifest_finish(builder, error);
}

const struct list_reader reader_nemo = {
    .name = "nemo-tarred",
    .sentence =
        "a tarred manifest of NeMo with its tar files beside it, or their folder; also in shards "
        "('manifest_{0..99}.json', sharded_manifests/)",
    .labels = MANIFEST_LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .members = {"tarred_audio_manifest.json"},
    .sniff = is_tarred,
    .reads_lists = true,
    .read = read_nemo,
};
