/* The columns of a table by their names in its header, or by their numbers. */
#ifndef EARMARK_LISTS_MANIFEST_COLUMNS_H
#define EARMARK_LISTS_MANIFEST_COLUMNS_H

#include "host/base/csv.h"
#include "host/lists/layout.h"
#include "host/lists/manifest.h"

/* All of these look at the row that the reader is at. */

/* The column for a role, or SIZE_MAX. Usual names match in any case, the name of an option exactly;
 * an option that is no name may be the number of a column, from 1. `named`: the row is a header. */
size_t columns_find(const struct builder *builder, const struct csv_reader *reader,
                    enum manifest_role role, bool named);

bool columns_have(const struct csv_reader *reader, const char *name);

/* The columns of the header that tell when a clip begins and ends. */
void columns_times(const struct csv_reader *reader, struct time_columns *times);

/* Whether this column has the name, in any case. */
bool columns_is(const struct csv_reader *reader, size_t column, const char *name);

/* Appends the cells with commas between them. */
void columns_list(const struct csv_reader *reader, struct text *columns);

/* Fails for a column that is needed but not there. */
enum error_code columns_missing(const struct builder *builder, const struct csv_reader *reader,
                                enum manifest_role role, bool named, struct error *error);

/* The well-known data set whose columns the header has, or NULL. */
const struct layout *columns_layout(const struct csv_reader *reader);

/* Whether the cell names the file of a clip that exists. */
bool columns_name_file(const struct builder *builder, const char *cell);

#endif
