/* Which columns of a parquet file are read, and what is said of those that cannot be. */
#include "host/lists/parquet_input.h"

#include <string.h>
#include <strings.h>

static void list_columns(const struct parquet_input *input, struct text *text) {
    for (size_t i = 0; i < input->file.column_count && i < 100; i++)
        text_format(text, "%s%s", i == 0 ? "" : ", ", input->file.columns[i].name);
    if (input->file.column_count > 100) text_string(text, ", ...");
}

/* The column of a name: of a field in a struct, "speaker.id" or, for a list, of the list. */
static size_t find_name(const struct parquet_file *file, const char *name, bool exact) {
    for (size_t i = 0; i < file->column_count; i++)
        if ((exact ? strcmp : strcasecmp)(file->columns[i].name, name) == 0) return i;
    return PARQUET_NONE;
}

/* The usual names are tried in any case. */
static size_t find_role(const struct parquet_input *input, enum manifest_role role) {
    const char *scratch[2];
    const char *const *names = manifest_names(input->builder, role, scratch);
    size_t found = PARQUET_NONE;
    for (; *names != NULL && found == PARQUET_NONE; names++)
        found = find_name(&input->file, *names, names == scratch);
    return found;
}

/* ---- what cannot be read ---- */

static enum error_code check_column(const struct parquet_input *input, enum manifest_role role,
                                    struct error *error) {
    const struct parquet_column *column = &input->file.columns[input->columns[role]];
    const bool sets = input->builder->options.label_separator != NULL && role == ROLE_LABEL;
    const char *what = column->meaning == PARQUET_OTHER ? column->meaning_name
                       : column->type == PARQUET_INT96  ? "times"
                       : column->type == PARQUET_FIXED  ? "binary values"
                       : column->repetition > 1         ? "lists of lists"
                       : column->repetition > 0 && !sets && role != ROLE_LABEL ? "lists"
                                                                               : NULL;
    if (what != NULL)
        return FAIL(error, ERROR_DATA,
                    "%s: the column '%s' holds %s, which are not read as texts; name another one, "
                    "or write it again as text",
                    input->path, column->name, what);
    if (column->repetition > 0 && !sets)
        return FAIL(error, ERROR_USAGE,
                    "%s: the column '%s' holds lists; for several labels a clip give "
                    "--label-separator ';', or name another column with --label-column",
                    input->path, column->name);
    return ERROR_NONE;
}

static bool is_under(const struct parquet_column *column, const char *name, size_t length) {
    return strncmp(column->name, name, length) == 0 && column->name[length] == '.';
}

/* A sound that was decoded: {"array": [...], "sampling_rate": ...}, or only numbers. */
static const struct parquet_column *find_decoded(const struct parquet_input *input,
                                                 size_t *length) {
    for (size_t i = 0; i < input->file.column_count; i++) {
        const struct parquet_column *column = &input->file.columns[i];
        const char *dot = strrchr(column->name, '.');
        *length = dot == NULL ? strlen(column->name) : (size_t)(dot - column->name);
        if (column->repetition > 0 && dot != NULL && strcmp(dot, ".array") == 0) return column;
        if (column->repetition > 0 && dot == NULL &&
            (strcasecmp(column->name, "audio") == 0 || strcasecmp(column->name, "array") == 0) &&
            (column->type == PARQUET_FLOAT || column->type == PARQUET_DOUBLE))
            return column;
    }
    return NULL;
}

static const struct parquet_column *find_images(const struct parquet_input *input) {
    for (size_t i = 0; i < input->file.column_count; i++) {
        size_t length;
        const struct parquet_column *column = &input->file.columns[i];
        const char *name = parquet_sound_name(column, &length);
        if (is_under(column, name, length) && column->type == PARQUET_BYTES) return column;
    }
    return NULL;
}

/* No column has sounds, or paths of sounds. */
static enum error_code fail_sounds(const struct parquet_input *input, struct error *error) {
    size_t length;
    struct text present = TEXT_INITIAL;
    const struct parquet_column *column = find_decoded(input, &length);
    list_columns(input, &present);
    if (text_check(&present, error) == ERROR_NONE && column != NULL)
        FAIL(error, ERROR_DATA,
             "%s: '%.*s' holds decoded samples, not the bytes of sound files; write it again after "
             "dataset.cast_column('%.*s', Audio(decode=False)), or export FLAC files and a list",
             input->path, (int)length, column->name, (int)length, column->name);
    else if (error->code == ERROR_NONE && find_images(input) != NULL)
        FAIL(error, ERROR_DATA,
             "%s: no column of sounds; '%s' seems to be something else; there are: %s; if it is "
             "one of these, name it with --path-column",
             input->path, find_images(input)->name, present.data);
    else if (error->code == ERROR_NONE)
        FAIL(error, ERROR_DATA,
             "%s: no column of sounds (bytes, or bytes and path), nor of their paths; there are: "
             "%s; name it with --path-column",
             input->path, present.data);
    text_free(&present);
    return error->code;
}

