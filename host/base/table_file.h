/* A file written row by row: one text that is filled, written out and emptied. */
#ifndef EARMARK_BASE_TABLE_FILE_H
#define EARMARK_BASE_TABLE_FILE_H

#include "host/base/file.h"
#include "host/base/text.h"

struct table {
    struct file_replacement file;
    struct text row;
    bool open;
};

/* Begins folder/name. */
enum error_code table_open(struct table *table, const char *folder, const char *name,
                           struct error *error);
/* Writes table->row out and empties it. */
enum error_code table_flush(struct table *table, struct error *error);
/* The same once the row holds more than a buffer's worth. */
enum error_code table_flush_full(struct table *table, struct error *error);
/* The file appears under its name unless *error already holds something; frees. */
enum error_code table_close(struct table *table, struct error *error);

#endif
