#include "host/containers/thrift.h"

/* Deeper than any struct of parquet. */
#define MAXIMUM_DEPTH 16

static void fail(struct thrift *thrift) {
    thrift->failed = true;
    thrift->at = thrift->end;
}

/* Fails because the bytes end. */
static void fail_at_end(struct thrift *thrift) {
    if (!thrift->failed) thrift->ended = true;
    fail(thrift);
}

static size_t left(const struct thrift *thrift) {
    return (size_t)(thrift->end - thrift->at);
}

static uint8_t next_byte(struct thrift *thrift) {
    if (left(thrift) > 0) return *thrift->at++;
    fail_at_end(thrift);
    return 0;
}

uint64_t thrift_varint(struct thrift *thrift) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = next_byte(thrift);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    fail(thrift);
    return 0;
}

int64_t thrift_zigzag(struct thrift *thrift) {
    uint64_t value = thrift_varint(thrift);
    return (int64_t)((value >> 1) ^ (~(value & 1) + 1));
}

bool thrift_next(struct thrift *thrift, struct thrift_field *field) {
    uint8_t byte = next_byte(thrift);
    field->type = (enum thrift_type)(byte & 0x0f);
    if (thrift->failed || field->type == THRIFT_STOP) return false;
    if (field->type > THRIFT_UUID) fail(thrift);
    int64_t id = byte >> 4 != 0 ? field->id + (byte >> 4) : thrift_zigzag(thrift);
    if (id < 0 || id > INT16_MAX) fail(thrift);
    field->id = thrift->failed ? 0 : (int)id;
    return !thrift->failed;
}

static void skip_bytes(struct thrift *thrift, uint64_t count) {
    if (count > left(thrift))
        fail_at_end(thrift);
    else
        thrift->at += count;
}

/* The number of elements of a list or set, and their type. */
static size_t list_header(struct thrift *thrift, enum thrift_type *element) {
    uint8_t byte = next_byte(thrift);
    uint64_t count = byte >> 4;
    *element = (enum thrift_type)(byte & 0x0f);
    if (count == 15) count = thrift_varint(thrift);
    /* Of an empty one some writers leave the type out. */
    if (count > 0 && (*element == THRIFT_STOP || *element > THRIFT_UUID)) fail(thrift);
    if (count > left(thrift)) fail_at_end(thrift); /* each takes a byte */
    return thrift->failed ? 0 : (size_t)count;
}

static void skip(struct thrift *thrift, enum thrift_type type, bool element, int depth);

static void skip_map(struct thrift *thrift, int depth) {
    uint64_t count = thrift_varint(thrift);
    if (count == 0 || thrift->failed) return;
    uint8_t types = next_byte(thrift);
    if (count > left(thrift)) fail_at_end(thrift);
    for (uint64_t i = 0; i < count && !thrift->failed; i++) {
        skip(thrift, (enum thrift_type)(types >> 4), true, depth);
        skip(thrift, (enum thrift_type)(types & 0x0f), true, depth);
    }
}

/* A boolean is a byte as an element and nothing as a field. */
static void skip(struct thrift *thrift, enum thrift_type type, bool element, int depth) {
    struct thrift_field field = {0, THRIFT_STOP};
    enum thrift_type inner;
    size_t count;
    if (depth > MAXIMUM_DEPTH) fail(thrift);
    if (thrift->failed) return;
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        if (element) next_byte(thrift);
        return;
    case THRIFT_BYTE: next_byte(thrift); return;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64: thrift_varint(thrift); return;
    case THRIFT_DOUBLE: skip_bytes(thrift, 8); return;
    case THRIFT_UUID: skip_bytes(thrift, 16); return;
    case THRIFT_BINARY: skip_bytes(thrift, thrift_varint(thrift)); return;
    case THRIFT_LIST:
    case THRIFT_SET:
        count = list_header(thrift, &inner);
        for (size_t i = 0; i < count && !thrift->failed; i++) skip(thrift, inner, true, depth + 1);
        return;
    case THRIFT_MAP: skip_map(thrift, depth + 1); return;
    case THRIFT_STRUCT:
        while (thrift_next(thrift, &field)) skip(thrift, field.type, false, depth + 1);
        return;
    case THRIFT_STOP: break;
    }
    fail(thrift);
}

void thrift_skip(struct thrift *thrift, enum thrift_type type) {
    skip(thrift, type, false, 0);
}

int64_t thrift_integer(struct thrift *thrift, enum thrift_type type) {
    if (type == THRIFT_BYTE) return (int8_t)next_byte(thrift);
    if (type == THRIFT_I16 || type == THRIFT_I32 || type == THRIFT_I64)
        return thrift_zigzag(thrift);
    fail(thrift);
    return 0;
}

bool thrift_boolean(struct thrift *thrift, enum thrift_type type) {
    if (type != THRIFT_TRUE && type != THRIFT_FALSE) fail(thrift);
    return type == THRIFT_TRUE;
}

const char *thrift_bytes(struct thrift *thrift, enum thrift_type type, size_t *size) {
    uint64_t count = type == THRIFT_BINARY ? thrift_varint(thrift) : 0;
    const uint8_t *bytes = thrift->at;
    if (type != THRIFT_BINARY) fail(thrift);
    skip_bytes(thrift, count);
    *size = thrift->failed ? 0 : (size_t)count;
    return (const char *)bytes;
}

size_t thrift_list(struct thrift *thrift, enum thrift_type type, enum thrift_type element) {
    enum thrift_type found = THRIFT_STOP;
    if (type != THRIFT_LIST) fail(thrift);
    size_t count = list_header(thrift, &found);
    if (count > 0 && found != element) fail(thrift);
    return thrift->failed ? 0 : count;
}

bool thrift_struct(struct thrift *thrift, enum thrift_type type) {
    if (type != THRIFT_STRUCT) fail(thrift);
    return !thrift->failed;
}
