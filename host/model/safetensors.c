#include "host/model/safetensors.h"

#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/model/quote.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LENGTH_BYTES 8
#define MAXIMUM_TENSORS 65536

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8}, {"I32", 4}, {"I16", 2},
              {"I8", 1},  {"U64", 8}, {"U32", 4},  {"U16", 2}, {"U8", 1},  {"BOOL", 1}};

/* Bytes of one element, or 0 for a dtype that is not known. */
static size_t dtype_bytes(const char *name) {
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(name, dtypes[i].name) == 0) return dtypes[i].bytes;
    return 0;
}

/* Reads a size, a JSON integer of at least 0; false for anything else. */
static bool json_size(const json_t *value, size_t *size) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *size = (size_t)json_integer_value(value);
    return true;
}

static enum error_code parse_shape(const json_t *shape, struct safetensor *tensor, size_t *elements,
                                   struct error *error) {
    if (!json_is_array(shape) || json_array_size(shape) > SAFETENSORS_MAXIMUM_RANK)
        return FAIL(error, ERROR_DATA, "tensor '%s': its shape is not a list of at most %d sizes",
                    quote_string(tensor->name).text, SAFETENSORS_MAXIMUM_RANK);
    tensor->rank = json_array_size(shape);
    *elements = 1;
    for (size_t i = 0; i < tensor->rank; i++) {
        if (!json_size(json_array_get(shape, i), &tensor->shape[i]))
            return FAIL(error, ERROR_DATA, "tensor '%s': size %zu of its shape is no size",
                        quote_string(tensor->name).text, i);
        if (__builtin_mul_overflow(*elements, tensor->shape[i], elements))
            return FAIL(error, ERROR_DATA, "tensor '%s': its shape is too large",
                        quote_string(tensor->name).text);
    }
    return ERROR_NONE;
}

/* Reads one entry of the header and checks it against the `size` bytes of data. */
static enum error_code parse_tensor(const json_t *entry, const unsigned char *data, size_t size,
                                    struct safetensor *tensor, struct error *error) {
    const char *name = tensor->name;
    const json_t *dtype = json_object_get(entry, "dtype");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (!json_is_object(entry) || json_object_size(entry) != 3 || !json_is_string(dtype) ||
        !json_is_array(offsets) || json_array_size(offsets) != 2)
        return FAIL(error, ERROR_DATA, "tensor '%s': not a dtype, a shape and two data_offsets",
                    quote_string(name).text);
    tensor->dtype = json_string_value(dtype);
    size_t element_bytes = dtype_bytes(tensor->dtype);
    if (element_bytes == 0)
        return FAIL(error, ERROR_DATA, "tensor '%s': unknown dtype '%s'", quote_string(name).text,
                    quote_string(tensor->dtype).text);
    size_t elements = 0;
    TRY(parse_shape(json_object_get(entry, "shape"), tensor, &elements, error));
    size_t begin = 0;
    size_t end = 0;
    if (!json_size(json_array_get(offsets, 0), &begin) ||
        !json_size(json_array_get(offsets, 1), &end) || begin > end || end > size)
        return FAIL(error, ERROR_DATA, "tensor '%s': its data is outside the file's %zu bytes",
                    quote_string(name).text, size);
    if (__builtin_mul_overflow(elements, element_bytes, &tensor->bytes) ||
        tensor->bytes != end - begin)
        return FAIL(error, ERROR_DATA,
                    "tensor '%s': %zu bytes of data do not fit its shape and dtype",
                    quote_string(name).text, end - begin);
    tensor->data = data + begin;
    return ERROR_NONE;
}

