#include "host/lists/builder.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum error_code builder_open(struct builder *builder, const struct input_options *options,
                             const char *root, struct collection *collection, struct error *error) {
    *builder = (struct builder){.options = *options,
                                .collection = collection,
                                .label_field = SIZE_MAX,
                                .group_field = SIZE_MAX,
                                .fold_field = SIZE_MAX};
    builder->folds_decided = options->fold_column != NULL;
    if (builder->folds_decided && options->fold_column[0] == '\0')
        builder->options.fold_column = NULL;
    options = &builder->options;
    TRY(clip_list_init(&collection->clips, root, options->allow_outside, error));
    if (options->label_pattern == NULL) return ERROR_NONE;
    TRY(pattern_parse(options->label_pattern, &builder->pattern, error));
    builder->has_pattern = true;
    builder->label_field = pattern_field(&builder->pattern, "label");
    if (options->group_field != NULL)
        builder->group_field = pattern_field(&builder->pattern, options->group_field);
    if (options->fold_column != NULL)
        builder->fold_field = pattern_field(&builder->pattern, options->fold_column);
    return ERROR_NONE;
}

void builder_close(struct builder *builder) {
    pattern_free(&builder->pattern);
    pattern_match_free(&builder->match);
    text_free(&builder->reason);
    text_free(&builder->start);
    text_free(&builder->id);
    text_free(&builder->label);
    label_split_close(&builder->split);
    text_free(&builder->path);
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
    if (builder->fold_field != SIZE_MAX) entry->fold = builder->match.values[builder->fold_field];
    return ERROR_NONE;
}

/* With several labels a clip, an empty cell is a clip with none of the labels; a missing cell
 * (NULL) is a clip whose labels are not known. */
static enum error_code take_labels(struct builder *builder, struct clip_entry *entry,
                                   struct error *error) {
    const char *separator = builder->options.label_separator;
    TRY(label_split_cell(&builder->split, entry->label, separator, error));
    text_clear(&builder->label);
    label_split_join(&builder->split, separator, &builder->label);
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
    check_group(builder, &complete);
    check_fold(builder, &complete);
    TRY(text_check(&builder->reason, error));
    if (complete.status != CLIP_OK) builder->collection->bad_clips++;
    return clip_list_add(&builder->collection->clips, &complete, error);
}

/* ---- labels that differ only in spaces and case ---- */

struct folded_label {
    char *folded;
    const char *label;
};

static int compare_folded(const void *left, const void *right) {
    const struct folded_label *a = left;
    const struct folded_label *b = right;
    int order = strcmp(a->folded, b->folded);
    return order != 0 ? order : strcmp(a->label, b->label);
}

/* Without spaces at the ends, and ASCII letters lowered. */
static char *fold_label(const char *label, struct error *error) {
    while (isspace((unsigned char)*label)) label++;
    char *folded = memory_string(label, error);
    if (folded == NULL) return NULL;
    size_t length = strlen(folded);
    while (length > 0 && isspace((unsigned char)folded[length - 1])) folded[--length] = '\0';
    for (size_t i = 0; i < length; i++) folded[i] = (char)tolower((unsigned char)folded[i]);
    return folded;
}

static enum error_code warn_of_similar_labels(struct collection *collection, struct error *error) {
    const struct label_sets *sets = &collection->labels;
    size_t count = sets->count;
    struct folded_label *labels = memory_array(count, sizeof *labels, "labels", error);
    if (labels == NULL) return error->code;
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        labels[i] = (struct folded_label){fold_label(sets->names[i], error), sets->names[i]};
    if (error->code == ERROR_NONE && count > 1)
        qsort(labels, count, sizeof *labels, compare_folded);
    for (size_t i = 1; i < count && error->code == ERROR_NONE; i++)
        if (strcmp(labels[i - 1].folded, labels[i].folded) == 0)
            warnings_add(&collection->warnings, error,
                         "the labels '%s' and '%s' differ only in spaces or case; they are kept as "
                         "two classes",
                         labels[i - 1].label, labels[i].label);
    for (size_t i = 0; i < count; i++) free(labels[i].folded);
    free(labels);
    return error->code;
}

/* ---- labels that look like lists ---- */

/* First pieces of labels, as keys of a table, with the first label that each begins. */
enum { COMPARED = 1000, LIST_SLOTS = 4096 };

struct first_pieces {
    struct first_piece {
        const char *bytes; /* NULL: an empty slot */
        size_t length;
        size_t label;
    } slots[LIST_SLOTS];
};

