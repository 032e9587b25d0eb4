#include "host/lists/manifest.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/folder.h"
#include "host/lists/layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- columns ---- */

static const char *const path_names[] = {"path",     "file",      "filename",        "file_name",
                                         "filepath", "file_path", "audio_filepath",  "audio_path",
                                         "audio",    "wav",       "slice_file_name", NULL};
static const char *const label_names[] = {"label",      "class",       "category", "class_name",
                                          "label_name", "given_label", "target",   NULL};
/* With several labels a clip the plural is usual, too. */
static const char *const multilabel_names[] = {
    "labels",     "tags",       "label",       "class",  "category",
    "class_name", "label_name", "given_label", "target", NULL};
static const char *const id_names[] = {"id", NULL};
static const char *const start_names[] = {"offset", NULL};
static const char *const duration_names[] = {"duration", NULL};
static const char *const no_names[] = {NULL};

static const char *option_of(const struct builder *builder, enum manifest_role role) {
    const struct input_options *options = &builder->options;
    switch (role) {
    case ROLE_PATH: return options->path_column;
    case ROLE_LABEL: return options->label_column;
    case ROLE_GROUP: return builder->group_field == SIZE_MAX ? options->group_field : NULL;
    case ROLE_FOLD: return builder->fold_field == SIZE_MAX ? options->fold_column : NULL;
    case ROLE_FOLDER:
        return builder->audio_folder != NULL && builder->layout != NULL ? builder->layout->folder
                                                                        : NULL;
    case ROLE_START: return options->start_column;
    case ROLE_END: return options->end_column;
    case ROLE_ID:
    case ROLE_DURATION: break;
    }
    return NULL;
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
    case ROLE_START: return start_names;
    case ROLE_DURATION:
        /* Beside columns named by options it may mean anything. */
        return builder->options.start_column == NULL && builder->options.end_column == NULL
                   ? duration_names
                   : no_names;
    case ROLE_END:
    case ROLE_GROUP:
    case ROLE_FOLD:
    case ROLE_FOLDER: break;
    }
    return no_names;
}

bool manifest_needs(const struct builder *builder, enum manifest_role role) {
    if (role == ROLE_PATH) return true;
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
                    options[role], columns);
    return FAIL(error, ERROR_DATA, "%s: no column with the %s; there are: %s; name it with %s",
                name, role == ROLE_PATH ? "path of the sound file" : "label", columns,
                options[role]);
}

/* ---- paths ---- */

/* Whether a relative path leaves the folder it starts from, by its text alone. */
static bool climbs_out(const char *path) {
    long depth = 0;
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0)
            depth--;
        else if (length > 0 && !(length == 1 && path[0] == '.'))
            depth++;
        if (depth < 0) return true;
        path += length;
        if (*path == '/') path++;
    }
    return false;
}

/* Whether a path leaves the folder of the list, or of the layout's sound files, by its text alone;
 * where links lead is known when the file is opened. */
static bool leaves(const struct builder *builder, const char *path) {
    const char *folder = builder->audio_folder == NULL ? "" : builder->audio_folder;
    const char *rest = root_folder_rest(&builder->collection->clips.root, path);
    if (rest == NULL || strncmp(rest, folder, strlen(folder)) != 0) return true;
    return climbs_out(rest + strlen(folder));
}

/* ---- rows ---- */

/* Puts the layout's folder of sound files before a relative path. */
static enum error_code complete_path(struct builder *builder, const char *folder, const char **path,
                                     struct error *error) {
    if (builder->audio_folder == NULL || (*path)[0] == '/') return ERROR_NONE;
    text_clear(&builder->path);
    text_string(&builder->path, builder->audio_folder);
    if (folder != NULL)
        text_format(&builder->path, "%s%s/", builder->layout->folder_prefix, folder);
    text_string(&builder->path, *path);
    *path = builder->path.data;
    return text_check(&builder->path, error);
}

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

