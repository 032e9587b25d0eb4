#include "host/lists/manifest.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/clips/label_list.h"
#include "host/lists/folder.h"
#include "host/lists/folder_parts.h"
#include "host/lists/layout.h"
#include "host/lists/list_note.h"
#include "host/lists/manifest_paths.h"
#include "host/lists/manifest_repeats.h"
#include "host/lists/name_forms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- columns ---- */

static const char *const path_names[] = {"path",     "file",      "filename",        "file_name",
                                         "filepath", "file_path", "audio_filepath",  "audio_path",
                                         "audio",    "wav",       "slice_file_name", NULL};
static const char *const label_names[] = {"label",       "class",       "category", "class_name",
                                          "label_name",  "given_label", "target",   "scene_label",
                                          "event_label", NULL};
/* With several labels a clip the plural is usual, too. */
static const char *const multilabel_names[] = {
    "labels",     "tags",        "label",  "class",        "category",    "class_name",
    "label_name", "given_label", "target", "event_labels", "event_label", NULL};
static const char *const id_names[] = {"id", NULL};
static const char *const start_names[] = {"offset", NULL};
static const char *const duration_names[] = {"duration", NULL};
static const char *const shard_names[] = {"shard_id", NULL};
static const char *const split_names[] = {"split", NULL};
static const char *const no_names[] = {NULL};

static const char *option_of(const struct builder *builder, enum manifest_role role) {
    const struct input_options *options = &builder->options;
    switch (role) {
    case ROLE_PATH: return options->path_column;
    case ROLE_LABEL: return options->label_column;
    case ROLE_GROUP: return builder->group_field == SIZE_MAX ? options->group_field : NULL;
    case ROLE_FOLD: return builder->fold_field == SIZE_MAX ? options->fold_column : NULL;
    case ROLE_MORE:
        return builder->layout != NULL && options->label_separator != NULL ? builder->layout->more
                                                                           : NULL;
    case ROLE_START: return options->start_column;
    case ROLE_END: return options->end_column;
    case ROLE_ID:
    case ROLE_SPLIT:
    case ROLE_SHARD:
    case ROLE_DURATION: return NULL;
    case ROLE_FIELD: break;
    }
    size_t column = (size_t)role - ROLE_FIELD;
    return column < builder->paths.columns.count ? builder->paths.columns.names[column] : NULL;
}

const char *const *manifest_names(const struct builder *builder, enum manifest_role role,
                                  const char **scratch) {
    scratch[0] = option_of(builder, role);
    scratch[1] = NULL;
    if (scratch[0] != NULL) return scratch;
    switch (role) {
    case ROLE_PATH: return path_names;
    case ROLE_LABEL:
        if (builder->has_pattern) return no_names;
        return builder->options.label_separator == NULL ? label_names : multilabel_names;
    case ROLE_ID: return id_names;
    case ROLE_SPLIT: return split_names;
    case ROLE_SHARD: return builder->members == NULL ? no_names : shard_names;
    case ROLE_START:
        return time_columns_end(&builder->times, start_names[0]) ? no_names : start_names;
    case ROLE_DURATION:
        /* Beside columns named by options it may mean anything. */
        return builder->options.start_column == NULL && builder->options.end_column == NULL
                   ? duration_names
                   : no_names;
    case ROLE_END:
    case ROLE_GROUP:
    case ROLE_FOLD:
    case ROLE_MORE:
    case ROLE_FIELD: break;
    }
    return no_names;
}

static bool uses_path(const struct path_template *made) {
    for (size_t i = 0; i < made->field_count; i++)
        if (made->columns[i] == 0) return true;
    return false;
}

bool manifest_needs(const struct builder *builder, enum manifest_role role) {
    if (role == ROLE_PATH) return !builder->paths.is_given || uses_path(&builder->paths.made);
    if (role == ROLE_LABEL) return !builder->has_pattern;
    return option_of(builder, role) != NULL;
}

