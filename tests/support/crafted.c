#include "crafted.h"

#include "host/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void put_number(struct text *bytes, uint64_t value, size_t width) {
    for (size_t i = 0; i < width; i++) {
        char byte = (char)(i < 8 ? value >> (8 * i) & 0xff : 0);
        text_append(bytes, &byte, 1);
    }
}

/* ---- pickles ---- */

void pickle_begin(struct text *pickle) {
    text_append(pickle, "\x80\x02", 2);
}

void pickle_string(struct text *pickle, const char *string) {
    text_append(pickle, "X", 1);
    put_number(pickle, strlen(string), 4);
    text_string(pickle, string);
}

void pickle_integer(struct text *pickle, int64_t value) {
    bool wide = value != (int32_t)value;
    text_append(pickle, wide ? "\x8a\x08" : "J", wide ? 2 : 1);
    put_number(pickle, (uint64_t)value, wide ? 8 : 4);
}

void pickle_global(struct text *pickle, const char *module, const char *name) {
    text_format(pickle, "c%s\n%s\n", module, name);
}

void pickle_dictionary(struct text *pickle) {
    pickle_global(pickle, "collections", "OrderedDict");
    text_string(pickle, ")R(");
}

void pickle_end(struct text *pickle) {
    text_string(pickle, "u.");
}

static void put_tuple(struct text *pickle, const int64_t *numbers, size_t count) {
    text_string(pickle, "(");
    for (size_t i = 0; i < count; i++) pickle_integer(pickle, numbers[i]);
    text_string(pickle, "t");
}

void pickle_tensor(struct text *pickle, const struct crafted_tensor *tensor) {
    pickle_string(pickle, tensor->name);
    pickle_global(pickle, "torch._utils", "_rebuild_tensor_v2");
    text_string(pickle, "((");
    pickle_string(pickle, "storage");
    pickle_global(pickle, "torch", tensor->storage_type);
    pickle_string(pickle, tensor->key);
    pickle_string(pickle, "cpu");
    pickle_integer(pickle, tensor->elements);
    text_string(pickle, "tQ");
    pickle_integer(pickle, tensor->offset);
    put_tuple(pickle, tensor->sizes, tensor->rank);
    put_tuple(pickle, tensor->strides, tensor->rank);
    text_append(pickle, "\x89", 1);
    pickle_global(pickle, "collections", "OrderedDict");
    text_string(pickle, ")RtR");
}

/* ---- zip files ---- */

static uint32_t checksum(const unsigned char *data, size_t size) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* The fields that local and central headers share: flags, method, time, then crc and sizes. */
static void put_middle(struct text *file, const struct crafted_entry *entry, uint32_t crc,
                       uint64_t compressed, uint64_t size) {
    put_number(file, 8u | entry->flags, 2);
    put_number(file, entry->method, 2);
    put_number(file, 0, 4);
    put_number(file, crc, 4);
    put_number(file, compressed, 4);
    put_number(file, size, 4);
}

static void put_local(struct text *file, const struct crafted_entry *entry, uint32_t crc) {
    size_t name = strlen(entry->name);
    size_t padding = 64 - (file->length + 30 + name + 4) % 64;
    put_number(file, 0x04034b50, 4);
    put_number(file, 0, 2);
    put_middle(file, entry, 0, 0, 0);
    put_number(file, name, 2);
    put_number(file, padding + 4, 2);
    text_string(file, entry->name);
    put_number(file, 0x4246, 2); /* "FB" */
    put_number(file, padding, 2);
    for (size_t i = 0; i < padding; i++) text_string(file, "Z");
    text_append(file, entry->data, entry->size);
    put_number(file, 0x08074b50, 4);
    put_number(file, crc, 4);
    put_number(file, entry->size, 4);
    put_number(file, entry->size, 4);
}

static void put_central(struct text *file, const struct crafted_entry *entry, uint32_t crc,
                        size_t offset) {
    uint64_t size = entry->said_size != 0 ? entry->said_size : entry->size;
    put_number(file, 0x02014b50, 4);
    put_number(file, 0, 2);
    put_number(file, 0, 2);
    put_middle(file, entry, crc, entry->said_compressed != 0 ? entry->said_compressed : size, size);
    put_number(file, strlen(entry->name), 2);
    put_number(file, 0, 2 + 2 + 2 + 2 + 4); /* extra, comment, disk, attributes: none */
    put_number(file, entry->said_offset != 0 ? entry->said_offset : offset, 4);
    text_string(file, entry->name);
}

void zip_craft(struct text *file, const struct crafted_entry *entries, size_t count,
               bool with_zip64) {
    size_t offsets[64];
    uint32_t checksums[64];
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        offsets[i] = file->length;
        checksums[i] = checksum(entries[i].data, entries[i].size);
        if (entries[i].wrong_checksum) checksums[i] ^= 1u;
        if (entries[i].no_checksum) checksums[i] = 0;
        put_local(file, &entries[i], checksums[i]);
    }
    size_t central = file->length;
    for (size_t i = 0; i < count; i++) put_central(file, &entries[i], checksums[i], offsets[i]);
    size_t central_size = file->length - central;
    size_t end = file->length;
    if (with_zip64) {
        put_number(file, 0x06064b50, 4);
        put_number(file, 44, 8);
        put_number(file, 0x002d031e, 4); /* versions */
        put_number(file, 0, 8);          /* disks */
        put_number(file, count, 8);
        put_number(file, count, 8);
        put_number(file, central_size, 8);
        put_number(file, central, 8);
        put_number(file, 0x07064b50, 4);
        put_number(file, 0, 4);
        put_number(file, end, 8);
        put_number(file, 1, 4);
    }
    put_number(file, 0x06054b50, 4);
    put_number(file, 0, 4);
    put_number(file, count, 2);
    put_number(file, count, 2);
    put_number(file, central_size, 4);
    put_number(file, central, 4);
    put_number(file, 0, 2);
}

/* ---- safetensors ---- */

void safetensors_craft(struct text *file, const char *header, size_t data_size) {
    put_number(file, strlen(header), 8);
    text_string(file, header);
    for (size_t i = 0; i < data_size; i++) put_number(file, 0, 1);
}

/* ---- golden files ---- */

unsigned char *model_file_read(const char *path, size_t *size) {
    struct error error = ERROR_INITIAL;
    char *bytes = NULL;
    if (file_read(path, (size_t)1 << 24, &bytes, size, &error) != ERROR_NONE)
        fail_msg("%s", error.message);
    return (unsigned char *)bytes;
}

float *model_file_floats(const char *path, size_t *count) {
    size_t size = 0;
    unsigned char *bytes = model_file_read(path, &size);
    assert_int_equal(size % sizeof(float), 0);
    *count = size / sizeof(float);
    return (float *)(void *)bytes;
}
