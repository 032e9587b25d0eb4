#include "tests/support/parquet_hash.h"

#include "host/containers/parquet_cursor.h"
#include "host/containers/parquet_sounds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static void put_bytes(XXH3_state_t *state, const void *bytes, size_t size) {
    const uint32_t length = (uint32_t)size;
    XXH3_64bits_update(state, "b", 1);
    XXH3_64bits_update(state, &length, sizeof length);
    XXH3_64bits_update(state, bytes, size);
}

static void put_value(XXH3_state_t *state, const struct parquet_column *column,
                      const struct parquet_value *value) {
    const struct parquet_scalar *scalar = &value->scalar;
    if (value->state != PARQUET_VALUE) {
        XXH3_64bits_update(state, "n", 1);
        return;
    }
    switch (column->type) {
    case PARQUET_BOOLEAN:
    case PARQUET_INT32:
    case PARQUET_INT64:
        XXH3_64bits_update(state, "i", 1);
        XXH3_64bits_update(state, &scalar->number, sizeof scalar->number);
        break;
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        XXH3_64bits_update(state, "f", 1);
        XXH3_64bits_update(state, &scalar->real, sizeof scalar->real);
        break;
    default: put_bytes(state, scalar->bytes, scalar->size);
    }
}

/* The cells of a list from its first value on. */
static enum error_code put_list(XXH3_state_t *state, struct parquet_cursor *cursor,
                                struct parquet_value *value, struct error *error) {
    bool continues = true;
    if (value->state == PARQUET_NULL_LIST) {
        XXH3_64bits_update(state, "N", 1);
        return parquet_cursor_continues(cursor, &continues, error);
    }
    XXH3_64bits_update(state, "[", 1);
    while (continues) {
        if (value->state != PARQUET_EMPTY) put_value(state, cursor->column, value);
        TRY(parquet_cursor_continues(cursor, &continues, error));
        if (continues) TRY(parquet_cursor_next(cursor, value, error));
    }
    XXH3_64bits_update(state, "]", 1);
    return ERROR_NONE;
}

static enum error_code hash_cells(XXH3_state_t *state, struct parquet_cursor *cursor,
                                  struct error *error) {
    for (uint64_t row = 0;; row++) {
        struct parquet_value value;
        TRY(parquet_cursor_next(cursor, &value, error));
        if (value.state == PARQUET_END)
            return row == cursor->file->rows ? ERROR_NONE
                                             : FAIL(error, ERROR_INTERNAL, "other rows");
        if (cursor->column->repetition > 0)
            TRY(put_list(state, cursor, &value, error));
        else
            put_value(state, cursor->column, &value);
    }
}

enum error_code parquet_hash_column(const struct parquet_file *file, size_t column, uint64_t *hash,
                                    struct error *error) {
    XXH3_state_t *state = XXH3_createState();
    struct parquet_cursor cursor;
    XXH3_64bits_reset(state);
    parquet_cursor_open(&cursor, file, column);
    hash_cells(state, &cursor, error);
    parquet_cursor_close(&cursor);
    *hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return error->code;
}

static enum error_code put_sound(XXH3_state_t *state, struct parquet_sounds *sounds, size_t column,
                                 uint64_t row, struct error *error) {
    struct container_bytes bytes;
    struct error own = ERROR_INITIAL;
    parquet_sounds_bytes(sounds, column, row, &bytes, &own);
    if (own.code != ERROR_NONE) {
        if (strstr(own.message, "null") == NULL) return *error = own, error->code;
        XXH3_64bits_update(state, "n", 1);
        return ERROR_NONE;
    }
    unsigned char *copy = malloc(bytes.count + 1);
    if (copy == NULL ||
        pread(bytes.descriptor, copy, bytes.count, (off_t)bytes.offset) != (ssize_t)bytes.count)
        FAIL(error, ERROR_FILE, "the window cannot be read");
    else
        put_bytes(state, copy, bytes.count);
    free(copy);
    close(bytes.descriptor);
    return error->code;
}

enum error_code parquet_hash_sounds(const struct parquet_file *file, size_t column, size_t step,
                                    uint64_t *hash, struct error *error) {
    XXH3_state_t *state = XXH3_createState();
    struct parquet_sounds *sounds = NULL;
    XXH3_64bits_reset(state);
    parquet_sounds_new(file, &sounds, error);
    for (size_t first = 0; first < step; first++)
        for (uint64_t row = first; row < file->rows && error->code == ERROR_NONE; row += step)
            put_sound(state, sounds, column, row, error);
    parquet_sounds_free(sounds);
    *hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return error->code;
}
