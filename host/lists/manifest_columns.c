#include "host/lists/manifest_columns.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_name(const char *cell, const char *name, bool exact) {
    cell += strspn(cell, " \t");
    size_t length = strlen(cell);
    while (length > 0 && strchr(" \t", cell[length - 1]) != NULL) length--;
    if (length != strlen(name)) return false;
    return (exact ? strncmp(cell, name, length) : strncasecmp(cell, name, length)) == 0;
}

/* The column that the text is the number of, or SIZE_MAX. */
static size_t column_of_number(const struct csv_reader *reader, const char *text) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 4 || text[digits] != '\0') return SIZE_MAX;
    size_t number = strtoul(text, NULL, 10);
    return number >= 1 && number <= reader->count ? number - 1 : SIZE_MAX;
}

size_t columns_find(const struct builder *builder, const struct csv_reader *reader,
                    enum manifest_role role, bool named) {
    const char *scratch[2];
    const char *const *names = manifest_names(builder, role, scratch);
    const bool asked = names == scratch;
    for (const char *const *name = names; named && *name != NULL; name++)
        for (size_t i = 0; i < reader->count; i++)
            if (same_name(csv_cell(reader, i), *name, asked)) return i;
    return asked ? column_of_number(reader, scratch[0]) : SIZE_MAX;
}

bool columns_have(const struct csv_reader *reader, const char *name) {
    for (size_t i = 0; i < reader->count; i++)
        if (same_name(csv_cell(reader, i), name, true)) return true;
    return false;
}

static const char *name_in(const void *list, const char *name) {
    const struct csv_reader *reader = list;
    for (size_t i = 0; i < reader->count; i++)
        if (same_name(csv_cell(reader, i), name, false)) return csv_cell(reader, i);
    return NULL;
}

void columns_times(const struct csv_reader *reader, struct time_columns *times) {
    time_columns_find(name_in, reader, times);
}

bool columns_is(const struct csv_reader *reader, size_t column, const char *name) {
    return same_name(csv_cell(reader, column), name, false);
}

void columns_list(const struct csv_reader *reader, struct text *columns) {
    for (size_t i = 0; i < reader->count; i++) {
        if (i > 0) text_string(columns, ", ");
        text_string(columns, csv_cell(reader, i));
    }
}

enum error_code columns_missing(const struct builder *builder, const struct csv_reader *reader,
                                enum manifest_role role, bool named, struct error *error) {
    struct text present = TEXT_INITIAL;
    if (!named && role == ROLE_LABEL && builder->options.label_column == NULL)
        return FAIL(error, ERROR_DATA,
                    "%s: which column is the label? It has no header line, its first line is a "
                    "clip; give --label-column with a number, 1 to %zu, or --label-pattern",
                    reader->name, reader->count);
    if (named)
        columns_list(reader, &present);
    else
        text_format(&present, "no names, since the first line is a clip, but the numbers 1 to %zu",
                    reader->count);
    if (text_check(&present, error) == ERROR_NONE)
        manifest_missing(builder, role, reader->name, present.data, error);
    text_free(&present);
    return error->code;
}

const struct layout *columns_layout(const struct csv_reader *reader) {
    const struct layout *layout;
    for (size_t i = 0; (layout = layout_at(i)) != NULL; i++) {
        bool all = true;
        for (const char *const *name = layout->columns; *name != NULL && all; name++)
            all = columns_have(reader, *name);
        if (all) break;
    }
    return layout;
}

bool columns_name_file(const struct builder *builder, const char *cell) {
    struct stat status;
    if (cell == NULL || cell[0] == '\0' || strlen(cell) > BUILDER_MAXIMUM_NAME) return false;
    int found = root_folder_file(&builder->collection->clips.root, cell, O_PATH);
    if (found < 0) return false;
    bool regular = fstat(found, &status) == 0 && S_ISREG(status.st_mode);
    close(found);
    return regular;
}
