/* Parquet files as containers of sounds. */
#include "host/containers/parquet.h"

#include "host/base/memory.h"
#include "host/containers/container_format.h"
#include "host/containers/parquet_cursor.h"
#include "host/containers/parquet_features.h"
#include "host/containers/parquet_sounds.h"

#include <stdlib.h>
#include <string.h>

struct state {
    struct parquet_file file;
    struct parquet_sounds *sounds;
};

uint64_t parquet_place(size_t column, uint64_t row) {
    return (uint64_t)column << 32 | row;
}

static void close_parquet(void *state) {
    struct state *own = state;
    parquet_sounds_free(own->sounds);
    parquet_close(&own->file);
    free(own);
}

static enum error_code open_parquet(int descriptor, const char *path, uint64_t size, void **state,
                                    struct error *error) {
    (void)size;
    struct state *own = memory_array(1, sizeof *own, "a parquet file", error);
    if (own == NULL) return error->code;
    if (parquet_open(descriptor, path, &own->file, error) == ERROR_NONE)
        parquet_sounds_new(&own->file, &own->sounds, error);
    if (error->code == ERROR_NONE) {
        *state = own;
        return ERROR_NONE;
    }
    if (error->code == ERROR_DATA) error_prefix(error, "%s", path);
    close_parquet(own);
    return error->code;
}

static enum error_code find_bytes(void *state, const struct container_member *member,
                                  struct container_bytes *bytes, struct error *error) {
    struct state *own = state;
    return parquet_sounds_bytes(own->sounds, (size_t)(member->place >> 32),
                                member->place & UINT32_MAX, bytes, error);
}

/* The first row whose sound has this name. */
static enum error_code find_named(const struct parquet_file *file, size_t names, const char *name,
                                  uint64_t *row, bool *found, struct error *error) {
    struct parquet_cursor cursor;
    struct parquet_value value = {.state = PARQUET_NULL};
    const size_t length = strlen(name);
    *found = false;
    parquet_cursor_open(&cursor, file, names);
    for (*row = 0; !*found; ++*row) {
        if (parquet_cursor_next(&cursor, &value, error) != ERROR_NONE) break;
        if (value.state == PARQUET_END) break;
        if (value.state != PARQUET_VALUE) continue;
        size_t size = value.scalar.size;
        const char *own = parquet_member_name((const char *)value.scalar.bytes, &size);
        *found = size == length && memcmp(own, name, size) == 0;
        if (*found) break;
    }
    parquet_cursor_close(&cursor);
    return error->code;
}

static enum error_code find_member(void *state, const char *name, struct container_member *member,
                                   bool *found, struct error *error) {
    struct state *own = state;
    struct parquet_choice choice;
    uint64_t row = 0;
    size_t column = PARQUET_NONE;
    *found = false;
    TRY(parquet_choose(&own->file, NULL, &choice, error));
    if (parquet_row_of_name(&own->file, name, &row, &column)) {
        if (column == PARQUET_NONE) column = choice.bytes;
        *found = column != PARQUET_NONE;
    } else if (choice.names != PARQUET_NONE) {
        column = choice.bytes;
        TRY(find_named(&own->file, choice.names, name, &row, found, error));
    }
    *member = (struct container_member){parquet_place(column, row), 0};
    return ERROR_NONE;
}

static const char *const endings[] = {".parquet", NULL};

const struct container_format container_parquet = {
    .name = "parquet",
    .endings = endings,
    .open = open_parquet,
    .close = close_parquet,
    .bytes = find_bytes,
    .find = find_member,
};