enum error_code manifest_missing(const struct builder *builder, enum manifest_role role,
                                 const char *name, const char *columns, struct error *error) {
    static const char *const options[ROLE_COUNT] = {
        [ROLE_PATH] = "--path-column",   [ROLE_LABEL] = "--label-column",
        [ROLE_GROUP] = "--group",        [ROLE_FOLD] = "--fold-column",
        [ROLE_START] = "--start-column", [ROLE_END] = "--end-column"};
    const char *asked = option_of(builder, role);
    if (asked != NULL)
        return FAIL(error, ERROR_USAGE, "%s: no column '%s' for %s; there are: %s", name, asked,
                    options[role] == NULL ? "--path-template" : options[role], columns);
    return FAIL(error, ERROR_DATA, "%s: no column with the %s; there are: %s; name it with %s",
                name, role == ROLE_PATH ? "path of the sound file" : "label", columns,
                options[role]);
}

/* ---- rows ---- */

/* A cell of spaces counts as missing. */
static const char *segment_value(const struct manifest_row *row, enum manifest_role role) {
    const char *value = row->values[role];
    return value == NULL || value[strspn(value, " \t")] == '\0' ? NULL : value;
}

static const char *shown(const struct manifest_row *row, enum manifest_role role) {
    return row->values[role] == NULL ? "" : row->values[role];
}

/* Seconds, as a finite decimal number that is not negative; 0 for none. */
static const char *take_seconds(const char *value, double *seconds) {
    char *end = NULL;
    *seconds = 0;
    if (value == NULL) return NULL;
    *seconds = strtod(value, &end);
    if (end == value || end[strspn(end, " \t")] != '\0' || !isfinite(*seconds))
        return "the position in the file is not a number of seconds";
    return *seconds < 0 ? "the position in the file is negative" : NULL;
}

const char *manifest_segment(const struct builder *builder, const struct manifest_row *row,
                             struct clip_entry *entry) {
    if (row->segment_problem != NULL) return row->segment_problem;
    const char *start = segment_value(row, ROLE_START);
    const char *end = segment_value(row, ROLE_END);
    const char *duration = segment_value(row, ROLE_DURATION);
    if (start == NULL && !row->duration_holds) duration = NULL;
    bool needs_start = builder->options.start_column != NULL || row->values[ROLE_START] != NULL;
    if (start == NULL && end != NULL && needs_start)
        return "an end without a start; fill in the start";
    const char *wrong = take_seconds(start, &entry->start);
    double seconds = 0;
    if (wrong == NULL) wrong = take_seconds(end != NULL ? end : duration, &seconds);
    if (wrong != NULL || (end == NULL && duration == NULL)) return wrong;
    if (end == NULL && seconds == 0) return "its duration is 0 s";
    entry->end = end == NULL ? entry->start + seconds : seconds;
    if (entry->end < entry->start) return "its end is before its start";
    return entry->end == entry->start ? "its end equals its start" : NULL;
}

/* A file whose name has another Unicode form than the list's keeps the id that the list gives. */
static enum error_code find_form(struct builder *builder, struct clip_entry *entry,
                                 struct error *error) {
    const char *found = NULL;
    struct text *id = &builder->form_id;
    TRY(name_forms_find(&builder->collection->clips.root, entry->path, &builder->form, &found,
                        error));
    if (found == NULL) return ERROR_NONE;
    builder->other_forms++;
    if (entry->id == NULL) {
        text_clear(id);
        clip_segment_id(entry->path, entry->start, entry->end, id);
        entry->id = id->data;
    }
    entry->path = found;
    return text_check(id, error);
}

/* Where the row is in the list, for its reason, and as its id where it has no other. */
static void print_place(const struct manifest_row *row, char *place, size_t size) {
    char number[32] = "";
    if (row->number > 0) snprintf(number, sizeof number, ", entry %zu", row->number);
    snprintf(place, size, "%s%s%s %zu%s", row->file == NULL ? "" : row->file,
             row->file == NULL ? "" : ", ", row->unit == NULL ? "line" : row->unit, row->line,
             number);
}

