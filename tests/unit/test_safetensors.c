/* The safetensors container: files written by the safetensors package, a round trip, and
 * crafted files with false fields. */
#include "host/base/float16.h"
#include "host/model/safetensors.h"
#include "tests/support/crafted.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/model/"

/* From a buffer of exactly its size. */
static enum error_code parse_exact(const struct text *file, struct error *error) {
    struct safetensors parsed;
    unsigned char *exact = malloc(file->length == 0 ? 1 : file->length);
    assert_non_null(exact);
    if (file->length > 0) memcpy(exact, file->data, file->length);
    enum error_code code = safetensors_parse(exact, file->length, &parsed, error);
    unsigned sum = 0;
    for (size_t i = 0; i < parsed.count; i++)
        for (size_t k = 0; k < parsed.tensors[i].bytes; k++) sum += parsed.tensors[i].data[k];
    assert_true(sum < UINT32_MAX);
    if (code != ERROR_NONE) assert_null(parsed.tensors);
    safetensors_free(&parsed);
    free(exact);
    return code;
}

static void expect_refused(const char *header, size_t data_size, const char *reason) {
    struct text file = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    safetensors_craft(&file, header, data_size);
    enum error_code code = parse_exact(&file, &error);
    if (code != ERROR_DATA || strstr(error.message, reason) == NULL)
        fail_msg("%s: error %d, '%s', instead of '%s'", header, code, error.message, reason);
    text_free(&file);
}

static void expect_accepted(const char *header, size_t data_size) {
    struct text file = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    safetensors_craft(&file, header, data_size);
    if (parse_exact(&file, &error) != ERROR_NONE) fail_msg("%s: %s", header, error.message);
    text_free(&file);
}

static void test_golden(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    struct safetensors file;
    size_t size = 0;
    size_t count = 0;
    unsigned char *bytes = model_file_read(GOLDEN "float32.safetensors", &size);
    float *expected = model_file_floats(GOLDEN "expected.f32", &count);
    assert_int_equal(safetensors_parse(bytes, size, &file, &error), ERROR_NONE);
    assert_int_equal(file.count, 32);
    assert_string_equal(safetensors_metadata(&file, "dilations"), "1,2,3,1,1");
    assert_string_equal(safetensors_metadata(&file, "name"), "tiny \xe2\x98\x83");
    assert_null(safetensors_metadata(&file, "absent"));
    assert_null(safetensors_find(&file, "absent"));
    assert_null(safetensors_find(&file, "__metadata__"));
    const struct safetensor *tensor = safetensors_find(&file, "blocks.0.conv.weight");
    assert_non_null(tensor);
    assert_string_equal(tensor->dtype, "F32");
    assert_int_equal(tensor->rank, 3);
    assert_int_equal(tensor->shape[0], 8);
    assert_int_equal(tensor->shape[1], 24);
    assert_int_equal(tensor->shape[2], 5);
    assert_memory_equal(tensor->data, expected, (size_t)8 * 24 * 5 * sizeof *expected);
    tensor = safetensors_find(&file, "blocks.16.w.bias");
    assert_non_null(tensor);
    assert_memory_equal(tensor->data, expected + count - 6, 6 * sizeof *expected);
    safetensors_free(&file);
    free(expected);
    free(bytes);
}

