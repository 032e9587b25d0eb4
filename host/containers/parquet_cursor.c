#include "host/containers/parquet_cursor.h"

#include "host/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define FREE_VALUES ((uint64_t)1 << 24)

void parquet_cursor_open(struct parquet_cursor *cursor, const struct parquet_file *file,
                         size_t index) {
    *cursor =
        (struct parquet_cursor){.file = file, .column = &file->columns[index], .index = index};
}

static void forget_pages(struct parquet_cursor *cursor) {
    free(cursor->page);
    free(cursor->dictionary_page);
    free(cursor->dictionary);
    cursor->page = cursor->dictionary_page = NULL;
    cursor->dictionary = NULL;
    cursor->values.dictionary = NULL;
    cursor->values.dictionary_size = 0;
}

void parquet_cursor_close(struct parquet_cursor *cursor) {
    forget_pages(cursor);
    parquet_values_end(&cursor->values);
    *cursor = (struct parquet_cursor){0};
}

/* ---- pages ---- */

static uint8_t *read_page(const struct parquet_cursor *cursor, const struct parquet_page *page,
                          struct error *error) {
    uint8_t *bytes = memory_array(page->size, 1, "a page", error);
    if (bytes == NULL) return NULL;
    if (parquet_page_read(cursor->file, page, cursor->codec, bytes, error) == ERROR_NONE)
        return bytes;
    free(bytes);
    return NULL;
}

static enum error_code take_dictionary(struct parquet_cursor *cursor,
                                       const struct parquet_page *page, struct error *error) {
    if (cursor->only_levels) return ERROR_NONE;
    cursor->dictionary_page = read_page(cursor, page, error);
    if (cursor->dictionary_page == NULL) return error->code;
    cursor->dictionary = parquet_dictionary(cursor->column, page, cursor->dictionary_page, error);
    if (cursor->dictionary == NULL) return error->code;
    cursor->values.dictionary = cursor->dictionary;
    cursor->values.dictionary_size = page->values;
    return ERROR_NONE;
}

/* In the second version levels can be read without the values. */
static enum error_code take_only_levels(struct parquet_cursor *cursor, struct parquet_page *page,
                                        struct error *error) {
    const uint8_t *values = NULL;
    if (page->type == PARQUET_DATA_V2) {
        page->stored = page->size = page->repetition_bytes + page->definition_bytes;
        page->is_compressed = page->has_checksum = false;
    }
    cursor->page = read_page(cursor, page, error);
    if (cursor->page == NULL) return error->code;
    return parquet_levels_begin(&cursor->levels, cursor->column, page, cursor->page, &values,
                                error);
}

static enum error_code take_values(struct parquet_cursor *cursor, const struct parquet_page *page,
                                   struct error *error) {
    const uint8_t *values = NULL;
    cursor->page = read_page(cursor, page, error);
    if (cursor->page == NULL) return error->code;
    TRY(parquet_levels_begin(&cursor->levels, cursor->column, page, cursor->page, &values, error));
    return parquet_values_begin(&cursor->values, cursor->column, page, values,
                                cursor->page + page->size, error);
}

/* The next page with values in the row group; *end: there is none. */
static enum error_code next_page(struct parquet_cursor *cursor, bool *end, struct error *error) {
    struct parquet_page page;
    for (;;) {
        TRY(parquet_walk_next(&cursor->walk, &page, end, error));
        if (*end) return ERROR_NONE;
        if (page.type != PARQUET_DICTIONARY) break;
        TRY(take_dictionary(cursor, &page, error));
    }
    free(cursor->page);
    cursor->page = NULL;
    cursor->left = page.values;
    return cursor->only_levels ? take_only_levels(cursor, &page, error)
                               : take_values(cursor, &page, error);
}

static enum error_code next_group(struct parquet_cursor *cursor, bool *end, struct error *error) {
    *end = cursor->group == cursor->file->group_count;
    if (*end) return ERROR_NONE;
    const struct parquet_chunk *chunk = parquet_chunk(cursor->file, cursor->group, cursor->index);
    forget_pages(cursor);
    cursor->codec = chunk->codec;
    cursor->rows = cursor->file->groups[cursor->group++].rows;
    return parquet_walk_begin(&cursor->walk, cursor->file, chunk, error);
}

/* ---- values ---- */

static enum error_code fail_levels(const struct parquet_cursor *cursor, struct error *error) {
    return PARQUET_DAMAGED(error, "values of the column '%s' cannot be read", cursor->column->name);
}

/* Reads the levels of the next value of the row group; *end: it has none. */
static enum error_code read_levels(struct parquet_cursor *cursor, bool *end, struct error *error) {
    const struct parquet_column *column = cursor->column;
    *end = false;
    if (cursor->has_levels) return ERROR_NONE;
    if (cursor->left == 0) {
        TRY(next_page(cursor, end, error));
        if (*end) return ERROR_NONE;
    }
    cursor->left--;
    /* Lists whose values take no bytes: each would take time. */
    if (++cursor->count > FREE_VALUES && (cursor->count - FREE_VALUES) / 4 > cursor->file->size)
        return FAIL(error, ERROR_DATA,
                    "the lists of the column '%s' have more values than its size allows",
                    column->name);
    if (!parquet_bits_next(&cursor->levels.repetition, &cursor->repetition) ||
        !parquet_bits_next(&cursor->levels.definition, &cursor->definition) ||
        cursor->repetition > column->repetition || cursor->definition > column->definition)
        return fail_levels(cursor, error);
    const uint64_t rows = cursor->file->groups[cursor->group - 1].rows;
    if (cursor->repetition == 0 && cursor->rows-- == 0) return fail_levels(cursor, error);
    if (cursor->repetition > 0 && cursor->rows == rows) return fail_levels(cursor, error);
    cursor->has_levels = true;
    return ERROR_NONE;
}

static enum parquet_state state_of(const struct parquet_cursor *cursor) {
    const struct parquet_column *column = cursor->column;
    if (cursor->definition == column->definition) return PARQUET_VALUE;
    if (column->repetition == 0 || cursor->definition >= column->list_definition)
        return PARQUET_NULL;
    return cursor->definition + 1 == column->list_definition ? PARQUET_EMPTY : PARQUET_NULL_LIST;
}

enum error_code parquet_cursor_next(struct parquet_cursor *cursor, struct parquet_value *value,
                                    struct error *error) {
    bool end = false;
    *value = (struct parquet_value){.state = PARQUET_END};
    for (;;) {
        TRY(read_levels(cursor, &end, error));
        if (!end) break;
        if (cursor->rows > 0) return fail_levels(cursor, error);
        TRY(next_group(cursor, &end, error));
        if (end) return ERROR_NONE;
    }
    cursor->has_levels = false;
    value->state = state_of(cursor);
    if (value->state != PARQUET_VALUE || cursor->only_levels ||
        parquet_values_next(&cursor->values, &value->scalar))
        return ERROR_NONE;
    TRY(text_check(&cursor->values.previous, error));
    return fail_levels(cursor, error);
}

enum error_code parquet_cursor_continues(struct parquet_cursor *cursor, bool *continues,
                                         struct error *error) {
    bool end = false;
    *continues = false;
    if (cursor->column->repetition == 0) return ERROR_NONE;
    TRY(read_levels(cursor, &end, error));
    *continues = !end && cursor->repetition > 0;
    return ERROR_NONE;
}
