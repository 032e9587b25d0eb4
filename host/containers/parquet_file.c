#include "host/containers/parquet_file.h"

#include "host/base/file.h"
#include "host/base/gzip.h"
#include "host/base/memory.h"
#include "host/containers/thrift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Thousands of row groups with the smallest and largest value of each column. */
#define MAXIMUM_FOOTER ((uint64_t)64 << 20)
#define MAXIMUM_COLUMNS 10000
#define MAXIMUM_HUGGING_FACE ((size_t)16 << 20)
#define END_SIZE 8 /* the footer's length, and the word */
/* A hole of this size costs nothing. */
#define SPARE_HOLE ((uint64_t)1 << 20)

struct footer {
    struct thrift thrift;
    struct parquet_file *file;
    struct parquet_element *elements;
    size_t element_count;
    size_t element_capacity;
    size_t group_capacity;
    size_t chunk_count;
    size_t chunk_capacity;
    int64_t rows;
    bool is_encrypted;
    const char *elsewhere; /* a file that holds a chunk: a footer of several files */
};

/* ---- the schema ---- */

static void read_integer_type(struct thrift *thrift, struct parquet_element *element) {
    struct thrift_field field = {0};
    while (thrift_next(thrift, &field)) {
        if (field.id == 2)
            element->is_unsigned = !thrift_boolean(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
}

/* A union: the number of its one field says which type it is. */
static void read_logical(struct thrift *thrift, struct parquet_element *element) {
    struct thrift_field field = {0};
    while (thrift_next(thrift, &field)) {
        element->logical = field.id;
        if (field.id == 10 && field.type == THRIFT_STRUCT)
            read_integer_type(thrift, element);
        else
            thrift_skip(thrift, field.type);
    }
}

/* A number in the range, or -1. */
static int take_enum(struct thrift *thrift, enum thrift_type type) {
    int64_t value = thrift_integer(thrift, type);
    return value < 0 || value > INT16_MAX ? -1 : (int)value;
}

static enum error_code read_element(struct footer *footer, struct error *error) {
    struct thrift *thrift = &footer->thrift;
    struct thrift_field field = {0};
    struct parquet_element element = {
        .name = "", .type = -1, .repetition = 0, .converted = -1, .logical = -1};
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 1: element.type = take_enum(thrift, field.type); break;
        case 2: element.fixed_size = thrift_integer(thrift, field.type); break;
        case 3: element.repetition = take_enum(thrift, field.type); break;
        case 4: element.name = thrift_bytes(thrift, field.type, &element.name_size); break;
        case 5: element.children = thrift_integer(thrift, field.type); break;
        case 6: element.converted = take_enum(thrift, field.type); break;
        case 10:
            if (thrift_struct(thrift, field.type)) read_logical(thrift, &element);
            break;
        default: thrift_skip(thrift, field.type);
        }
    }
    if (element.repetition < 0 || element.repetition > 2) thrift->failed = true;
    if (thrift->failed) return PARQUET_DAMAGED(error, "its schema cannot be read");
    TRY(memory_grow(&footer->elements, &footer->element_capacity, footer->element_count + 1,
                    sizeof *footer->elements, "columns", error));
    footer->elements[footer->element_count++] = element;
    return ERROR_NONE;
}

static enum error_code read_schema(struct footer *footer, enum thrift_type type,
                                   struct error *error) {
    size_t count = thrift_list(&footer->thrift, type, THRIFT_STRUCT);
    if (footer->element_count > 0) return PARQUET_DAMAGED(error, "two schemas");
    if (count > MAXIMUM_COLUMNS)
        return FAIL(error, ERROR_DATA,
                    "more than %d columns; write only those of the sounds and labels",
                    MAXIMUM_COLUMNS);
    for (size_t i = 0; i < count; i++) TRY(read_element(footer, error));
    return parquet_schema(footer->elements, footer->element_count, footer->file, error);
}

