#include "host/containers/parquet_page.h"

#include "host/base/memory.h"
#include "host/containers/thrift.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Headers hold the smallest and largest value of their page, which may be sounds. */
#define USUAL_HEADER 512
#define MAXIMUM_HEADER ((size_t)16 << 20)
/* Pages made to expand: sounds and labels never become so much longer. */
#define FREE_BYTES ((uint64_t)64 << 20)
#define MAXIMUM_RATIO 100
#define FREE_VALUES ((uint32_t)1 << 20)

#define AT(page) (unsigned long long)(page)->offset

/* ---- headers ---- */

static uint32_t take_count(struct thrift *thrift, enum thrift_type type) {
    int64_t count = thrift_integer(thrift, type);
    if (count < 0 || count > INT32_MAX) thrift->failed = true;
    return thrift->failed ? 0 : (uint32_t)count;
}

static void read_first(struct thrift *thrift, struct parquet_page *page) {
    struct thrift_field field = {0};
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 1: page->values = take_count(thrift, field.type); break;
        case 2: page->encoding = (int)take_count(thrift, field.type); break;
        case 3:
            page->definition_packed = take_count(thrift, field.type) != PARQUET_ENCODING_RLE;
            break;
        case 4:
            page->repetition_packed = take_count(thrift, field.type) != PARQUET_ENCODING_RLE;
            break;
        default: thrift_skip(thrift, field.type);
        }
    }
}

static void read_second(struct thrift *thrift, struct parquet_page *page) {
    struct thrift_field field = {0};
    while (thrift_next(thrift, &field)) {
        switch (field.id) {
        case 1: page->values = take_count(thrift, field.type); break;
        case 4: page->encoding = (int)take_count(thrift, field.type); break;
        case 5: page->definition_bytes = take_count(thrift, field.type); break;
        case 6: page->repetition_bytes = take_count(thrift, field.type); break;
        case 7: page->is_compressed = thrift_boolean(thrift, field.type); break;
        default: thrift_skip(thrift, field.type);
        }
    }
}

