#include "host/lists/lhotse_set.h"

#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/lists/list_note.h"

#include <string.h>

static const char custom_prefix[] = "custom.";

/* Of a field of a cut, which all its supervisions have. */
#define SHARED_BYTES 1024
#define SHARED_LABELS 128

enum error_code lhotse_set_open(struct lhotse_set *set, struct error *error) {
    const struct builder *builder = set->builder;
    const struct input_options *options = &builder->options;
    const char *label = options->label_column;
    if (options->path_column != NULL || options->start_column != NULL ||
        options->end_column != NULL)
        return FAIL(error, ERROR_USAGE,
                    "--path-column, --start-column and --end-column are for manifests, not for "
                    "Lhotse's %ss",
                    set->what);
    if (label == NULL && !builder->has_pattern) label = LHOTSE_DEFAULT_LABEL;
    set->fields[0] =
        (struct lhotse_field){.role = ROLE_LABEL, .option = "--label-column", .name = label};
    set->fields[1] = (struct lhotse_field){
        .role = ROLE_GROUP,
        .option = "--group",
        .name = builder->group_field == SIZE_MAX ? options->group_field : NULL};
    set->fields[2] = (struct lhotse_field){
        .role = ROLE_FOLD,
        .option = "--fold-column",
        .name = builder->fold_field == SIZE_MAX ? options->fold_column : NULL};
    return ERROR_NONE;
}

void lhotse_set_free(struct lhotse_set *set) {
    for (size_t i = 0; i < LHOTSE_FIELDS; i++) text_free(&set->fields[i].value);
    text_free(&set->known);
    text_free(&set->id);
}

/* ---- fields ---- */

/* A member that is there and not null. */
static const json_t *find_member(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

/* "custom.NAME", or NAME: a field of the supervision, else of its `custom`, else of the cut's. */
static const json_t *find_field(const json_t *supervision, const json_t *cut, const char *name,
                                bool *shared) {
    bool custom = strncmp(name, custom_prefix, strlen(custom_prefix)) == 0;
    const char *key = custom ? name + strlen(custom_prefix) : name;
    const json_t *value = custom ? NULL : find_member(supervision, name);
    if (value == NULL) value = find_member(json_object_get(supervision, "custom"), key);
    *shared = value == NULL;
    if (value == NULL) value = find_member(json_object_get(cut, "custom"), key);
    return value;
}

/* find_field() in the text. */
static bool find_place(const char *text, struct json_place supervision, struct json_place cut,
                       const char *name, struct json_place *value) {
    const bool custom = strncmp(name, custom_prefix, strlen(custom_prefix)) == 0;
    const char *key = custom ? name + strlen(custom_prefix) : name;
    const struct json_place within[] = {supervision, cut};
    struct json_place member;
    if (!custom && json_place_member(text, supervision, name, value) &&
        !json_place_is_null(text, *value))
        return true;
    for (size_t i = 0; i < 2; i++)
        if (json_place_member(text, within[i], "custom", &member) &&
            json_place_member(text, member, key, value) && !json_place_is_null(text, *value))
            return true;
    return false;
}

struct list_span lhotse_set_span(const struct lhotse_set *set, const struct json_lines *lines,
                                 const struct json_place *supervision) {
    struct list_span span = list_note_object(set->builder, lines, NULL);
    struct json_place whole, value;
    if (span.object_end == 0 || set->fields[0].name == NULL) return span;
    if (!json_place_value(lines->text, strlen(lines->text), &whole)) return span;
    if (find_place(lines->text, supervision == NULL ? whole : *supervision, whole,
                   set->fields[0].name, &value))
        list_note_label(&span, lines, value);
    return span;
}

static void list_fields(struct text *known, json_t *object, const char *prefix) {
    static const char *const others[] = {"id", "recording_id", "start", "duration", "channel"};
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        bool is_other = json_is_object(value) || json_is_array(value) || json_is_null(value);
        for (size_t i = 0; i < sizeof others / sizeof others[0] && prefix[0] == '\0'; i++)
            is_other = is_other || strcmp(name, others[i]) == 0;
        if (!is_other)
            text_format(known, "%s%s%.*s", known->length > 0 ? ", " : "", prefix,
                        UTF8_PIECE(name, 60));
    }
}

