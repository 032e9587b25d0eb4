/* Shared by the tables that a program for annotating sounds writes, one for each sound and beside
 * it: the sound of a table, and a folder of such tables. */
#ifndef EARMARK_LISTS_LABEL_TABLE_H
#define EARMARK_LISTS_LABEL_TABLE_H

#include "host/base/csv.h"
#include "host/lists/builder.h"
#include "host/lists/list_file.h"
#include "host/lists/readers.h"
#include "host/lists/shards.h"

/* Appends the name of the sound that a table belongs to by its own name: "X.wav" for
 * "X.Table.1.selections.txt" or "X.txt"; nothing if there is no such file in the root. */
void label_table_sound(const struct builder *builder, const char *table, struct text *sound);

#define LABEL_TABLE_ALONE                                                                          \
    "there is no sound file with the name of its table; put it beside the table, under the same "  \
    "name"

/* Opens the list, or each of its shards, as rows with tabs between cells and quotes as text, and
 * reads it with `read`; table->is_member tells shards. */
enum error_code
label_table_each(const struct list_file *list,
                 enum error_code (*read)(void *context, const struct list_file *table,
                                         struct csv_reader *reader, struct error *error),
                 void *context, struct error *error);

/* Begins the sentence about how the input was read: "NAME is read as WHAT", or how many of them. */
void label_table_describe(const struct builder *builder, const struct list_file *list,
                          const char *article, const char *what);

/* After the last table: manifest_finish(), and in a folder warns of sounds without a table. */
enum error_code label_table_finish(struct builder *builder, const struct list_file *list,
                                   struct error *error);

/* The tables of a reader in a folder, not those of folders in it; none (count 0) if no sound is
 * beside them. Errors: ERROR_MEMORY, ERROR_FILE. */
enum error_code label_tables_in_folder(const struct root_folder *folder,
                                       const struct list_reader *reader, struct shards *tables,
                                       struct error *error);

/* After a folder of clips was read: warns if the reader's tables are beside sounds in one of the
 * first folders below it. */
enum error_code label_tables_warn_below(struct builder *builder, const struct root_folder *folder,
                                        const struct list_reader *reader, struct error *error);

#endif
