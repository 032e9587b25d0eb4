/* Reading arrays: mapped, checked against the file's size, converted by rows. */
#include "host/base/npy.h"

#include "host/base/float16.h"
#include "host/base/memory.h"
#include "host/base/npy_header.h"
#include "host/base/scratch.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

/* Elements are converted in runs of this many, which stay in the first-level cache. */
#define RUN 256

enum error_code npy_parse(const unsigned char *bytes, size_t size, struct npy_array *array,
                          struct error *error) {
    size_t offset = 0;
    *array = (struct npy_array)NPY_INITIAL;
    if (npy_header_parse(bytes, size, array, &offset, error) == ERROR_NONE) {
        size_t needed = array->count * npy_type_size(array->type);
        size_t have = size - offset;
        if (have < needed)
            FAIL(error, ERROR_DATA,
                 "truncated, or its shape is wrong: the header promises %zu bytes of data (%zu "
                 "rows x %zu), the file has %zu",
                 needed, array->rows, array->columns, have);
        else if (have > needed)
            FAIL(error, ERROR_DATA,
                 "its shape is wrong: the header promises %zu bytes of data (%zu rows x %zu), the "
                 "file has %zu",
                 needed, array->rows, array->columns, have);
        array->data = bytes + offset;
    }
    if (error->code != ERROR_NONE) *array = (struct npy_array)NPY_INITIAL;
    return error->code;
}

/* Takes the mapping. */
static enum error_code parse_mapping(struct file_mapping mapping, struct npy_array *array,
                                     struct error *error) {
    if (npy_parse(mapping.data, mapping.size, array, error) == ERROR_NONE)
        array->mapping = mapping;
    else
        file_unmap(&mapping);
    return error->code;
}

enum error_code npy_open(const char *path, struct npy_array *array, struct error *error) {
    struct file_mapping mapping;
    *array = (struct npy_array)NPY_INITIAL;
    TRY(file_map(path, &mapping, error));
    if (parse_mapping(mapping, array, error) != ERROR_NONE) error_prefix(error, "%s", path);
    return error->code;
}

enum error_code npy_open_in(const struct folder *folder, const char *name, struct npy_array *array,
                            struct error *error) {
    struct file_mapping mapping;
    *array = (struct npy_array)NPY_INITIAL;
    TRY(folder_map(folder, name, &mapping, error));
    if (parse_mapping(mapping, array, error) != ERROR_NONE)
        error_prefix(error, "%s/%s", folder->path, name);
    return error->code;
}

enum error_code npy_read(const char *path, size_t rows, size_t columns, struct npy_array *array,
                         struct error *error) {
    TRY(npy_open(path, array, error));
    if (array->rows != rows || (array->columns != columns && columns != NPY_ANY)) return ERROR_NONE;
    struct file_mapping mapping = array->mapping;
    *array = (struct npy_array)NPY_INITIAL;
    unsigned char *copy = scratch_array(mapping.size, 1, path, error);
    if (copy != NULL) {
        if (mapping.size > 0) memcpy(copy, mapping.data, mapping.size);
        bool same = mapping.size == 0 || memcmp(copy, mapping.data, mapping.size) == 0;
        if (file_map_unchanged(&mapping, same, error) == ERROR_NONE &&
            npy_parse(copy, mapping.size, array, error) != ERROR_NONE)
            error_prefix(error, "%s", path);
    }
    file_unmap(&mapping);
    if (error->code == ERROR_NONE)
        array->copy = copy;
    else
        scratch_free(copy);
    return error->code;
}

/* Of the whole file, or of many pages of it: this much is read in a few hundredths of a second. */
static uint64_t checksum(const struct file_mapping *mapping) {
    enum { PAGE = 4096 };
    const size_t most = (size_t)64 << 20;
    if (mapping->size <= most) return XXH3_64bits(mapping->data, mapping->size) | 1;
    uint64_t hash = 0;
    size_t pages = mapping->size / PAGE, step = pages / (most / PAGE) + 1;
    for (size_t page = 0; page < pages; page += step)
        hash = XXH3_64bits_withSeed(mapping->data + page * PAGE, PAGE, hash);
    return hash | 1;
}

