/* Audacity's label tracks: a line "start<TAB>end<TAB>label" for each label, perhaps followed by a
 * line "\<TAB>low<TAB>high" with its frequencies. The sound is the file of the same name. */
#include "host/lists/label_table.h"
#include "host/lists/manifest.h"

#include <stdlib.h>
#include <string.h>

struct audacity {
    struct builder *builder;
    size_t points; /* labels that have no length */
    struct text sound;
};

static bool is_number(const char *cell) {
    char *end = NULL;
    if (cell == NULL || *cell == '\0') return false;
    strtod(cell, &end);
    return end != cell && *end == '\0';
}

static enum error_code add_label(struct audacity *audacity, const struct list_file *table,
                                 const struct csv_reader *reader, struct error *error) {
    struct manifest_row row = {.line = reader->line, .file = table->is_member ? table->name : NULL};
    const char *start = csv_cell(reader, 0), *end = csv_cell(reader, 1);
    row.values[ROLE_PATH] = audacity->sound.data;
    row.values[ROLE_START] = start;
    row.values[ROLE_END] = end;
    row.values[ROLE_LABEL] = csv_cell(reader, 2);
    if (audacity->sound.length == 0)
        row.problem = LABEL_TABLE_ALONE;
    else if (reader->count < 2 || reader->count > 3)
        row.problem = "not a start, an end and a label with tabs between them";
    else if (is_number(start) && is_number(end) && strtod(start, NULL) == strtod(end, NULL))
        row.segment_problem = "a label of a point has no sound; give it a length";
    return manifest_add(audacity->builder, &row, error);
}

static enum error_code read_track(void *context, const struct list_file *table,
                                  struct csv_reader *reader, struct error *error) {
    struct audacity *audacity = context;
    label_table_sound(audacity->builder, table->name, &audacity->sound);
    TRY(text_check(&audacity->sound, error));
    for (;;) {
        bool end = false;
        TRY(csv_next(reader, &end, error));
        if (end) return ERROR_NONE;
        if (strcmp(csv_cell(reader, 0), "\\") != 0) TRY(add_label(audacity, table, reader, error));
    }
}

/* Refuses options for which the tracks have no columns. */
static enum error_code check_options(const struct builder *builder, const char *path,
                                     struct error *error) {
    const struct input_options *options = &builder->options;
    bool group = options->group_field != NULL && builder->group_field == SIZE_MAX;
    bool fold = options->fold_column != NULL && builder->fold_field == SIZE_MAX;
    if (!group && !fold) return ERROR_NONE;
    return FAIL(error, ERROR_USAGE,
                "%s: a label track has no columns for %s; name the field in --label-pattern", path,
                group ? "--group" : "--fold-column");
}

static enum error_code read_audacity(struct builder *builder, const struct list_file *list,
                                     struct error *error) {
    struct audacity audacity = {.builder = builder};
    struct text *reading = &builder->collection->reading;
    TRY(check_options(builder, list->path, error));
    label_table_each(list, read_track, &audacity, error);
    if (error->code == ERROR_NONE) {
        label_table_describe(builder, list, "an Audacity", "label track");
        if (list->shards == NULL && audacity.sound.length > 0)
            text_format(reading, " of %s", audacity.sound.data);
        text_string(reading, ": each label is a clip");
        text_check(reading, error);
    }
    text_free(&audacity.sound);
    return error->code == ERROR_NONE ? label_table_finish(builder, list, error) : error->code;
}

/* By the first line: two numbers, and perhaps a label that is no file. */
static bool is_audacity(const struct list_file *list, struct error *error) {
    struct error unread = ERROR_INITIAL; /* reading the file reports it */
    struct csv_reader reader;
    FILE *stream = NULL;
    bool end = true, found = false;
    (void)error;
    if (list_file_stream(list, &stream, &unread) != ERROR_NONE) return false;
    csv_open(&reader, stream, list->path, '\t');
    reader.forgiving = reader.plain_quotes = true;
    if (csv_next(&reader, &end, &unread) == ERROR_NONE && !end)
        found = (reader.count == 2 || reader.count == 3) && is_number(csv_cell(&reader, 0)) &&
                is_number(csv_cell(&reader, 1)) &&
                (reader.count == 2 || !audio_extension(csv_cell(&reader, 2), NULL));
    csv_close(&reader);
    fclose(stream);
    return found;
}

const struct list_reader reader_audacity = {
    .name = "audacity",
    .sentence = "a label track of Audacity (.txt) beside the sound file of the same name, or a "
                "folder of sound files with theirs",
    .endings = {".txt"},
    .sniff = is_audacity,
    .read = read_audacity,
    .beside_sounds = true,
};