/* Writes to a string and reads it back; writing again gives the same bytes. */
static void test_round_trip(void **unused) {
    (void)unused;
    static const unsigned char data[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const struct safetensors_entry metadata[] = {{"quote\"", "line\n\x01 \xe2\x98\x83"}, {"b", ""}};
    const struct safetensor tensors[] = {
        {.name = "m", .dtype = "F16", .rank = 2, .shape = {2, 3}, .data = data, .bytes = 12},
        {.name = "empty", .dtype = "F32", .rank = 1, .shape = {0}, .data = data, .bytes = 0},
        {.name = "scalar", .dtype = "F32", .rank = 0, .data = data + 12, .bytes = 4}};
    char *written[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    struct error error = ERROR_INITIAL;
    for (int i = 0; i < 2; i++) {
        FILE *stream = open_memstream(&written[i], &sizes[i]);
        assert_non_null(stream);
        assert_int_equal(safetensors_write(stream, metadata, 2, tensors, 3, &error), ERROR_NONE);
        fclose(stream);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(written[0], written[1], sizes[0]);
    assert_int_equal((sizes[0] - 16) % 8, 0); /* 16 bytes of data after an aligned header */
    struct safetensors file;
    assert_int_equal(safetensors_parse((const unsigned char *)written[0], sizes[0], &file, &error),
                     ERROR_NONE);
    assert_int_equal(file.count, 3);
    assert_string_equal(safetensors_metadata(&file, "quote\""), "line\n\x01 \xe2\x98\x83");
    assert_string_equal(safetensors_metadata(&file, "b"), "");
    const struct safetensor *matrix = safetensors_find(&file, "m");
    assert_int_equal(matrix->shape[1], 3);
    assert_memory_equal(matrix->data, data, 12);
    assert_int_equal(safetensors_find(&file, "scalar")->rank, 0);
    assert_int_equal(safetensors_find(&file, "empty")->bytes, 0);
    safetensors_free(&file);
    free(written[0]);
    free(written[1]);
}

#define TENSOR(name, dtype, shape, offsets)                                                        \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_accepted(void **unused) {
    (void)unused;
    expect_accepted("{}", 0);
    expect_accepted("{\"__metadata__\":{}}     ", 0);
    expect_accepted("{" TENSOR("a", "F32", "[2]", "[0,8]") "}", 8);
    expect_accepted("{" TENSOR("a", "F32", "[]", "[0,4]") "}", 4);
    expect_accepted(
        "{" TENSOR("b", "F16", "[2]", "[8,12]") "," TENSOR("a", "F32", "[2]", "[0,8]") "}", 12);
    expect_accepted("{" TENSOR("a", "F32", "[0,9]", "[0,0]") "}", 0);
}

static void test_false_places(void **unused) {
    (void)unused;
    expect_refused("{" TENSOR("a", "F32", "[2]", "[0,8]") "}", 7, "outside the file's 7 bytes");
    expect_refused("{" TENSOR("a", "F32", "[2]", "[0,8]") "}", 9, "1 bytes after");
    expect_refused("{" TENSOR("a", "F32", "[2]", "[8,0]") "}", 8, "outside");
    expect_refused("{" TENSOR("a", "F32", "[2]", "[0,9223372036854775807]") "}", 8, "outside");
    expect_refused("{" TENSOR("a", "F32", "[2]", "[-8,0]") "}", 8, "outside");
    expect_refused("{" TENSOR("a", "F32", "[2]", "[0,8.0]") "}", 8, "outside");
    expect_refused("{" TENSOR("a", "F32", "[3]", "[0,8]") "}", 8, "do not fit");
    expect_refused("{" TENSOR("a", "F16", "[2]", "[0,8]") "}", 8, "do not fit");
    expect_refused("{" TENSOR("a", "F32", "[1]", "[4,8]") "}", 8, "a hole");
    expect_refused(
        "{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[2]", "[4,12]") "}", 12,
        "overlaps");
    expect_refused(
        "{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[2]", "[0,8]") "}", 8,
        "overlaps");
    expect_refused(
        "{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[1]", "[12,16]") "}", 16,
        "a hole");
}

static void test_false_shapes(void **unused) {
    (void)unused;
    expect_refused("{" TENSOR("a", "F32", "[-1]", "[0,8]") "}", 8, "is no size");
    expect_refused("{" TENSOR("a", "F32", "[2.5]", "[0,8]") "}", 8, "is no size");
    expect_refused("{" TENSOR("a", "F32", "[\"2\"]", "[0,8]") "}", 8, "is no size");
    expect_refused("{" TENSOR("a", "F32", "{}", "[0,8]") "}", 8, "at most 8 sizes");
    expect_refused("{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}", 8, "at most 8");
    /* Products that overflow to something small: 2^32 x 2^32, and 2^62 x 4 bytes. */
    expect_refused("{" TENSOR("a", "F32", "[4294967296,4294967296]", "[0,0]") "}", 0, "too large");
    expect_refused("{" TENSOR("a", "F32", "[4611686018427387904]", "[0,0]") "}", 0, "do not fit");
    expect_refused("{" TENSOR("a", "F31", "[2]", "[0,8]") "}", 8, "unknown dtype 'F31'");
    expect_refused("{" TENSOR("a", "", "[2]", "[0,8]") "}", 8, "unknown dtype ''");
}