void npy_watch(struct npy_array *array) {
    if (array->mapping.data != NULL) array->checksum = checksum(&array->mapping);
}

enum error_code npy_unchanged(const struct npy_array *array, struct error *error) {
    bool same = array->checksum == 0 || array->checksum == checksum(&array->mapping);
    return file_map_unchanged(&array->mapping, same, error);
}

void npy_release(const struct npy_array *array) {
    if (array->mapping.data != NULL)
        madvise((void *)(uintptr_t)array->mapping.data, array->mapping.size, MADV_DONTNEED);
}

void npy_close(struct npy_array *array) {
    file_unmap(&array->mapping);
    scratch_free(array->copy);
    *array = (struct npy_array)NPY_INITIAL;
}

const void *npy_direct(const struct npy_array *array, enum npy_type type) {
    if (array->type != type || array->swapped || array->fortran) return NULL;
    return (uintptr_t)array->data % npy_type_size(type) == 0 ? array->data : NULL;
}

struct npy_array npy_view(enum npy_type type, size_t rows, size_t columns, const void *elements) {
    struct npy_array array = {.type = type,
                              .dimensions = columns == 0 ? 1 : 2,
                              .shape = {rows, columns},
                              .rows = rows,
                              .columns = columns == 0 ? 1 : columns,
                              .data = elements};
    array.count = array.rows * array.columns;
    return array;
}

/* `count` elements from `first` on in the file's order, in this machine's byte order. */
static void copy_raw(const struct npy_array *array, size_t first, size_t count, void *raw) {
    size_t size = npy_type_size(array->type);
    unsigned char *bytes = raw;
    if (count == 0) return;
    memcpy(bytes, array->data + first * size, count * size);
    if (!array->swapped) return;
    for (size_t i = 0; i < count; i++, bytes += size)
        for (size_t b = 0; b < size / 2; b++) {
            unsigned char saved = bytes[b];
            bytes[b] = bytes[size - 1 - b];
            bytes[size - 1 - b] = saved;
        }
}

union run {
    unsigned char u8[RUN * 8];
    int8_t i8[RUN];
    int16_t i16[RUN];
    int32_t i32[RUN];
    int64_t i64[RUN];
    uint16_t u16[RUN];
    uint32_t u32[RUN];
    uint64_t u64[RUN];
    float f32[RUN];
    double f64[RUN];
};

#define CONVERT(member)                                                                            \
    for (size_t i = 0; i < count; i++) values[i * stride] = (TARGET)raw.member[i]
#define CONVERT_HALF                                                                               \
    for (size_t i = 0; i < count; i++) values[i * stride] = (TARGET)float16_to_float32(raw.u16[i])
#define CONVERT_ANY                                                                                \
    switch (array->type) {                                                                         \
    case NPY_BOOL:                                                                                 \
        for (size_t i = 0; i < count; i++) values[i * stride] = (TARGET)(raw.u8[i] != 0);          \
        break;                                                                                     \
    case NPY_UINT8: CONVERT(u8); break;                                                            \
    case NPY_INT8: CONVERT(i8); break;                                                             \
    case NPY_INT16: CONVERT(i16); break;                                                           \
    case NPY_INT32: CONVERT(i32); break;                                                           \
    case NPY_INT64: CONVERT(i64); break;                                                           \
    case NPY_UINT16: CONVERT(u16); break;                                                          \
    case NPY_UINT32: CONVERT(u32); break;                                                          \
    case NPY_UINT64: CONVERT(u64); break;                                                          \
    case NPY_FLOAT16: CONVERT_HALF; break;                                                         \
    case NPY_FLOAT32: CONVERT(f32); break;                                                         \
    case NPY_FLOAT64: CONVERT(f64); break;                                                         \
    }

/* At most RUN elements in the file's order, scattered with a stride. */
#define TARGET float
static void run_float32(const struct npy_array *array, size_t first, size_t count, size_t stride,
                        float *values) {
    union run raw;
    copy_raw(array, first, count, &raw);
    CONVERT_ANY
}
#undef TARGET
#define TARGET double
static void run_float64(const struct npy_array *array, size_t first, size_t count, size_t stride,
                        double *values) {
    union run raw;
    copy_raw(array, first, count, &raw);
    CONVERT_ANY
}
#undef TARGET

