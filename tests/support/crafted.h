/* Handmade files for the readers of models, in which single fields can be wrong. */
#ifndef EARMARK_TEST_CRAFTED_H
#define EARMARK_TEST_CRAFTED_H

#include "host/base/text.h"

#include <stdint.h>

/* ---- bytes, appended to a struct text ---- */

void put_number(struct text *bytes, uint64_t value, size_t width); /* little-endian */

/* ---- pickles ---- */

void pickle_begin(struct text *pickle);                      /* PROTO 2 */
void pickle_string(struct text *pickle, const char *string); /* BINUNICODE */
void pickle_integer(struct text *pickle, int64_t value);     /* BININT, or LONG1 beyond 32 bits */
void pickle_global(struct text *pickle, const char *module, const char *name);
void pickle_dictionary(struct text *pickle); /* OrderedDict(), and a mark */
void pickle_end(struct text *pickle);        /* SETITEMS, STOP */

struct crafted_tensor {
    const char *name;
    const char *storage_type; /* "FloatStorage" */
    const char *key;          /* "0" */
    int64_t elements;
    int64_t offset;
    size_t rank;
    int64_t sizes[10];
    int64_t strides[10];
};

/* Appends a name and the call that rebuilds its tensor. */
void pickle_tensor(struct text *pickle, const struct crafted_tensor *tensor);

/* ---- zip files ---- */

struct crafted_entry {
    const char *name;
    const void *data;
    size_t size;
    /* Values for the central directory; 0: the true ones. */
    uint64_t said_size;
    uint64_t said_compressed;
    uint64_t said_offset;
    uint16_t method; /* 0: stored */
    uint16_t flags;  /* besides bit 3; 1 is "encrypted" */
    bool wrong_checksum;
    bool no_checksum; /* writes 0, as PyTorch does when set to compute no checksum */
};

/* A zip file as PyTorch writes it: local headers without sizes (bit 3), data
 * aligned to 64 bytes, data descriptors; with_zip64 adds the ZIP64 end records. */
void zip_craft(struct text *file, const struct crafted_entry *entries, size_t count,
               bool with_zip64);

/* ---- safetensors ---- */

/* Appends length, header and `data_size` zero bytes. */
void safetensors_craft(struct text *file, const char *header, size_t data_size);

/* ---- golden files ---- */

/* The contents of the file, to be freed; the test fails if it cannot be read. */
unsigned char *model_file_read(const char *path, size_t *size);
/* The values of a raw little-endian float32 file, to be freed. */
float *model_file_floats(const char *path, size_t *count);

#endif
