/* Lhotse's manifests: a supervision set is the list of clips, and the recording set
 * beside it says where their sounds are. Both are JSON lines, perhaps gzip. A
 * supervision is a part of its recording, with start and duration; which of its
 * fields is the label is the caller's to say, unless there is a custom.label. What is
 * not a file (a command, an address) is refused. */
#include "host/base/gzip.h"
#include "host/base/memory.h"
#include "host/input/json_label.h"
#include "host/input/json_lines.h"
#include "host/input/lhotse_recordings.h"
#include "host/input/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LABEL "custom.label"

/* A field of the supervisions that becomes a label, a group or a fold. */
struct field {
    enum manifest_role role;
    const char *option;
    const char *name; /* NULL: not asked for */
    bool seen;        /* some supervision has it */
    struct text value;
};

enum { FIELDS = 3 };

struct lhotse {
    struct builder *builder;
    const char *name; /* of the supervision set */
    char *recordings_name;
    struct lhotse_recordings recordings;
    struct json_lines lines;
    struct field fields[FIELDS];
    struct text known; /* fields of the first supervision, for messages */
    struct text id;
    struct text recording;
    struct text start;
    struct text duration;
    char problem[JSON_LABEL_PROBLEM]; /* of the supervision at hand */
    size_t supervisions;              /* lines that are objects */
    size_t mixed;                     /* supervisions of one channel of a file that has several */
};

/* ---- fields ---- */

/* "custom.NAME", or NAME: the supervision's own, or a custom one. */
static const json_t *find_field(const json_t *supervision, const char *name) {
    static const char prefix[] = "custom.";
    const json_t *custom = json_object_get(supervision, "custom");
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        return json_object_get(custom, name + strlen(prefix));
    const json_t *own = json_object_get(supervision, name);
    return own == NULL || json_is_null(own) ? json_object_get(custom, name) : own;
}

static void list_fields(struct text *known, json_t *object, const char *prefix) {
    static const char *const others[] = {"id", "recording_id", "start", "duration", "channel"};
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        bool is_other = json_is_object(value) || json_is_array(value) || json_is_null(value);
        for (size_t i = 0; i < sizeof others / sizeof others[0] && prefix[0] == '\0'; i++)
            is_other = is_other || strcmp(name, others[i]) == 0;
        if (!is_other) text_format(known, "%s%s%.60s", known->length > 0 ? ", " : "", prefix, name);
    }
}

static enum error_code take_fields(struct lhotse *lhotse, struct manifest_row *row,
                                   struct error *error) {
    const char *separator = lhotse->builder->options.label_separator;
    for (size_t i = 0; i < FIELDS; i++) {
        struct field *field = &lhotse->fields[i];
        if (field->name == NULL) continue;
        const json_t *value = find_field(lhotse->lines.object, field->name);
        if (value == NULL || json_is_null(value)) continue;
        field->seen = true;
        bool label = field->role == ROLE_LABEL; /* there is one field of that role */
        bool good = label ? json_label_text(value, field->name, separator, &field->value,
                                            lhotse->problem, error)
                          : json_value_text(value, &field->value, error);
        if (good)
            row->values[field->role] = field->value.data;
        else if (row->problem == NULL)
            row->problem = label ? lhotse->problem : "a field that was asked for is no text";
        TRY(error->code);
    }
    return ERROR_NONE;
}

/* ---- supervisions ---- */

/* The text of a member that must be there; its problem, or NULL. */
static const char *take_member(const struct lhotse *lhotse, const char *name, bool string,
                               struct text *text, const char *problem, struct error *error) {
    const json_t *value = json_object_get(lhotse->lines.object, name);
    bool right = string ? json_is_string(value) : json_is_number(value);
    return right && json_value_text(value, text, error) ? NULL : problem;
}

