#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/lists/label_studio.h"
#include "host/lists/label_studio_paths.h"

#include <stdio.h>
#include <string.h>

/* ---- the sound ---- */

static const char *string_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* Whether a member of the data looks like the address of a sound. */
static bool is_sound(const char *value) {
    return value != NULL &&
           (audio_extension(value, NULL) || strstr(value, "/data/upload/") != NULL ||
            strstr(value, "/data/local-files/") != NULL);
}

/* The member of the data with the sound: the option's, a usual name, or the first that looks like
 * one. */
static const char *find_key(const struct label_studio *studio, const json_t *data) {
    static const char *const names[] = {"url", "sound", "voice", NULL};
    const char *scratch[2], *key;
    json_t *value;
    const char *const *usual = manifest_names(studio->builder, ROLE_PATH, scratch);
    bool given = studio->builder->options.path_column != NULL;
    for (const char *const *name = usual; *name != NULL; name++)
        if (string_of(data, *name) != NULL) return *name;
    for (const char *const *name = names; *name != NULL && !given; name++)
        if (string_of(data, *name) != NULL) return *name;
    json_object_foreach((json_t *)(uintptr_t)data, key, value) {
        if (!given && is_sound(json_string_value(value))) return key;
    }
    return NULL;
}

/* Group and fold are members of the data, or of the task or row itself. */
static enum error_code take_field(const json_t *data, const json_t *task, const char *option,
                                  enum manifest_role role, struct text *text,
                                  struct manifest_row *row, struct error *error) {
    if (option == NULL) return ERROR_NONE;
    const json_t *value = json_object_get(data, option);
    if (value == NULL) value = json_object_get(task, option);
    if (value != NULL && json_value_text(value, text, error)) row->values[role] = text->data;
    return error->code;
}

enum error_code label_studio_sound(struct label_studio *studio, const json_t *data,
                                   const json_t *task, struct manifest_row *row,
                                   struct error *error) {
    const struct builder *builder = studio->builder;
    const struct input_options *options = &builder->options;
    struct text address = TEXT_INITIAL;
    bool moved = false;
    if (builder->group_field == SIZE_MAX)
        TRY(take_field(data, task, options->group_field, ROLE_GROUP, &studio->more[0], row, error));
    if (builder->fold_field == SIZE_MAX)
        TRY(take_field(data, task, options->fold_column, ROLE_FOLD, &studio->more[1], row, error));
    const char *key = studio->key.length > 0 ? studio->key.data : find_key(studio, data);
    if (key != NULL && studio->key.length == 0) text_string(&studio->key, key);
    TRY(text_check(&studio->key, error));
    const json_t *value = key == NULL ? NULL : json_object_get(data, key);
    if (!json_is_string(value)) value = json_object_get(task, "file_upload");
    if (!json_is_string(value)) {
        row->problem = "no path of a sound file in its data";
        return ERROR_NONE;
    }
    if (json_value_text(value, &address, error) && error->code == ERROR_NONE)
        row->problem = label_studio_path(&builder->collection->clips.root,
                                         address.data == NULL ? "" : address.data, &studio->path,
                                         &moved, error);
    studio->moved += moved;
    if (row->problem == NULL) row->values[ROLE_PATH] = studio->path.data;
    text_free(&address);
    return error->code;
}

/* ---- labels ---- */

const json_t *label_studio_labels_of(const json_t *value, const char *type) {
    static const char *const names[] = {"choices", "labels"};
    size_t length = type == NULL ? 0 : strlen(type);
    bool is_labels = length >= 6 && strcmp(type + length - 6, "labels") == 0;
    const json_t *found = is_labels ? json_object_get(value, type) : NULL;
    for (size_t i = 0; i < 2 && !json_is_array(found); i++)
        found = json_object_get(value, names[i]);
    return json_is_array(found) ? found : NULL;
}

