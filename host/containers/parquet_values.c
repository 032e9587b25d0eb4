#include "host/containers/parquet_values.h"

#include "host/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- small numbers ---- */

void parquet_bits_begin(struct parquet_bits *bits, const uint8_t *at, const uint8_t *end,
                        unsigned width) {
    *bits = (struct parquet_bits){.at = at, .end = end, .width = width};
}

unsigned parquet_bit_width(uint32_t maximum) {
    unsigned width = 0;
    for (; maximum > 0; maximum >>= 1) width++;
    return width;
}

static bool next_run(struct parquet_bits *bits) {
    struct thrift bytes = {.at = bits->at, .end = bits->end};
    uint64_t header = thrift_varint(&bytes);
    const unsigned size = (bits->width + 7) / 8;
    if (bits->offset > 0) return false; /* the last run was not of whole bytes */
    if (bytes.failed || header > UINT32_MAX || header < 2) return false;
    bits->is_packed = (header & 1) != 0;
    bits->left = bits->is_packed ? (header >> 1) * 8 : header >> 1;
    bits->value = 0;
    bits->at = bytes.at;
    if (bits->is_packed) return true; /* the last run may end early */
    if ((size_t)(bits->end - bits->at) < size) return false;
    for (unsigned i = 0; i < size; i++) bits->value |= (uint32_t)*bits->at++ << (8 * i);
    return true;
}

bool parquet_bits_next(struct parquet_bits *bits, uint32_t *value) {
    *value = 0;
    if (bits->width == 0) return true;
    if (bits->left == 0 && !next_run(bits)) return false;
    bits->left--;
    *value = bits->value;
    if (!bits->is_packed) return true;
    for (unsigned done = 0; done < bits->width;) {
        unsigned take = 8 - bits->offset;
        if (take > bits->width - done) take = bits->width - done;
        if (bits->at == bits->end) return false;
        uint32_t piece = ((uint32_t)*bits->at >> bits->offset) & ((1U << take) - 1);
        *value |= piece << done;
        done += take;
        bits->offset += take;
        if (bits->offset < 8) continue;
        bits->offset = 0;
        bits->at++;
    }
    return true;
}

/* ---- levels ---- */

/* Levels of the first version begin with their length. */
static bool take_levels(struct parquet_bits *bits, uint16_t maximum, const uint8_t **at,
                        const uint8_t *end) {
    parquet_bits_begin(bits, NULL, NULL, 0);
    if (maximum == 0) return true;
    if (end - *at < 4) return false;
    uint32_t size = (uint32_t)(*at)[0] | (uint32_t)(*at)[1] << 8 | (uint32_t)(*at)[2] << 16 |
                    (uint32_t)(*at)[3] << 24;
    *at += 4;
    if (size > (size_t)(end - *at)) return false;
    parquet_bits_begin(bits, *at, *at + size, parquet_bit_width(maximum));
    *at += size;
    return true;
}

enum error_code parquet_levels_check(const struct parquet_column *column,
                                     const struct parquet_page *page, struct error *error) {
    if ((column->repetition == 0 || !page->repetition_packed) &&
        (column->definition == 0 || !page->definition_packed))
        return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "the levels of '%s' are bit-packed, a form of old writers that is not read; write "
                "it again with a newer one",
                column->name);
}

enum error_code parquet_levels_begin(struct parquet_levels *levels,
                                     const struct parquet_column *column,
                                     const struct parquet_page *page, const uint8_t *bytes,
                                     const uint8_t **values, struct error *error) {
    const uint8_t *at = bytes, *end = bytes + page->size;
    TRY(parquet_levels_check(column, page, error));
    if (page->type == PARQUET_DATA_V2) {
        const uint8_t *definition = bytes + page->repetition_bytes;
        parquet_bits_begin(&levels->repetition, bytes, definition,
                           parquet_bit_width(column->repetition));
        *values = definition + page->definition_bytes;
        parquet_bits_begin(&levels->definition, definition, *values,
                           parquet_bit_width(column->definition));
        return ERROR_NONE;
    }
    if (!take_levels(&levels->repetition, column->repetition, &at, end) ||
        !take_levels(&levels->definition, column->definition, &at, end))
        return PARQUET_DAMAGED(error, "the levels of the page at byte %llu are too short",
                               (unsigned long long)page->offset);
    *values = at;
    return ERROR_NONE;
}