/* The one channel of the supervision, or -1: several, or not told. */
static int channel_of(const json_t *supervision) {
    const json_t *channel = json_object_get(supervision, "channel");
    if (json_is_array(channel) && json_array_size(channel) == 1)
        channel = json_array_get(channel, 0);
    if (!json_is_integer(channel) || json_integer_value(channel) < 0 ||
        json_integer_value(channel) > INT32_MAX)
        return -1;
    return (int)json_integer_value(channel);
}

static enum error_code add_supervision(struct lhotse *lhotse, struct error *error) {
    struct manifest_row row = {.line = lhotse->lines.line};
    json_t *object = lhotse->lines.object;
    if (object == NULL) {
        row.problem = lhotse->lines.problem;
        return manifest_add(lhotse->builder, &row, error);
    }
    if (lhotse->supervisions++ == 0) {
        list_fields(&lhotse->known, object, "");
        list_fields(&lhotse->known, json_object_get(object, "custom"), "custom.");
    }
    const char *problems[] = {
        take_member(lhotse, "recording_id", true, &lhotse->recording, "no recording_id", error),
        take_member(lhotse, "start", false, &lhotse->start, "no start", error),
        take_member(lhotse, "duration", false, &lhotse->duration, "no duration", error)};
    for (size_t i = 3; i-- > 0;)
        if (problems[i] != NULL) row.problem = problems[i];
    take_member(lhotse, "id", true, &lhotse->id, NULL, error);
    if (json_is_string(json_object_get(object, "id"))) row.values[ROLE_ID] = lhotse->id.data;
    TRY(error->code);
    TRY(take_fields(lhotse, &row, error));
    if (row.problem == NULL) {
        bool mixed = false;
        row.values[ROLE_START] = lhotse->start.data;
        row.values[ROLE_DURATION] = lhotse->duration.data;
        row.problem = lhotse_recordings_find(&lhotse->recordings, lhotse->recording.data,
                                             channel_of(object), &row.values[ROLE_PATH], &mixed);
        lhotse->mixed += mixed;
    }
    return manifest_add(lhotse->builder, &row, error);
}

static enum error_code read_supervisions(struct lhotse *lhotse, struct error *error) {
    FILE *stream = NULL;
    TRY(gzip_open(lhotse->name, &stream, error));
    lhotse->lines = (struct json_lines){.stream = stream, .name = lhotse->name};
    while (error->code == ERROR_NONE) {
        bool end = false;
        if (json_lines_next(&lhotse->lines, &end, error) != ERROR_NONE || end) break;
        add_supervision(lhotse, error);
    }
    json_lines_close(&lhotse->lines);
    fclose(stream);
    return error->code;
}

/* ---- the whole ---- */

char *lhotse_recordings_beside(const char *path, struct error *error) {
    static const char word[] = "supervisions";
    static const char *const endings[] = {"", ".gz"};
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *found = strstr(base, word);
    if (found == NULL) return NULL;
    struct text name = TEXT_INITIAL;
    size_t length = strlen(found);
    bool compressed = length > 3 && strcmp(found + length - 3, ".gz") == 0;
    const char *rest = found + strlen(word);
    size_t rest_length = strlen(rest) - (compressed ? 3 : 0);
    for (size_t i = 0; i < 2; i++) { /* compressed like the supervisions, or not */
        text_clear(&name);
        text_append(&name, path, (size_t)(found - path));
        text_string(&name, "recordings");
        text_append(&name, rest, rest_length);
        text_string(&name, endings[compressed ? 1 - i : i]);
        if (text_check(&name, error) != ERROR_NONE || access(name.data, F_OK) == 0) break;
        text_clear(&name);
    }
    if (error->code == ERROR_NONE && name.length > 0) return name.data;
    text_free(&name);
    return NULL;
}

