#include "host/lists/builder.h"

#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/utf8.h"
#include "host/clips/label_list.h"
#include "host/lists/listed_labels.h"
#include "host/lists/similar_labels.h"

#include <stdlib.h>
#include <string.h>

/* The root of the list: what its relative paths start from, or the folder that the user's template
 * begins with where it is above or elsewhere, so that paths stay in it. */
static enum error_code open_root(struct builder *builder, const char *folder, struct error *error) {
    const struct input_options *options = &builder->options;
    struct row_paths *paths = &builder->paths;
    struct path_template *made = &paths->made;
    const char *given = options->path_template;
    struct text root = TEXT_INITIAL;
    paths->beside = options->audio_root == NULL;
    text_string(&root, options->audio_root != NULL ? options->audio_root : folder);
    if (given != NULL && path_template_parse(given, made, error) == ERROR_NONE) {
        paths->is_given = true;
        if (made->folder > 0 && made->literals[0][0] == '/') {
            text_clear(&root);
            text_append(&root, given, made->folder);
            const char *rest = given + made->folder;
            path_template_free(made);
            path_template_parse(rest, made, error);
        }
        for (size_t i = 0; i < made->climbs; i++) text_string(&root, "/..");
        if (error->code == ERROR_NONE) path_template_bind(made, &paths->columns, error);
    }
    if (error->code == ERROR_NONE && text_check(&root, error) == ERROR_NONE)
        clip_list_init(&builder->collection->clips, root.data, options->allow_outside, error);
    text_free(&root);
    return error->code;
}

enum error_code builder_open(struct builder *builder, const struct input_options *options,
                             const char *root, struct collection *collection, struct error *error) {
    *builder = (struct builder){.options = *options,
                                .collection = collection,
                                .label_field = SIZE_MAX,
                                .group_field = SIZE_MAX,
                                .fold_field = SIZE_MAX,
                                .split_field = SIZE_MAX};
    collection->trace.wants_spans = options->wants_spans;
    builder->folds_decided = options->fold_column != NULL;
    if (builder->folds_decided && options->fold_column[0] == '\0')
        builder->options.fold_column = NULL;
    builder->groups_decided = options->group_field != NULL;
    if (builder->groups_decided && options->group_field[0] == '\0')
        builder->options.group_field = NULL;
    TRY(open_root(builder, root, error));
    if (options->label_pattern == NULL) return ERROR_NONE;
    return builder_take_pattern(builder, options->label_pattern, error);
}

enum error_code builder_take_pattern(struct builder *builder, const char *pattern,
                                     struct error *error) {
    struct input_options *options = &builder->options;
    options->label_pattern = pattern;
    TRY(pattern_parse(pattern, &builder->pattern, error));
    builder->has_pattern = true;
    builder->collection->trace.pattern = pattern;
    builder->label_field = pattern_field(&builder->pattern, "label");
    builder->split_field = pattern_field(&builder->pattern, "split");
    if (options->group_field != NULL)
        builder->group_field = pattern_field(&builder->pattern, options->group_field);
    if (options->fold_column != NULL)
        builder->fold_field = pattern_field(&builder->pattern, options->fold_column);
    return ERROR_NONE;
}

void builder_close(struct builder *builder) {
    pattern_free(&builder->pattern);
    pattern_match_free(&builder->match);
    text_free(&builder->part_path);
    text_free(&builder->reason);
    text_free(&builder->start);
    text_free(&builder->id);
    text_free(&builder->label);
    label_split_close(&builder->split);
    text_free(&builder->path);
    text_free(&builder->more);
    path_template_free(&builder->paths.made);
    template_columns_free(&builder->paths.columns);
    text_free(&builder->broken_list);
    text_free(&builder->form);
    text_free(&builder->form_id);
    *builder = (struct builder){0};
}

/* Spreadsheets leave cells of spaces; they count as empty. */
static bool is_empty(const char *value) {
    return value == NULL || value[strspn(value, " \t\r\n")] == '\0';
}

