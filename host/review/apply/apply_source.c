/* The run that decisions are about, and its INPUT read again. */
#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/input.h"
#include "host/review/apply/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#define RUN_JSON_MAXIMUM ((size_t)256 << 20)

/* ---- run.json ---- */

enum {
    LABEL_PATTERN,
    LABEL_COLUMN,
    LABEL_SEPARATOR,
    PATH_COLUMN,
    PATH_TEMPLATE,
    AUDIO_ROOT,
    START_COLUMN,
    END_COLUMN,
    FOLD_COLUMN
};

static const char *const option_names[] = {
    [LABEL_PATTERN] = "label_pattern",     [LABEL_COLUMN] = "label_column",
    [LABEL_SEPARATOR] = "label_separator", [PATH_COLUMN] = "path_column",
    [PATH_TEMPLATE] = "path_template",     [AUDIO_ROOT] = "audio_root",
    [START_COLUMN] = "start_column",       [END_COLUMN] = "end_column",
    [FOLD_COLUMN] = "fold_column"};

enum { OPTIONS = sizeof option_names / sizeof option_names[0] };

static enum error_code read_run(struct apply_source *source, struct error *error) {
    char *data = NULL;
    size_t size = 0;
    TRY(folder_read(&source->out, "run.json", RUN_JSON_MAXIMUM, &data, &size, error));
    char *path = file_join(source->out.path, "run.json", error);
    if (path != NULL) source->run = json_parse(data, size, path, error);
    free(path);
    free(data);
    if (source->run == NULL) return error->code;
    if (json_integer_value(json_object_get(source->run, "format")) != 1)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "%s/run.json: not that of a run which this version can read", source->out.path);
    source->list = json_object_get(source->run, "list");
    if (!json_is_object(source->list))
        return FAIL(error, ERROR_UNSUPPORTED,
                    "%s: a version of earmark made it that did not note how the list was read; "
                    "audit the list again with the same options into a new folder, and give the "
                    "files of decisions: earmark apply NEWOUT %s/decisions-*.jsonl -o NEW",
                    source->out.path, source->out.path);
    source->path = json_bytes(json_object_get(source->list, "path"), error);
    source->format =
        json_bytes(json_object_get(json_object_get(source->run, "input"), "kind"), error);
    source->separator = json_bytes(
        json_object_get(json_object_get(source->run, "settings"), "label_separator"), error);
    for (size_t i = 0; i < OPTIONS; i++)
        source->option[i] = json_bytes(json_object_get(source->list, option_names[i]), error);
    return error->code;
}

enum error_code apply_source_open(const char *out, struct apply_source *source,
                                  struct error *error) {
    TRY(folder_open(out, false, &source->out, error));
    TRY(read_run(source, error));
    return all_clips_open(&source->out, &source->clips, error);
}

void apply_source_close(struct apply_source *source) {
    collection_close(&source->collection);
    all_clips_close(source->clips);
    json_decref(source->run);
    free(source->path);
    free(source->format);
    free(source->separator);
    for (size_t i = 0; i < OPTIONS; i++) free(source->option[i]);
    folder_close(&source->out);
}

/* ---- INPUT as it is now ---- */

static enum error_code fail_changed(const struct apply_source *source, const char *what,
                                    const char *name, struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s: %s%.*s, so it has changed since the audit, and decisions may not fit it any "
                "more; audit it again: decisions are kept",
                source->path, what, UTF8_PIECE(name, 300));
}

static const json_t *file_at(const struct apply_source *source, size_t file) {
    return json_array_get(json_object_get(source->list, "files"), file);
}

uint64_t apply_source_hash(const struct apply_source *source, size_t file) {
    const char *digits = json_string_value(json_object_get(file_at(source, file), "hash"));
    return digits == NULL ? 0 : strtoull(digits, NULL, 16);
}

/* The texts that labels are from are those of the audit. */
static enum error_code check_files(const struct apply_source *source, struct error *error) {
    const struct list_trace *trace = &source->collection.trace;
    const size_t count = json_array_size(json_object_get(source->list, "files"));
    for (size_t i = 0; i < trace->file_count && i < count; i++) {
        char *name = json_bytes(json_object_get(file_at(source, i), "name"), error);
        TRY(error->code);
        const bool same = name != NULL && strcmp(name, trace->files[i].name) == 0 &&
                          trace->files[i].hash == apply_source_hash(source, i);
        free(name);
        if (!same) return fail_changed(source, "other bytes in ", trace->files[i].name, error);
    }
    return trace->file_count == count ? ERROR_NONE
                                      : fail_changed(source, "another number of lists", "", error);
}

/* A row of clips.csv is the clip of that number. */
static enum error_code check_clips(const struct apply_source *source, struct error *error) {
    const struct run_clips clips = all_clips_view(source->clips);
    const struct clip_list *now = &source->collection.clips;
    if (clips.count != now->count)
        return fail_changed(source, "another number of clips than in ", source->out.path, error);
    for (size_t i = 0; i < now->count; i++) {
        const struct run_clip clip = run_clip_at(&clips, i);
        const char *path = clip_path(now, i), *label = clip_label(now, i);
        const bool same = strcmp(clip.path == NULL ? "" : clip.path, path) == 0 &&
                          (clip.label == NULL) == (label == NULL) &&
                          (label == NULL || strcmp(clip.label, label) == 0);
        if (!same) return fail_changed(source, "another label or path of ", path, error);
    }
    return ERROR_NONE;
}

/* The reason why the audit's INPUT cannot be read any more comes with what to do. */
static enum error_code read_again(struct apply_source *source, struct error *error) {
    char *group = json_bytes(json_object_get(source->list, "group"), error);
    const struct input_options options = {
        .label_pattern = source->option[LABEL_PATTERN],
        .label_column = source->option[LABEL_COLUMN],
        .label_separator = source->option[LABEL_SEPARATOR],
        .path_column = source->option[PATH_COLUMN],
        .path_template = source->option[PATH_TEMPLATE],
        .audio_root = source->option[AUDIO_ROOT],
        .start_column = source->option[START_COLUMN],
        .end_column = source->option[END_COLUMN],
        .group_field = group,
        .fold_column = source->option[FOLD_COLUMN],
        .exclude = {source->out.path},
        .allow_outside = json_is_true(json_object_get(source->list, "allow_outside")),
        .wants_spans = true};
    if (error->code == ERROR_NONE) input_open(source->path, &options, &source->collection, error);
    /* It is named in run.json too, and nothing here is asked for it again. */
    source->collection.group_field = NULL;
    source->collection.fold_column = NULL;
    free(group);
    return error->code;
}

enum error_code apply_source_read(struct apply_source *source, struct error *error) {
    if (source->path == NULL) return ERROR_NONE;
    TRY(read_again(source, error));
    TRY(check_files(source, error));
    return check_clips(source, error);
}
