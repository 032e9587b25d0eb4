/* Label Studio's exports. JSON has a task an object: its data, with the address of the sound, and
 * its annotations, with a result for each choice and each region. JSON-MIN and CSV are flat: a row
 * for each annotation, with the choice, or the regions as JSON, under the name of its tag. */
#include "host/lists/label_studio.h"

#include "host/base/csv.h"
#include "host/base/json_lines.h"
#include "host/base/memory.h"
#include "host/lists/readers.h"

#include <stdlib.h>
#include <string.h>

#define MAXIMUM_LINES_SNIFFED 100 /* until the first object, which decides */

static const char *const flat_names[] = {"annotation_id", "lead_time"};

static bool is_task(const json_t *object) {
    return json_is_object(json_object_get(object, "data")) &&
           (json_is_array(json_object_get(object, "annotations")) ||
            json_is_array(json_object_get(object, "completions")) ||
            json_is_array(json_object_get(object, "predictions")));
}

static bool is_flat(const json_t *object) {
    return json_object_get(object, flat_names[0]) != NULL &&
           json_object_get(object, flat_names[1]) != NULL;
}

/* ---- the whole ---- */

static enum error_code check_options(const struct label_studio *studio, struct error *error) {
    const struct input_options *options = &studio->builder->options;
    if (options->start_column == NULL && options->end_column == NULL) return ERROR_NONE;
    return FAIL(
        error, ERROR_USAGE,
        "%s: regions of Label Studio have their own start and end; leave out --start-column "
        "and --end-column",
        studio->name);
}

static enum error_code open_studio(struct label_studio *studio, struct error *error) {
    const char *field = studio->builder->options.label_column;
    if (field != NULL) text_string(&studio->field, field);
    TRY(text_check(&studio->field, error));
    return check_options(studio, error);
}

static enum error_code warn(struct label_studio *studio, size_t count, const char *what,
                            struct error *error) {
    if (count == 0) return ERROR_NONE;
    return warnings_add(&studio->builder->collection->warnings, error, "tasks of %s %s: %zu of %zu",
                        studio->name, what, count, studio->tasks);
}

static enum error_code finish(struct label_studio *studio, struct error *error) {
    struct builder *builder = studio->builder;
    struct text *reading = &builder->collection->reading;
    if (studio->tasks == 0)
        return FAIL(error, ERROR_DATA, "%s: no task of Label Studio in it", studio->name);
    if (builder->options.label_column != NULL && studio->unlabelled == studio->tasks)
        return FAIL(error, ERROR_USAGE, "%s: no tag '%s' for --label-column has a label",
                    studio->name, builder->options.label_column);
    if (!builder->has_pattern && studio->unlabelled + studio->cancelled == studio->tasks)
        return FAIL(error, ERROR_DATA,
                    "%s: none of its %zu tasks has a label (only predictions: %zu, only cancelled "
                    "annotations: %zu); annotate them in Label Studio, and export them again",
                    studio->name, studio->tasks, studio->predicted, studio->cancelled);
    text_format(reading, "%s is read as an export of Label Studio", studio->name);
    if (studio->field.length > 0) text_format(reading, ": label from '%s'", studio->field.data);
    if (studio->moved > 0)
        text_format(reading,
                    "; %zu of %zu files are found in the folder of the list by a part of "
                    "their path",
                    studio->moved, studio->tasks);
    TRY(text_check(reading, error));
    TRY(warn(studio, studio->cancelled, "left out, because each of their annotations was cancelled",
             error));
    TRY(warn(studio, studio->predicted, "without annotations, whose predictions are not labels",
             error));
    TRY(warn(studio, studio->several,
             "with annotations that disagree, of which the ground truth counts, else the one "
             "changed last",
             error));
    TRY(manifest_finish(builder, error)); /* which adds the rows that were kept until then */
    if (builder->segments > 0)
        text_format(reading, "; %zu of %zu clips are regions of files", builder->segments,
                    builder->collection->clips.count);
    return text_check(reading, error);
}

static void free_studio(struct label_studio *studio) {
    struct text *const texts[] = {&studio->field,       &studio->key,     &studio->path,
                                  &studio->label,       &studio->start,   &studio->end,
                                  &studio->more[0],     &studio->more[1], &studio->signature[0],
                                  &studio->signature[1]};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) text_free(texts[i]);
}

/* ---- JSON ---- */

static enum error_code add_object(void *context, const struct json_lines *lines,
                                  struct error *error) {
    struct label_studio *studio = context;
    struct manifest_row row = {.line = lines->line, .number = lines->number};
    if (is_task(lines->object))
        return label_studio_add_task(studio, lines->object, lines->line, lines->number, error);
    if (is_flat(lines->object))
        return label_studio_add_flat(studio, lines->object, lines->line, lines->number, error);
    row.problem = lines->object == NULL ? lines->problem : "not a task of Label Studio";
    return manifest_add(studio->builder, &row, error);
}