/* ---- row groups ---- */

static int64_t read_null_count(struct thrift *thrift) {
    struct thrift_field field = {0};
    int64_t nulls = -1;
    while (thrift_next(thrift, &field)) {
        if (field.id == 3)
            nulls = thrift_integer(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
    return nulls < 0 ? -1 : nulls;
}

/* Values of a chunk: `first` of its pages, whichever comes first. */
static void read_chunk_metadata(struct thrift *thrift, struct parquet_chunk *chunk) {
    struct thrift_field field = {0};
    int64_t data = -1, dictionary = 0, bytes = -1;
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 4: chunk->codec = take_enum(thrift, field.type); break;
        case 5: chunk->values = thrift_integer(thrift, field.type); break;
        case 7: bytes = thrift_integer(thrift, field.type); break;
        case 9: data = thrift_integer(thrift, field.type); break;
        case 11: dictionary = thrift_integer(thrift, field.type); break;
        case 12:
            if (thrift_struct(thrift, field.type)) chunk->nulls = read_null_count(thrift);
            break;
        default: thrift_skip(thrift, field.type);
        }
    }
    if (data < 0 || bytes < 0 || chunk->values < 0) thrift->failed = true;
    if (thrift->failed) return;
    chunk->offset = (uint64_t)(dictionary > 0 && dictionary < data ? dictionary : data);
    chunk->bytes = (uint64_t)bytes;
}