/* SpeechBrain writes paths with a place for the folder of the sounds. */
static const char *without_data_root(const char *path) {
    static const char *const roots[] = {"{data_root}/", "$data_root/"};
    for (size_t i = 0; path != NULL && i < sizeof roots / sizeof roots[0]; i++)
        if (strncmp(path, roots[i], strlen(roots[i])) == 0) return path + strlen(roots[i]);
    return path;
}

/* What the path of its file is made from. */
static void take_values(const struct manifest_row *row, const char *values[TEMPLATE_VALUES]) {
    values[0] = without_data_root(row->values[ROLE_PATH]);
    for (size_t i = 0; i < TEMPLATE_MAXIMUM_FIELDS; i++)
        values[i + 1] = row->values[ROLE_FIELD + i];
}

/* Labels of another column, a list as programs print it, are more labels of the clip. */
static enum error_code take_more(struct builder *builder, const struct manifest_row *row,
                                 struct clip_entry *entry, struct error *error) {
    const char *more = row->values[ROLE_MORE];
    struct text *text = &builder->more;
    enum label_list list;
    if (more == NULL || entry->label == NULL) return ERROR_NONE;
    text_clear(text);
    text_format(text, "%s" LABEL_JOINT, entry->label);
    TRY(label_list_read(&builder->split, more, &list, error));
    if (list == LABEL_LIST_READ)
        label_split_join(&builder->split, LABEL_JOINT, text);
    else
        text_string(text, more);
    TRY(text_check(text, error));
    entry->label = text->data;
    return ERROR_NONE;
}

/* That of a member is complete. */
static enum error_code take_path(struct builder *builder, const struct manifest_row *row,
                                 const char **path, char problem[static 160], struct error *error) {
    const char *values[TEMPLATE_VALUES];
    take_values(row, values);
    problem[0] = '\0';
    *path = row->values[ROLE_PATH];
    if (row->container != NULL) return ERROR_NONE;
    return manifest_paths_take(builder, values, path, problem, error);
}

static enum error_code add_row(struct builder *builder, const struct manifest_row *row,
                               struct error *error) {
    char place[128];
    char reason[512];
    char no_path[160];
    const char *path;
    const char *wrong = NULL;
    print_place(row, place, sizeof place);
    TRY(take_path(builder, row, &path, no_path, error));
    bool has_path = path != NULL;
    const char *id = row->values[ROLE_ID];
    struct clip_entry entry = {.path = has_path ? path : "",
                               .id = id != NULL && id[0] != '\0' ? id
                                     : has_path                  ? NULL
                                                                 : place,
                               .label = row->values[ROLE_LABEL],
                               .group = row->values[ROLE_GROUP],
                               .fold = row->values[ROLE_FOLD],
                               .split = row->values[ROLE_SPLIT],
                               .reason = reason,
                               .container = row->container,
                               .place = row->place};
    if (row->problem != NULL) {
        entry.status = CLIP_BAD_ROW;
        error_format(reason, sizeof reason, "%s: %s", place, row->problem);
    } else if (!has_path) {
        entry.status = CLIP_BAD_ROW;
        error_format(reason, sizeof reason, "%s: %s", place,
                     no_path[0] == '\0' ? "no path of a sound file" : no_path);
    } else if ((wrong = manifest_segment(builder, row, &entry)) != NULL) {
        entry.status = CLIP_BAD_SEGMENT;
        entry.start = entry.end = 0;
        error_format(reason, sizeof reason, "%s: %s (start '%.*s', end '%.*s', duration '%.*s')",
                     place, wrong, UTF8_PIECE(shown(row, ROLE_START), 40),
                     UTF8_PIECE(shown(row, ROLE_END), 40),
                     UTF8_PIECE(shown(row, ROLE_DURATION), 40));
    } else if (row->container == NULL && !builder->options.allow_outside &&
               manifest_paths_leave(builder, path)) {
        entry.status = CLIP_OUTSIDE;
        error_format(reason, sizeof reason,
                     "%s: the path leaves the folder of the list; move the list, or give "
                     "--allow-outside",
                     place);
    } else {
        entry.reason = NULL;
        if (row->container == NULL) TRY(find_form(builder, &entry, error));
    }
    if (entry.reason != NULL && ++builder->bad_rows > MANIFEST_MAXIMUM_BAD_ROWS)
        return FAIL(error, ERROR_DATA, "more than %d rows of the list cannot be used; the last, %s",
                    MANIFEST_MAXIMUM_BAD_ROWS, reason);
    TRY(take_more(builder, row, &entry, error));
    builder->place = place;
    builder->span = row->span;
    if (id != NULL && id[0] != '\0') builder->has_ids = true;
    if (entry.start > 0 || entry.end > 0) builder->segments++;
    builder_add(builder, &entry, error);
    builder->place = NULL;
    builder->span = (struct list_span){.form = FORM_NONE};
    return error->code;
}

