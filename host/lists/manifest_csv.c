/* Tables of text: a header, then a clip a row. */
#include "host/base/text.h"
#include "host/clips/label_sets.h"
#include "host/lists/layout.h"
#include "host/lists/list_dialect.h"
#include "host/lists/list_note.h"
#include "host/lists/manifest_columns.h"
#include "host/lists/readers.h"

#include <stdio.h>
#include <string.h>

/* A table under way. */
struct table_read {
    struct builder *builder;
    struct csv_reader reader;
    struct list_dialect dialect;
    size_t columns[ROLE_COUNT];
    bool nemo;        /* its columns are those of NeMo */
    size_t comments;  /* lines that begin with #, after the first row */
    struct text path; /* of the row, without spaces around it */
    struct text rest; /* of the row: its labels, where they take all further cells */
};

/* ---- the header ---- */

static enum error_code fail_nul(const struct csv_reader *reader, struct error *error) {
    return FAIL(error, ERROR_DATA, "%s: line %zu holds a NUL byte; save the file as UTF-8 text",
                reader->name, reader->line);
}

/* The columns of a list without a header, unless options give their numbers. */
static void take_unnamed(struct table_read *table) {
    size_t *path = &table->columns[ROLE_PATH], *label = &table->columns[ROLE_LABEL];
    if (table->builder->options.path_column == NULL) *path = table->dialect.path_column;
    if (*label == SIZE_MAX && table->builder->options.label_column == NULL &&
        manifest_needs(table->builder, ROLE_LABEL) && table->reader.count == 2)
        *label = 1 - *path;
}

/* How the table is written, for a program that writes it anew. */
static enum error_code note_table(struct table_read *table, bool named, struct error *error) {
    struct traced_file *file = list_note_last(table->builder);
    const struct csv_reader *reader = &table->reader;
    const size_t label = table->columns[ROLE_LABEL];
    if (file == NULL) return ERROR_NONE;
    file->delimiter = reader->delimiter;
    file->columns = reader->count;
    file->takes_rest = table->builder->layout != NULL && table->builder->layout->takes_rest;
    if (!named) return ERROR_NONE;
    file->header = reader->begin;
    file->header_end = reader->end;
    return label == SIZE_MAX ? ERROR_NONE
                             : list_note_column(table->builder, csv_cell(reader, label), error);
}

/* The reader is at the header, or at the first clip. */
static enum error_code find_columns(struct table_read *table, struct error *error) {
    struct builder *builder = table->builder;
    struct csv_reader *reader = &table->reader;
    const bool named = table->dialect.header != HEADER_MISSING;
    const struct layout *layout = named ? columns_layout(reader) : NULL;
    if (reader->has_nul) return fail_nul(reader, error);
    if (layout != NULL) TRY(layout_apply(layout, builder, reader->name, error));
    builder->times = (struct time_columns){0};
    if (named && layout == NULL) columns_times(reader, &builder->times);
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++)
        table->columns[role] = columns_find(builder, reader, role, named);
    if (!named) take_unnamed(table);
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++)
        if (table->columns[role] == SIZE_MAX && manifest_needs(builder, role))
            return columns_missing(builder, reader, role, named, error);
    reader->expected = reader->fewest = reader->count;
    reader->path_column = table->columns[ROLE_PATH];
    TRY(note_table(table, named, error));
    if (!named) return ERROR_NONE;
    while (reader->fewest > 1 && csv_cell(reader, reader->fewest - 1)[0] == '\0') reader->fewest--;
    table->nemo = reader->path_column != SIZE_MAX &&
                  columns_is(reader, reader->path_column, "audio_filepath");
    bool unused = table->columns[ROLE_START] == SIZE_MAX && table->columns[ROLE_END] == SIZE_MAX;
    return unused ? manifest_warn_of_unused(builder, reader->name, error) : ERROR_NONE;
}

/* ---- rows ---- */