static enum error_code choose_fields(struct lhotse *lhotse, struct error *error) {
    const struct builder *builder = lhotse->builder;
    const struct input_options *options = &builder->options;
    const char *label = options->label_column;
    if (options->path_column != NULL || options->start_column != NULL ||
        options->end_column != NULL)
        return FAIL(error, ERROR_USAGE,
                    "--path-column, --start-column and --end-column are for manifests, not for "
                    "Lhotse's supervisions");
    if (label == NULL && !builder->has_pattern) label = DEFAULT_LABEL;
    lhotse->fields[0] =
        (struct field){.role = ROLE_LABEL, .option = "--label-column", .name = label};
    lhotse->fields[1] =
        (struct field){.role = ROLE_GROUP,
                       .option = "--group",
                       .name = builder->group_field == SIZE_MAX ? options->group_field : NULL};
    lhotse->fields[2] =
        (struct field){.role = ROLE_FOLD,
                       .option = "--fold-column",
                       .name = builder->fold_field == SIZE_MAX ? options->fold_column : NULL};
    return ERROR_NONE;
}

/* A field that no supervision has is a mistake of the command, not of every row. */
static enum error_code check_fields(const struct lhotse *lhotse, struct error *error) {
    const char *known = lhotse->known.length > 0 ? lhotse->known.data : "none";
    if (lhotse->supervisions == 0) return ERROR_NONE;
    for (size_t i = 0; i < FIELDS; i++) {
        const struct field *field = &lhotse->fields[i];
        if (field->name == NULL || field->seen) continue;
        if (i == 0 && lhotse->builder->options.label_column == NULL)
            return FAIL(error, ERROR_USAGE,
                        "%s: no supervision has a %s; name the field that is the label with "
                        "--label-column; there are: %s",
                        lhotse->name, DEFAULT_LABEL, known);
        return FAIL(error, ERROR_USAGE,
                    "%s: no supervision has the field '%s' for %s; there are: %s", lhotse->name,
                    field->name, field->option, known);
    }
    return ERROR_NONE;
}

static enum error_code tell(const struct lhotse *lhotse, struct error *error) {
    struct input *input = lhotse->builder->input;
    struct text *said = &input->reading;
    text_format(said, "%s is read as a supervision set of Lhotse: sounds from %s, labels from %s",
                lhotse->name, lhotse->recordings_name,
                lhotse->fields[0].name == NULL ? "the pattern" : lhotse->fields[0].name);
    if (lhotse->fields[1].name != NULL)
        text_format(said, ", groups from %s", lhotse->fields[1].name);
    if (lhotse->fields[2].name != NULL)
        text_format(said, ", folds from %s", lhotse->fields[2].name);
    if (lhotse->mixed > 0)
        TRY(input_warn(input, error,
                       "%zu supervisions are of one channel of a file that has several; all its "
                       "channels are mixed down",
                       lhotse->mixed));
    return text_check(said, error);
}

enum error_code lhotse_read(struct builder *builder, const char *path, struct error *error) {
    struct lhotse lhotse = {.builder = builder, .name = path};
    lhotse.recordings_name = lhotse_recordings_beside(path, error);
    if (lhotse.recordings_name == NULL && error->code == ERROR_NONE)
        FAIL(error, ERROR_FILE, "%s: its recording set is not beside it", path);
    if (error->code == ERROR_NONE) choose_fields(&lhotse, error);
    if (error->code == ERROR_NONE)
        lhotse_recordings_read(&lhotse.recordings, lhotse.recordings_name, builder->input, error);
    if (error->code == ERROR_NONE) read_supervisions(&lhotse, error);
    if (error->code == ERROR_NONE) check_fields(&lhotse, error);
    if (error->code == ERROR_NONE) tell(&lhotse, error);
    lhotse_recordings_free(&lhotse.recordings);
    free(lhotse.recordings_name);
    for (size_t i = 0; i < FIELDS; i++) text_free(&lhotse.fields[i].value);
    text_free(&lhotse.known);
    text_free(&lhotse.id);
    text_free(&lhotse.recording);
    text_free(&lhotse.start);
    text_free(&lhotse.duration);
    if (error->code == ERROR_NONE) manifest_finish(builder, error);
    return error->code;
}
