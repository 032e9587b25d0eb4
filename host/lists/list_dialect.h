/* How a table of text is written: what separates its columns, which lines are comments, and
 * whether its first line names the columns or is a clip already. */
#ifndef EARMARK_LISTS_LIST_DIALECT_H
#define EARMARK_LISTS_LIST_DIALECT_H

#include "host/lists/builder.h"

#define DIALECT_LOOK ((size_t)1 << 18) /* bytes of the file that it is found from */

enum dialect_header { HEADER_LINE, HEADER_COMMENT, HEADER_MISSING };

struct list_dialect {
    char delimiter;
    enum dialect_header header;
    size_t skipped;     /* bytes in front of the header, or of the first clip */
    size_t comments;    /* lines that begin with # among them */
    size_t columns;     /* of the row that it begins with */
    size_t path_column; /* without a header */
};

/* Finds it from the beginning of a file. `separators`: the characters to try, the usual one of the
 * format first. Errors: ERROR_MEMORY, ERROR_FILE. */
enum error_code dialect_find(const struct builder *builder, const char *text, size_t size,
                             const char *separators, struct list_dialect *dialect,
                             struct error *error);

/* Appends to the collection's `reading` what is not usual: the separator unless it is `usual`, and
 * where the header is. label_column: SIZE_MAX for none. */
enum error_code dialect_describe(const struct builder *builder, const struct list_dialect *dialect,
                                 char usual, size_t label_column, const char *name,
                                 struct error *error);

#endif
