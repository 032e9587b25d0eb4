/* .npy files: every type, order and byte order; damaged and inconsistent files are refused. */
#include "host/base/npy.h"
#include "tests/support/compare.h"
#include "tests/support/run_child.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A version 1 file in memory; the header is padded to 118 bytes after the length. */
static size_t make_file(unsigned char *bytes, const char *header, const void *data, size_t size) {
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(bytes + 10, header, strlen(header));
    bytes[127] = '\n';
    if (size > 0) memcpy(bytes + 128, data, size);
    return 128 + size;
}

static void expect_refused(const char *header, size_t size, const char *part) {
    unsigned char bytes[1024];
    unsigned char data[512] = {0};
    struct npy_array array;
    struct error error = ERROR_INITIAL;
    size_t length = make_file(bytes, header, data, size);
    if (npy_parse(bytes, length, &array, &error) == ERROR_NONE) fail_msg("accepted: %s", header);
    if (strstr(error.message, part) == NULL)
        fail_msg("%s: '%s' does not say '%s'", header, error.message, part);
    assert_null(array.data);
}

static void test_refused(void **state) {
    (void)state;
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", 47, "truncated");
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", 52,
                   "shape is wrong");
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905, 4)}",
                   16, "overflows");
    expect_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", 8,
                   "beyond 64 bits");
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4), }", 48, "no number");
    expect_refused("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", 48, "objects");
    expect_refused("{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", 24, "'<c8'");
    expect_refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", 12,
                   "records");
    expect_refused("{'descr': '<f4', 'fortran_order': 1, 'shape': (3,), }", 12, "fortran_order");
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)", 12, "does not end");
    expect_refused("{'descr': '<f4', 'shape': (3,), }", 12, "expected");
    expect_refused("{'descr': '<f4', 'descr': '<f4', 'shape': (3,), }", 12, "repeated");
    expect_refused("{'descr': '\x1b[2J', 'fortran_order': False, 'shape': (3,), }", 12, "'?'");
    expect_refused("hello", 0, "no dictionary");
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4,
                   "dimensions");
}

static void test_not_npy(void **state) {
    (void)state;
    static const char *const files[] = {"",
                                        "x",
                                        "\x93NUMPY\x01",
                                        "PK\x03\x04 and more",
                                        "\x93NUMPY\x09\x00\x10\x00          ",
                                        "\x93NUMPY\x02\x00\xff\xff\xff\x7f  "};
    static const size_t sizes[] = {0, 1, 7, 15, 20, 14};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct npy_array array;
        struct error error = ERROR_INITIAL;
        assert_int_not_equal(npy_parse((const unsigned char *)files[i], sizes[i], &array, &error),
                             ERROR_NONE);
        assert_true(error.message[0] != '\0');
    }
}

/* Values 0 .. 5 of every type, both byte orders, C and Fortran order. */
static void check_type(const char *code, size_t size, bool fortran, const unsigned char *little) {
    for (int big = 0; big < (size > 1 ? 2 : 1); big++) {
        unsigned char bytes[1024];
        unsigned char data[48];
        char header[100];
        float values[6];
        double doubles[6];
        struct npy_array array;
        struct error error = ERROR_INITIAL;
        for (size_t i = 0; i < 6; i++)
            for (size_t b = 0; b < size; b++)
                data[i * size + b] = little[i * size + (big ? size - 1 - b : b)];
        snprintf(header, sizeof header,
                 "{\"descr\": '%s%s', 'fortran_order': %s, 'shape': (2L, 3)}", big ? ">" : "<",
                 code, fortran ? "True" : "False");
        /* at an odd address: readers must not rely on alignment */
        size_t length = make_file(bytes + 1, header, data, 6 * size);
        npy_parse(bytes + 1, length, &array, &error);
        assert_no_error(&error);
        npy_copy_float32(&array, 0, 2, values);
        npy_copy_float64(&array, 1, 1, doubles);
        for (size_t i = 0; i < 6; i++) {
            size_t expected = fortran ? i % 3 * 2 + i / 3 : i;
            if (code[0] == 'b') expected = expected != 0;
            if (!(values[i] == (float)expected)) fail_msg("%s: value %d", header, (int)i);
            assert_true(npy_element(&array, i / 3, i % 3) == (double)expected);
            if (i >= 3) assert_true(doubles[i - 3] == (double)expected);
        }
    }
}

#define CHECK_INTEGERS(code, type)                                                                 \
    do {                                                                                           \
        const type values[6] = {0, 1, 2, 3, 4, 5};                                                 \
        check_type(code, sizeof(type), false, (const unsigned char *)values);                      \
        check_type(code, sizeof(type), true, (const unsigned char *)values);                       \
    } while (0)

static void test_types(void **state) {
    (void)state;
    const uint16_t halves[6] = {0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500};
    CHECK_INTEGERS("b1", uint8_t);
    CHECK_INTEGERS("i1", int8_t);
    CHECK_INTEGERS("i2", int16_t);
    CHECK_INTEGERS("i4", int32_t);
    CHECK_INTEGERS("i8", int64_t);
    CHECK_INTEGERS("u1", uint8_t);
    CHECK_INTEGERS("u2", uint16_t);
    CHECK_INTEGERS("u4", uint32_t);
    CHECK_INTEGERS("u8", uint64_t);
    CHECK_INTEGERS("f4", float);
    CHECK_INTEGERS("f8", double);
    check_type("f2", 2, false, (const unsigned char *)halves);
    check_type("f2", 2, true, (const unsigned char *)halves);
}