static void fail_entry(struct builder *builder, struct clip_entry *entry, enum clip_status status) {
    entry->status = status;
    entry->reason = builder->reason.data;
}

static enum error_code apply_pattern(struct builder *builder, struct clip_entry *entry,
                                     struct error *error) {
    bool matched = false;
    TRY(pattern_apply(&builder->pattern, entry->path, &builder->match, &matched, error));
    if (!matched) {
        entry->label = NULL;
        text_format(&builder->reason, "no label: the name does not match the pattern '%s'",
                    builder->options.label_pattern);
        fail_entry(builder, entry, CLIP_NO_LABEL);
        return ERROR_NONE;
    }
    if (builder->match.ambiguous && builder->ambiguous++ == 0)
        builder->ambiguous_example = builder->collection->clips.count;
    entry->label = builder->match.values[builder->label_field];
    if (builder->group_field != SIZE_MAX)
        entry->group = builder->match.values[builder->group_field];
    if (builder->split_field != SIZE_MAX)
        entry->split = builder->match.values[builder->split_field];
    if (builder->fold_field != SIZE_MAX) entry->fold = builder->match.values[builder->fold_field];
    return ERROR_NONE;
}

/* Splits a cell, which may be a set already (LABEL_JOINT), or a list as programs print it. */
static enum error_code split_labels(struct builder *builder, const char *cell,
                                    struct error *error) {
    enum label_list list;
    if (strstr(cell, LABEL_JOINT) != NULL)
        return label_split_cell(&builder->split, cell, LABEL_JOINT, error);
    TRY(label_list_read(&builder->split, cell, &list, error));
    builder->lists += list == LABEL_LIST_READ;
    if (list == LABEL_LIST_READ) return ERROR_NONE;
    if (list == LABEL_LIST_BROKEN && builder->broken_lists++ == 0) {
        text_string(&builder->broken_list, cell);
        TRY(text_check(&builder->broken_list, error));
    }
    return label_split_cell(&builder->split, cell, builder->options.label_separator, error);
}

/* With several labels a clip, an empty cell is a clip with none of the labels; a missing cell
 * (NULL) is a clip whose labels are not known. */
static enum error_code take_labels(struct builder *builder, struct clip_entry *entry,
                                   struct error *error) {
    TRY(split_labels(builder, entry->label, error));
    text_clear(&builder->label);
    label_split_join(&builder->split, LABEL_JOINT, &builder->label);
    TRY(text_check(&builder->label, error));
    entry->label = builder->label.data;
    builder->unlabelled += builder->split.count == 0 && entry->status == CLIP_OK;
    return ERROR_NONE;
}

static enum error_code check_label(struct builder *builder, struct clip_entry *entry,
                                   struct error *error) {
    if (builder->options.label_separator != NULL && entry->label != NULL)
        return take_labels(builder, entry, error);
    if (is_empty(entry->label)) entry->label = NULL;
    if (entry->label == NULL && entry->status == CLIP_OK) {
        text_string(&builder->reason, "no label: fill it in, or remove the row");
        fail_entry(builder, entry, CLIP_NO_LABEL);
    }
    return ERROR_NONE;
}

static void check_group(struct builder *builder, struct clip_entry *entry) {
    const char *field = builder->options.group_field;
    if (field == NULL || is_empty(entry->group)) entry->group = NULL;
    if (field != NULL && entry->group == NULL && entry->status == CLIP_OK) {
        text_format(&builder->reason, "no value for --group %s: fill it in", field);
        fail_entry(builder, entry, CLIP_NO_GROUP);
    }
}

static void check_fold(struct builder *builder, struct clip_entry *entry) {
    const char *field = builder->options.fold_column;
    if (field == NULL || is_empty(entry->fold)) entry->fold = NULL;
    if (field != NULL && entry->fold == NULL && entry->status == CLIP_OK) {
        text_format(&builder->reason, "no value for --fold-column %s: fill it in", field);
        fail_entry(builder, entry, CLIP_NO_FOLD);
    }
}

/* ---- lengths ---- */