static enum error_code read_json(struct builder *builder, const struct list_file *list,
                                 struct error *error) {
    struct label_studio studio = {.builder = builder, .name = list->path};
    open_studio(&studio, error);
    if (error->code == ERROR_NONE) list_file_each_line(list, add_object, &studio, error);
    if (error->code == ERROR_NONE) finish(&studio, error);
    free_studio(&studio);
    return error->code;
}

static bool sniff_json(const struct list_file *list, struct error *error) {
    struct error trouble = ERROR_INITIAL; /* reading the file reports it */
    FILE *stream = NULL;
    if (list_file_stream(list, &stream, &trouble) != ERROR_NONE) return false;
    struct json_lines lines = {.stream = stream, .name = list->path};
    bool end = false;
    for (size_t i = 0; i < MAXIMUM_LINES_SNIFFED && !end && lines.object == NULL; i++)
        if (json_lines_next(&lines, &end, &trouble) != ERROR_NONE) break;
    bool found = lines.object != NULL && (is_task(lines.object) || is_flat(lines.object));
    json_lines_close(&lines);
    fclose(stream);
    if (trouble.code == ERROR_MEMORY) *error = trouble;
    return found && trouble.code == ERROR_NONE;
}

/* ---- CSV ---- */

/* A cell with choices or regions is JSON, any other text. */
static json_t *cell_value(const char *cell) {
    struct error no_json = ERROR_INITIAL;
    json_t *value = NULL;
    if (cell[0] == '[' || cell[0] == '{') value = json_parse(cell, strlen(cell), "", &no_json);
    struct text quoted = TEXT_INITIAL;
    if (value == NULL) {
        text_json(&quoted, cell);
        if (!quoted.failed) {
            struct error none = ERROR_INITIAL;
            value = json_parse(quoted.data, quoted.length, "", &none);
        }
    }
    text_free(&quoted);
    return value;
}

static enum error_code add_row(struct label_studio *studio, const struct csv_reader *reader,
                               char *const *names, size_t count, struct error *error) {
    struct manifest_row row = {.line = reader->line,
                               .problem = "its number of cells is not the header's"};
    if (reader->count != count) return manifest_add(studio->builder, &row, error);
    json_t *object = json_object();
    bool good = object != NULL;
    for (size_t i = 0; good && i < count; i++) {
        json_t *value = cell_value(csv_cell(reader, i));
        if (value != NULL && csv_cell(reader, i)[0] == '\0') {
            json_decref(value);
            continue;
        }
        good = value != NULL && json_object_set_new(object, names[i], value) == 0;
    }
    row.problem = "a cell that is not text";
    if (good)
        label_studio_add_flat(studio, object, reader->line, 0, error);
    else
        manifest_add(studio->builder, &row, error);
    json_decref(object);
    return error->code;
}

static enum error_code read_rows(struct label_studio *studio, struct csv_reader *reader,
                                 struct error *error) {
    char *names[CSV_MAXIMUM_COLUMNS] = {NULL};
    bool end = false;
    csv_next(reader, &end, error);
    size_t count = error->code != ERROR_NONE || end ? 0 : reader->count;
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        names[i] = memory_string(csv_cell(reader, i), error);
    while (error->code == ERROR_NONE && count > 0) {
        if (csv_next(reader, &end, error) != ERROR_NONE || end) break;
        add_row(studio, reader, names, count, error);
    }
    for (size_t i = 0; i < count; i++) free(names[i]);
    return error->code;
}

static enum error_code read_csv(struct builder *builder, const struct list_file *list,
                                struct error *error) {
    struct label_studio studio = {.builder = builder, .name = list->path};
    struct csv_reader reader;
    FILE *stream = NULL;
    TRY(list_file_stream(list, &stream, error));
    csv_open(&reader, stream, list->path, strstr(list->name, ".tsv") != NULL ? '\t' : ',');
    open_studio(&studio, error);
    if (error->code == ERROR_NONE) read_rows(&studio, &reader, error);
    if (error->code == ERROR_NONE) finish(&studio, error);
    csv_close(&reader);
    free_studio(&studio);
    fclose(stream);
    return error->code;
}

static bool sniff_csv(const struct list_file *list, struct error *error) {
    (void)error;
    return list_file_starts_with(list, flat_names[0]) && list_file_starts_with(list, flat_names[1]);
}

#define SENTENCE "an export of Label Studio"
#define LABELS "the tag (from_name) that has the labels (default: the only one)"

const struct list_reader reader_label_studio = {
    .name = "label-studio",
    .sentence = SENTENCE ": JSON or JSON-MIN",
    .labels = LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .sniff = sniff_json,
    .read = read_json,
};

const struct list_reader reader_label_studio_csv = {
    .name = "label-studio-csv",
    .sentence = SENTENCE ": CSV or TSV",
    .labels = LABELS,
    .endings = {".csv", ".tsv"},
    .sniff = sniff_csv,
    .read = read_csv,
};