static void test_integers(void **state) {
    (void)state;
    const uint64_t large[2] = {7, UINT64_MAX};
    const float number = 1;
    int64_t values[2];
    struct error error = ERROR_INITIAL;
    struct npy_array array = npy_view(NPY_UINT64, 2, 0, large);
    assert_int_equal(npy_copy_int64(&array, 0, 1, values, &error), ERROR_NONE);
    assert_int_equal(values[0], 7);
    assert_int_equal(npy_copy_int64(&array, 0, 2, values, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "row 1: 18446744073709551615"));
    error = (struct error)ERROR_INITIAL;
    array = npy_view(NPY_FLOAT32, 1, 0, &number);
    assert_int_equal(npy_copy_int64(&array, 0, 1, values, &error), ERROR_DATA);
}

/* A Fortran matrix longer than the blocks in which it is converted. */
static void test_long_columns(void **state) {
    (void)state;
    enum { ROWS = 1000, COLUMNS = 3 };
    float *turned = calloc(ROWS * COLUMNS, sizeof *turned);
    float *rows = calloc(ROWS * COLUMNS, sizeof *rows);
    assert_true(turned != NULL && rows != NULL);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) turned[i % COLUMNS * ROWS + i / COLUMNS] = (float)i;
    struct npy_array array = npy_view(NPY_FLOAT32, ROWS, COLUMNS, turned);
    array.fortran = true;
    assert_null(npy_direct(&array, NPY_FLOAT32));
    npy_copy_float32(&array, 17, 900, rows);
    for (size_t i = 0; i < 900 * COLUMNS; i++)
        assert_true(rows[i] == (float)(i + (size_t)17 * COLUMNS));
    free(turned);
    free(rows);
}

/* Numbers beyond float32 are told from those that are not finite in the file; the largest fits, and
 * so does what is rounded to it. */
static void test_too_large(void **state) {
    (void)state;
    double values[6] = {1, FLT_MAX, -FLT_MAX * (1 + 1e-9), INFINITY, NAN, 0};
    float taken[6];
    struct error error = ERROR_INITIAL;
    struct npy_array array = npy_view(NPY_FLOAT64, 3, 2, values);
    npy_take_float32(&array, 0, 3, taken, &error);
    assert_no_error(&error);
    assert_true(taken[1] == FLT_MAX && taken[2] == -FLT_MAX && isinf(taken[3]) && isnan(taken[4]));
    values[5] = -1e39;
    assert_int_equal(npy_take_float32(&array, 1, 2, taken, &error), ERROR_DATA);
    assert_string_equal(error.message, "row 2, column 1: -1e+39 is too large for float32");
    array.fortran = true;
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(npy_take_float32(&array, 2, 1, taken, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "row 2, column 1"));
}

static void test_written_and_read(void **state) {
    (void)state;
    char path[] = "/tmp/earmark-npy-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    const double values[6] = {1, 2, 3, 4, 5, 6};
    const size_t shape[2] = {NPY_UNKNOWN_ROWS, 3};
    struct npy_writer writer;
    struct npy_array array;
    struct folder folder;
    struct error error = ERROR_INITIAL;
    const char *name = path + strlen("/tmp/");
    folder_open("/tmp", false, &folder, &error);
    npy_writer_open(&folder, name, NPY_FLOAT64, 2, shape, &writer, &error);
    assert_no_error(&error);
    for (size_t i = 0; i < 2; i++) npy_writer_write(&writer, values + 3 * i, 3, &error);
    npy_writer_commit(&writer, &error);
    npy_writer_close(&writer);
    npy_open_in(&folder, name, &array, &error);
    assert_no_error(&error);
    assert_int_equal(array.rows, 2);
    assert_int_equal(array.columns, 3);
    const double *direct = npy_direct(&array, NPY_FLOAT64);
    assert_non_null(direct);
    assert_memory_equal(direct, values, sizeof values);
    npy_close(&array);
    /* rows that do not fill the shape: nothing is committed */
    npy_writer_open(&folder, name, NPY_FLOAT64, 2, (const size_t[2]){5, 3}, &writer, &error);
    npy_writer_write(&writer, values, 6, &error);
    assert_int_equal(npy_writer_commit(&writer, &error), ERROR_INTERNAL);
    npy_writer_close(&writer);
    folder_close(&folder);
    unlink(path);
}

/* Opens the array, truncates its file, and reads it. */
static int read_cut_file(int argc, char **argv) {
    struct npy_array array;
    struct error error = ERROR_INITIAL;
    double sum = 0;
    if (argc != 2 || npy_open(argv[1], &array, &error) != ERROR_NONE) return 70;
    if (truncate(argv[1], 8192) != 0) return 71;
    for (size_t i = 0; i < array.rows; i++) sum += npy_element(&array, i, 0);
    return sum > 0 ? 72 : 73;
}

/* As when a disk or mount fails: a message with the file's name instead of SIGBUS. */
static void test_unreadable_later(void **state) {
    (void)state;
    char path[] = "/tmp/earmark-npy-XXXXXX";
    struct error error = ERROR_INITIAL;
    float *values = calloc(64 * 1024, sizeof *values);
    assert_non_null(values);
    close(mkstemp(path));
    const size_t shape[2] = {64, 1024};
    struct folder folder;
    folder_open("/tmp", false, &folder, &error);
    npy_write_in(&folder, path + strlen("/tmp/"), NPY_FLOAT32, 2, shape, values, &error);
    assert_no_error(&error);
    folder_close(&folder);
    free(values);
    const char *arguments[] = {"read", path, NULL};
    struct child_result result = child_run(read_cut_file, arguments, NULL);
    unlink(path);
    if (result.signal != 0 || result.code != 1)
        fail_msg("exit code %d, signal %d: %s", result.code, result.signal, result.said);
    assert_non_null(strstr(result.said, path));
    assert_non_null(strstr(result.said, "cannot be read any more"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_npy),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_long_columns),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_unreadable_later),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