/* Spaces around a path are none of it, unless there is such a file. */
static enum error_code trim_path(struct table_read *table, struct manifest_row *row,
                                 struct error *error) {
    const char *path = row->values[ROLE_PATH];
    size_t length = path == NULL ? 0 : strlen(path);
    if (length == 0 || (strchr(" \t", path[0]) == NULL && strchr(" \t", path[length - 1]) == NULL))
        return ERROR_NONE;
    if (columns_name_file(table->builder, path)) return ERROR_NONE;
    while (length > 0 && strchr(" \t", path[length - 1]) != NULL) length--;
    size_t spaces = strspn(path, " \t");
    text_clear(&table->path);
    if (length > spaces) text_append(&table->path, path + spaces, length - spaces);
    TRY(text_check(&table->path, error));
    if (length > spaces) row->values[ROLE_PATH] = table->path.data;
    return ERROR_NONE;
}

/* Whether the row has more cells than the header because each label has one. */
static bool has_rest(const struct table_read *table) {
    const struct layout *layout = table->builder->layout;
    const struct csv_reader *reader = &table->reader;
    return layout != NULL && layout->takes_rest && reader->count > reader->expected &&
           table->columns[ROLE_LABEL] == reader->expected - 1;
}

static enum error_code take_rest(struct table_read *table, struct manifest_row *row,
                                 struct error *error) {
    text_clear(&table->rest);
    for (size_t i = table->columns[ROLE_LABEL]; i < table->reader.count; i++)
        text_format(&table->rest, "%s%s", table->rest.length > 0 ? LABEL_JOINT : "",
                    csv_cell(&table->reader, i));
    row->values[ROLE_LABEL] = table->rest.data;
    if (row->span.form != FORM_NONE) {
        uint64_t last;
        csv_cell_place(&table->reader, table->reader.count - 1, &last, &row->span.label_end);
    }
    return text_check(&table->rest, error);
}

static enum error_code add_row(struct table_read *table, struct error *error) {
    const struct csv_reader *reader = &table->reader;
    struct manifest_row row = {.line = reader->line, .duration_holds = table->nemo};
    char problem[96];
    row.span = list_note_row(table->builder, reader, table->columns[ROLE_LABEL]);
    for (size_t role = 0; role < ROLE_COUNT; role++)
        if (table->columns[role] != SIZE_MAX)
            row.values[role] = csv_cell(reader, table->columns[role]);
    if (has_rest(table)) {
        TRY(take_rest(table, &row, error));
    } else if (!csv_fits(reader)) {
        snprintf(problem, sizeof problem, "its number of cells is %zu, the %s's is %zu",
                 reader->count, table->dialect.header == HEADER_MISSING ? "first row" : "header",
                 reader->expected);
        row.problem = problem;
    }
    if (row.problem == NULL && reader->has_nul) {
        row.problem = "it holds a NUL byte; save the list as UTF-8 text";
    }
    TRY(trim_path(table, &row, error));
    return manifest_add(table->builder, &row, error);
}

/* A line that begins with #, unless it is a clip whose file, or another cell, has such a name. */
static bool is_comment(const struct table_read *table) {
    const struct csv_reader *reader = &table->reader;
    return reader->first == '#' &&
           !(csv_fits(reader) &&
             columns_name_file(table->builder, csv_cell(reader, reader->path_column)));
}

static enum error_code read_rows(struct table_read *table, struct error *error) {
    struct csv_reader *reader = &table->reader;
    bool end = false;
    if (table->dialect.header == HEADER_MISSING) TRY(add_row(table, error));
    for (;;) {
        TRY(csv_next(reader, &end, error));
        if (end) return ERROR_NONE;
        if (is_comment(table))
            table->comments++;
        else
            TRY(add_row(table, error));
    }
}

/* ---- what was not usual ---- */

