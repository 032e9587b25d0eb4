/* The encodings of parquet: one value after the other, from the bytes of a page. Nothing is
 * allocated for values that are not there. */
#ifndef EARMARK_CONTAINERS_PARQUET_VALUES_H
#define EARMARK_CONTAINERS_PARQUET_VALUES_H

#include "host/containers/parquet_page.h"
#include "host/containers/thrift.h"

struct parquet_scalar {
    const uint8_t *bytes; /* of PARQUET_BYTES and PARQUET_FIXED; stay in the memory of the page */
    size_t size;
    int64_t number; /* of integers and booleans */
    double real;    /* of floats and doubles */
};

/* ---- small numbers: levels, and indexes into a dictionary ---- */

struct parquet_bits { /* runs of one number, and runs of numbers of `width` bits */
    const uint8_t *at;
    const uint8_t *end;
    unsigned width; /* at most 32 */
    uint64_t left;  /* of the current run */
    bool is_packed;
    uint32_t value;  /* of a run of one number */
    unsigned offset; /* bits of *at that are used */
};

void parquet_bits_begin(struct parquet_bits *bits, const uint8_t *at, const uint8_t *end,
                        unsigned width);
/* false at the end, or if they are damaged. */
bool parquet_bits_next(struct parquet_bits *bits, uint32_t *value);
/* How many bits numbers up to `maximum` take. */
unsigned parquet_bit_width(uint32_t maximum);

/* The levels of a page: where its values begin. A width of 0 is all zeros. */
struct parquet_levels {
    struct parquet_bits repetition;
    struct parquet_bits definition;
};
/* ERROR_DATA if they are in a form that is not read. */
enum error_code parquet_levels_check(const struct parquet_column *column,
                                     const struct parquet_page *page, struct error *error);
/* `bytes` is the page (page->size); *values begins its values. Errors: ERROR_DATA. */
enum error_code parquet_levels_begin(struct parquet_levels *levels,
                                     const struct parquet_column *column,
                                     const struct parquet_page *page, const uint8_t *bytes,
                                     const uint8_t **values, struct error *error);

/* ---- deltas ---- */

struct parquet_delta {
    struct thrift bytes;
    uint64_t left; /* values */
    uint64_t miniblock_values;
    uint64_t miniblocks;
    uint64_t miniblock;    /* of the block; miniblocks: read the next block */
    uint64_t in_miniblock; /* values of it that are left */
    const uint8_t *widths;
    const uint8_t *packed; /* of the miniblock */
    uint64_t bit;
    int64_t minimum;
    int64_t value;
    bool is_first;
};

/* ---- values ---- */

struct parquet_values {
    enum parquet_type type;
    int encoding;
    uint32_t fixed_size;
    const uint8_t *at;
    const uint8_t *end;
    struct parquet_bits bits; /* of a dictionary, or of booleans */
    const struct parquet_scalar *dictionary;
    size_t dictionary_size;
    struct parquet_delta lengths; /* or numbers */
    struct parquet_delta prefixes;
    size_t split; /* values of PARQUET_ENCODING_SPLIT, and those that were read */
    size_t taken;
    struct text previous; /* of PARQUET_ENCODING_DELTA_BYTES */
};

/* The values that follow the levels of a page. Encodings that are not read are refused by name.
 * Errors: ERROR_DATA. */
enum error_code parquet_values_begin(struct parquet_values *values,
                                     const struct parquet_column *column,
                                     const struct parquet_page *page, const uint8_t *at,
                                     const uint8_t *end, struct error *error);
/* false if there is none, or it is damaged; text_check(&values->previous) tells a lack of memory.
 */
bool parquet_values_next(struct parquet_values *values, struct parquet_scalar *value);
void parquet_values_end(struct parquet_values *values); /* takes a zeroed one */

/* All values of a dictionary's page, to be freed. Errors: ERROR_DATA, ERROR_MEMORY. */
struct parquet_scalar *parquet_dictionary(const struct parquet_column *column,
                                          const struct parquet_page *page, const uint8_t *bytes,
                                          struct error *error);

#endif