static enum error_code read_chunk(struct footer *footer, struct error *error) {
    struct thrift *thrift = &footer->thrift;
    struct thrift_field field = {0};
    struct parquet_chunk chunk = {.values = -1, .nulls = -1, .codec = -1};
    size_t size = 0;
    while (thrift_next(thrift, &field)) {
        if (field.id == 1)
            footer->elsewhere = thrift_bytes(thrift, field.type, &size);
        else if (field.id == 3 && thrift_struct(thrift, field.type))
            read_chunk_metadata(thrift, &chunk);
        else if (field.id == 8)
            footer->is_encrypted = true, thrift_skip(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
    if (thrift->failed) return PARQUET_DAMAGED(error, "its row groups cannot be read");
    if (footer->is_encrypted)
        return FAIL(error, ERROR_DATA, "encrypted; write it again without encryption");
    if (footer->elsewhere != NULL && size > 0)
        return FAIL(error, ERROR_DATA,
                    "it only points to other files; give the folder with those, or one of them");
    footer->elsewhere = NULL;
    const uint64_t length = footer->file->size;
    if (chunk.values < 0 || chunk.offset > length || chunk.bytes > length - chunk.offset)
        return PARQUET_DAMAGED(error, "a row group lies outside the file");
    TRY(memory_grow(&footer->file->chunks, &footer->chunk_capacity, footer->chunk_count + 1,
                    sizeof *footer->file->chunks, "row groups", error));
    footer->file->chunks[footer->chunk_count++] = chunk;
    return ERROR_NONE;
}

static enum error_code read_group(struct footer *footer, struct error *error) {
    struct parquet_file *file = footer->file;
    struct thrift *thrift = &footer->thrift;
    struct thrift_field field = {0};
    struct parquet_group group = {.first_row = file->rows, .first_chunk = footer->chunk_count};
    int64_t rows = -1;
    while (thrift_next(thrift, &field)) {
        if (field.id == 1) {
            size_t count = thrift_list(thrift, field.type, THRIFT_STRUCT);
            for (size_t i = 0; i < count; i++) TRY(read_chunk(footer, error));
        } else if (field.id == 3) {
            rows = thrift_integer(thrift, field.type);
        } else {
            thrift_skip(thrift, field.type);
        }
    }
    if (thrift->failed || rows < 0) return PARQUET_DAMAGED(error, "its row groups cannot be read");
    if (footer->chunk_count - group.first_chunk != file->column_count)
        return PARQUET_DAMAGED(error, "a row group does not have each column once");
    group.rows = (uint64_t)rows;
    for (size_t i = 0; i < file->column_count; i++)
        if (file->columns[i].repetition == 0 && file->chunks[group.first_chunk + i].values != rows)
            return PARQUET_DAMAGED(error, "a column has other rows than its row group");
    TRY(memory_grow(&file->groups, &footer->group_capacity, file->group_count + 1,
                    sizeof *file->groups, "row groups", error));
    file->groups[file->group_count++] = group;
    file->rows += group.rows;
    return ERROR_NONE;
}

static enum error_code read_groups(struct footer *footer, enum thrift_type type,
                                   struct error *error) {
    size_t count = thrift_list(&footer->thrift, type, THRIFT_STRUCT);
    if (count > 0 && footer->file->column_count == 0)
        return PARQUET_DAMAGED(error, "no schema before the row groups");
    for (size_t i = 0; i < count; i++) {
        TRY(read_group(footer, error));
        /* Rows that take no bytes: each would cost memory. */
        if (footer->file->rows > INT32_MAX ||
            gzip_is_too_much(0, (size_t)footer->file->rows, (size_t)footer->file->size))
            return FAIL(error, ERROR_DATA,
                        "more rows than its size allows (%llu in %llu bytes); write it again",
                        (unsigned long long)footer->file->rows,
                        (unsigned long long)footer->file->size);
    }
    return ERROR_NONE;
}

/* ---- the footer ---- */

static void read_key_value(struct footer *footer) {
    struct thrift *thrift = &footer->thrift;
    struct thrift_field field = {0};
    const char *key = "", *value = "";
    size_t key_size = 0, value_size = 0;
    while (thrift_next(thrift, &field)) {
        if (field.id == 1)
            key = thrift_bytes(thrift, field.type, &key_size);
        else if (field.id == 2)
            value = thrift_bytes(thrift, field.type, &value_size);
        else
            thrift_skip(thrift, field.type);
    }
    if (thrift->failed || key_size != strlen("huggingface") ||
        memcmp(key, "huggingface", key_size) != 0 || value_size > MAXIMUM_HUGGING_FACE)
        return;
    text_clear(&footer->file->hugging_face);
    text_append(&footer->file->hugging_face, value, value_size);
}

static enum error_code read_fields(struct footer *footer, struct error *error) {
    struct thrift *thrift = &footer->thrift;
    struct thrift_field field = {0};
    size_t count;
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 2: TRY(read_schema(footer, field.type, error)); break;
        case 3: footer->rows = thrift_integer(thrift, field.type); break;
        case 4: TRY(read_groups(footer, field.type, error)); break;
        case 5:
            count = thrift_list(thrift, field.type, THRIFT_STRUCT);
            for (size_t i = 0; i < count && !thrift->failed; i++) read_key_value(footer);
            break;
        default: thrift_skip(thrift, field.type);
        }
    }
    TRY(text_check(&footer->file->hugging_face, error));
    if (thrift->failed || footer->file->column_count == 0 || footer->rows < 0 ||
        (uint64_t)footer->rows != footer->file->rows)
        return PARQUET_DAMAGED(error, "its footer cannot be read");
    return ERROR_NONE;
}

enum error_code parquet_read(const struct parquet_file *file, uint64_t offset, void *bytes,
                             size_t count, struct error *error) {
    if (count > file->stored && count - file->stored > SPARE_HOLE)
        return PARQUET_DAMAGED(error, "part of it is a hole");
    const ssize_t got = file_read_at(file->descriptor, offset, bytes, count);
    if (got < 0) return file_fail(error, file->path, "read", errno);
    if ((size_t)got < count)
        return PARQUET_DAMAGED(error, "it ends at byte %llu",
                               (unsigned long long)(offset + (size_t)got));
    return ERROR_NONE;
}