enum error_code label_studio_labels(struct label_studio *studio, const json_t *value,
                                    struct manifest_row *row, struct error *error) {
    const char *separator = studio->builder->options.label_separator;
    const char *name = studio->field.data == NULL ? "" : studio->field.data;
    if (json_is_array(value) && json_array_size(value) == 0 && separator == NULL) return ERROR_NONE;
    if (json_array_size(value) == 1 && separator == NULL) value = json_array_get(value, 0);
    bool good = json_label_text(value, name, separator, &studio->label, studio->problem, error);
    if (good)
        row->values[ROLE_LABEL] = studio->label.data == NULL ? "" : studio->label.data;
    else if (row->problem == NULL)
        row->problem = studio->problem;
    return error->code;
}

bool label_studio_segment(struct label_studio *studio, const json_t *object,
                          struct manifest_row *row) {
    const json_t *start = json_object_get(object, "start"), *end = json_object_get(object, "end");
    if (!json_is_number(start) || !json_is_number(end)) return false;
    text_clear(&studio->start);
    text_clear(&studio->end);
    text_format(&studio->start, "%.17g", json_number_value(start));
    text_format(&studio->end, "%.17g", json_number_value(end));
    row->values[ROLE_START] = studio->start.data;
    row->values[ROLE_END] = studio->end.data;
    return true;
}

/* ---- flat rows ---- */

/* What Label Studio itself adds to a row. */
static bool is_own(const char *key) {
    static const char *const names[] = {"id",         "annotator", "annotation_id", "created_at",
                                        "updated_at", "lead_time", "file_upload",   "agreement",
                                        "project",    "inner_id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(key, names[i]) == 0) return true;
    return false;
}

/* Choices and regions, which only a tag has. */
static bool is_annotation(const json_t *value) {
    const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
    return label_studio_labels_of(first, NULL) != NULL;
}

static enum error_code fail_several(const struct label_studio *studio, const char *other,
                                    struct error *error) {
    return FAIL(error, ERROR_USAGE,
                "%s: both '%.*s' and '%.*s' may be the labels; choose one with --label-column",
                studio->name, UTF8_PIECE(studio->field.data, 60), UTF8_PIECE(other, 60));
}

/* The member with the labels: one of choices or regions, one with a usual name, the only text. */
static enum error_code find_field(struct label_studio *studio, const json_t *object,
                                  struct error *error) {
    const char *key, *scratch[2];
    json_t *value;
    const char *const *usual = manifest_names(studio->builder, ROLE_LABEL, scratch);
    for (int pass = 0; pass < 3 && studio->field.length == 0; pass++) {
        if (pass == 1) {
            for (; *usual != NULL && studio->field.length == 0; usual++)
                if (json_object_get(object, *usual) != NULL) text_string(&studio->field, *usual);
            continue;
        }
        json_object_foreach((json_t *)(uintptr_t)object, key, value) {
            if (is_own(key) || strcmp(key, studio->key.data) == 0) continue;
            if (pass == 0 ? !is_annotation(value) : !json_is_string(value)) continue;
            if (studio->field.length > 0) return fail_several(studio, key, error);
            text_string(&studio->field, key);
        }
    }
    return text_check(&studio->field, error);
}

enum error_code label_studio_add_flat(struct label_studio *studio, const json_t *object,
                                      size_t line, size_t number, struct error *error) {
    struct manifest_row row = {.line = line, .number = number};
    studio->tasks++;
    TRY(label_studio_sound(studio, object, object, &row, error));
    if (studio->field.length == 0 && studio->key.length > 0 && !studio->builder->has_pattern)
        TRY(find_field(studio, object, error));
    const json_t *value =
        studio->field.length == 0 ? NULL : json_object_get(object, studio->field.data);
    if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
        for (size_t i = 0; i < json_array_size(value) && error->code == ERROR_NONE; i++) {
            const json_t *region = json_array_get(value, i);
            const json_t *labels = label_studio_labels_of(region, NULL);
            struct manifest_row one = row;
            label_studio_segment(studio, region, &one);
            if (labels != NULL) TRY(label_studio_labels(studio, labels, &one, error));
            manifest_add(studio->builder, &one, error);
        }
        return error->code;
    }
    if (json_is_object(value)) value = label_studio_labels_of(value, NULL);
    if (value != NULL && !json_is_null(value)) TRY(label_studio_labels(studio, value, &row, error));
    studio->unlabelled += row.values[ROLE_LABEL] == NULL;
    return manifest_add(studio->builder, &row, error);
}
