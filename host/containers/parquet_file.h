/* The footer of a parquet file: its columns, and where their values are.
 *
 * Messages of ERROR_DATA here and in the other parts of parquet do not name the file, since some
 * become the reason of one clip; error_prefix() puts its name before them. */
#ifndef EARMARK_CONTAINERS_PARQUET_FILE_H
#define EARMARK_CONTAINERS_PARQUET_FILE_H

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/containers/parquet_damaged.h"

enum parquet_type {
    PARQUET_BOOLEAN = 0,
    PARQUET_INT32 = 1,
    PARQUET_INT64 = 2,
    PARQUET_INT96 = 3,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTES = 6,
    PARQUET_FIXED = 7 /* as many bytes in each value */
};

/* What the values mean, as far as it matters. */
enum parquet_meaning {
    PARQUET_PLAIN = 0,   /* no more than the type says */
    PARQUET_STRING = 1,  /* text in UTF-8 */
    PARQUET_INTEGER = 2, /* signed, perhaps of fewer bits */
    PARQUET_UNSIGNED = 3,
    PARQUET_OTHER = 4 /* a decimal, date, time, ...: see meaning_name */
};

/* A column of values. Lists are columns too: those of one row follow each other. */
struct parquet_column {
    char *name; /* "label", "audio.bytes"; a list has the name of its field */
    enum parquet_type type;
    enum parquet_meaning meaning;
    const char *meaning_name; /* "decimals", a literal; of PARQUET_OTHER */
    uint32_t fixed_size;      /* of PARQUET_FIXED */
    /* A value is there if its definition level is this; less: something around it is null. */
    uint16_t definition;
    uint16_t repetition;      /* how many lists are around it; 0: one value a row */
    uint16_t list_definition; /* the level from which a list has an element; 0: no list */
};

struct parquet_chunk { /* the values of a column in a row group */
    uint64_t offset;
    uint64_t bytes;
    int64_t values;
    int64_t nulls; /* -1: not known */
    int codec;
};

struct parquet_group {
    uint64_t first_row;
    uint64_t rows;
    size_t first_chunk; /* of `chunks`; one for each column follows */
};

struct parquet_file {
    int descriptor; /* the caller's */
    char *path;     /* for messages of ERROR_FILE */
    uint64_t size;
    uint64_t stored; /* bytes that the file system keeps: fewer in a sparse file */
    uint64_t rows;
    struct parquet_column *columns;
    size_t column_count;
    struct parquet_group *groups;
    size_t group_count;
    struct parquet_chunk *chunks;
    struct text hugging_face; /* the value that the footer has for "huggingface": JSON; or empty */
};

/* Reads and checks the footer. parquet_close also after a failure. Errors: ERROR_DATA, ERROR_FILE,
 * ERROR_MEMORY. */
enum error_code parquet_open(int descriptor, const char *path, struct parquet_file *file,
                             struct error *error);
void parquet_close(struct parquet_file *file); /* takes a zeroed one */

const struct parquet_chunk *parquet_chunk(const struct parquet_file *file, size_t group,
                                          size_t column);

#define PARQUET_NONE SIZE_MAX

/* The column of this name, or PARQUET_NONE. */
size_t parquet_column(const struct parquet_file *file, const char *name);

/* Reads exactly these bytes of the file; ERROR_DATA if it is shorter by now, or a hole. */
enum error_code parquet_read(const struct parquet_file *file, uint64_t offset, void *bytes,
                             size_t count, struct error *error);

/* ---- private to its parts ---- */

/* The columns of the schema, from the elements as the footer lists them. */
struct parquet_element {
    const char *name; /* in the footer */
    size_t name_size;
    int type;       /* -1: a group */
    int repetition; /* 0 required, 1 optional, 2 repeated */
    int64_t children;
    int64_t fixed_size;
    int converted; /* -1: none; see parquet_schema.c */
    int logical;   /* -1: none */
    bool is_unsigned;
};

enum error_code parquet_schema(const struct parquet_element *elements, size_t count,
                               struct parquet_file *file, struct error *error);

#endif