/* ---- deltas ---- */

static bool delta_begin(struct parquet_delta *delta, const uint8_t *at, const uint8_t *end,
                        uint32_t most) {
    *delta = (struct parquet_delta){.bytes = {.at = at, .end = end}, .is_first = true};
    struct thrift *bytes = &delta->bytes;
    uint64_t block = thrift_varint(bytes);
    delta->miniblocks = thrift_varint(bytes);
    delta->left = thrift_varint(bytes);
    delta->value = thrift_zigzag(bytes);
    if (bytes->failed || delta->left > most || block > INT32_MAX || delta->miniblocks == 0)
        return false;
    delta->miniblock_values = block / delta->miniblocks;
    delta->miniblock = delta->miniblocks;
    return delta->miniblock_values > 0 && delta->miniblock_values % 8 == 0;
}

static bool next_miniblock(struct parquet_delta *delta) {
    struct thrift *bytes = &delta->bytes;
    if (delta->miniblock == delta->miniblocks) {
        delta->minimum = thrift_zigzag(bytes);
        if (bytes->failed || (uint64_t)(bytes->end - bytes->at) < delta->miniblocks) return false;
        delta->widths = bytes->at;
        bytes->at += delta->miniblocks;
        delta->miniblock = 0;
    }
    const uint8_t width = delta->widths[delta->miniblock++];
    const uint64_t size = delta->miniblock_values / 8 * width;
    if (width > 64 || (uint64_t)(bytes->end - bytes->at) < size) return false;
    delta->packed = bytes->at;
    bytes->at += size;
    delta->in_miniblock = delta->miniblock_values;
    delta->bit = 0;
    return true;
}

static bool delta_next(struct parquet_delta *delta, int64_t *value) {
    if (delta->left == 0) return false;
    delta->left--;
    if (!delta->is_first) {
        if (delta->in_miniblock == 0 && !next_miniblock(delta)) return false;
        const unsigned width = delta->widths[delta->miniblock - 1];
        uint64_t number = 0;
        delta->in_miniblock--;
        for (unsigned done = 0; done < width;) {
            unsigned offset = (unsigned)(delta->bit & 7), take = 8 - offset;
            if (take > width - done) take = width - done;
            uint64_t piece =
                ((uint64_t)delta->packed[delta->bit / 8] >> offset) & ((1U << take) - 1);
            number |= piece << done;
            done += take;
            delta->bit += take;
        }
        delta->value = (int64_t)((uint64_t)delta->value + (uint64_t)delta->minimum + number);
    }
    delta->is_first = false;
    *value = delta->value;
    return true;
}

/* Where the bytes after these deltas begin; NULL: they are damaged. */
static const uint8_t *delta_end(struct parquet_delta delta) {
    int64_t value = 0;
    while (delta.left > 0)
        if (!delta_next(&delta, &value)) return NULL;
    return delta.bytes.at;
}

/* ---- values ---- */

static const char *encoding_name(int encoding) {
    static const char *const names[] = {
        "PLAIN",          "GROUP_VAR_INT",       "PLAIN_DICTIONARY",        "RLE",
        "BIT_PACKED",     "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
        "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"};
    return encoding >= 0 && (size_t)encoding < sizeof names / sizeof *names ? names[encoding]
                                                                            : "of no known kind";
}

/* Of numbers; 1 for others. */
static size_t value_size(enum parquet_type type) {
    if (type == PARQUET_INT32 || type == PARQUET_FLOAT) return 4;
    return type == PARQUET_INT64 || type == PARQUET_DOUBLE ? 8 : 1;
}