/* The length of the footer, from the last bytes of the file. */
static enum error_code read_end(const struct parquet_file *file, size_t *footer,
                                struct error *error) {
    unsigned char start[4] = {0}, end[END_SIZE] = {0};
    if (file->size == 0) return FAIL(error, ERROR_DATA, "empty; write it again");
    if (file->size >= 4) TRY(parquet_read(file, 0, start, 4, error));
    if (start[0] == 0x1f && start[1] == 0x8b)
        return FAIL(error, ERROR_DATA, "compressed as a whole; unpack it with gunzip");
    if (memcmp(start, "PARE", 4) == 0)
        return FAIL(error, ERROR_DATA, "encrypted; write it again without encryption");
    if (memcmp(start, "vers", 4) == 0)
        return FAIL(error, ERROR_DATA,
                    "only a pointer of Git LFS; get the file with 'git lfs pull'");
    if (memcmp(start, "PAR1", 4) != 0)
        return FAIL(error, ERROR_DATA, "not a parquet file, whatever its name; write it again");
    if (file->size < 4 + END_SIZE) return PARQUET_DAMAGED(error, "it is cut off");
    TRY(parquet_read(file, file->size - END_SIZE, end, END_SIZE, error));
    if (memcmp(end + 4, "PARE", 4) == 0)
        return FAIL(error, ERROR_DATA, "encrypted; write it again without encryption");
    if (memcmp(end + 4, "PAR1", 4) != 0)
        return PARQUET_DAMAGED(error, "it does not end as one, so it is cut off");
    uint64_t length =
        (uint64_t)end[0] | (uint64_t)end[1] << 8 | (uint64_t)end[2] << 16 | (uint64_t)end[3] << 24;
    if (length == 0 || length > file->size - 4 - END_SIZE)
        return PARQUET_DAMAGED(error, "its footer is longer than it is");
    if (length > MAXIMUM_FOOTER)
        return FAIL(error, ERROR_DATA,
                    "its footer has %llu bytes, at most %llu are read; write fewer row groups",
                    (unsigned long long)length, (unsigned long long)MAXIMUM_FOOTER);
    *footer = (size_t)length;
    return ERROR_NONE;
}

static enum error_code read_footer(struct parquet_file *file, struct error *error) {
    size_t length = 0;
    TRY(read_end(file, &length, error));
    uint8_t *bytes = memory_array(length, 1, "a footer", error);
    struct footer footer = {.file = file};
    if (bytes != NULL &&
        parquet_read(file, file->size - END_SIZE - length, bytes, length, error) == ERROR_NONE) {
        footer.thrift = (struct thrift){.at = bytes, .end = bytes + length};
        read_fields(&footer, error);
    }
    free(footer.elements);
    free(bytes);
    return error->code;
}

enum error_code parquet_open(int descriptor, const char *path, struct parquet_file *file,
                             struct error *error) {
    struct stat status;
    *file = (struct parquet_file){.descriptor = descriptor};
    if (fstat(descriptor, &status) != 0) return file_fail(error, path, "read", errno);
    file->size = (uint64_t)status.st_size;
    file->stored = file_stored_bytes(&status);
    file->path = memory_string(path, error);
    return file->path == NULL ? error->code : read_footer(file, error);
}

void parquet_close(struct parquet_file *file) {
    for (size_t i = 0; i < file->column_count; i++) free(file->columns[i].name);
    free(file->columns);
    free(file->groups);
    free(file->chunks);
    free(file->path);
    text_free(&file->hugging_face);
    *file = (struct parquet_file){.descriptor = -1};
}

const struct parquet_chunk *parquet_chunk(const struct parquet_file *file, size_t group,
                                          size_t column) {
    return &file->chunks[file->groups[group].first_chunk + column];
}

size_t parquet_column(const struct parquet_file *file, const char *name) {
    for (size_t i = 0; i < file->column_count; i++)
        if (strcmp(file->columns[i].name, name) == 0) return i;
    return PARQUET_NONE;
}
