/* The path of a sound file from the columns of a row: 'FSD50K.dev_audio/{fname}.wav'.
 *
 * Text outside braces is itself; {column} is the value of that column, {path} that of the column
 * with the path, whatever its name. A part of the value: {column:stem} without its audio ending,
 * {column:name} what follows its last '/' or, as Windows writes paths, '\', {column:slashes} the
 * whole with '/' for '\', {column:s} and {column:ms}, of a number of seconds, whole seconds and
 * milliseconds. */
#ifndef EARMARK_LISTS_PATH_TEMPLATE_H
#define EARMARK_LISTS_PATH_TEMPLATE_H

#include "host/base/error.h"
#include "host/base/text.h"

#define TEMPLATE_MAXIMUM_FIELDS 8
#define TEMPLATE_VALUES (TEMPLATE_MAXIMUM_FIELDS + 1) /* {path}, and the columns named */
#define TEMPLATE_MAXIMUM_LENGTH 4096

enum template_part {
    PART_WHOLE,
    PART_STEM,
    PART_NAME,
    PART_SLASHES,
    PART_SECONDS,
    PART_MILLISECONDS,
};

/* Field i is between literal i and literal i + 1; both point into `bytes`. */
struct path_template {
    char *text; /* owned: as it was given */
    char *bytes;
    size_t field_count;
    const char *fields[TEMPLATE_MAXIMUM_FIELDS];
    enum template_part parts[TEMPLATE_MAXIMUM_FIELDS];
    const char *literals[TEMPLATE_MAXIMUM_FIELDS + 1];
    size_t columns[TEMPLATE_MAXIMUM_FIELDS]; /* of each field: see path_template_bind */
    size_t climbs; /* how many "../" it begins with, which are in no literal */
    size_t folder; /* bytes of the first literal up to its last '/', which is included */
};

/* ERROR_USAGE for braces that do not pair, a field without a name, no field at all, and bounds.
 * path_template_free also after a failure. */
enum error_code path_template_parse(const char *text, struct path_template *path_template,
                                    struct error *error);
void path_template_free(struct path_template *path_template); /* takes a zeroed one */

/* The columns that templates name, and where their values are: value 0 is that of {path}, value
 * i + 1 that of column i. */
struct template_columns {
    char *names[TEMPLATE_MAXIMUM_FIELDS]; /* (count) owned */
    size_t count;
};

/* Adds the columns of the template. ERROR_USAGE if they are too many. */
enum error_code path_template_bind(struct path_template *path_template,
                                   struct template_columns *columns, struct error *error);
void template_columns_free(struct template_columns *columns);

/* Replaces `path` by the path without its climbs. *missing: the index of the first field that has
 * no value, or SIZE_MAX; the path is not complete then. Errors: ERROR_MEMORY. */
enum error_code path_template_fill(const struct path_template *path_template,
                                   const char *const values[TEMPLATE_VALUES], struct text *path,
                                   size_t *missing, struct error *error);

/* Whether a relative path leaves the folder it starts from, by its text alone. */
bool path_climbs_out(const char *path);

#endif