static int by_place(const void *left, const void *right) {
    const struct safetensor *a = left;
    const struct safetensor *b = right;
    if (a->data != b->data) return a->data < b->data ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Checks that the tensors fill the data from the first byte to the last, one after another. */
static enum error_code check_places(const struct safetensors *file, const unsigned char *data,
                                    size_t size, struct error *error) {
    const unsigned char *expected = data;
    for (size_t i = 0; i < file->count; i++) {
        const struct safetensor *tensor = &file->tensors[i];
        if (tensor->data != expected)
            return FAIL(error, ERROR_DATA, "tensor '%s': its data %s",
                        quote_string(tensor->name).text,
                        tensor->data < expected ? "overlaps another tensor's"
                                                : "leaves a hole in the file");
        expected += tensor->bytes;
    }
    if (expected != data + size)
        return FAIL(error, ERROR_DATA, "%zu bytes after the last tensor",
                    (size_t)(data + size - expected));
    return ERROR_NONE;
}

static enum error_code check_metadata(const json_t *metadata, struct error *error) {
    if (metadata == NULL) return ERROR_NONE;
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return FAIL(error, ERROR_DATA, "__metadata__ is not a map of texts");
    json_object_foreach(
        (json_t *)(uintptr_t)metadata, key,
        value) if (!json_is_string(value)) return FAIL(error, ERROR_DATA,
                                                       "__metadata__: '%s' is not a text",
                                                       quote_string(key).text);
    return ERROR_NONE;
}

/* Loads the JSON header; *data_offset is where the tensors' bytes begin. */
static enum error_code load_header(const unsigned char *bytes, size_t size, json_t **header,
                                   size_t *data_offset, struct error *error) {
    if (size < HEADER_LENGTH_BYTES + 2)
        return FAIL(error, ERROR_DATA, "%zu bytes are too few for a safetensors file", size);
    uint64_t length = 0;
    for (int i = HEADER_LENGTH_BYTES - 1; i >= 0; i--) length = length << 8 | bytes[i];
    if (bytes[HEADER_LENGTH_BYTES] != '{') return FAIL(error, ERROR_DATA, "not a safetensors file");
    if (length > SAFETENSORS_MAXIMUM_HEADER)
        return FAIL(error, ERROR_DATA, "a header of %llu bytes; at most %zu are read",
                    (unsigned long long)length, SAFETENSORS_MAXIMUM_HEADER);
    if (length > size - HEADER_LENGTH_BYTES)
        return FAIL(error, ERROR_DATA, "the file ends inside its header (%zu of %llu bytes)",
                    size - HEADER_LENGTH_BYTES, (unsigned long long)length);
    json_error_t problem;
    *header = json_loadb((const char *)bytes + HEADER_LENGTH_BYTES, (size_t)length,
                         JSON_REJECT_DUPLICATES, &problem);
    if (*header == NULL)
        return FAIL(error, ERROR_DATA, "its header is not JSON: %s (byte %d)",
                    quote_string(problem.text).text, problem.position + HEADER_LENGTH_BYTES);
    if (!json_is_object(*header) || json_object_size(*header) > MAXIMUM_TENSORS)
        return FAIL(error, ERROR_DATA, "its header is not a map of at most %d tensors",
                    MAXIMUM_TENSORS);
    *data_offset = HEADER_LENGTH_BYTES + (size_t)length;
    return ERROR_NONE;
}

enum error_code safetensors_parse(const unsigned char *bytes, size_t size, struct safetensors *file,
                                  struct error *error) {
    *file = (struct safetensors){NULL, NULL, 0};
    json_t *header = NULL;
    size_t offset = 0;
    const char *name;
    json_t *entry;
    if (load_header(bytes, size, &header, &offset, error) != ERROR_NONE) goto done;
    if (check_metadata(json_object_get(header, "__metadata__"), error) != ERROR_NONE) goto done;
    file->tensors =
        memory_array(json_object_size(header), sizeof *file->tensors, "the list of tensors", error);
    if (file->tensors == NULL) goto done;
    json_object_foreach(header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        struct safetensor *tensor = &file->tensors[file->count++];
        tensor->name = name;
        if (parse_tensor(entry, bytes + offset, size - offset, tensor, error) != ERROR_NONE)
            goto done;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, by_place);
    check_places(file, bytes + offset, size - offset, error);
done:
    file->header = header;
    if (error->code != ERROR_NONE) safetensors_free(file);
    return error->code;
}

void safetensors_free(struct safetensors *file) {
    json_decref(file->header);
    free(file->tensors);
    *file = (struct safetensors){NULL, NULL, 0};
}

const struct safetensor *safetensors_find(const struct safetensors *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const char *safetensors_metadata(const struct safetensors *file, const char *key) {
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

/* Formats the header's JSON, padded with spaces to a multiple of eight bytes. */
static void format_header(struct text *text, const struct safetensors_entry *metadata,
                          size_t metadata_count, const struct safetensor *tensors, size_t count) {
    text_string(text, "{\"__metadata__\":{");
    for (size_t i = 0; i < metadata_count; i++) {
        if (i > 0) text_string(text, ",");
        text_json(text, metadata[i].key);
        text_string(text, ":");
        text_json(text, metadata[i].value);
    }
    text_string(text, "}");
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        text_string(text, ",");
        text_json(text, tensors[i].name);
        text_format(text, ":{\"dtype\":\"%s\",\"shape\":[", tensors[i].dtype);
        for (size_t k = 0; k < tensors[i].rank; k++)
            text_format(text, k > 0 ? ",%zu" : "%zu", tensors[i].shape[k]);
        text_format(text, "],\"data_offsets\":[%zu,%zu]}", offset, offset + tensors[i].bytes);
        offset += tensors[i].bytes;
    }
    text_string(text, "}");
    while (text->length % 8 != 0 && !text->failed) text_append(text, " ", 1);
}

enum error_code safetensors_write(FILE *stream, const struct safetensors_entry *metadata,
                                  size_t metadata_count, const struct safetensor *tensors,
                                  size_t count, struct error *error) {
    struct text header = TEXT_INITIAL;
    format_header(&header, metadata, metadata_count, tensors, count);
    if (text_check(&header, error) != ERROR_NONE) goto done;
    if (header.length > SAFETENSORS_MAXIMUM_HEADER) {
        FAIL(error, ERROR_DATA, "a header of %zu bytes is more than the %zu that are read back",
             header.length, SAFETENSORS_MAXIMUM_HEADER);
        goto done;
    }
    unsigned char length[HEADER_LENGTH_BYTES];
    for (int i = 0; i < HEADER_LENGTH_BYTES; i++)
        length[i] = (unsigned char)((uint64_t)header.length >> (8 * i) & 0xff);
    bool written = fwrite(length, 1, sizeof length, stream) == sizeof length &&
                   fwrite(header.data, 1, header.length, stream) == header.length;
    for (size_t i = 0; i < count && written; i++)
        written = tensors[i].bytes == 0 ||
                  fwrite(tensors[i].data, 1, tensors[i].bytes, stream) == tensors[i].bytes;
    if (!written) FAIL(error, ERROR_FILE, "cannot write: %s", strerror(errno));
done:
    text_free(&header);
    return error->code;
}