/* The slot of the piece, or the empty one where it belongs. */
static struct first_piece *find_piece(struct first_pieces *pieces, const char *bytes,
                                      size_t length) {
    size_t slot = (size_t)XXH3_64bits_withSeed(bytes, length, hash_seed()) % LIST_SLOTS;
    for (;; slot = (slot + 1) % LIST_SLOTS) {
        struct first_piece *piece = &pieces->slots[slot];
        if (piece->bytes == NULL ||
            (piece->length == length && memcmp(piece->bytes, bytes, length) == 0))
            return piece;
    }
}

/* The smaller of `best` and the labels other than `label` that begin with one of its pieces, which
 * are taken without the spaces around them. */
static size_t match_pieces(struct first_pieces *pieces, const char *list, char separator,
                           size_t label, size_t best) {
    while (*list != '\0') {
        const char *end = strchrnul(list, separator);
        const char *last = end;
        while (*list == ' ') list++;
        while (last > list && last[-1] == ' ') last--;
        const struct first_piece *found =
            list < last ? find_piece(pieces, list, (size_t)(last - list)) : NULL;
        if (found != NULL && found->bytes != NULL && found->label != label && found->label < best)
            best = found->label;
        list = *end == '\0' ? end : end + 1;
    }
    return best;
}

/* The first label that contains the separator and whose first piece is also a piece of another
 * label. Of labels with one first piece only the first counts. */
static const char *find_list(const struct clip_list *clips, char separator,
                             struct first_pieces *pieces) {
    size_t count = clips->class_count < COMPARED ? clips->class_count : COMPARED, best = count;
    memset(pieces, 0, sizeof *pieces);
    for (size_t i = 0; i < count; i++) {
        const char *label = clips->class_names[i];
        const char *end = strchr(label, separator);
        if (end == NULL || end == label || end[1] == '\0') continue;
        struct first_piece *piece = find_piece(pieces, label, (size_t)(end - label));
        if (piece->bytes == NULL) *piece = (struct first_piece){label, (size_t)(end - label), i};
    }
    for (size_t i = 0; i < count; i++)
        best = match_pieces(pieces, clips->class_names[i], separator, i, best);
    return best < count ? clips->class_names[best] : NULL;
}

/* Without --label-separator, several labels in a cell make a class of each combination. */
static enum error_code warn_of_lists(struct collection *collection, struct error *error) {
    static const char separators[] = ";|,";
    const char *label = NULL, *separator = separators;
    struct first_pieces *pieces = memory_array(1, sizeof *pieces, "labels", error);
    if (pieces == NULL) return error->code;
    while (label == NULL && *separator != '\0') {
        label = find_list(&collection->clips, *separator, pieces);
        if (label == NULL) separator++;
    }
    free(pieces);
    if (label == NULL) return ERROR_NONE;
    return warnings_add(&collection->warnings, error,
                        "labels look like lists, for example '%s': each combination is a "
                        "separate class; if a clip can have several labels, give "
                        "--label-separator '%c'",
                        label, *separator);
}

/* Signs that --label-separator is not what the list needs. */
static enum error_code warn_of_separator(struct builder *builder, struct error *error) {
    const struct clip_list *clips = &builder->collection->clips;
    size_t largest = 0, count;
    for (size_t c = 0; c < clips->class_count; c++) {
        label_sets_of(&builder->collection->labels, (int32_t)c, &count);
        if (count > largest) largest = count;
    }
    if (largest < 2)
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

enum error_code builder_finish(struct builder *builder, struct error *error) {
    struct collection *collection = builder->collection;
    const char *separator = builder->options.label_separator;
    TRY(clip_list_finish(&collection->clips, error));
    TRY(label_sets_open(&collection->clips, separator, &collection->labels, error));
    collection->fold_column = builder->options.fold_column;
    collection->label_separator = separator;
    if (builder->ambiguous > 0)
        TRY(warnings_add(
            &collection->warnings, error,
            "names that match the pattern '%s' in more than one way: %zu, for example '%s'; "
            "from the left, each field takes as few characters as possible",
            builder->options.label_pattern, builder->ambiguous,
            clip_path(&collection->clips, builder->ambiguous_example)));
    TRY(warn_of_similar_labels(collection, error));
    return separator == NULL ? warn_of_lists(collection, error) : warn_of_separator(builder, error);
}
