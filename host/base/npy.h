/* numpy's .npy files: read as hostile input and mapped from disk, written as a
 * stream that appears under its name only when complete.
 *
 * Read: format versions 1, 2 and 3; bool, signed and unsigned integers of 1 to 8
 * bytes, floats of 2, 4 and 8; little and big endian; C and Fortran order.
 * Written: version 1, little endian, C order, data at a multiple of 64 bytes. */
#ifndef EARMARK_BASE_NPY_H
#define EARMARK_BASE_NPY_H

#include "host/base/file_replace.h"
#include "host/base/npy_header.h"

/* ---- reading ---- */

/* Maps a file. ERROR_FILE or ERROR_DATA with its name and the problem: not .npy, truncated, a
 * shape that does not fit the size of the file, object arrays, unknown types. Nothing is kept
 * after a failure; npy_close releases the mapping. */
enum error_code npy_open(const char *path, struct npy_array *array, struct error *error);
/* The same for a file in a folder that earmark writes to. */
enum error_code npy_open_in(const struct folder *folder, const char *name, struct npy_array *array,
                            struct error *error);
void npy_close(struct npy_array *array); /* may be called on NPY_INITIAL */

/* The same with a copy of the file in memory, for values that become indexes, counts or sizes: the
 * bytes that are checked are those that are used. An array of other rows or columns (NPY_ANY: of
 * any) is only mapped, since the caller refuses it, and it may be larger than the memory. Also
 * ERROR_MEMORY, and ERROR_FILE for a file that changes while it is copied. */
#define NPY_ANY SIZE_MAX
enum error_code npy_read(const char *path, size_t rows, size_t columns, struct npy_array *array,
                         struct error *error);

/* For a mapped array: npy_watch() before its first use, npy_unchanged() after the last, which is
 * ERROR_FILE if the file or its elements are others by then. Times alone do not show it: a program
 * that maps the file, too, need not change them. */
void npy_watch(struct npy_array *array);
enum error_code npy_unchanged(const struct npy_array *array, struct error *error);

/* A mapped array is not needed for now: its pages are taken out of the process, which
 * npy_close() would do later. It may be read again. */
void npy_release(const struct npy_array *array);

/* The same on bytes in memory, which must stay valid. The message does not name a file. */
enum error_code npy_parse(const unsigned char *bytes, size_t size, struct npy_array *array,
                          struct error *error);

/* The elements in the mapping if they have this type, this machine's byte order, alignment and C
 * order (or one dimension); NULL otherwise. */
const void *npy_direct(const struct npy_array *array, enum npy_type type);

/* A matrix (columns = 0: a 1-D array) in memory, C order, which must stay valid. */
struct npy_array npy_view(enum npy_type type, size_t rows, size_t columns, const void *elements);

/* Rows first .. first + count - 1 in C order, converted: (count, columns). Any type. */
void npy_copy_float32(const struct npy_array *array, size_t first, size_t count, float *values);
void npy_copy_float64(const struct npy_array *array, size_t first, size_t count, double *values);

/* npy_copy_float32() of numbers that must fit: ERROR_DATA with row and column when a float64 is
 * finite and too large for float32. */
enum error_code npy_take_float32(const struct npy_array *array, size_t first, size_t count,
                                 float *values, struct error *error);

/* One element as a number; any type (integers beyond 2^53 are rounded). */
double npy_element(const struct npy_array *array, size_t row, size_t column);

/* The same for integer and bool arrays; ERROR_DATA for float arrays and for
 * values beyond int64, naming the row. */
enum error_code npy_copy_int64(const struct npy_array *array, size_t first, size_t count,
                               int64_t *values, struct error *error);

/* ---- writing ---- */

/* As shape[0] of npy_writer_open: as many rows as are written until commit. */
#define NPY_UNKNOWN_ROWS SIZE_MAX

struct npy_writer {
    struct file_replacement file;
    enum npy_type type;
    size_t dimensions;
    size_t shape[NPY_MAXIMUM_DIMENSIONS];
    size_t row_elements;
    uint64_t written; /* elements */
};

/* Begins the file; elements follow in C order. npy_writer_close must follow a success and may
 * follow a failure. */
enum error_code npy_writer_open(const struct folder *folder, const char *name, enum npy_type type,
                                size_t dimensions, const size_t *shape, struct npy_writer *writer,
                                struct error *error);
/* Appends `count` elements (not bytes) of the writer's type. */
enum error_code npy_writer_write(struct npy_writer *writer, const void *elements, size_t count,
                                 struct error *error);
/* The file gets its name; ERROR_INTERNAL if the elements do not fill the shape. */
enum error_code npy_writer_commit(struct npy_writer *writer, struct error *error);
/* Removes the unfinished file unless it was committed. */
void npy_writer_close(struct npy_writer *writer);

/* All of the above at once. */
enum error_code npy_write_in(const struct folder *folder, const char *name, enum npy_type type,
                             size_t dimensions, const size_t *shape, const void *elements,
                             struct error *error);

#endif
