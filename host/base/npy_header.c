/* A parser for the Python literal of .npy headers: a dictionary of a string, a bool and a tuple of
 * integers. The file is not trusted. */
#include "host/base/npy_header.h"

#include <inttypes.h>
#include <string.h>

/* numpy refuses longer headers too; a plain array needs about 100 bytes. */
#define HEADER_LIMIT 10000u

struct cursor {
    const char *at;
    const char *end;
};

static const struct {
    const char *name; /* for messages */
    const char *code; /* in the file, after the byte order */
    size_t size;
} types[] = {
    [NPY_BOOL] = {"bool", "b1", 1},       [NPY_INT8] = {"int8", "i1", 1},
    [NPY_INT16] = {"int16", "i2", 2},     [NPY_INT32] = {"int32", "i4", 4},
    [NPY_INT64] = {"int64", "i8", 8},     [NPY_UINT8] = {"uint8", "u1", 1},
    [NPY_UINT16] = {"uint16", "u2", 2},   [NPY_UINT32] = {"uint32", "u4", 4},
    [NPY_UINT64] = {"uint64", "u8", 8},   [NPY_FLOAT16] = {"float16", "f2", 2},
    [NPY_FLOAT32] = {"float32", "f4", 4}, [NPY_FLOAT64] = {"float64", "f8", 8},
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

size_t npy_type_size(enum npy_type type) {
    return types[type].size;
}

const char *npy_type_name(enum npy_type type) {
    return types[type].name;
}

bool npy_type_is_float(enum npy_type type) {
    return type >= NPY_FLOAT16;
}

bool npy_type_is_integer(enum npy_type type) {
    return type >= NPY_INT8 && type <= NPY_UINT64;
}

static void skip_blanks(struct cursor *cursor) {
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' ||
                                        *cursor->at == '\n' || *cursor->at == '\r'))
        cursor->at++;
}

/* Takes the character if it is the next one. */
static bool take(struct cursor *cursor, char character) {
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != character) return false;
    cursor->at++;
    return true;
}

static bool take_word(struct cursor *cursor, const char *word) {
    skip_blanks(cursor);
    size_t length = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* A quoted string without escapes, cut to the buffer's size. */
static bool take_string(struct cursor *cursor, char *string, size_t size) {
    skip_blanks(cursor);
    if (cursor->at == cursor->end || (*cursor->at != '\'' && *cursor->at != '"')) return false;
    char quote = *cursor->at++;
    size_t length = 0;
    while (cursor->at < cursor->end && *cursor->at != quote) {
        if (*cursor->at == '\\') return false;
        if (length + 1 < size) string[length++] = *cursor->at;
        cursor->at++;
    }
    string[length] = '\0';
    if (cursor->at == cursor->end) return false;
    cursor->at++;
    return true;
}

static enum error_code take_shape(struct cursor *cursor, struct npy_array *array,
                                  struct error *error) {
    if (!take(cursor, '('))
        return FAIL(error, ERROR_DATA, "damaged .npy header: the shape is no tuple");
    array->dimensions = 0;
    while (!take(cursor, ')')) {
        skip_blanks(cursor);
        const char *start = cursor->at;
        size_t value = 0;
        while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
            size_t digit = (size_t)(*cursor->at++ - '0');
            if (value > (SIZE_MAX - digit) / 10)
                return FAIL(error, ERROR_DATA, "damaged .npy header: a dimension beyond 64 bits");
            value = value * 10 + digit;
        }
        if (cursor->at == start)
            return FAIL(error, ERROR_DATA,
                        "damaged .npy header: a dimension that is no number >= 0");
        if (array->dimensions == NPY_MAXIMUM_DIMENSIONS)
            return FAIL(error, ERROR_UNSUPPORTED, "an array of more than %d dimensions",
                        NPY_MAXIMUM_DIMENSIONS);
        array->shape[array->dimensions++] = value;
        if (cursor->at < cursor->end && *cursor->at == 'L') cursor->at++; /* Python 2 */
        if (!take(cursor, ',')) {
            if (take(cursor, ')')) break;
            return FAIL(error, ERROR_DATA, "damaged .npy header: the shape's tuple does not end");
        }
    }
    return ERROR_NONE;
}

/* "<f4": byte order and type. The text is not trusted: a message repeats it only if all its
 * characters are harmless. */
static enum error_code read_type(const char *code, struct npy_array *array, struct error *error) {
    bool big = code[0] == '>';
    const char *name = code + (strchr("<>|=", code[0]) != NULL && code[0] != '\0' ? 1 : 0);
    for (size_t type = 0; type < TYPE_COUNT; type++) {
        if (strcmp(name, types[type].code) != 0) continue;
        array->type = (enum npy_type)type;
        bool machine_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
        bool stated = code[0] == '<' || code[0] == '>';
        array->swapped = stated && types[type].size > 1 && big != machine_is_big;
        return ERROR_NONE;
    }
    if (name[0] == 'O')
        return FAIL(error, ERROR_DATA,
                    "an array of Python objects (dtype=object) cannot be read; save it with a "
                    "number type");
    bool harmless = name[0] != '\0';
    for (const char *at = name; *at != '\0'; at++)
        harmless = harmless && ((*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'z'));
    return FAIL(error, ERROR_DATA,
                "an array of type '%s' cannot be read: integers, bool and floats are",
                harmless ? code : "?");
}