static enum error_code fail_missing(const struct parquet_input *input, enum manifest_role role,
                                    struct error *error) {
    struct text present = TEXT_INITIAL;
    list_columns(input, &present);
    if (text_check(&present, error) == ERROR_NONE)
        manifest_missing(input->builder, role, input->path, present.data, error);
    text_free(&present);
    return error->code;
}

/* ---- finding ---- */

static enum error_code find_sounds(struct parquet_input *input, struct error *error) {
    const char *asked = input->builder->options.path_column;
    struct parquet_choice *sounds = &input->sounds;
    size_t length, second;
    TRY(parquet_choose(&input->file, asked, sounds, error));
    input->columns[ROLE_PATH] = sounds->names;
    if (sounds->bytes != PARQUET_NONE && sounds->second != PARQUET_NONE) {
        const char *one = parquet_sound_name(&input->file.columns[sounds->bytes], &length);
        const char *other = parquet_sound_name(&input->file.columns[sounds->second], &second);
        return FAIL(error, ERROR_USAGE,
                    "%s: '%.*s' and '%.*s' both hold sounds; name one with --path-column",
                    input->path, (int)length, one, (int)second, other);
    }
    if (sounds->bytes != PARQUET_NONE) return ERROR_NONE;
    size_t paths = find_role(input, ROLE_PATH);
    if (paths == PARQUET_NONE && asked != NULL) return fail_missing(input, ROLE_PATH, error);
    if (paths == PARQUET_NONE || input->file.columns[paths].type != PARQUET_BYTES ||
        input->file.columns[paths].repetition > 0)
        return fail_sounds(input, error);
    input->columns[ROLE_PATH] = paths;
    return ERROR_NONE;
}

/* The names of a ClassLabel, where the file has them. */
static const json_t *class_names(const struct parquet_input *input, size_t column) {
    const json_t *feature = parquet_feature(input->features, input->file.columns[column].name);
    const json_t *names = json_object_get(feature, "names");
    bool is_class = strcmp(parquet_feature_kind(feature), "ClassLabel") == 0;
    return is_class && json_array_size(names) > 0 ? names : NULL;
}

static const char *name_in(const void *list, const char *name) {
    const struct parquet_file *file = list;
    size_t found = find_name(file, name, false);
    return found == PARQUET_NONE ? NULL : file->columns[found].name;
}

enum error_code parquet_input_columns(struct parquet_input *input, struct error *error) {
    time_columns_find(name_in, &input->file, &input->builder->times);
    TRY(find_sounds(input, error));
    input->features = parquet_features(&input->file, error);
    TRY(error->code);
    for (enum manifest_role role = ROLE_LABEL; role < ROLE_COUNT; role++) {
        size_t found = find_role(input, role);
        input->columns[role] = found;
        if (found == PARQUET_NONE && manifest_needs(input->builder, role))
            return fail_missing(input, role, error);
        if (found == PARQUET_NONE) continue;
        TRY(check_column(input, role, error));
        input->names[role] = class_names(input, found);
    }
    return ERROR_NONE;
}

static bool is_number(const struct parquet_column *column) {
    return column->type == PARQUET_INT32 || column->type == PARQUET_INT64;
}

/* That clips are pieces of their sounds, which may happen without an option. manifest_finish()
 * says it of files that are named. */
static void add_segments(const struct parquet_input *input, struct text *text) {
    const struct parquet_column *columns = input->file.columns;
    size_t end = input->columns[ROLE_END];
    if (input->columns[ROLE_START] == PARQUET_NONE || input->sounds.bytes == PARQUET_NONE) return;
    text_format(text, ", segments from '%s'", columns[input->columns[ROLE_START]].name);
    if (end == PARQUET_NONE) end = input->columns[ROLE_DURATION];
    if (end != PARQUET_NONE) text_format(text, " and '%s'", columns[end].name);
}

void parquet_input_words(const struct parquet_input *input, struct text *text) {
    const struct parquet_column *columns = input->file.columns;
    const size_t label = input->columns[ROLE_LABEL];
    size_t length;
    if (input->sounds.bytes != PARQUET_NONE) {
        const char *name = parquet_sound_name(&columns[input->sounds.bytes], &length);
        text_format(text, "sounds from '%.*s'", (int)length, name);
    } else {
        text_format(text, "paths of sounds from '%s'", columns[input->columns[ROLE_PATH]].name);
    }
    add_segments(input, text);
    if (label == PARQUET_NONE) return;
    text_format(text, ", labels from '%s'", columns[label].name);
    if (input->names[ROLE_LABEL] != NULL)
        text_format(text, ", whose numbers have %zu names in the file",
                    json_array_size(input->names[ROLE_LABEL]));
    else if (is_number(&columns[label]))
        text_string(text, ", whose numbers have no names in the file and are the labels");
}