enum error_code lhotse_set_id(struct lhotse_set *set, const json_t *object,
                              struct manifest_row *row, struct error *error) {
    const json_t *id = json_object_get(object, "id");
    if (!json_is_string(id)) return ERROR_NONE;
    json_value_text(id, &set->id, error);
    row->values[ROLE_ID] = set->id.data;
    return error->code;
}

enum error_code lhotse_set_fields(struct lhotse_set *set, json_t *supervision, const json_t *cut,
                                  struct manifest_row *row, struct error *error) {
    const char *separator = set->builder->options.label_separator;
    if (set->known.length == 0) {
        list_fields(&set->known, supervision, "");
        list_fields(&set->known, json_object_get(supervision, "custom"), custom_prefix);
        list_fields(&set->known, json_object_get(cut, "custom"), custom_prefix);
    }
    set->taken++;
    for (size_t i = 0; i < LHOTSE_FIELDS; i++) {
        struct lhotse_field *field = &set->fields[i];
        bool shared = false;
        const json_t *value =
            field->name == NULL ? NULL : find_field(supervision, cut, field->name, &shared);
        if (value == NULL) continue;
        field->seen = true;
        if (shared && json_label_is_too_long(value, SHARED_BYTES, SHARED_LABELS)) {
            if (row->problem == NULL)
                row->problem = "a field that its cut has for all supervisions is longer than 1024 "
                               "bytes or 128 labels; shorten it, or give each its own";
            continue;
        }
        bool label = field->role == ROLE_LABEL;
        bool good = label ? json_label_text(value, field->name, separator, &field->value,
                                            set->problem, error)
                          : json_value_text(value, &field->value, error);
        if (good)
            row->values[field->role] = field->value.data;
        else if (row->problem == NULL)
            row->problem = label ? set->problem : "the value of a field is not text";
        TRY(error->code);
    }
    return ERROR_NONE;
}

/* ---- sounds ---- */

int lhotse_channel(const json_t *object) {
    const json_t *channel = json_object_get(object, "channel");
    if (json_is_array(channel) && json_array_size(channel) == 1)
        channel = json_array_get(channel, 0);
    if (!json_is_integer(channel) || json_integer_value(channel) < 0 ||
        json_integer_value(channel) > INT32_MAX)
        return -1;
    return (int)json_integer_value(channel);
}

void lhotse_set_sound(struct lhotse_set *set, const struct lhotse_recordings *recordings,
                      const char *id, int channel, struct manifest_row *row) {
    bool mixed = false;
    row->problem = lhotse_recordings_find(recordings, id, channel, &row->values[ROLE_PATH], &mixed);
    set->mixed += mixed;
}

/* ---- the whole ---- */

/* A field that no supervision has is a mistake in the command, not in every row. */
static enum error_code check_fields(const struct lhotse_set *set, struct error *error) {
    const char *known = set->known.length > 0 ? set->known.data : "none";
    if (set->taken == 0) return ERROR_NONE;
    for (size_t i = 0; i < LHOTSE_FIELDS; i++) {
        const struct lhotse_field *field = &set->fields[i];
        if (field->name == NULL || field->seen) continue;
        if (i == 0 && set->builder->options.label_column == NULL)
            return FAIL(error, ERROR_USAGE,
                        "%s: no %s has a %s; name the field with the label with --label-column; "
                        "there are: %s",
                        set->name, set->what, LHOTSE_DEFAULT_LABEL, known);
        return FAIL(error, ERROR_USAGE, "%s: no %s has the field '%s' for %s; there are: %s",
                    set->name, set->what, field->name, field->option, known);
    }
    return ERROR_NONE;
}

enum error_code lhotse_set_finish(const struct lhotse_set *set, const char *sounds,
                                  struct error *error) {
    struct collection *collection = set->builder->collection;
    struct text *reading = &collection->reading;
    TRY(check_fields(set, error));
    text_format(reading, "%s is read as a %s set of Lhotse: ", set->name, set->what);
    if (sounds != NULL) text_format(reading, "sounds from %s, ", sounds);
    text_format(reading, "labels from %s",
                set->fields[0].name == NULL ? "the pattern" : set->fields[0].name);
    if (set->fields[1].name != NULL) text_format(reading, ", groups from %s", set->fields[1].name);
    if (set->fields[2].name != NULL) text_format(reading, ", folds from %s", set->fields[2].name);
    if (set->mixed > 0)
        TRY(warnings_add(
            &collection->warnings, error,
            "clips that are one channel of a file with several: %zu; all its channels are mixed "
            "down",
            set->mixed));
    return text_check(reading, error);
}