static enum error_code parse_dictionary(struct cursor *cursor, struct npy_array *array,
                                        struct error *error) {
    bool have_type = false;
    bool have_order = false;
    bool have_shape = false;
    if (!take(cursor, '{'))
        return FAIL(error, ERROR_DATA, "damaged .npy header: no dictionary in it");
    while (!take(cursor, '}')) {
        char key[20];
        char code[20];
        if (!take_string(cursor, key, sizeof key) || !take(cursor, ':'))
            return FAIL(error, ERROR_DATA, "damaged .npy header: a key is not readable");
        if (strcmp(key, "descr") == 0 && !have_type) {
            if (take(cursor, '['))
                return FAIL(error, ERROR_DATA,
                            "an array of records cannot be read; save one field of it");
            if (!take_string(cursor, code, sizeof code))
                return FAIL(error, ERROR_DATA, "damaged .npy header: the type is not readable");
            TRY(read_type(code, array, error));
            have_type = true;
        } else if (strcmp(key, "fortran_order") == 0 && !have_order) {
            array->fortran = take_word(cursor, "True");
            if (!array->fortran && !take_word(cursor, "False"))
                return FAIL(error, ERROR_DATA, "damaged .npy header: fortran_order is no bool");
            have_order = true;
        } else if (strcmp(key, "shape") == 0 && !have_shape) {
            TRY(take_shape(cursor, array, error));
            have_shape = true;
        } else {
            return FAIL(error, ERROR_DATA, "damaged .npy header: an unknown or repeated key");
        }
        if (!take(cursor, ',')) {
            if (take(cursor, '}')) break;
            return FAIL(error, ERROR_DATA, "damaged .npy header: the dictionary does not end");
        }
    }
    skip_blanks(cursor);
    if (cursor->at != cursor->end || !have_type || !have_order || !have_shape)
        return FAIL(error, ERROR_DATA,
                    "damaged .npy header: descr, fortran_order and shape are expected, no more");
    return ERROR_NONE;
}

/* rows, columns and count; a product that overflows is refused. */
static enum error_code measure(struct npy_array *array, struct error *error) {
    array->rows = array->dimensions == 0 ? 1 : array->shape[0];
    array->columns = 1;
    bool empty = false;
    for (size_t d = 0; d < array->dimensions; d++) empty = empty || array->shape[d] == 0;
    size_t size = types[array->type].size;
    for (size_t d = 1; d < array->dimensions; d++) {
        if (array->shape[d] != 0 && array->columns > SIZE_MAX / array->shape[d])
            return FAIL(error, ERROR_DATA, "the shape in the .npy header overflows");
        array->columns *= array->shape[d];
    }
    if (empty) {
        array->count = 0;
        return ERROR_NONE;
    }
    if (array->rows > SIZE_MAX / array->columns || array->rows * array->columns > SIZE_MAX / size)
        return FAIL(error, ERROR_DATA, "the shape in the .npy header overflows");
    array->count = array->rows * array->columns;
    return ERROR_NONE;
}

enum error_code npy_header_parse(const unsigned char *bytes, size_t size, struct npy_array *array,
                                 size_t *data_offset, struct error *error) {
    if (size == 0) return FAIL(error, ERROR_DATA, "the file is empty");
    if (size < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return FAIL(error, ERROR_DATA, "not a .npy file (%s)",
                    size >= 2 && memcmp(bytes, "PK", 2) == 0
                        ? "a zip or .npz archive: save one array with numpy.save"
                        : "it does not begin with the byte 0x93 and NUMPY");
    unsigned version = bytes[6];
    size_t start = version == 1 ? 10 : 12;
    if (version < 1 || version > 3)
        return FAIL(error, ERROR_UNSUPPORTED, "version %u of the .npy format is not known",
                    version);
    if (size < start) return FAIL(error, ERROR_DATA, "truncated in its .npy header");
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > HEADER_LIMIT)
        return FAIL(error, ERROR_DATA, "damaged .npy header: %zu bytes long, at most %u are read",
                    length, HEADER_LIMIT);
    if (length > size - start)
        return FAIL(error, ERROR_DATA, "truncated in its .npy header: %zu of %zu bytes are there",
                    size - start, length);
    struct cursor cursor = {(const char *)bytes + start, (const char *)bytes + start + length};
    TRY(parse_dictionary(&cursor, array, error));
    TRY(measure(array, error));
    if (array->dimensions < 2) array->fortran = false;
    *data_offset = start + length;
    return ERROR_NONE;
}

size_t npy_header_format(enum npy_type type, size_t dimensions, const size_t *shape,
                         char header[NPY_HEADER_SIZE]) {
    memset(header, ' ', NPY_HEADER_SIZE);
    int length = snprintf(header + 10, NPY_HEADER_SIZE - 10,
                          "{'descr': '%s%s', 'fortran_order': False, 'shape': (",
                          types[type].size == 1 ? "|" : "<", types[type].code);
    size_t at = 10 + (size_t)length;
    for (size_t d = 0; d < dimensions; d++)
        at += (size_t)snprintf(header + at, NPY_HEADER_SIZE - at,
                               d == 0 && dimensions > 1 ? "%zu"
                               : d == 0                 ? "%zu,"
                                                        : ", %zu",
                               shape[d]);
    at += (size_t)snprintf(header + at, NPY_HEADER_SIZE - at, "), }");
    header[at] = ' ';                                                     /* snprintf's NUL */
    static const char magic[8] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0}; /* version 1.0 */
    /* Room for 20 digits a dimension. */
    size_t size = (10 + 60 + 22 * dimensions + 63) / 64 * 64;
    memcpy(header, magic, sizeof magic);
    header[8] = (char)((size - 10) & 0xff);
    header[9] = (char)((size - 10) >> 8);
    header[size - 1] = '\n';
    return size;
}
