/* A file written row by row through a buffer. */
#ifndef EARMARK_BASE_TABLE_FILE_H
#define EARMARK_BASE_TABLE_FILE_H

#include "host/base/file_replace.h"
#include "host/base/text.h"

struct table {
    struct file_replacement file;
    struct text row; /* append to this */
    bool open;
};

/* Begins a file of the folder; table_close also after a failure. */
enum error_code table_open(struct table *table, const struct folder *folder, const char *name,
                           struct error *error);
/* Writes table->row to the file and empties it. Of a table that was zeroed and not opened it stays,
 * for the caller to take. */
enum error_code table_flush(struct table *table, struct error *error);
/* The same if table->row is longer than 64 KiB: to be called after each row. */
enum error_code table_flush_full(struct table *table, struct error *error);
/* Commits the file unless *error already has an error, and frees. */
enum error_code table_close(struct table *table, struct error *error);

#endif