/* ---- the first rows ---- */

/* Rows that are kept until their paths are decided, with copies of their strings. */
struct pending_rows {
    struct manifest_row rows[PATH_SEARCH_ROWS];
    char *bytes[PATH_SEARCH_ROWS];
    size_t count;
    size_t size; /* of all bytes */
};

#define PENDING_BYTES ((size_t)1 << 22)

/* Where each string of the row is. */
static size_t strings_of(struct manifest_row *row, const char **strings[ROLE_COUNT + 3]) {
    size_t count = 0;
    for (size_t role = 0; role < ROLE_COUNT; role++) strings[count++] = &row->values[role];
    strings[count++] = &row->file;
    strings[count++] = &row->problem;
    strings[count++] = &row->segment_problem;
    return count;
}

static enum error_code keep_row(struct pending_rows *pending, const struct manifest_row *row,
                                struct error *error) {
    struct manifest_row *kept = &pending->rows[pending->count];
    const char **strings[ROLE_COUNT + 3];
    size_t size = 0;
    *kept = *row;
    size_t count = strings_of(kept, strings);
    for (size_t i = 0; i < count; i++) size += *strings[i] == NULL ? 0 : strlen(*strings[i]) + 1;
    char *bytes = memory_array(size, 1, "a row of the list", error);
    if (bytes == NULL) return error->code;
    pending->bytes[pending->count++] = bytes;
    pending->size += size;
    for (size_t i = 0; i < count; i++) {
        if (*strings[i] == NULL) continue;
        size_t length = strlen(*strings[i]) + 1;
        memcpy(bytes, *strings[i], length);
        *strings[i] = bytes;
        bytes += length;
    }
    return ERROR_NONE;
}

enum error_code manifest_flush(struct builder *builder, struct error *error) {
    struct pending_rows *pending = builder->paths.pending;
    if (pending == NULL) return error->code;
    const char *values[PATH_SEARCH_ROWS][TEMPLATE_VALUES];
    size_t count = 0;
    for (size_t i = 0; i < pending->count; i++)
        if (pending->rows[i].problem == NULL) take_values(&pending->rows[i], values[count++]);
    if (error->code == ERROR_NONE)
        manifest_paths_decide(builder, (const char *const(*)[TEMPLATE_VALUES])values, count, error);
    for (size_t i = 0; i < pending->count; i++) {
        if (error->code == ERROR_NONE) add_row(builder, &pending->rows[i], error);
        free(pending->bytes[i]);
    }
    free(pending);
    builder->paths.pending = NULL;
    return error->code;
}

enum error_code manifest_add(struct builder *builder, const struct manifest_row *given,
                             struct error *error) {
    struct row_paths *paths = &builder->paths;
    if (builder->add_row != NULL) return builder->add_row(builder, given, error);
    struct manifest_row own = *given, *row = &own;
    if (builder->part != NULL) {
        if (row->values[ROLE_SPLIT] == NULL)
            row->values[ROLE_SPLIT] = folder_part_name(builder->part);
        if (row->file == NULL) row->file = builder->part;
        TRY(folder_part_path(builder->part, &row->values[ROLE_PATH], &builder->part_path, error));
    }
    if (paths->is_decided) return add_row(builder, row, error);
    if (paths->pending == NULL)
        paths->pending = memory_array(1, sizeof *paths->pending, "rows of the list", error);
    if (paths->pending == NULL || keep_row(paths->pending, row, error) != ERROR_NONE)
        return error->code;
    bool enough = paths->pending->count == PATH_SEARCH_ROWS || paths->pending->size > PENDING_BYTES;
    return enough ? manifest_flush(builder, error) : ERROR_NONE;
}