#define SHOWN 60 /* bytes of a string that is too long */

/* The beginning of a string, without a part of a character at its end. */
static void take_start(struct builder *builder, const char *string) {
    char start[SHOWN + 1];
    size_t length = strnlen(string, SHOWN + 1), end = length < SHOWN ? length : SHOWN;
    if (length > SHOWN)
        while (end > SHOWN - 4 && ((unsigned char)string[end] & 0xc0) == 0x80) end--;
    memcpy(start, string, end);
    start[end] = '\0';
    text_clear(&builder->start);
    name_visible(&builder->start, start);
    text_string(&builder->start, "...");
}

/* Whether a string is too long to be kept; the entry becomes a bad row then. */
static bool is_too_long(struct builder *builder, const char *what, const char *string,
                        size_t longest, struct clip_entry *entry) {
    size_t length = string == NULL ? 0 : strlen(string);
    if (length <= longest) return false;
    take_start(builder, string);
    text_clear(&builder->reason);
    if (builder->place != NULL) text_format(&builder->reason, "%s: ", builder->place);
    text_format(&builder->reason, "its %s is longer than %zu bytes (%zu): '%s'; shorten it", what,
                longest, length, builder->start.data == NULL ? "" : builder->start.data);
    fail_entry(builder, entry, CLIP_BAD_ROW);
    return true;
}

/* Every row has an id: its place in the list, else the beginning of what was too long. */
static void replace_id(struct builder *builder, struct clip_entry *entry) {
    text_clear(&builder->id);
    if (builder->place != NULL)
        text_string(&builder->id, builder->place);
    else if (builder->start.data != NULL)
        text_string(&builder->id, builder->start.data);
    entry->id = builder->id.data;
}

static enum error_code check_lengths(struct builder *builder, struct clip_entry *entry,
                                     struct error *error) {
    const size_t name = BUILDER_MAXIMUM_NAME;
    const size_t labels = builder->options.label_separator == NULL ? name : BUILDER_MAXIMUM_LABELS;
    if (is_too_long(builder, "path", entry->path, name, entry)) {
        entry->path = "";
        if (entry->id == NULL) replace_id(builder, entry);
    }
    if (is_too_long(builder, "id", entry->id, name, entry)) replace_id(builder, entry);
    if (is_too_long(builder, "label", entry->label, labels, entry)) entry->label = NULL;
    if (is_too_long(builder, "group", entry->group, name, entry)) entry->group = NULL;
    if (is_too_long(builder, "fold", entry->fold, name, entry)) entry->fold = NULL;
    if (is_too_long(builder, "split", entry->split, name, entry)) entry->split = NULL;
    TRY(text_check(&builder->start, error));
    return text_check(&builder->id, error);
}

enum error_code builder_add(struct builder *builder, const struct clip_entry *entry,
                            struct error *error) {
    struct clip_entry complete = *entry;
    text_clear(&builder->reason);
    TRY(check_lengths(builder, &complete, error));
    if (builder->has_pattern && entry->status == CLIP_OK)
        TRY(apply_pattern(builder, &complete, error));
    TRY(check_label(builder, &complete, error));
    if (is_empty(complete.split)) complete.split = NULL;
    check_group(builder, &complete);
    check_fold(builder, &complete);
    TRY(text_check(&builder->reason, error));
    if (complete.status != CLIP_OK) builder->collection->bad_clips++;
    TRY(clip_list_add(&builder->collection->clips, &complete, error));
    return list_trace_add(&builder->collection->trace, &builder->span, error);
}