static void read_dictionary(struct thrift *thrift, struct parquet_page *page) {
    struct thrift_field field = {0};
    while (thrift_next(thrift, &field)) {
        if (field.id == 1)
            page->values = take_count(thrift, field.type);
        else if (field.id == 2)
            page->encoding = (int)take_count(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
}

static void read_header(struct thrift *thrift, struct parquet_page *page, int *type) {
    struct thrift_field field = {0};
    int found = -1;
    *type = -1;
    *page = (struct parquet_page){.is_compressed = true};
    while (thrift_next(thrift, &field)) {
        bool is_struct = field.type == THRIFT_STRUCT;
        if (field.id == 5 || field.id == 7 || field.id == 8)
            found = field.id == 5   ? PARQUET_DATA
                    : field.id == 7 ? PARQUET_DICTIONARY
                                    : PARQUET_DATA_V2;
        if (field.id == 1)
            *type = (int)take_count(thrift, field.type);
        else if (field.id == 2)
            page->size = take_count(thrift, field.type);
        else if (field.id == 3)
            page->stored = take_count(thrift, field.type);
        else if (field.id == 4)
            page->checksum = (uint32_t)thrift_integer(thrift, field.type),
            page->has_checksum = true;
        else if (field.id == 5 && is_struct)
            read_first(thrift, page);
        else if (field.id == 7 && is_struct)
            read_dictionary(thrift, page);
        else if (field.id == 8 && is_struct)
            read_second(thrift, page);
        else
            thrift_skip(thrift, field.type);
    }
    bool is_known =
        *type == PARQUET_DATA || *type == PARQUET_DICTIONARY || *type == PARQUET_DATA_V2;
    if (is_known && found != *type) thrift->failed = true;
    if (is_known) page->type = (enum parquet_page_type) * type;
}

/* Reads the header at walk->at, with ever more bytes until it is complete. *length: of it. */
static enum error_code find_header(struct parquet_walk *walk, struct parquet_page *page, int *type,
                                   struct error *error) {
    uint8_t usual[USUAL_HEADER];
    const uint64_t left = walk->end - walk->at;
    struct thrift thrift = {.ended = true};
    for (size_t size = USUAL_HEADER; thrift.ended && size <= MAXIMUM_HEADER; size *= 8) {
        size_t count = size < left ? size : (size_t)left;
        uint8_t *bytes = size == USUAL_HEADER ? usual : memory_array(count, 1, "a page", error);
        if (bytes == NULL) return error->code;
        thrift = (struct thrift){.at = bytes, .end = bytes + count};
        if (parquet_read(walk->file, walk->at, bytes, count, error) == ERROR_NONE)
            read_header(&thrift, page, type);
        page->offset = walk->at + (uint64_t)(thrift.at - bytes);
        if (bytes != usual) free(bytes);
        TRY(error->code);
        if (count == left) break;
    }
    if (!thrift.failed) return ERROR_NONE;
    return PARQUET_DAMAGED(error, "the header of the page at byte %llu cannot be read",
                           (unsigned long long)walk->at);
}

/* ---- walking ---- */

enum error_code parquet_walk_begin(struct parquet_walk *walk, const struct parquet_file *file,
                                   const struct parquet_chunk *chunk, struct error *error) {
    *walk = (struct parquet_walk){.file = file,
                                  .chunk = chunk,
                                  .at = chunk->offset,
                                  .end = chunk->offset + chunk->bytes,
                                  .values = chunk->values};
    return chunk->values == 0 ? ERROR_NONE : parquet_codec_check(chunk->codec, error);
}

/* Whether what the header says can be true. */
static enum error_code check_page(const struct parquet_walk *walk, const struct parquet_page *page,
                                  struct error *error) {
    const uint32_t levels = page->definition_bytes + page->repetition_bytes; /* below 2^32 */
    if (levels > page->stored || levels > page->size)
        return PARQUET_DAMAGED(error, "the page at byte %llu is too short", AT(page));
    if (page->size > FREE_BYTES && page->size / MAXIMUM_RATIO > page->stored)
        return FAIL(error, ERROR_DATA,
                    "the page at byte %llu becomes %u bytes of %u, more than %d times as many; "
                    "write it again uncompressed",
                    AT(page), page->size, page->stored, MAXIMUM_RATIO);
    /* Each value of a dictionary is kept. */
    if (page->type == PARQUET_DICTIONARY && page->values > FREE_VALUES &&
        page->values - FREE_VALUES > walk->file->size)
        return PARQUET_DAMAGED(error, "the dictionary at byte %llu has more values than bytes",
                               AT(page));
    bool is_plain = walk->chunk->codec == PARQUET_UNCOMPRESSED ||
                    (page->type == PARQUET_DATA_V2 && !page->is_compressed);
    if (is_plain && page->size != page->stored)
        return PARQUET_DAMAGED(error, "the page at byte %llu has two lengths", AT(page));
    return ERROR_NONE;
}

enum error_code parquet_walk_next(struct parquet_walk *walk, struct parquet_page *page, bool *end,
                                  struct error *error) {
    *page = (struct parquet_page){.offset = walk->at};
    for (*end = walk->values == 0; !*end; *end = walk->values == 0) {
        int type = -1;
        if (walk->at >= walk->end)
            return PARQUET_DAMAGED(error, "a column has %lld values less than it says",
                                   (long long)walk->values);
        TRY(find_header(walk, page, &type, error));
        if (page->stored > walk->end - page->offset)
            return PARQUET_DAMAGED(error, "the page at byte %llu is longer than its column",
                                   AT(page));
        walk->at = page->offset + page->stored;
        bool is_first = !walk->began;
        walk->began = true;
        if (type == PARQUET_DICTIONARY) {
            if (!is_first) return PARQUET_DAMAGED(error, "a dictionary after its values");
            return check_page(walk, page, error);
        }
        if ((type != PARQUET_DATA && type != PARQUET_DATA_V2) || page->values == 0) continue;
        if (page->values > walk->values)
            return PARQUET_DAMAGED(error, "the page at byte %llu has more values than its column",
                                   AT(page));
        walk->values -= page->values;
        return check_page(walk, page, error);
    }
    return ERROR_NONE;
}

/* ---- reading ---- */

bool parquet_page_is_plain(const struct parquet_page *page) {
    return page->type == PARQUET_DATA_V2 && !page->is_compressed;
}

static enum error_code check_sum(const struct parquet_page *page, uLong found,
                                 struct error *error) {
    if (!page->has_checksum || (uint32_t)found == page->checksum) return ERROR_NONE;
    return PARQUET_DAMAGED(error, "the page at byte %llu does not have its checksum", AT(page));
}

enum error_code parquet_page_check(const struct parquet_file *file, const struct parquet_page *page,
                                   struct error *error) {
    uint8_t bytes[1 << 14];
    uLong sum = crc32(0, NULL, 0);
    for (uint32_t done = 0; done < page->stored && page->has_checksum;) {
        uint32_t left = page->stored - done;
        uint32_t count = left < sizeof bytes ? left : (uint32_t)sizeof bytes;
        TRY(parquet_read(file, page->offset + done, bytes, count, error));
        sum = crc32(sum, bytes, count);
        done += count;
    }
    return check_sum(page, sum, error);
}

static enum error_code unpack(const struct parquet_page *page, int codec, const uint8_t *stored,
                              uint8_t *bytes, struct error *error) {
    const uint32_t levels = page->definition_bytes + page->repetition_bytes;
    TRY(check_sum(page, crc32(crc32(0, NULL, 0), stored, page->stored), error));
    if (levels > 0) memcpy(bytes, stored, levels);
    if (parquet_page_is_plain(page)) codec = PARQUET_UNCOMPRESSED;
    if (page->size == levels) return ERROR_NONE; /* of nulls alone: nothing was compressed */
    return parquet_decompress(codec, stored + levels, page->stored - levels, bytes + levels,
                              page->size - levels, error);
}

enum error_code parquet_page_read(const struct parquet_file *file, const struct parquet_page *page,
                                  int codec, uint8_t *bytes, struct error *error) {
    if (codec == PARQUET_UNCOMPRESSED && !page->has_checksum)
        return parquet_read(file, page->offset, bytes, page->stored, error);
    if (page->stored > file->stored && page->stored - file->stored > (1 << 20))
        return PARQUET_DAMAGED(error, "part of it is a hole");
    uint8_t *stored = memory_array(page->stored, 1, "a page", error);
    if (stored != NULL &&
        parquet_read(file, page->offset, stored, page->stored, error) == ERROR_NONE)
        unpack(page, codec, stored, bytes, error);
    free(stored);
    return error->code;
}
