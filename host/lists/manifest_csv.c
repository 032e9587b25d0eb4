/* CSV and TSV manifests: a header, then a clip a row. */
#include "host/base/csv.h"
#include "host/base/text.h"
#include "host/lists/layout.h"
#include "host/lists/manifest.h"
#include "host/lists/readers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool same_name(const char *cell, const char *name, bool exact) {
    cell += strspn(cell, " \t");
    size_t length = strlen(cell);
    while (length > 0 && strchr(" \t", cell[length - 1]) != NULL) length--;
    if (length != strlen(name)) return false;
    return (exact ? strncmp(cell, name, length) : strncasecmp(cell, name, length)) == 0;
}

/* The column of the header for a role, or SIZE_MAX. Usual names match in any case, the name of
 * an option exactly. */
static size_t find_column(const struct builder *builder, const struct csv_reader *reader,
                          enum manifest_role role) {
    const char *scratch[2];
    const char *const *names = manifest_names(builder, role, scratch);
    for (; *names != NULL; names++)
        for (size_t i = 0; i < reader->count; i++)
            if (same_name(csv_cell(reader, i), *names, names == scratch)) return i;
    return SIZE_MAX;
}

static void list_columns(const struct csv_reader *reader, struct text *columns) {
    for (size_t i = 0; i < reader->count; i++) {
        if (i > 0) text_string(columns, ", ");
        text_string(columns, csv_cell(reader, i));
    }
}

static bool has_column(const struct csv_reader *reader, const char *name) {
    for (size_t i = 0; i < reader->count; i++)
        if (same_name(csv_cell(reader, i), name, true)) return true;
    return false;
}

/* The well-known data set whose columns the header has, or NULL. */
static const struct layout *find_layout(const struct csv_reader *reader) {
    const struct layout *layout;
    for (size_t i = 0; (layout = layout_at(i)) != NULL; i++) {
        bool all = true;
        for (const char *const *name = layout->columns; *name != NULL && all; name++)
            all = has_column(reader, *name);
        if (all) break;
    }
    return layout;
}

/* Fails if the header is one column because the separator is another character. */
static enum error_code check_separator(const struct csv_reader *reader, struct error *error) {
    const char *found = reader->count == 1 ? strpbrk(csv_cell(reader, 0), ";\t,|") : NULL;
    if (found == NULL) return ERROR_NONE;
    if (*found == '\t')
        return FAIL(error, ERROR_DATA, "%s: its columns are separated by tabs; name it .tsv",
                    reader->name);
    if (*found == ',')
        return FAIL(error, ERROR_DATA, "%s: its columns are separated by commas; name it .csv",
                    reader->name);
    return FAIL(error, ERROR_DATA,
                "%s: its columns are separated by '%c'; save it with commas (.csv) or tabs (.tsv)",
                reader->name, *found);
}

static enum error_code read_header(struct builder *builder, struct csv_reader *reader,
                                   size_t *columns, struct error *error) {
    bool end = false;
    TRY(csv_next(reader, &end, error));
    if (end)
        return FAIL(error, ERROR_DATA,
                    "%s: empty; the first row must name the columns, for example 'path,label'",
                    reader->name);
    const struct layout *layout = find_layout(reader);
    if (layout != NULL) TRY(layout_apply(layout, builder, reader->name, error));
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++) {
        columns[role] = find_column(builder, reader, role);
        if (columns[role] != SIZE_MAX || !manifest_needs(builder, role)) continue;
        TRY(check_separator(reader, error));
        struct text present = TEXT_INITIAL;
        list_columns(reader, &present);
        if (text_check(&present, error) == ERROR_NONE)
            manifest_missing(builder, role, reader->name, present.data, error);
        text_free(&present);
        return error->code;
    }
    return ERROR_NONE;
}

static enum error_code read_rows(struct builder *builder, struct csv_reader *reader,
                                 struct error *error) {
    size_t columns[ROLE_COUNT] = {0};
    TRY(read_header(builder, reader, columns, error));
    size_t expected = reader->count;
    bool nemo = same_name(csv_cell(reader, columns[ROLE_PATH]), "audio_filepath", false);
    bool unused = builder->layout == NULL && columns[ROLE_START] == SIZE_MAX &&
                  columns[ROLE_END] == SIZE_MAX && has_column(reader, "start") &&
                  has_column(reader, "end");
    if (unused) TRY(manifest_warn_of_unused(builder, reader->name, error));
    for (;;) {
        bool end = false;
        char problem[96];
        TRY(csv_next(reader, &end, error));
        if (end) return ERROR_NONE;
        struct manifest_row row = {.line = reader->line, .duration_holds = nemo};
        for (size_t role = 0; role < ROLE_COUNT; role++)
            if (columns[role] != SIZE_MAX) row.values[role] = csv_cell(reader, columns[role]);
        if (reader->count != expected) {
            snprintf(problem, sizeof problem, "its number of cells is %zu, the header's is %zu",
                     reader->count, expected);
            row.problem = problem;
        }
        TRY(manifest_add(builder, &row, error));
    }
}

enum error_code manifest_csv_read(struct builder *builder, FILE *stream, const char *name,
                                  char delimiter, struct error *error) {
    struct csv_reader reader;
    csv_open(&reader, stream, name, delimiter);
    read_rows(builder, &reader, error);
    csv_close(&reader);
    return error->code;
}

static enum error_code read_commas(struct builder *builder, FILE *stream, const char *name,
                                   struct error *error) {
    return manifest_csv_read(builder, stream, name, ',', error);
}

static enum error_code read_tabs(struct builder *builder, FILE *stream, const char *name,
                                 struct error *error) {
    return manifest_csv_read(builder, stream, name, '\t', error);
}

static enum error_code read_csv(struct builder *builder, const struct list_file *list,
                                struct error *error) {
    return manifest_read(builder, list, read_commas, error);
}

static enum error_code read_tsv(struct builder *builder, const struct list_file *list,
                                struct error *error) {
    return manifest_read(builder, list, read_tabs, error);
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
