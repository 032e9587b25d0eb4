/* The safetensors container: eight bytes of header length, a JSON header, and
 * the tensors' bytes end to end.
 * Format: https://github.com/huggingface/safetensors (README, "Format"). */
#ifndef EARMARK_MODEL_SAFETENSORS_H
#define EARMARK_MODEL_SAFETENSORS_H

#include "host/base/error.h"

#include <stdio.h>

#define SAFETENSORS_MAXIMUM_RANK 8
#define SAFETENSORS_MAXIMUM_HEADER ((size_t)1 << 20)

struct safetensor {
    const char *name;  /* UTF-8 */
    const char *dtype; /* "F32", "F16", ... */
    size_t rank;
    size_t shape[SAFETENSORS_MAXIMUM_RANK];
    const unsigned char *data; /* little-endian, not aligned */
    size_t bytes;              /* the product of the sizes and the size of a value */
};

struct safetensors {
    void *header;               /* the parsed JSON; the names point into it */
    struct safetensor *tensors; /* in the order of their data in the file */
    size_t count;
};

/* Reads the header of bytes (size) and checks all of it: its length, its JSON (no duplicate
 * names), dtypes, shapes, and that the tensors fill the rest of the file without a hole or
 * overlap. The bytes must outlive *file. ERROR_DATA with the tensor's name; *file is then
 * empty. safetensors_free() frees it. */
enum error_code safetensors_parse(const unsigned char *bytes, size_t size, struct safetensors *file,
                                  struct error *error);
void safetensors_free(struct safetensors *file);

/* The tensor or metadata text of a name; NULL when there is none. */
const struct safetensor *safetensors_find(const struct safetensors *file, const char *name);
const char *safetensors_metadata(const struct safetensors *file, const char *key);

struct safetensors_entry {
    const char *key;
    const char *value;
};

/* Writes the header (metadata first, then the tensors in the order given; padded to a multiple
 * of eight bytes) and the tensors' data. Texts must be UTF-8. ERROR_FILE; ERROR_DATA when the
 * header is longer than SAFETENSORS_MAXIMUM_HEADER. */
enum error_code safetensors_write(FILE *stream, const struct safetensors_entry *metadata,
                                  size_t metadata_count, const struct safetensor *tensors,
                                  size_t count, struct error *error);

#endif
