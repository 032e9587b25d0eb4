/* JSON manifests: one object a line, one array, or what else host/base/json_lines.h reads. What is
 * not an object becomes a row with its reason. */
#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/lists/json_label.h"
#include "host/lists/json_members.h"
#include "host/lists/list_note.h"
#include "host/lists/manifest.h"
#include "host/lists/readers.h"

#include <stdio.h>
#include <string.h>

struct jsonl_reader {
    struct builder *builder;
    struct json_lines lines;
    struct json_members members;
    /* Decided by the first object that has one of the names; NULL before. */
    const char *keys[ROLE_COUNT];
    const char *scratch[ROLE_COUNT][2];
    struct text values[ROLE_COUNT];
    size_t first_clip;      /* of this file */
    struct text first_keys; /* of the first object, for messages */
    /* Of one object whose members are the clips: */
    bool paths_are_names;
    bool labels_are_values;
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

static const char *key_in(const void *list, const char *name) {
    return json_object_get(list, name) == NULL ? NULL : name;
}

/* Keeps the value of a role as text; false, with the problem, if it is not text. */
static bool take_value(struct jsonl_reader *reader, enum manifest_role role, const char *key,
                       const json_t *value, char problem[JSON_LABEL_PROBLEM], struct error *error) {
    struct text *text = &reader->values[role];
    if (role == ROLE_PATH) value = json_members_path(value);
    if (role == ROLE_LABEL)
        return json_label_text(value, key, reader->builder->options.label_separator, text, problem,
                               error);
    if ((role != ROLE_PATH || json_is_string(value)) && json_value_text(value, text, error))
        return true;
    snprintf(problem, JSON_LABEL_PROBLEM, "the value of '%.*s' is not text", UTF8_PIECE(key, 60));
    return false;
}

/* `known` has what the object itself does not. */
static enum error_code add_object(struct jsonl_reader *reader, json_t *object,
                                  const struct manifest_row *known, struct error *error) {
    struct manifest_row row = *known;
    char problem[JSON_LABEL_PROBLEM], later[JSON_LABEL_PROBLEM];
    if (reader->first_keys.length == 0) {
        list_keys(reader, object);
        time_columns_find(key_in, object, &reader->builder->times);
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
        else if (role != ROLE_SPLIT) /* which is not asked for */
            row.problem = problem;
    }
    row.span = list_note_object(reader->builder, &reader->lines, reader->keys[ROLE_LABEL]);
    const char *path = reader->keys[ROLE_PATH];
    row.duration_holds = path != NULL && strcmp(path, "audio_filepath") == 0;
    return manifest_add(reader->builder, &row, error);
}

/* A clip whose member is its label. */
static enum error_code add_label(struct jsonl_reader *reader, const json_t *value,
                                 const struct manifest_row *known, struct error *error) {
    struct manifest_row row = *known;
    char problem[JSON_LABEL_PROBLEM];
    struct text *label = &reader->values[ROLE_LABEL];
    reader->labels_are_values = true;
    if (json_is_null(value)) return manifest_add(reader->builder, &row, error);
    bool usable = json_label_text(value, reader->lines.member,
                                  reader->builder->options.label_separator, label, problem, error);
    TRY(error->code);
    if (usable)
        row.values[ROLE_LABEL] = label->data == NULL ? "" : label->data;
    else
        row.problem = problem;
    return manifest_add(reader->builder, &row, error);
}

static enum error_code add_member(struct jsonl_reader *reader, const struct manifest_row *known,
                                  struct error *error) {
    struct manifest_row row = *known;
    const struct json_lines *lines = &reader->lines;
    char problem[JSON_LABEL_PROBLEM];
    enum json_member_use use;
    TRY(json_members_use(&reader->members, lines, &use, error));
    if (use == JSON_MEMBER_OTHER) return ERROR_NONE;
    if (use == JSON_MEMBER_BAD) {
        snprintf(problem, sizeof problem, "the member '%.*s' has no path and names no sound file",
                 UTF8_PIECE(lines->member, 60));
        row.problem = problem;
        return manifest_add(reader->builder, &row, error);
    }
    if (reader->first_keys.data == NULL) text_string(&reader->first_keys, "");
    if (use == JSON_MEMBER_NAMED) {
        reader->paths_are_names = true;
        row.values[ROLE_PATH] = lines->member;
    } else if (!lines->in_array) {
        row.values[ROLE_ID] = lines->member;
    }
    return lines->object != NULL ? add_object(reader, lines->object, &row, error)
                                 : add_label(reader, lines->value, &row, error);
}

static enum error_code add_line(struct jsonl_reader *reader, struct error *error) {
    const struct json_lines *lines = &reader->lines;
    struct manifest_row row = {.line = lines->line, .number = lines->number};
    row.span = list_note_object(reader->builder, lines, NULL);
    if (lines->member != NULL && (lines->object != NULL || lines->value != NULL))
        return add_member(reader, &row, error);
    if (lines->object != NULL) return add_object(reader, lines->object, &row, error);
    row.problem = lines->problem;
    return manifest_add(reader->builder, &row, error);
}

/* The path, the label and columns that options name must be in at least one line. */
static enum error_code check_keys(struct jsonl_reader *reader, struct error *error) {
    const struct clip_list *clips = &reader->builder->collection->clips;
    const char *name = reader->lines.name;
    if (reader->first_keys.data == NULL)
        return FAIL(error, ERROR_DATA, "%s: no line is a JSON object; %s", name,
                    clips->count > reader->first_clip ? clip_reason(clips, reader->first_clip)
                                                      : "the file is empty");
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++)
        if (manifest_needs(reader->builder, role) && reader->keys[role] == NULL &&
            !(role == ROLE_PATH && reader->paths_are_names) &&
            !(role == ROLE_LABEL && reader->labels_are_values))
            return manifest_missing(reader->builder, role, name, reader->first_keys.data, error);
    TRY(list_note_column(reader->builder, reader->keys[ROLE_LABEL], error));
    if (reader->keys[ROLE_START] == NULL && reader->keys[ROLE_END] == NULL)
        return manifest_warn_of_unused(reader->builder, name, error);
    return ERROR_NONE;
}

