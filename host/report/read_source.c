#include "host/report/read_source.h"

#include "host/base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum error_code source_next(struct source *source, struct error *error) {
    return csv_next(&source->reader, &source->end, error);
}

enum error_code source_open(struct source *source, const struct run_file *file,
                            const struct source_column *columns, size_t count,
                            struct error *error) {
    const char *path = file->path;
    *source = (struct source){.path = path};
    if (count > SOURCE_MAXIMUM_COLUMNS)
        return FAIL(error, ERROR_INTERNAL, "%s: %zu columns are wanted", path, count);
    TRY(folder_map(file->folder, file->name, &source->file, error));
    if (source->file.size == 0) return FAIL(error, ERROR_DATA, "%s: is empty", path);
    source->stream = fmemopen((void *)(uintptr_t)source->file.data, source->file.size, "rb");
    csv_open(&source->reader, source->stream, path, ',');
    if (source->stream == NULL)
        return FAIL(error, ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
    TRY(source_next(source, error));
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (!source->end && at < source->reader.count &&
               strcmp(csv_cell(&source->reader, at), columns[i].name) != 0)
            at++;
        bool found = !source->end && at < source->reader.count;
        if (!found && !columns[i].optional)
            return FAIL(error, ERROR_DATA, "%s: no column '%s'", path, columns[i].name);
        source->columns[i] = found ? at : SIZE_MAX;
    }
    return ERROR_NONE;
}

void source_close(struct source *source) {
    csv_close(&source->reader);
    if (source->stream != NULL) fclose(source->stream);
    file_unmap(&source->file);
}

const char *source_cell(const struct source *source, size_t column) {
    size_t at = source->columns[column];
    const char *value = at == SIZE_MAX ? NULL : csv_cell(&source->reader, at);
    return value == NULL ? "" : value;
}

int64_t source_integer(const struct source *source, const char *value, int64_t absent,
                       struct error *error) {
    char *end = NULL;
    if (*value == '\0') return absent;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (*end != '\0' || errno != 0)
        FAIL(error, ERROR_DATA, "%s, line %zu: '%.*s' is not a whole number", source->path,
             source->reader.line, UTF8_PIECE(value, 40));
    return number;
}

double source_number(const struct source *source, size_t column) {
    const char *value = source_cell(source, column);
    return *value == '\0' ? (double)NAN : strtod(value, NULL);
}
