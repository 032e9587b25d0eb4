/* Thrift's compact protocol, read from memory: what parquet's footers and page headers are. */
#ifndef EARMARK_CONTAINERS_THRIFT_H
#define EARMARK_CONTAINERS_THRIFT_H

#include "host/base/error.h"

enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1, /* a field that is a boolean has its value for a type */
    THRIFT_FALSE = 2,
    THRIFT_BYTE = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
    THRIFT_UUID = 13
};

/* Once something is wrong, `failed` stays set and all later reads give nothing. */
struct thrift {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
    bool ended; /* it failed because the bytes end: more of them may be right */
};

struct thrift_field {
    int id;
    enum thrift_type type;
};

/* The next field of a struct, whose `field` is zeroed before its first; false after the last.
 * Each field is then read or skipped. */
bool thrift_next(struct thrift *thrift, struct thrift_field *field);
/* Leaves out the value of a field that is not known. */
void thrift_skip(struct thrift *thrift, enum thrift_type type);

/* The value of a field; it fails if its type is another one. */
int64_t thrift_integer(struct thrift *thrift, enum thrift_type type);
bool thrift_boolean(struct thrift *thrift, enum thrift_type type);
/* The bytes stay in the reader's memory. */
const char *thrift_bytes(struct thrift *thrift, enum thrift_type type, size_t *size);
/* The number of elements, never more than there are bytes left. Returns 0 unless `type` is a list
 * of these elements. */
size_t thrift_list(struct thrift *thrift, enum thrift_type type, enum thrift_type element);
/* Whether the field is a struct. */
bool thrift_struct(struct thrift *thrift, enum thrift_type type);

/* Two steps of its own that other parts of parquet use as well. */
uint64_t thrift_varint(struct thrift *thrift);
int64_t thrift_zigzag(struct thrift *thrift);

#endif
