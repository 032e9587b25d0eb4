/* Raven's selection tables, also as BirdNET writes them: tabs, a header, and a row for each view of
 * a selection, of which the first is taken. A selection is a clip: a segment of the sound file that
 * "Begin Path" or "Begin File" names, else of the one that has the table's name. */
#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/lists/label_table.h"
#include "host/lists/manifest_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum raven_column {
    SELECTION,
    VIEW,
    CHANNEL,
    BEGIN,
    END,
    BEGIN_FILE,
    BEGIN_PATH,
    END_FILE,
    OFFSET, /* of the selection in its file, where a sound is several files */
    COLUMNS
};

static const char *const names[COLUMNS] = {
    [SELECTION] = "Selection",   [VIEW] = "View",         [CHANNEL] = "Channel",
    [BEGIN] = "Begin Time (s)",  [END] = "End Time (s)",  [BEGIN_FILE] = "Begin File",
    [BEGIN_PATH] = "Begin Path", [END_FILE] = "End File", [OFFSET] = "File Offset (s)"};

/* What the first view of a selection said. */
struct selection {
    uint64_t key; /* of its number and file; 0: an empty slot */
    uint64_t view;
    uint64_t content;
};

struct raven {
    struct builder *builder;
    const struct list_file *table;
    const struct csv_reader *reader;
    size_t columns[COLUMNS]; /* SIZE_MAX: none */
    size_t label, group, fold;

    struct selection *selections; /* of the table: (slots), a power of two */
    size_t slots;
    size_t count;
    size_t different; /* rows that are other views of a selection, but not the same */
    size_t different_line;
    size_t channels; /* selections of other channels than the first */

    struct text sound; /* of the current row */
    struct text own;   /* by the table's name; empty: none */
    char duration[32];
    char *label_name;
};

static const char *cell(const struct raven *raven, enum raven_column column) {
    const char *found = csv_cell(raven->reader, raven->columns[column]);
    return found == NULL ? "" : found;
}

/* ---- the header ---- */

static size_t find_name(const struct csv_reader *reader, const char *name) {
    for (size_t i = 0; i < reader->count; i++)
        if (columns_is(reader, i, name)) return i;
    return SIZE_MAX;
}

/* Columns that Raven and BirdNET write beside the label, and measurements. */
static bool is_standard(const struct csv_reader *reader, size_t column) {
    static const char *const words[] = {"(",    "Freq",   "Time",       "Date",   "Hour",
                                        "File", "Path",   "Power",      "Energy", "Entropy",
                                        "Amp",  "Length", "Confidence", "Score",  "Rank"};
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns_is(reader, column, names[i])) return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(csv_cell(reader, column), words[i]) != NULL) return true;
    return csv_cell(reader, column)[0] == '\0';
}

static size_t find_label(const struct raven *raven) {
    static const char *const usual[] = {"Annotation", "Species", "Common Name", "Species Code"};
    const struct csv_reader *reader = raven->reader;
    size_t found = columns_find(raven->builder, reader, ROLE_LABEL, true);
    if (raven->builder->has_pattern || raven->builder->options.label_column != NULL) return found;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && found == SIZE_MAX; i++)
        found = find_name(reader, usual[i]);
    for (size_t i = 0; i < reader->count && found == SIZE_MAX; i++)
        if (!is_standard(reader, i)) found = i;
    return found;
}

static enum error_code read_header(struct raven *raven, struct csv_reader *reader,
                                   struct error *error) {
    const struct builder *builder = raven->builder;
    bool end = false;
    TRY(csv_next(reader, &end, error));
    for (size_t i = 0; i < COLUMNS; i++) raven->columns[i] = find_name(reader, names[i]);
    if (end || raven->columns[BEGIN] == SIZE_MAX || raven->columns[END] == SIZE_MAX)
        return FAIL(error, ERROR_DATA,
                    "%s: not a selection table of Raven; its first line must name the columns "
                    "'Begin Time (s)' and 'End Time (s)'",
                    reader->name);
    raven->label = find_label(raven);
    raven->group = columns_find(builder, reader, ROLE_GROUP, true);
    raven->fold = columns_find(builder, reader, ROLE_FOLD, true);
    if (raven->label == SIZE_MAX && manifest_needs(builder, ROLE_LABEL))
        return columns_missing(builder, reader, ROLE_LABEL, true, error);
    if (raven->group == SIZE_MAX && manifest_needs(builder, ROLE_GROUP))
        return columns_missing(builder, reader, ROLE_GROUP, true, error);
    if (raven->fold == SIZE_MAX && manifest_needs(builder, ROLE_FOLD))
        return columns_missing(builder, reader, ROLE_FOLD, true, error);
    if (raven->label_name == NULL && raven->label != SIZE_MAX)
        raven->label_name = memory_string(csv_cell(reader, raven->label), error);
    reader->expected = reader->fewest = reader->count;
    return error->code;
}

