#include "host/containers/parquet_windows.h"

#include "host/base/memory.h"
#include "host/containers/parquet_values.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void parquet_windows_close(struct parquet_windows *windows) {
    if (windows->descriptor >= 0) close(windows->descriptor);
    free(windows->windows);
    *windows = PARQUET_WINDOWS_NONE;
}

static enum error_code fail_shortage(struct error *error, int number) {
    return FAIL(error, ERROR_MEMORY, "no room for a page of a parquet file: %s", strerror(number));
}

enum error_code parquet_windows_descriptor(int descriptor, int *copy, struct error *error) {
    *copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return *copy < 0 ? fail_shortage(error, errno) : ERROR_NONE;
}

static enum error_code fail_page(const struct parquet_page *page, struct error *error) {
    return PARQUET_DAMAGED(error, "the values of the page at byte %llu cannot be read",
                           (unsigned long long)page->offset);
}

static enum error_code make_windows(const struct parquet_page *page,
                                    struct parquet_windows *windows, struct error *error) {
    windows->windows = memory_array(page->values, sizeof *windows->windows, "sounds", error);
    windows->count = page->values;
    return error->code;
}

/* ---- pages that are in the file as they are ---- */

/* Its levels; the values stay where they are. *at: where those begin in the page. */
static enum error_code read_levels(const struct parquet_file *file,
                                   const struct parquet_column *column,
                                   const struct parquet_page *page, uint8_t **bytes,
                                   struct parquet_levels *levels, uint64_t *at,
                                   struct error *error) {
    struct parquet_page only = *page;
    const uint8_t *values = NULL;
    uint8_t length[4] = {0};
    TRY(parquet_levels_check(column, page, error));
    if (page->type == PARQUET_DATA_V2) {
        only.size = page->repetition_bytes + page->definition_bytes;
    } else if (page->type == PARQUET_DICTIONARY || column->definition == 0) {
        only.size = 0;
    } else {
        if (page->size < sizeof length) return fail_page(page, error);
        TRY(parquet_read(file, page->offset, length, sizeof length, error));
        uint32_t size = (uint32_t)length[0] | (uint32_t)length[1] << 8 | (uint32_t)length[2] << 16 |
                        (uint32_t)length[3] << 24;
        if (size > page->size - sizeof length) return fail_page(page, error);
        only.size = size + (uint32_t)sizeof length;
    }
    *at = only.size;
    *bytes = memory_array(only.size, 1, "a page", error);
    if (*bytes == NULL) return error->code;
    TRY(parquet_read(file, page->offset, *bytes, only.size, error));
    if (page->type == PARQUET_DICTIONARY) {
        parquet_bits_begin(&levels->definition, NULL, NULL, 0);
        return ERROR_NONE;
    }
    return parquet_levels_begin(levels, column, &only, *bytes, &values, error);
}

/* The lengths stand before the values. */
static enum error_code find_in_file(const struct parquet_file *file, uint16_t definition,
                                    const struct parquet_page *page, struct parquet_levels *levels,
                                    uint64_t at, struct parquet_windows *windows,
                                    struct error *error) {
    for (uint32_t i = 0; i < page->values; i++) {
        uint8_t length[4];
        uint32_t level = definition;
        windows->windows[i] = (struct parquet_window){0, PARQUET_WINDOW_NULL};
        if (levels->definition.width > 0 && !parquet_bits_next(&levels->definition, &level))
            return fail_page(page, error);
        if (level < definition) continue;
        if (at > page->size || page->size - at < sizeof length) return fail_page(page, error);
        TRY(parquet_read(file, page->offset + at, length, sizeof length, error));
        uint32_t size = (uint32_t)length[0] | (uint32_t)length[1] << 8 | (uint32_t)length[2] << 16 |
                        (uint32_t)length[3] << 24;
        at += sizeof length;
        if (size > page->size - at) return fail_page(page, error);
        windows->windows[i] = (struct parquet_window){page->offset + at, size};
        at += size;
    }
    return ERROR_NONE;
}

static enum error_code open_in_file(const struct parquet_file *file,
                                    const struct parquet_column *column,
                                    const struct parquet_page *page,
                                    struct parquet_windows *windows, struct error *error) {
    struct parquet_levels levels = {.definition = {.width = 0}};
    uint64_t at = 0;
    uint8_t *bytes = NULL;
    TRY(parquet_page_check(file, page, error));
    TRY(parquet_windows_descriptor(file->descriptor, &windows->descriptor, error));
    if (read_levels(file, column, page, &bytes, &levels, &at, error) == ERROR_NONE)
        find_in_file(file, page->type == PARQUET_DICTIONARY ? 0 : column->definition, page, &levels,
                     at, windows, error);
    free(bytes);
    return error->code;
}

/* ---- pages that are decompressed ---- */

