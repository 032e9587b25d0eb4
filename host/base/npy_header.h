/* The header of a .npy file: magic, version, and a Python dictionary literal. */
#ifndef EARMARK_BASE_NPY_HEADER_H
#define EARMARK_BASE_NPY_HEADER_H

#include "host/base/npy.h"

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