/* ---- views ---- */

static uint64_t hash_of(const char *string, uint64_t seed) {
    uint64_t hash = XXH3_64bits_withSeed(string, strlen(string), seed);
    return hash == 0 ? 1 : hash;
}

static struct selection *find_slot(struct selection *selections, size_t slots, uint64_t key) {
    size_t slot = (size_t)key & (slots - 1);
    while (selections[slot].key != 0 && selections[slot].key != key)
        slot = (slot + 1) & (slots - 1);
    return &selections[slot];
}

static enum error_code grow_slots(struct raven *raven, struct error *error) {
    if (raven->count * 2 < raven->slots) return ERROR_NONE;
    size_t slots = raven->slots == 0 ? 256 : raven->slots * 2;
    struct selection *grown = scratch_array(slots, sizeof *grown, "selections", error);
    if (grown == NULL) return error->code;
    for (size_t i = 0; i < raven->slots; i++)
        if (raven->selections[i].key != 0)
            *find_slot(grown, slots, raven->selections[i].key) = raven->selections[i];
    scratch_free(raven->selections);
    raven->selections = grown;
    raven->slots = slots;
    return ERROR_NONE;
}

/* Whether the row is another view of a selection that an earlier row has. In tables put together
 * the same number comes again with the same view: that is another selection. */
static enum error_code is_other_view(struct raven *raven, bool *other, struct error *error) {
    const char *label = csv_cell(raven->reader, raven->label);
    *other = false;
    if (cell(raven, SELECTION)[0] == '\0' || raven->columns[VIEW] == SIZE_MAX) return ERROR_NONE;
    TRY(grow_slots(raven, error));
    const uint64_t seed = hash_seed();
    const struct selection row = {
        .key = hash_of(cell(raven, SELECTION), hash_of(cell(raven, BEGIN_FILE), seed)),
        .view = hash_of(cell(raven, VIEW), seed),
        .content = hash_of(label == NULL ? "" : label,
                           hash_of(cell(raven, END), hash_of(cell(raven, BEGIN), seed)))};
    struct selection *known = find_slot(raven->selections, raven->slots, row.key);
    *other = known->key != 0 && known->view != row.view;
    if (!*other) {
        raven->count += known->key == 0;
        *known = row;
    } else if (known->content != row.content && raven->different++ == 0) {
        raven->different_line = raven->reader->line;
    }
    return ERROR_NONE;
}

/* ---- rows ---- */

static const char *last_part(const char *path) {
    const char *part = path;
    for (; *path != '\0'; path++)
        if (*path == '/' || *path == '\\') part = path + 1;
    return part;
}

/* The sound file of the row: its path, if it is there, else its name in the folder of the table.
 * "" for none. */
static const char *find_sound(const struct raven *raven) {
    const char *path = cell(raven, BEGIN_PATH), *file = cell(raven, BEGIN_FILE);
    if (path[0] == '\0' && file[0] == '\0') return raven->own.length > 0 ? raven->own.data : "";
    if (columns_name_file(raven->builder, path)) return path;
    if (columns_name_file(raven->builder, file)) return file;
    return last_part(path[0] == '\0' ? file : path);
}

static bool take_number(const char *text, double *number) {
    char *end = NULL;
    *number = strtod(text, &end);
    return end != text && *end == '\0';
}

/* Times are those of the view, which may be several files one after the other. */
static void take_segment(struct raven *raven, struct manifest_row *row) {
    double begin = 0, end = 0;
    const char *end_file = cell(raven, END_FILE);
    row->values[ROLE_START] = cell(raven, BEGIN);
    row->values[ROLE_END] = cell(raven, END);
    if (end_file[0] != '\0' && cell(raven, BEGIN_FILE)[0] != '\0' &&
        strcmp(end_file, cell(raven, BEGIN_FILE)) != 0)
        row->segment_problem = "it begins in one file and ends in another; cut it in two";
    if (row->values[ROLE_START][0] == '\0' || row->values[ROLE_END][0] == '\0')
        row->segment_problem = "it has no begin or no end; fill it in";
    if (cell(raven, OFFSET)[0] == '\0' || !take_number(cell(raven, BEGIN), &begin) ||
        !take_number(cell(raven, END), &end) || !(end > begin))
        return;
    snprintf(raven->duration, sizeof raven->duration, "%.9f", end - begin);
    row->values[ROLE_START] = cell(raven, OFFSET);
    row->values[ROLE_END] = NULL;
    row->values[ROLE_DURATION] = raven->duration;
}