static enum error_code report(const struct table_read *table, struct error *error) {
    const struct csv_reader *reader = &table->reader;
    struct collection *collection = table->builder->collection;
    struct text *reading = &collection->reading;
    size_t comments = table->dialect.comments + table->comments;
    if (comments > 0)
        text_format(reading, "%s%s: lines that begin with # are skipped: %zu",
                    reading->length > 0 ? "; " : "", reader->name, comments);
    if (reader->long_rows > 0)
        text_format(reading, "%s%s: rows of several lines, in quotes: %zu, the first at line %zu",
                    reading->length > 0 ? "; " : "", reader->name, reader->long_rows,
                    reader->long_line);
    TRY(text_check(reading, error));
    if (reader->stray_quotes == 0) return ERROR_NONE;
    return warnings_add(&collection->warnings, error,
                        "%s: rows with a quote (\") that begins a cell but does not enclose it: "
                        "%zu, the first at line %zu; it is read as part of the text",
                        reader->name, reader->stray_quotes, reader->stray_line);
}

static enum error_code read_table(struct table_read *table, const char *separators, char usual,
                                  struct error *error) {
    struct csv_reader *reader = &table->reader;
    const char *text = NULL;
    size_t size = 0;
    bool end = false;
    TRY(csv_peek(reader, DIALECT_LOOK, &text, &size, error));
    if (size > 0 && text[0] == '\0') return fail_nul(reader, error); /* perhaps of all holes */
    TRY(dialect_find(table->builder, text, size, separators, &table->dialect, error));
    csv_skip(reader, table->dialect.skipped);
    reader->delimiter = table->dialect.delimiter;
    TRY(csv_next(reader, &end, error));
    if (end)
        return FAIL(error, ERROR_DATA,
                    "%s: empty; the first row must name the columns, for example 'path,label'",
                    reader->name);
    TRY(find_columns(table, error));
    TRY(dialect_describe(table->builder, &table->dialect, usual, table->columns[ROLE_LABEL],
                         reader->name, error));
    TRY(read_rows(table, error));
    return report(table, error);
}

enum error_code manifest_csv_read(struct builder *builder, FILE *stream, const char *name,
                                  const char *separators, struct error *error) {
    struct table_read table = {.builder = builder};
    csv_open(&table.reader, stream, name, separators[0]);
    table.reader.forgiving = true;
    read_table(&table, separators, separators[0], error);
    manifest_flush(builder, error);
    csv_close(&table.reader);
    text_free(&table.path);
    text_free(&table.rest);
    return error->code;
}

static enum error_code read_commas(struct builder *builder, FILE *stream, const char *name,
                                   struct error *error) {
    return manifest_csv_read(builder, stream, name, MANIFEST_COMMAS, error);
}

static enum error_code read_tabs(struct builder *builder, FILE *stream, const char *name,
                                 struct error *error) {
    return manifest_csv_read(builder, stream, name, MANIFEST_TABS, error);
}

static enum error_code read_any(struct builder *builder, FILE *stream, const char *name,
                                struct error *error) {
    return manifest_csv_read(builder, stream, name, MANIFEST_ANY, error);
}

static enum error_code read_csv(struct builder *builder, const struct list_file *list,
                                struct error *error) {
    return manifest_read(builder, list, read_commas, error);
}

static enum error_code read_tsv(struct builder *builder, const struct list_file *list,
                                struct error *error) {
    return manifest_read(builder, list, read_tabs, error);
}

static enum error_code read_text(struct builder *builder, const struct list_file *list,
                                 struct error *error) {
    return manifest_read(builder, list, read_any, error);
}

const struct list_reader reader_csv = {
    .name = "csv",
    .sentence = "a CSV file, or a folder with metadata.csv (an audiofolder)",
    .labels = MANIFEST_LABELS,
    .endings = {".csv"},
    .members = {"metadata.csv"},
    .sniff = manifest_sniff,
    .read = read_csv,
};

const struct list_reader reader_tsv = {
    .name = "tsv",
    .sentence = "a file of the same with tabs",
    .labels = MANIFEST_LABELS,
    .endings = {".tsv"},
    .read = read_tsv,
};

const struct list_reader reader_table = {
    .name = "table",
    .sentence =
        "a text file with such columns, whatever separates them (.txt, .psv, .tab, .lst, .list)",
    .labels = MANIFEST_LABELS,
    .endings = {".txt", ".psv", ".tab", ".lst", ".list"},
    .read = read_text,
};