enum error_code manifest_warn_of_unused(struct builder *builder, const char *name,
                                        struct error *error) {
    const struct time_columns *times = &builder->times;
    const bool quoted = strchr(times->start, ' ') != NULL;
    const char *quote = quoted ? "'" : "";
    if (times->start[0] == '\0') return ERROR_NONE;
    return warnings_add(
        &builder->collection->warnings, error,
        "%s: its columns '%s' and '%s' are not used, each clip is a whole file; if clips "
        "are segments, give --start-column %s%s%s --end-column %s%s%s",
        name, times->start, times->end, quote, times->start, quote, quote, times->end, quote);
}

/* Reports that files are cut, which may happen without an option. */
static enum error_code report_segments(struct builder *builder, struct error *error) {
    const struct input_options *options = &builder->options;
    struct text *reading = &builder->collection->reading;
    const char *start = options->start_column == NULL ? "offset" : options->start_column;
    const char *end = options->end_column;
    if (end == NULL && options->start_column == NULL) end = "duration";
    if (builder->segments == 0) return ERROR_NONE;
    text_format(reading, "%s%zu of %zu clips are segments of files, from '%s'%s%s%s",
                reading->length > 0 ? "; " : "", builder->segments,
                builder->collection->clips.count, start,
                end == NULL ? " to the end of the file" : " and '", end == NULL ? "" : end,
                end == NULL ? "" : "'");
    return text_check(reading, error);
}

enum error_code manifest_finish(struct builder *builder, struct error *error) {
    struct collection *collection = builder->collection;
    TRY(manifest_flush(builder, error));
    if (builder->other_forms > 0)
        text_format(
            &collection->reading,
            "%s%zu of %zu files are found under the same name in another Unicode form (NFC, "
            "NFD)",
            collection->reading.length > 0 ? "; " : "", builder->other_forms,
            collection->clips.count);
    TRY(text_check(&collection->reading, error));
    TRY(manifest_warn_of_repeats(collection, true, error));
    return builder->has_ids ? manifest_warn_of_repeats(collection, false, error) : ERROR_NONE;
}

enum error_code manifest_read(struct builder *builder, const struct list_file *list,
                              enum error_code (*read)(struct builder *builder, FILE *stream,
                                                      const char *name, struct error *error),
                              struct error *error) {
    struct collection *collection = builder->collection;
    FILE *stream = NULL;
    if (list->is_member && collection->reading.length > 0) {
        text_format(&collection->reading, ", %s", list->name);
    } else if (list->is_member) {
        text_format(&collection->reading, "%s is read as an audiofolder: clips and labels from %s",
                    list->folder->path, list->name);
        builder->paths.beside = false; /* the files are those of the folder */
    }
    TRY(text_check(&collection->reading, error));
    TRY(list_note_file(builder, list, error));
    TRY(list_file_stream(list, &stream, error));
    read(builder, stream, list->path, error);
    fclose(stream);
    if (list->more || error->code != ERROR_NONE) return error->code;
    if (builder->part != NULL) text_string(&collection->reading, FOLDER_PARTS_WORDS);
    TRY(report_segments(builder, error));
    TRY(manifest_finish(builder, error));
    if (!list->is_member) return ERROR_NONE;
    return folder_warn_of_unlisted(builder, builder->part == NULL ? list->name : "these lists",
                                   error);
}

bool manifest_sniff(const struct list_file *list, struct error *error) {
    (void)error;
    return !list->is_member || list_file_starts_with(list, "file_name");
}