/* Signs that --label-separator is not what the list needs. */
static enum error_code warn_of_separator(struct builder *builder, struct error *error) {
    const struct clip_list *clips = &builder->collection->clips;
    size_t largest = 0, count;
    for (size_t c = 0; c < clips->class_count; c++) {
        label_sets_of(&builder->collection->labels, (int32_t)c, &count);
        if (count > largest) largest = count;
    }
    if (builder->broken_lists > 0)
        TRY(warnings_add(&builder->collection->warnings, error,
                         "cells that begin like a list of labels and are none: %zu, for example "
                         "'%.*s'; they are split at '%s' only",
                         builder->broken_lists, UTF8_PIECE(builder->broken_list.data, 100),
                         builder->options.label_separator));
    if (largest < 2 && builder->lists == 0)
        TRY(warnings_add(
            &builder->collection->warnings, error,
            "no clip has several labels; check that '%s' is the character between labels",
            builder->options.label_separator));
    if (builder->unlabelled > 0)
        TRY(warnings_add(
            &builder->collection->warnings, error,
            "clips with an empty label: %zu of %zu; they count as clips with none of the labels",
            builder->unlabelled, clips->count));
    return ERROR_NONE;
}

/* ---- the separator of sets ---- */

/* A separator that is in no label: the given one, if it can be. NULL: none. */
static const char *free_separator(const struct string_table *labels, const char *given) {
    static const char *const others[] = {";", "|", ",", "/", "+", "&", "\xc2\xa6", "\xe2\x80\xa3"};
    for (size_t k = 0; k <= sizeof others / sizeof others[0]; k++) {
        const char *separator = k == 0 ? given : others[k - 1];
        size_t i = 0;
        while (i < labels->count && strstr(string_table_at(labels, i), separator) == NULL) i++;
        if (i == labels->count) return separator;
    }
    return NULL;
}

/* Puts the separator in place of LABEL_JOINT; sets keep their numbers, since it is in no label. */
static enum error_code rejoin(struct builder *builder, struct string_table *labels,
                              const char *separator, struct error *error) {
    struct string_table made = {0};
    uint32_t number = 0;
    for (size_t i = 0; i < labels->count && error->code == ERROR_NONE; i++) {
        text_clear(&builder->label);
        label_set_rejoin(string_table_at(labels, i), separator, &builder->label);
        if (text_check(&builder->label, error) == ERROR_NONE)
            string_table_add(&made, builder->label.data, &number, error);
    }
    if (error->code == ERROR_NONE) {
        struct string_table old = *labels;
        *labels = made;
        made = old;
    }
    string_table_free(&made);
    return error->code;
}

/* The labels of quoted lists may contain the character that was given. */
static enum error_code choose_separator(struct builder *builder, const char **separator,
                                        struct error *error) {
    struct string_table *labels = &builder->collection->clips.labels;
    const char *given = builder->options.label_separator;
    *separator = given;
    if (given == NULL) return ERROR_NONE;
    *separator = free_separator(labels, given);
    if (*separator == NULL)
        return FAIL(error, ERROR_DATA,
                    "labels contain '%s', and each other character that could be between them; "
                    "give a --label-separator that is in no label",
                    given);
    if (*separator != given)
        TRY(warnings_add(&builder->collection->warnings, error,
                         "labels contain '%s'; in the results, '%s' is between the labels of a "
                         "clip",
                         given, *separator));
    return rejoin(builder, labels, *separator, error);
}

enum error_code builder_finish(struct builder *builder, struct error *error) {
    struct collection *collection = builder->collection;
    const char *separator = NULL;
    TRY(choose_separator(builder, &separator, error));
    TRY(clip_list_finish(&collection->clips, error));
    TRY(label_sets_open(&collection->clips, separator, &collection->labels, error));
    collection->fold_column = builder->options.fold_column;
    collection->group_field = builder->options.group_field;
    collection->label_separator = separator;
    collection->trace.separator = builder->options.label_separator;
    if (builder->ambiguous > 0)
        TRY(warnings_add(
            &collection->warnings, error,
            "names that match the pattern '%s' in more than one way: %zu, for example '%s'; "
            "from the left, each field takes as few characters as possible",
            builder->options.label_pattern, builder->ambiguous,
            clip_path(&collection->clips, builder->ambiguous_example)));
    TRY(similar_labels_warn(&collection->labels, &collection->warnings, error));
    return separator == NULL ? listed_labels_warn(&collection->clips, &collection->warnings, error)
                             : warn_of_separator(builder, error);
}
