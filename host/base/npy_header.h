/* The header of a .npy file: magic, version, and a Python dictionary literal. */
#ifndef EARMARK_BASE_NPY_HEADER_H
#define EARMARK_BASE_NPY_HEADER_H

#include "host/base/error.h"
#include "host/base/file.h"

#define NPY_MAXIMUM_DIMENSIONS 8

enum npy_type {
    NPY_BOOL = 0,
    NPY_INT8 = 1,
    NPY_INT16 = 2,
    NPY_INT32 = 3,
    NPY_INT64 = 4,
    NPY_UINT8 = 5,
    NPY_UINT16 = 6,
    NPY_UINT32 = 7,
    NPY_UINT64 = 8,
    NPY_FLOAT16 = 9,
    NPY_FLOAT32 = 10,
    NPY_FLOAT64 = 11
};

size_t npy_type_size(enum npy_type type);      /* bytes of one element */
const char *npy_type_name(enum npy_type type); /* "float32" */
bool npy_type_is_float(enum npy_type type);
bool npy_type_is_integer(enum npy_type type); /* bool is not one */

/* An array as its header describes it, and where its elements are. */
struct npy_array {
    enum npy_type type;
    bool swapped; /* the file's byte order is not this machine's */
    bool fortran; /* column after column; false for 1-D arrays */
    size_t dimensions;
    size_t shape[NPY_MAXIMUM_DIMENSIONS];
    size_t rows;                 /* shape[0]; 1 for an array without dimensions */
    size_t columns;              /* elements of one row: the product of the other dimensions */
    size_t count;                /* rows * columns */
    const unsigned char *data;   /* may be unaligned: use npy_direct or the copies below */
    struct file_mapping mapping; /* npy_open */
    unsigned char *copy;         /* npy_read */
    uint64_t checksum;           /* npy_watch; 0: not watched */
};

#define NPY_INITIAL                                                                                \
    { .type = NPY_BOOL }

/* Fills in everything of *array but data and mapping; *data_offset is where the
 * elements begin. ERROR_DATA or ERROR_UNSUPPORTED, the message without the file's
 * name. Does not read beyond `size` bytes. */
enum error_code npy_header_parse(const unsigned char *bytes, size_t size, struct npy_array *array,
                                 size_t *data_offset, struct error *error);

/* Room for the longest header that is written: a multiple of 64. */
#define NPY_HEADER_SIZE 256

/* A version 1 header for a little-endian array in C order, padded with blanks:
 * always the same size for the same number of dimensions, so that rows can be
 * filled in at the end. Returns its size. */
size_t npy_header_format(enum npy_type type, size_t dimensions, const size_t *shape,
                         char header[NPY_HEADER_SIZE]);

#endif