static enum error_code read_objects(struct jsonl_reader *reader, struct error *error) {
    struct json_members *members = &reader->members;
    struct builder *builder = reader->builder;
    for (;;) {
        bool end = false;
        TRY(json_lines_next(&reader->lines, &end, error));
        if (end) break;
        TRY(add_line(reader, error));
    }
    TRY(manifest_flush(builder, error));
    if (reader->lines.shape == JSON_SHAPE_MEMBERS)
        TRY(json_members_finish(members, reader->lines.name, &builder->collection->reading, error));
    TRY(check_keys(reader, error));
    return text_check(&reader->first_keys, error);
}

enum error_code manifest_jsonl_read(struct builder *builder, FILE *stream, const char *name,
                                    struct error *error) {
    builder->times = (struct time_columns){0};
    struct jsonl_reader reader = {.builder = builder,
                                  .first_clip = builder->collection->clips.count};
    reader.members.root = &builder->collection->clips.root;
    reader.members.path_names = manifest_names(builder, ROLE_PATH, reader.members.scratch);
    reader.lines = (struct json_lines){.stream = stream,
                                       .name = name,
                                       .holds_rows = json_members_hold,
                                       .context = &reader.members};
    read_objects(&reader, error);
    manifest_flush(builder, error);
    json_lines_close(&reader.lines);
    json_members_free(&reader.members);
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
    .sentence =
        "a file of JSON (lines, an array), or a folder with metadata.jsonl (an audiofolder)",
    .labels = MANIFEST_LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .members = {"metadata.jsonl"},
    .sniff = manifest_sniff,
    .read = read_jsonl,
};