/* The segment of the file that the row names; the problem with it, or NULL. */
static const char *find_segment(const struct builder *builder, const struct manifest_row *row,
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

enum error_code manifest_add(struct builder *builder, const struct manifest_row *row,
                             struct error *error) {
    char place[96];
    char reason[512];
    const char *wrong = NULL;
    snprintf(place, sizeof place, "%s%sline %zu", row->file == NULL ? "" : row->file,
             row->file == NULL ? "" : ", ", row->line);
    const char *path = row->values[ROLE_PATH];
    bool has_path = path != NULL && path[0] != '\0';
    if (has_path) TRY(complete_path(builder, row->values[ROLE_FOLDER], &path, error));
    const char *id = row->values[ROLE_ID];
    struct clip_entry entry = {.path = has_path ? path : "",
                               .id = id != NULL && id[0] != '\0' ? id
                                     : has_path                  ? NULL
                                                                 : place,
                               .label = row->values[ROLE_LABEL],
                               .group = row->values[ROLE_GROUP],
                               .fold = row->values[ROLE_FOLD],
                               .reason = reason};
    if (row->problem != NULL) {
        entry.status = CLIP_BAD_ROW;
        error_format(reason, sizeof reason, "%s: %s", place, row->problem);
    } else if (!has_path) {
        entry.status = CLIP_BAD_ROW;
        error_format(reason, sizeof reason, "%s: no path of a sound file", place);
    } else if ((wrong = find_segment(builder, row, &entry)) != NULL) {
        entry.status = CLIP_BAD_SEGMENT;
        entry.start = entry.end = 0;
        error_format(reason, sizeof reason, "%s: %s (start '%.*s', end '%.*s', duration '%.*s')",
                     place, wrong, UTF8_PIECE(shown(row, ROLE_START), 40),
                     UTF8_PIECE(shown(row, ROLE_END), 40),
                     UTF8_PIECE(shown(row, ROLE_DURATION), 40));
    } else if (!builder->options.allow_outside && leaves(builder, path)) {
        entry.status = CLIP_OUTSIDE;
        error_format(reason, sizeof reason,
                     "%s: the path leaves the folder of the list; move the list, or give "
                     "--allow-outside",
                     place);
    } else {
        entry.reason = NULL;
    }
    if (entry.reason != NULL && ++builder->bad_rows > MANIFEST_MAXIMUM_BAD_ROWS)
        return FAIL(error, ERROR_DATA, "more than %d rows of the list cannot be used; the last, %s",
                    MANIFEST_MAXIMUM_BAD_ROWS, reason);
    builder->place = place;
    if (id != NULL && id[0] != '\0') builder->has_ids = true;
    if (entry.start > 0 || entry.end > 0) builder->segments++;
    builder_add(builder, &entry, error);
    builder->place = NULL;
    return error->code;
}

enum error_code manifest_warn_of_unused(struct builder *builder, const char *name,
                                        struct error *error) {
    return warnings_add(
        &builder->collection->warnings, error,
        "%s: its columns 'start' and 'end' are not used, each clip is a whole file; if clips "
        "are segments, give --start-column start --end-column end",
        name);
}

/* ---- rows that occur twice ---- */

struct hashed {
    uint64_t hash;
    size_t index;
};

static int compare_hashed(const void *left, const void *right) {
    const struct hashed *a = left;
    const struct hashed *b = right;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* What a row is compared by: its path and segment, or its id. */
struct key {
    const char *string;
    double segment[2];
};

static struct key path_key(const struct clip_list *clips, size_t index, struct text *text) {
    (void)text;
    const struct clip *clip = &clips->clips[index];
    return (struct key){clip_path(clips, index), {clip->start, clip->end}};
}

static struct key id_key(const struct clip_list *clips, size_t index, struct text *text) {
    return (struct key){clip_id(clips, index, text), {0, 0}};
}

static bool same_key(const struct key *a, const struct key *b) {
    return a->segment[0] == b->segment[0] && a->segment[1] == b->segment[1] &&
           (a->string == b->string || strcmp(a->string, b->string) == 0);
}

/* Equal strings have one number, so that paths need not be read again. */
static uint64_t hash_key(const struct clip *clip, bool by_path, const struct key *key) {
    const uint64_t seed = hash_seed();
    if (!by_path) return XXH3_64bits_withSeed(key->string, strlen(key->string), seed);
    return XXH3_64bits_withSeed(key->segment, sizeof key->segment, seed ^ clip->path);
}

/* Different segments of a file are not repeats of its path, nor are rows whose segment is not
 * known. texts: scratch. */
static enum error_code find_repeats(struct collection *collection, bool by_path,
                                    struct hashed *hashes, struct text texts[2],
                                    struct error *error) {
    const struct clip_list *clips = &collection->clips;
    struct key (*key_of)(const struct clip_list *, size_t, struct text *) =
        by_path ? path_key : id_key;
    size_t count = 0, repeats = 0, example = SIZE_MAX;
    for (size_t i = 0; i < clips->count; i++) {
        uint8_t status = clips->clips[i].status;
        if (by_path && (status == CLIP_BAD_ROW || status == CLIP_BAD_SEGMENT)) continue;
        struct key key = key_of(clips, i, &texts[0]);
        hashes[count++] = (struct hashed){hash_key(&clips->clips[i], by_path, &key), i};
    }
    if (count > 1) qsort(hashes, count, sizeof *hashes, compare_hashed);
    for (size_t i = 1; i < count; i++) {
        if (hashes[i].hash != hashes[i - 1].hash) continue;
        struct key key = key_of(clips, hashes[i].index, &texts[0]);
        struct key before = key_of(clips, hashes[i - 1].index, &texts[1]);
        if (key.string[0] == '\0' || !same_key(&key, &before)) continue;
        repeats++;
        if (hashes[i].index < example) example = hashes[i].index;
    }
    if (repeats == 0) return ERROR_NONE;
    return warnings_add(&collection->warnings, error,
                        "rows that repeat the %s of an earlier row: %zu, for example '%s'",
                        by_path ? "path" : "id", repeats, key_of(clips, example, &texts[0]).string);
}

static enum error_code warn_of_repeats(struct collection *collection, bool by_path,
                                       struct error *error) {
    struct text texts[2] = {TEXT_INITIAL, TEXT_INITIAL};
    struct hashed *hashes =
        memory_array(collection->clips.count, sizeof *hashes, "a manifest's rows", error);
    if (hashes != NULL) find_repeats(collection, by_path, hashes, texts, error);
    free(hashes);
    text_free(&texts[0]);
    text_free(&texts[1]);
    return error->code;
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
    TRY(warn_of_repeats(collection, true, error));
    return builder->has_ids ? warn_of_repeats(collection, false, error) : ERROR_NONE;
}

enum error_code manifest_read(struct builder *builder, const struct list_file *list,
                              enum error_code (*read)(struct builder *builder, FILE *stream,
                                                      const char *name, struct error *error),
                              struct error *error) {
    struct collection *collection = builder->collection;
    FILE *stream = NULL;
    if (list->is_member)
        text_format(&collection->reading, "%s is read as an audiofolder: clips and labels from %s",
                    collection->clips.root.path, list->name);
    TRY(text_check(&collection->reading, error));
    TRY(list_file_stream(list, &stream, error));
    read(builder, stream, list->path, error);
    fclose(stream);
    TRY(error->code);
    TRY(report_segments(builder, error));
    TRY(manifest_finish(builder, error));
    return list->is_member ? folder_warn_of_unlisted(builder, list->name, error) : ERROR_NONE;
}

bool manifest_sniff(const struct list_file *list, struct error *error) {
    (void)error;
    return !list->is_member || list_file_starts_with(list, "file_name");
}