static bool begin_encoding(struct parquet_values *values, uint32_t most, bool *is_known) {
    const bool is_number = values->type == PARQUET_INT32 || values->type == PARQUET_INT64;
    const size_t left = (size_t)(values->end - values->at);
    switch (values->encoding) {
    case PARQUET_ENCODING_PLAIN: return true;
    case PARQUET_ENCODING_PLAIN_DICTIONARY:
    case PARQUET_ENCODING_DICTIONARY:
        values->encoding = PARQUET_ENCODING_DICTIONARY;
        if (left == 0) return true; /* a page of nulls */
        parquet_bits_begin(&values->bits, values->at + 1, values->end, values->at[0]);
        return values->at[0] <= 32;
    case PARQUET_ENCODING_RLE:
        if (values->type != PARQUET_BOOLEAN) break;
        return take_levels(&values->bits, 1, &values->at, values->end);
    case PARQUET_ENCODING_SPLIT: /* the first bytes of all values, then the second, ... */
        values->split = left / value_size(values->type);
        return value_size(values->type) > 1 && left % value_size(values->type) == 0;
    case PARQUET_ENCODING_DELTA:
        if (!is_number) break;
        return delta_begin(&values->lengths, values->at, values->end, most);
    case PARQUET_ENCODING_DELTA_BYTES:
        if (values->type != PARQUET_BYTES) break;
        if (!delta_begin(&values->prefixes, values->at, values->end, most)) return false;
        values->at = delta_end(values->prefixes);
        if (values->at == NULL) return false;
        __attribute__((fallthrough)); /* the rest of each value is written as below */
    case PARQUET_ENCODING_DELTA_LENGTH:
        if (values->type != PARQUET_BYTES) break;
        if (!delta_begin(&values->lengths, values->at, values->end, most)) return false;
        values->at = delta_end(values->lengths);
        return values->at != NULL;
    default: break;
    }
    *is_known = false;
    return false;
}

enum error_code parquet_values_begin(struct parquet_values *values,
                                     const struct parquet_column *column,
                                     const struct parquet_page *page, const uint8_t *at,
                                     const uint8_t *end, struct error *error) {
    bool is_known = true;
    struct text previous = values->previous;
    text_clear(&previous);
    *values = (struct parquet_values){.type = column->type,
                                      .encoding = page->encoding,
                                      .fixed_size = column->fixed_size,
                                      .at = at,
                                      .end = end,
                                      .dictionary = values->dictionary,
                                      .dictionary_size = values->dictionary_size,
                                      .previous = previous};
    if (begin_encoding(values, page->values, &is_known)) return ERROR_NONE;
    if (is_known)
        return PARQUET_DAMAGED(error, "the values of the page at byte %llu cannot be read",
                               (unsigned long long)page->offset);
    return FAIL(error, ERROR_DATA,
                "the column '%s' has the encoding %s, which is not read; write it again "
                "with the encodings that pyarrow takes by itself",
                column->name, encoding_name(page->encoding));
}

void parquet_values_end(struct parquet_values *values) {
    text_free(&values->previous);
}

/* The next bytes of the page, or NULL. */
static const uint8_t *take(struct parquet_values *values, size_t size) {
    const uint8_t *bytes = values->at;
    if ((size_t)(values->end - values->at) < size) return NULL;
    values->at += size;
    return bytes;
}