static enum error_code add_row(struct raven *raven, struct error *error) {
    const struct csv_reader *reader = raven->reader;
    const struct list_file *table = raven->table;
    struct manifest_row row = {.line = reader->line, .file = table->is_member ? table->name : NULL};
    char problem[96];
    text_clear(&raven->sound);
    text_string(&raven->sound, find_sound(raven));
    TRY(text_check(&raven->sound, error));
    row.values[ROLE_PATH] = raven->sound.data;
    row.values[ROLE_LABEL] = csv_cell(reader, raven->label);
    row.values[ROLE_GROUP] = csv_cell(reader, raven->group);
    row.values[ROLE_FOLD] = csv_cell(reader, raven->fold);
    take_segment(raven, &row);
    if (!csv_fits(reader)) {
        snprintf(problem, sizeof problem, "its number of cells is %zu, the header's is %zu",
                 reader->count, reader->expected);
        row.problem = problem;
    } else if (raven->sound.length == 0) {
        row.problem = LABEL_TABLE_ALONE;
    }
    const char *channel = cell(raven, CHANNEL);
    raven->channels += channel[0] != '\0' && strcmp(channel, "1") != 0;
    return manifest_add(raven->builder, &row, error);
}

static enum error_code read_table(void *context, const struct list_file *table,
                                  struct csv_reader *reader, struct error *error) {
    struct raven *raven = context;
    raven->table = table;
    raven->reader = reader;
    raven->count = 0;
    if (raven->slots > 0) memset(raven->selections, 0, raven->slots * sizeof *raven->selections);
    TRY(read_header(raven, reader, error));
    label_table_sound(raven->builder, table->name, &raven->own);
    TRY(text_check(&raven->own, error));
    for (;;) {
        bool end = false, other = false;
        TRY(csv_next(reader, &end, error));
        if (end) return ERROR_NONE;
        if (csv_fits(reader)) TRY(is_other_view(raven, &other, error));
        if (!other) TRY(add_row(raven, error));
    }
}

/* ---- the whole ---- */

static enum error_code report(const struct raven *raven, const struct list_file *list,
                              struct error *error) {
    struct collection *collection = raven->builder->collection;
    struct text *reading = &collection->reading;
    label_table_describe(raven->builder, list, "a Raven", "selection table");
    text_format(reading, ": each selection is a clip");
    if (raven->label_name != NULL) text_format(reading, ", its label from '%s'", raven->label_name);
    TRY(text_check(reading, error));
    if (raven->different > 0)
        TRY(warnings_add(&collection->warnings, error,
                         "views of one selection that differ in its times or label: %zu, the first "
                         "at line %zu; the first view of a selection counts",
                         raven->different, raven->different_line));
    if (raven->channels > 0)
        TRY(warnings_add(&collection->warnings, error,
                         "selections of other channels than the first: %zu; the channels of a file "
                         "are mixed",
                         raven->channels));
    return ERROR_NONE;
}

static enum error_code read_raven(struct builder *builder, const struct list_file *list,
                                  struct error *error) {
    struct raven raven = {.builder = builder};
    const struct input_options *options = &builder->options;
    if (options->path_column != NULL || options->start_column != NULL ||
        options->end_column != NULL)
        return FAIL(error, ERROR_USAGE,
                    "%s: the columns of a selection table of Raven are known; leave out "
                    "--path-column, --start-column and --end-column",
                    list->path);
    label_table_each(list, read_table, &raven, error);
    if (error->code == ERROR_NONE) report(&raven, list, error);
    scratch_free(raven.selections);
    free(raven.label_name);
    text_free(&raven.sound);
    text_free(&raven.own);
    return error->code == ERROR_NONE ? label_table_finish(builder, list, error) : error->code;
}

static bool is_raven(const struct list_file *list, struct error *error) {
    (void)error;
    return list_file_starts_with(list, "Begin Time (s)") &&
           list_file_starts_with(list, "End Time (s)");
}

const struct list_reader reader_raven = {
    .name = "raven",
    .sentence =
        "a selection table of Raven or BirdNET (.txt) beside its sound file, or a folder of "
        "sound files with theirs",
    .labels = "the column with the label (default: Annotation, Species, Common Name, or the first "
              "that Raven does not write)",
    .endings = {".txt"},
    .sniff = is_raven,
    .read = read_raven,
    .beside_sounds = true,
};
