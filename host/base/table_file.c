#include "host/base/table_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_BUFFER (64u << 10)

enum error_code table_open(struct table *table, const struct folder *folder, const char *name,
                           struct error *error) {
    *table = (struct table){.row = TEXT_INITIAL};
    table->open = file_replace_open(folder, name, &table->file, error) == ERROR_NONE;
    return error->code;
}

enum error_code table_flush(struct table *table, struct error *error) {
    TRY(text_check(&table->row, error));
    if (!table->open) return ERROR_NONE;
    size_t length = table->row.length;
    if (length > 0 && fwrite(table->row.data, 1, length, table->file.stream) != length)
        return file_fail(error, table->file.path, "write", errno);
    text_clear(&table->row);
    return ERROR_NONE;
}

enum error_code table_flush_full(struct table *table, struct error *error) {
    return table->row.length < TABLE_BUFFER ? ERROR_NONE : table_flush(table, error);
}

enum error_code table_close(struct table *table, struct error *error) {
    if (table->open) {
        if (error->code == ERROR_NONE && table_flush(table, error) == ERROR_NONE)
            file_replace_commit(&table->file, error);
        file_replace_close(&table->file);
    }
    text_free(&table->row);
    table->open = false;
    return error->code;
}