static uint64_t little_endian(const uint8_t *bytes, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static bool take_bytes(struct parquet_values *values, size_t size, struct parquet_scalar *value) {
    value->bytes = take(values, size);
    value->size = size;
    return value->bytes != NULL;
}

static void take_number(enum parquet_type type, uint64_t bits, struct parquet_scalar *value) {
    if (value_size(type) == 4) {
        uint32_t word = (uint32_t)bits;
        float real;
        memcpy(&real, &word, sizeof real);
        value->number = (int32_t)word;
        value->real = (double)real;
    } else {
        value->number = (int64_t)bits;
        memcpy(&value->real, &bits, sizeof value->real);
    }
}

static bool next_plain(struct parquet_values *values, struct parquet_scalar *value) {
    const uint8_t *bytes = NULL;
    switch (values->type) {
    case PARQUET_BOOLEAN:
        if (values->at == values->end) return false;
        value->number = *values->at >> values->bits.offset & 1;
        values->bits.offset = (values->bits.offset + 1) % 8;
        if (values->bits.offset == 0) values->at++;
        return true;
    case PARQUET_INT32:
    case PARQUET_FLOAT:
    case PARQUET_INT64:
    case PARQUET_DOUBLE:
        bytes = take(values, value_size(values->type));
        if (bytes == NULL) return false;
        take_number(values->type, little_endian(bytes, value_size(values->type)), value);
        return true;
    case PARQUET_INT96: return take_bytes(values, 12, value);
    case PARQUET_FIXED: return take_bytes(values, values->fixed_size, value);
    case PARQUET_BYTES:
        bytes = take(values, 4);
        return bytes != NULL && take_bytes(values, (size_t)little_endian(bytes, 4), value);
    }
    return false;
}

static bool next_split(struct parquet_values *values, struct parquet_scalar *value) {
    uint64_t bits = 0;
    if (values->taken == values->split) return false;
    for (size_t i = 0; i < value_size(values->type); i++)
        bits |= (uint64_t)values->at[i * values->split + values->taken] << (8 * i);
    values->taken++;
    take_number(values->type, bits, value);
    return true;
}

static bool next_of_dictionary(struct parquet_values *values, struct parquet_scalar *value) {
    uint32_t index = 0;
    if (!parquet_bits_next(&values->bits, &index) || index >= values->dictionary_size) return false;
    *value = values->dictionary[index];
    return true;
}

static bool next_delta_bytes(struct parquet_values *values, struct parquet_scalar *value) {
    int64_t prefix = 0, size = 0;
    struct text *previous = &values->previous;
    if (!delta_next(&values->lengths, &size) || size < 0) return false;
    if (!take_bytes(values, (size_t)size, value)) return false;
    if (values->encoding == PARQUET_ENCODING_DELTA_LENGTH) return true;
    if (!delta_next(&values->prefixes, &prefix) || prefix < 0 ||
        (uint64_t)prefix > previous->length)
        return false;
    previous->length = (size_t)prefix;
    text_append(previous, (const char *)value->bytes, value->size);
    value->bytes = (const uint8_t *)(previous->data == NULL ? "" : previous->data);
    value->size = previous->length;
    return !previous->failed;
}

bool parquet_values_next(struct parquet_values *values, struct parquet_scalar *value) {
    uint32_t bit = 0;
    *value = (struct parquet_scalar){0};
    switch (values->encoding) {
    case PARQUET_ENCODING_PLAIN: return next_plain(values, value);
    case PARQUET_ENCODING_DICTIONARY: return next_of_dictionary(values, value);
    case PARQUET_ENCODING_SPLIT: return next_split(values, value);
    case PARQUET_ENCODING_DELTA:
        if (!delta_next(&values->lengths, &value->number)) return false;
        if (values->type == PARQUET_INT32) value->number = (int32_t)value->number;
        return true;
    case PARQUET_ENCODING_RLE:
        if (!parquet_bits_next(&values->bits, &bit)) return false;
        value->number = bit;
        return true;
    default: return next_delta_bytes(values, value);
    }
}

struct parquet_scalar *parquet_dictionary(const struct parquet_column *column,
                                          const struct parquet_page *page, const uint8_t *bytes,
                                          struct error *error) {
    struct parquet_values values = {.type = column->type,
                                    .encoding = PARQUET_ENCODING_PLAIN,
                                    .fixed_size = column->fixed_size,
                                    .at = bytes,
                                    .end = bytes + page->size};
    struct parquet_scalar *all = NULL;
    /* The least that a value takes: as many as fit are allocated. */
    bool good = column->type != PARQUET_BOOLEAN && page->values <= page->size &&
                (column->type == PARQUET_FIXED || page->values <= page->size / 4) &&
                (page->encoding == PARQUET_ENCODING_PLAIN ||
                 page->encoding == PARQUET_ENCODING_PLAIN_DICTIONARY);
    if (good) all = memory_array(page->values, sizeof *all, "a dictionary", error);
    for (uint32_t i = 0; i < page->values && good && all != NULL; i++)
        good = parquet_values_next(&values, &all[i]);
    if (good) return all;
    free(all);
    PARQUET_DAMAGED(error, "the dictionary at byte %llu cannot be read",
                    (unsigned long long)page->offset);
    return NULL;
}
