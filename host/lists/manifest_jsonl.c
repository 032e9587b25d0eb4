/* JSONL manifests: one object a line. Any other line becomes a row with its reason. */
#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/lists/json_label.h"
#include "host/lists/manifest.h"
#include "host/lists/readers.h"

#include <stdio.h>
#include <string.h>

struct jsonl_reader {
    struct builder *builder;
    struct json_lines lines;
    /* Decided by the first object that has one of the names; NULL before. */
    const char *keys[ROLE_COUNT];
    const char *scratch[ROLE_COUNT][2];
    struct text values[ROLE_COUNT];
    struct text first_keys; /* of the first object, for messages */
    bool has_start_and_end; /* the first object has */
};

/* The key of a role, decided by the first object that has one of its names; or NULL. */
static const char *key_of(struct jsonl_reader *reader, enum manifest_role role,
                          const json_t *object) {
    if (reader->keys[role] != NULL) return reader->keys[role];
    const char *const *names = manifest_names(reader->builder, role, reader->scratch[role]);
    for (; *names != NULL; names++)
        if (json_object_get(object, *names) != NULL) return reader->keys[role] = *names;
    return NULL;
}

static void list_keys(struct jsonl_reader *reader, json_t *object) {
    text_string(&reader->first_keys, "");
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        if (reader->first_keys.length > 0) text_string(&reader->first_keys, ", ");
        text_string(&reader->first_keys, json_object_iter_key(at));
    }
}

/* Keeps the value of a role as text; false, with the problem, if it is not text. */
static bool take_value(struct jsonl_reader *reader, enum manifest_role role, const char *key,
                       const json_t *value, char problem[JSON_LABEL_PROBLEM], struct error *error) {
    struct text *text = &reader->values[role];
    if (role == ROLE_LABEL)
        return json_label_text(value, key, reader->builder->options.label_separator, text, problem,
                               error);
    if ((role != ROLE_PATH || json_is_string(value)) && json_value_text(value, text, error))
        return true;
    snprintf(problem, JSON_LABEL_PROBLEM, "the value of '%.*s' is not text", UTF8_PIECE(key, 60));
    return false;
}

static enum error_code add_object(struct jsonl_reader *reader, struct error *error) {
    struct manifest_row row = {.line = reader->lines.line};
    json_t *object = reader->lines.object;
    char problem[JSON_LABEL_PROBLEM], later[JSON_LABEL_PROBLEM];
    if (reader->first_keys.data == NULL) {
        list_keys(reader, object);
        reader->has_start_and_end =
            json_object_get(object, "start") != NULL && json_object_get(object, "end") != NULL;
    }
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++) {
        const char *key = key_of(reader, role, object);
        const json_t *value = key == NULL ? NULL : json_object_get(object, key);
        if (value == NULL || json_is_null(value)) continue;
        bool usable =
            take_value(reader, role, key, value, row.problem == NULL ? problem : later, error);
        TRY(error->code);
        const char *text = reader->values[role].data;
        if (usable)
            row.values[role] = text == NULL ? "" : text;
        else
            row.problem = problem;
    }
    const char *path = reader->keys[ROLE_PATH];
    row.duration_holds = path != NULL && strcmp(path, "audio_filepath") == 0;
    return manifest_add(reader->builder, &row, error);
}

static enum error_code add_line(struct jsonl_reader *reader, struct error *error) {
    if (reader->lines.object != NULL) return add_object(reader, error);
    struct manifest_row row = {.line = reader->lines.line, .problem = reader->lines.problem};
    return manifest_add(reader->builder, &row, error);
}

/* The path, the label and columns that options name must be in at least one line. */
static enum error_code check_keys(struct jsonl_reader *reader, struct error *error) {
    const struct clip_list *clips = &reader->builder->collection->clips;
    const char *name = reader->lines.name;
    if (reader->first_keys.data == NULL)
        return FAIL(error, ERROR_DATA, "%s: no line is a JSON object; %s", name,
                    clips->count > 0 ? clip_reason(clips, 0) : "the file is empty");
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++)
        if (manifest_needs(reader->builder, role) && reader->keys[role] == NULL)
            return manifest_missing(reader->builder, role, name, reader->first_keys.data, error);
    if (reader->has_start_and_end && reader->keys[ROLE_START] == NULL &&
        reader->keys[ROLE_END] == NULL)
        return manifest_warn_of_unused(reader->builder, name, error);
    return ERROR_NONE;
}

enum error_code manifest_jsonl_read(struct builder *builder, FILE *stream, const char *name,
                                    struct error *error) {
    struct jsonl_reader reader = {.builder = builder, .lines = {.stream = stream, .name = name}};
    while (error->code == ERROR_NONE) {
        bool end = false;
        if (json_lines_next(&reader.lines, &end, error) != ERROR_NONE || end) break;
        add_line(&reader, error);
    }
    if (error->code == ERROR_NONE) check_keys(&reader, error);
    if (error->code == ERROR_NONE) text_check(&reader.first_keys, error);
    json_lines_close(&reader.lines);
    text_free(&reader.first_keys);
    for (size_t role = 0; role < ROLE_COUNT; role++) text_free(&reader.values[role]);
    return error->code;
}

static enum error_code read_jsonl(struct builder *builder, const struct list_file *list,
                                  struct error *error) {
    return manifest_read(builder, list, manifest_jsonl_read, error);
}

const struct list_reader reader_jsonl = {
    .name = "jsonl",
    .sentence = "a file of JSON lines, or a folder with metadata.jsonl (an audiofolder)",
    .labels = MANIFEST_LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .members = {"metadata.jsonl"},
    .sniff = manifest_sniff,
    .read = read_jsonl,
};