/* Finds the values of a page in memory. */
static enum error_code find_in_memory(const struct parquet_column *column,
                                      const struct parquet_page *page, const uint8_t *bytes,
                                      const struct parquet_windows *dictionary,
                                      struct parquet_windows *windows, struct error *error) {
    struct parquet_levels levels;
    struct parquet_values values = {.dictionary = NULL};
    const uint8_t *at = bytes, *end = bytes + page->size;
    uint32_t level = column->definition;
    parquet_bits_begin(&levels.definition, NULL, NULL, 0);
    if (page->type != PARQUET_DICTIONARY)
        TRY(parquet_levels_begin(&levels, column, page, bytes, &at, error));
    struct parquet_page own = *page;
    if (page->type == PARQUET_DICTIONARY) own.encoding = PARQUET_ENCODING_PLAIN;
    TRY(parquet_values_begin(&values, column, &own, at, end, error));
    const bool indexed = values.encoding == PARQUET_ENCODING_DICTIONARY;
    for (uint32_t i = 0; i < page->values; i++) {
        struct parquet_scalar scalar = {0};
        uint32_t index = 0;
        windows->windows[i] = (struct parquet_window){0, PARQUET_WINDOW_NULL};
        if (levels.definition.width > 0 && !parquet_bits_next(&levels.definition, &level))
            return fail_page(page, error);
        if (level < column->definition) continue;
        if (indexed) {
            if (!parquet_bits_next(&values.bits, &index) || index >= dictionary->count)
                return fail_page(page, error);
            windows->windows[i] = dictionary->windows[index];
            continue;
        }
        if (!parquet_values_next(&values, &scalar)) return fail_page(page, error);
        windows->windows[i] =
            (struct parquet_window){(uint64_t)(scalar.bytes - bytes), (uint32_t)scalar.size};
    }
    return ERROR_NONE;
}

/* Indexes into a dictionary: a small page. */
static enum error_code open_indexes(const struct parquet_file *file,
                                    const struct parquet_column *column, int codec,
                                    const struct parquet_page *page,
                                    const struct parquet_windows *dictionary,
                                    struct parquet_windows *windows, struct error *error) {
    if (dictionary->descriptor < 0) return fail_page(page, error);
    TRY(parquet_windows_descriptor(dictionary->descriptor, &windows->descriptor, error));
    uint8_t *bytes = memory_array(page->size, 1, "a page", error);
    if (bytes != NULL && parquet_page_read(file, page, codec, bytes, error) == ERROR_NONE)
        find_in_memory(column, page, bytes, dictionary, windows, error);
    free(bytes);
    return error->code;
}

/* Once nobody can change the memory, it may go to decoders. */
static enum error_code open_in_memory(const struct parquet_file *file,
                                      const struct parquet_column *column, int codec,
                                      const struct parquet_page *page,
                                      struct parquet_windows *windows, struct error *error) {
    const struct parquet_windows none = PARQUET_WINDOWS_NONE;
    if (page->size == 0) return fail_page(page, error);
    windows->descriptor = memfd_create("parquet", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* Reserved, since a lack of memory would end the process later. */
    if (windows->descriptor < 0 || ftruncate(windows->descriptor, (off_t)page->size) != 0 ||
        fallocate(windows->descriptor, 0, 0, (off_t)page->size) != 0)
        return fail_shortage(error, errno);
    windows->memory = page->size;
    uint8_t *bytes =
        mmap(NULL, page->size, PROT_READ | PROT_WRITE, MAP_SHARED, windows->descriptor, 0);
    if (bytes == MAP_FAILED) return fail_shortage(error, errno);
    if (parquet_page_read(file, page, codec, bytes, error) == ERROR_NONE)
        find_in_memory(column, page, bytes, &none, windows, error);
    munmap(bytes, page->size);
    if (error->code == ERROR_NONE &&
        fcntl(windows->descriptor, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return fail_shortage(error, errno);
    return error->code;
}

enum error_code parquet_windows_open(const struct parquet_file *file, size_t column, int codec,
                                     const struct parquet_page *page,
                                     const struct parquet_windows *dictionary,
                                     struct parquet_windows *windows, struct error *error) {
    const struct parquet_column *values = &file->columns[column];
    const bool is_dictionary = page->type == PARQUET_DICTIONARY;
    const bool indexed = !is_dictionary && (page->encoding == PARQUET_ENCODING_DICTIONARY ||
                                            page->encoding == PARQUET_ENCODING_PLAIN_DICTIONARY);
    const bool is_there = codec == PARQUET_UNCOMPRESSED || parquet_page_is_plain(page);
    *windows = PARQUET_WINDOWS_NONE;
    if (is_dictionary && page->values > page->size / 4) return fail_page(page, error);
    if (page->encoding == PARQUET_ENCODING_DELTA_BYTES)
        return FAIL(error, ERROR_DATA,
                    "its bytes have the encoding DELTA_BYTE_ARRAY, which is not read for sounds; "
                    "write it again with column_encoding=None");
    if (make_windows(page, windows, error) == ERROR_NONE) {
        if (page->values == 0)
            parquet_windows_descriptor(file->descriptor, &windows->descriptor, error);
        else if (indexed)
            open_indexes(file, values, codec, page, dictionary, windows, error);
        else if (is_there && (is_dictionary || page->encoding == PARQUET_ENCODING_PLAIN))
            open_in_file(file, values, page, windows, error);
        else
            open_in_memory(file, values, codec, page, windows, error);
    }
    if (error->code != ERROR_NONE) parquet_windows_close(windows);
    return error->code;
}