/* Walks over rows first .. first + count - 1 in runs: calls
 * RUN_FUNCTION(array, element in file, elements, stride, place). */
#define WALK_ROWS(run_function)                                                                    \
    do {                                                                                           \
        size_t lines = array->fortran ? array->columns : 1;                                        \
        size_t stride = array->fortran ? array->columns : 1;                                       \
        size_t length = array->fortran ? count : count * array->columns;                           \
        for (size_t line = 0; line < lines; line++) {                                              \
            size_t start = array->fortran ? line * array->rows + first : first * array->columns;   \
            for (size_t i = 0; i < length; i += RUN)                                               \
                run_function(array, start + i, length - i < RUN ? length - i : RUN, stride,        \
                             values + line + i * stride);                                          \
        }                                                                                          \
    } while (0)

/* In Fortran order with more than two dimensions the values of a row come in another order than
 * numpy's reshape gives; only whole rows matter here. */
void npy_copy_float32(const struct npy_array *array, size_t first, size_t count, float *values) {
    if (array->type == NPY_FLOAT32 && !array->fortran)
        copy_raw(array, first * array->columns, count * array->columns, values);
    else
        WALK_ROWS(run_float32);
}

void npy_copy_float64(const struct npy_array *array, size_t first, size_t count, double *values) {
    if (array->type == NPY_FLOAT64 && !array->fortran)
        copy_raw(array, first * array->columns, count * array->columns, values);
    else
        WALK_ROWS(run_float64);
}

enum error_code npy_take_float32(const struct npy_array *array, size_t first, size_t count,
                                 float *values, struct error *error) {
    npy_copy_float32(array, first, count, values);
    if (array->type != NPY_FLOAT64) return ERROR_NONE;
    for (size_t i = 0; i < count * array->columns; i++) {
        if (isfinite(values[i])) continue;
        size_t row = first + i / array->columns, column = i % array->columns;
        double value = npy_element(array, row, column);
        if (isfinite(value))
            return FAIL(error, ERROR_DATA, "row %zu, column %zu: %g is too large for float32", row,
                        column, value);
    }
    return ERROR_NONE;
}

double npy_element(const struct npy_array *array, size_t row, size_t column) {
    double value;
    size_t at = array->fortran ? column * array->rows + row : row * array->columns + column;
    run_float64(array, at, 1, 1, &value);
    return value;
}

#define TARGET int64_t
static void run_int64(const struct npy_array *array, size_t first, size_t count, size_t stride,
                      int64_t *values) {
    union run raw;
    copy_raw(array, first, count, &raw);
    switch (array->type) {
    case NPY_BOOL:
        for (size_t i = 0; i < count; i++) values[i * stride] = raw.u8[i] != 0;
        break;
    case NPY_INT8: CONVERT(i8); break;
    case NPY_INT16: CONVERT(i16); break;
    case NPY_INT32: CONVERT(i32); break;
    case NPY_INT64: CONVERT(i64); break;
    case NPY_UINT8: CONVERT(u8); break;
    case NPY_UINT16: CONVERT(u16); break;
    case NPY_UINT32: CONVERT(u32); break;
    default: CONVERT(u64); break;
    }
}
#undef TARGET

enum error_code npy_copy_int64(const struct npy_array *array, size_t first, size_t count,
                               int64_t *values, struct error *error) {
    if (npy_type_is_float(array->type))
        return FAIL(error, ERROR_DATA, "an array of %s where integers are expected",
                    npy_type_name(array->type));
    WALK_ROWS(run_int64);
    if (array->type != NPY_UINT64) return ERROR_NONE;
    for (size_t i = 0; i < count * array->columns; i++)
        if (values[i] < 0) /* wrapped */
            return FAIL(error, ERROR_DATA,
                        "row %zu: %" PRIu64 " does not fit a signed 64-bit integer",
                        first + i / array->columns, (uint64_t)values[i]);
    return ERROR_NONE;
}