static void test_false_header(void **unused) {
    (void)unused;
    expect_refused("[]", 0, "not a safetensors file");
    expect_refused("{\"a\":1}", 0, "not a dtype");
    expect_refused("{\"a\":{}}", 0, "not a dtype");
    expect_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "not a dtype");
    expect_refused("{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "not a dtype");
    expect_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8,
                   "not a dtype");
    expect_refused("{\"__metadata__\":[]}", 0, "not a map of texts");
    expect_refused("{\"__metadata__\":{\"a\":1}}", 0, "'a' is not a text");
    expect_refused(
        "{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("a", "F32", "[1]", "[4,8]") "}", 8,
        "duplicate");
    expect_refused("{\"a\\u0000b\":1}", 0, "not JSON");
    expect_refused("{\"\xff\":1}", 0, "not JSON");
    expect_refused("{} {}", 0, "not JSON");
    expect_refused("{ ", 0, "not JSON");
    expect_refused("{\x1b", 0, "not JSON");
}

static void test_header_length(void **unused) {
    (void)unused;
    static const uint64_t lengths[] = {3, 1000, 1 << 20, UINT32_MAX, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct text file = TEXT_INITIAL;
        struct error error = ERROR_INITIAL;
        put_number(&file, lengths[i], 8);
        text_string(&file, "{}");
        assert_int_equal(parse_exact(&file, &error), ERROR_DATA);
        text_free(&file);
    }
    /* Shorter than the length field. */
    struct text file = TEXT_INITIAL;
    for (size_t size = 0; size < 10; size++) {
        struct error error = ERROR_INITIAL;
        assert_int_equal(parse_exact(&file, &error), ERROR_DATA);
        put_number(&file, 0, 1);
    }
    text_free(&file);
}

/* A megabyte of nesting: refused by the parser, without a stack overflow. */
static void test_deep_nesting(void **unused) {
    (void)unused;
    struct text header = TEXT_INITIAL;
    text_string(&header, "{\"a\":");
    for (int i = 0; i < 1000000; i++) text_string(&header, "[");
    expect_refused(header.data, 0, "not JSON");
    text_clear(&header);
    for (int i = 0; i < 100000; i++) text_string(&header, "{\"a\":");
    expect_refused(header.data, 0, "not JSON");
    text_free(&header);
}

static void test_truncated(void **unused) {
    (void)unused;
    size_t size = 0;
    unsigned char *bytes = model_file_read(GOLDEN "float16.safetensors", &size);
    for (size_t cut = 0; cut < size; cut += 1 + cut / 64) {
        struct error error = ERROR_INITIAL;
        struct text file = TEXT_INITIAL;
        text_append(&file, (const char *)bytes, cut);
        assert_int_equal(parse_exact(&file, &error), ERROR_DATA);
        text_free(&file);
    }
    free(bytes);
}

/* Every float16 value, against the definition and converted back. */
static void test_float16(void **unused) {
    (void)unused;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
        int exponent = (int)(bits >> 10 & 31);
        double fraction = (double)(bits & 1023) / 1024;
        double magnitude =
            exponent == 0 ? ldexp(fraction, -14) : ldexp(1 + fraction, exponent - 15);
        float value = float16_to_float32((uint16_t)bits);
        if (exponent == 31) {
            assert_true((bits & 1023) != 0 ? isnan(value) : isinf(value));
            continue;
        }
        assert_true(fabs((double)value) == magnitude);
        assert_int_equal(signbit(value) != 0, bits >> 15);
        assert_int_equal(float16_from_float32(value), bits);
        /* Half-way between two values rounds to the even one, a little more rounds up. */
        float next = float16_to_float32((uint16_t)(bits + 1));
        if ((bits & 0x7fff) >= 0x7bff) continue;
        float middle = (value + next) / 2;
        assert_int_equal(float16_from_float32(middle), bits + (bits & 1));
        assert_int_equal(float16_from_float32(nextafterf(middle, next)), bits + 1);
        assert_int_equal(float16_from_float32(nextafterf(middle, value)), bits);
    }
    assert_int_equal(float16_from_float32(65519.99F), 0x7bff);
    assert_int_equal(float16_from_float32(65520.0F), 0x7c00);
    assert_int_equal(float16_from_float32(-1e30F), 0xfc00);
    assert_int_equal(float16_from_float32(INFINITY), 0x7c00);
    assert_int_equal(float16_from_float32(1e-30F), 0);
    assert_int_equal(float16_from_float32(-0x1p-25F), 0x8000); /* half of the smallest: to even */
    assert_int_equal(float16_from_float32(0x1.8p-25F), 1);
    assert_true((float16_from_float32(NAN) & 0x7fff) > 0x7c00);
    assert_true(bfloat16_to_float32(0xc049) == -3.140625F);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_accepted),      cmocka_unit_test(test_false_places),
        cmocka_unit_test(test_false_shapes),  cmocka_unit_test(test_false_header),
        cmocka_unit_test(test_header_length), cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_truncated),     cmocka_unit_test(test_float16),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
