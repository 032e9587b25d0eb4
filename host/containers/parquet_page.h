/* Pages, of which the values of a column in a row group consist. */
#ifndef EARMARK_CONTAINERS_PARQUET_PAGE_H
#define EARMARK_CONTAINERS_PARQUET_PAGE_H

#include "host/containers/parquet_file.h"

enum parquet_codec { /* those that are read */
                     PARQUET_UNCOMPRESSED = 0,
                     PARQUET_SNAPPY = 1,
                     PARQUET_GZIP = 2,
                     PARQUET_ZSTD = 6
};

enum parquet_encoding {
    PARQUET_ENCODING_PLAIN = 0,
    PARQUET_ENCODING_PLAIN_DICTIONARY = 2,
    PARQUET_ENCODING_RLE = 3,
    PARQUET_ENCODING_BIT_PACKED = 4,
    PARQUET_ENCODING_DELTA = 5,
    PARQUET_ENCODING_DELTA_LENGTH = 6,
    PARQUET_ENCODING_DELTA_BYTES = 7,
    PARQUET_ENCODING_DICTIONARY = 8,
    PARQUET_ENCODING_SPLIT = 9
};

enum parquet_page_type { PARQUET_DATA = 0, PARQUET_DICTIONARY = 2, PARQUET_DATA_V2 = 3 };

struct parquet_page {
    enum parquet_page_type type;
    int encoding;
    uint64_t offset; /* of its bytes in the file, after the header */
    uint32_t stored; /* bytes in the file */
    uint32_t size;   /* bytes once decompressed */
    uint32_t values; /* nulls count */
    /* Of the first version: an encoding of levels that is not read. Writers name it for levels that
     * are not there, too. */
    bool repetition_packed;
    bool definition_packed;
    /* Of the second version, whose levels come first, never compressed. */
    uint32_t repetition_bytes;
    uint32_t definition_bytes;
    bool is_compressed;
    bool has_checksum;
    uint32_t checksum;
};

/* Steps through the pages of a chunk. */
struct parquet_walk {
    const struct parquet_file *file;
    const struct parquet_chunk *chunk;
    uint64_t at;
    uint64_t end;
    int64_t values; /* not yet seen */
    bool began;
};

/* Refuses codecs that are not read, by name. */
enum error_code parquet_walk_begin(struct parquet_walk *walk, const struct parquet_file *file,
                                   const struct parquet_chunk *chunk, struct error *error);
/* The next page with values, or a dictionary, which is the first; *end: there is none. Errors:
 * ERROR_DATA, ERROR_FILE, ERROR_MEMORY. */
enum error_code parquet_walk_next(struct parquet_walk *walk, struct parquet_page *page, bool *end,
                                  struct error *error);

/* Whether the page, decompressed, is its bytes in the file. */
bool parquet_page_is_plain(const struct parquet_page *page);

/* Reads the page into `bytes` (page->size) and checks its checksum. */
enum error_code parquet_page_read(const struct parquet_file *file, const struct parquet_page *page,
                                  int codec, uint8_t *bytes, struct error *error);
/* Only checks the checksum, if there is one. */
enum error_code parquet_page_check(const struct parquet_file *file, const struct parquet_page *page,
                                   struct error *error);

/* Decompresses exactly `size` bytes. Errors: ERROR_DATA, ERROR_MEMORY. */
enum error_code parquet_decompress(int codec, const uint8_t *stored, size_t stored_size,
                                   uint8_t *bytes, size_t size, struct error *error);
/* ERROR_DATA, with what to do, unless the codec is read. */
enum error_code parquet_codec_check(int codec, struct error *error);

#endif
