/* The checkpoint reader: files written by torch (tests/golden/model), and crafted
 * zip files with false fields. */
#include "host/model/checkpoint.h"
#include "host/model/model.h"
#include "tests/support/crafted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/model/"

/* ---- files written by torch ---- */

/* Every array of the checkpoint equals the golden one, bit for bit. */
static void expect_values(const char *path, const char *expected_path) {
    struct error error = ERROR_INITIAL;
    struct checkpoint checkpoint;
    size_t size = 0;
    size_t count = 0;
    unsigned char *bytes = model_file_read(path, &size);
    float *expected = model_file_floats(expected_path, &count);
    if (checkpoint_open(bytes, size, &checkpoint, &error) != ERROR_NONE)
        fail_msg("%s: %s", path, error.message);
    struct tensor_source source = checkpoint_source(&checkpoint);
    struct model model = MODEL_INITIAL;
    assert_int_equal(architecture_from_shapes(&source, &model.network, &error), ERROR_NONE);
    assert_int_equal(model.network.block_count, 5);
    assert_int_equal(model.network.mels, 24);
    assert_int_equal(model.network.blocks[4].out_channels, 12);
    assert_int_equal(model.network.embedding_size, 6);
    assert_int_equal(
        architecture_load(&source, &model.network, &model.weights, &model.parameters, &error),
        ERROR_NONE);
    assert_memory_equal(model.weights, expected, count * sizeof *expected);
    assert_ptr_equal(model.network.linear_bias, model.weights + count - 6);
    model_free(&model);
    checkpoint_close(&checkpoint);
    free(expected);
    free(bytes);
}

static void test_torch_writes(void **unused) {
    (void)unused;
    expect_values(GOLDEN "speechbrain/embedding_model.ckpt", GOLDEN "expected.f32");
    expect_values(GOLDEN "archive.ckpt", GOLDEN "expected.f32");
}

static void test_views_of_one_storage(void **unused) {
    (void)unused;
    expect_values(GOLDEN "views.ckpt", GOLDEN "expected.f32");
}

static void test_other_types(void **unused) {
    (void)unused;
    expect_values(GOLDEN "half.ckpt", GOLDEN "half.expected.f32");
    expect_values(GOLDEN "brain.ckpt", GOLDEN "brain.expected.f32");
    expect_values(GOLDEN "double.ckpt", GOLDEN "double.expected.f32");
}

static enum error_code open_bytes(const unsigned char *bytes, size_t size, struct error *error) {
    struct checkpoint checkpoint;
    enum error_code code = checkpoint_open(bytes, size, &checkpoint, error);
    if (code == ERROR_NONE) { /* read every tensor that has values */
        for (size_t i = 0; i < checkpoint.state.count; i++) {
            const struct pickle_tensor *tensor = &checkpoint.state.tensors[i];
            struct error inner = ERROR_INITIAL;
            size_t count = 1;
            for (size_t k = 0; k < tensor->rank; k++) count *= tensor->sizes[k];
            float *values = malloc((count + 1) * sizeof *values);
            assert_non_null(values);
            checkpoint_tensor(&checkpoint, i, values, count, &inner);
            if (inner.code != ERROR_NONE && error->code == ERROR_NONE) *error = inner;
            free(values);
        }
    }
    checkpoint_close(&checkpoint);
    return error->code;
}

static void expect_golden_refused(const char *path, const char *reason) {
    struct error error = ERROR_INITIAL;
    size_t size = 0;
    unsigned char *bytes = model_file_read(path, &size);
    assert_int_equal(open_bytes(bytes, size, &error), ERROR_UNSUPPORTED);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, reason);
    free(bytes);
}

static void test_torch_refused(void **unused) {
    (void)unused;
    expect_golden_refused(GOLDEN "legacy.ckpt", "before 1.6");
    expect_golden_refused(GOLDEN "protocol4.ckpt", "protocol 4");
    expect_golden_refused(GOLDEN "parameters.ckpt", "torch._utils._rebuild_parameter");
    expect_golden_refused(GOLDEN "module.ckpt", "torch.nn.modules.activation.ReLU");
}

/* ---- crafted files ---- */

static struct text state_pickle(const struct crafted_tensor *tensor) {
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, tensor);
    pickle_end(&pickle);
    return pickle;
}

static const struct crafted_tensor plain = {"w", "FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}};
static const float numbers[6] = {1, 2, 3, 4, 5, 6};

/* Opens a file of these entries from a buffer of exactly its size. */
static enum error_code open_entries(const struct crafted_entry *entries, size_t count,
                                    bool with_zip64, struct error *error) {
    struct text file = TEXT_INITIAL;
    zip_craft(&file, entries, count, with_zip64);
    unsigned char *exact = malloc(file.length);
    assert_non_null(exact);
    memcpy(exact, file.data, file.length);
    enum error_code code = open_bytes(exact, file.length, error);
    free(exact);
    text_free(&file);
    return code;
}

static void expect_entries_refused(const struct crafted_entry *entries, size_t count,
                                   enum error_code code, const char *reason) {
    for (int with_zip64 = 0; with_zip64 < 2; with_zip64++) {
        struct error error = ERROR_INITIAL;
        enum error_code got = open_entries(entries, count, with_zip64 != 0, &error);
        if (got != code || strstr(error.message, reason) == NULL)
            fail_msg("error %d, '%s', instead of %d, '%s'", got, error.message, code, reason);
    }
}

/* data.pkl with one tensor, byteorder, and its storage; each test damages something. */
struct parts {
    struct text pickle;
    struct crafted_entry entries[4];
};

static struct parts good_parts(void) {
    struct parts parts = {.pickle = state_pickle(&plain)};
    parts.entries[0] = (struct crafted_entry){
        .name = "m/data.pkl", .data = parts.pickle.data, .size = parts.pickle.length};
    parts.entries[1] =
        (struct crafted_entry){.name = "m/data/0", .data = numbers, .size = sizeof numbers};
    parts.entries[2] = (struct crafted_entry){.name = "m/byteorder", .data = "little", .size = 6};
    parts.entries[3] = (struct crafted_entry){.name = "m/version", .data = "3\n", .size = 2};
    return parts;
}

static void test_crafted_is_read(void **unused) {
    (void)unused;
    struct parts parts = good_parts();
    struct error error = ERROR_INITIAL;
    assert_int_equal(open_entries(parts.entries, 4, true, &error), ERROR_NONE);
    assert_int_equal(open_entries(parts.entries, 4, false, &error), ERROR_NONE);
    assert_int_equal(open_entries(parts.entries, 2, true, &error), ERROR_NONE);
    for (size_t i = 0; i < 4; i++) parts.entries[i].no_checksum = true;
    assert_int_equal(open_entries(parts.entries, 4, true, &error), ERROR_NONE);
    text_free(&parts.pickle);
}

/* Element (i, j) of a transposed view with an offset. */
static void test_strides_and_offset(void **unused) {
    (void)unused;
    struct crafted_tensor tensor = {"w", "FloatStorage", "0", 6, 1, 2, {2, 2}, {1, 3}};
    struct text pickle = state_pickle(&tensor);
    struct crafted_entry entries[] = {
        {.name = "m/data.pkl", .data = pickle.data, .size = pickle.length},
        {.name = "m/data/0", .data = numbers, .size = sizeof numbers}};
    struct text file = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    struct checkpoint checkpoint;
    float values[4];
    static const float expected[4] = {2, 5, 3, 6};
    zip_craft(&file, entries, 2, true);
    assert_int_equal(
        checkpoint_open((const unsigned char *)file.data, file.length, &checkpoint, &error),
        ERROR_NONE);
    assert_int_equal(checkpoint_tensor(&checkpoint, 0, values, 4, &error), ERROR_NONE);
    assert_memory_equal(values, expected, sizeof expected);
    checkpoint_close(&checkpoint);
    text_free(&file);
    text_free(&pickle);
}

static void test_false_container(void **unused) {
    (void)unused;
    struct parts parts = good_parts();
    struct crafted_entry entries[5];
    memcpy(entries, parts.entries, sizeof parts.entries);
#define SPOIL(index, field, value, code, reason)                                                   \
    do {                                                                                           \
        struct crafted_entry saved = entries[index];                                               \
        entries[index].field = (value);                                                            \
        expect_entries_refused(entries, 4, (code), (reason));                                      \
        entries[index] = saved;                                                                    \
    } while (0)
    SPOIL(1, method, 8, ERROR_UNSUPPORTED, "'m/data/0' is compressed");
    SPOIL(1, method, 12, ERROR_UNSUPPORTED, "'m/data/0' is compressed");
    SPOIL(1, flags, 1, ERROR_UNSUPPORTED, "'m/data/0' is encrypted");
    SPOIL(1, said_size, 0x7fffffff, ERROR_DATA, "beyond the file");
    SPOIL(1, said_size, 28, ERROR_DATA, "28 bytes instead of 24");
    SPOIL(1, said_compressed, 20, ERROR_DATA, "two sizes");
    SPOIL(1, wrong_checksum, true, ERROR_DATA, "damaged");
    SPOIL(0, wrong_checksum, true, ERROR_DATA, "damaged");
    SPOIL(0, name, "data.pkl", ERROR_DATA, "without data.pkl");
    SPOIL(0, name, "/data.pkl", ERROR_DATA, "without data.pkl");
    SPOIL(0, name, "m/n/data.pkl", ERROR_DATA, "without data.pkl");
    SPOIL(0, name, "n/data.pkl", ERROR_DATA, "entry 'n/data/0', is missing");
    SPOIL(1, name, "m/data/1", ERROR_DATA, "entry 'm/data/0', is missing");
    SPOIL(3, name, "m/data/0", ERROR_DATA, "'m/data/0' is in the zip file twice");
    SPOIL(3, name, "n/data.pkl", ERROR_DATA, "two entries are called data.pkl");
    SPOIL(2, data, "big\0\0\0", ERROR_UNSUPPORTED, "big-endian");
    SPOIL(2, size, 0, ERROR_UNSUPPORTED, "big-endian");
#undef SPOIL
    expect_entries_refused(entries, 0, ERROR_DATA, "");
    text_free(&parts.pickle);
}

/* The pickle says more or fewer elements than the entry has bytes for. */
static void test_false_storage(void **unused) {
    (void)unused;
    static const struct {
        const char *type;
        int64_t elements;
    } false_claims[] = {
        {"FloatStorage", 7}, {"FloatStorage", 600000000}, {"HalfStorage", 6}, {"DoubleStorage", 6}};
    for (size_t i = 0; i < sizeof false_claims / sizeof false_claims[0]; i++) {
        struct crafted_tensor tensor = plain;
        tensor.storage_type = false_claims[i].type;
        tensor.elements = false_claims[i].elements;
        struct text pickle = state_pickle(&tensor);
        struct crafted_entry entries[] = {
            {.name = "m/data.pkl", .data = pickle.data, .size = pickle.length},
            {.name = "m/data/0", .data = numbers, .size = sizeof numbers}};
        expect_entries_refused(entries, 2, ERROR_DATA, "its data has 24 bytes instead of");
        text_free(&pickle);
    }
}

/* A key that climbs out of the folder, or has a NUL in it, names no entry. */
static void test_odd_keys(void **unused) {
    (void)unused;
    char huge[1000];
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    const char *keys[] = {"../../../etc/passwd", "", "0/../0", huge};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct crafted_tensor tensor = plain;
        tensor.key = keys[i];
        struct text pickle = state_pickle(&tensor);
        struct crafted_entry entries[] = {
            {.name = "m/data.pkl", .data = pickle.data, .size = pickle.length},
            {.name = "m/data/0", .data = numbers, .size = sizeof numbers}};
        expect_entries_refused(entries, 2, ERROR_DATA, "is missing");
        text_free(&pickle);
    }
}

static void test_integers_are_no_weights(void **unused) {
    (void)unused;
    struct crafted_tensor tensor = plain;
    tensor.storage_type = "LongStorage";
    tensor.elements = 3;
    tensor.sizes[0] = 1;
    struct text pickle = state_pickle(&tensor);
    struct crafted_entry entries[] = {
        {.name = "m/data.pkl", .data = pickle.data, .size = pickle.length},
        {.name = "m/data/0", .data = numbers, .size = sizeof numbers}};
    expect_entries_refused(entries, 2, ERROR_DATA, "integers where weights are expected");
    text_free(&pickle);
}

static void expect_bytes_refused(const char *bytes, size_t size, const char *reason) {
    struct error error = ERROR_INITIAL;
    assert_int_not_equal(open_bytes((const unsigned char *)bytes, size, &error), ERROR_NONE);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, reason);
}

static void test_no_zip(void **unused) {
    (void)unused;
    expect_bytes_refused("", 0, "no zip file");
    expect_bytes_refused("PK\003\004", 4, "zip file");
    expect_bytes_refused("version https://git-lfs.example/spec/v1\n", 40, "git lfs pull");
    expect_bytes_refused("<html>not found</html>", 22, "no zip file");
}

/* The golden file, truncated at every position and with bytes changed, is read or
 * refused. Truncated files are always refused. */
static void test_truncated_and_changed(void **unused) {
    (void)unused;
    size_t size = 0;
    unsigned char *bytes = model_file_read(GOLDEN "archive.ckpt", &size);
    for (size_t cut = 0; cut < size; cut += cut < 512 || size - cut < 4096 ? 1 : 97) {
        struct error error = ERROR_INITIAL;
        unsigned char *exact = malloc(cut + 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        assert_int_not_equal(open_bytes(exact, cut, &error), ERROR_NONE);
        free(exact);
    }
    static const unsigned char changes[] = {0x01, 0x80, 0xff};
    for (size_t at = 0; at < size; at += 7)
        for (size_t i = 0; i < sizeof changes; i++) {
            struct error error = ERROR_INITIAL;
            bytes[at] ^= changes[i];
            open_bytes(bytes, size, &error);
            bytes[at] ^= changes[i];
        }
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torch_writes),    cmocka_unit_test(test_views_of_one_storage),
        cmocka_unit_test(test_other_types),     cmocka_unit_test(test_torch_refused),
        cmocka_unit_test(test_crafted_is_read), cmocka_unit_test(test_strides_and_offset),
        cmocka_unit_test(test_false_container), cmocka_unit_test(test_false_storage),
        cmocka_unit_test(test_odd_keys),        cmocka_unit_test(test_integers_are_no_weights),
        cmocka_unit_test(test_no_zip),          cmocka_unit_test(test_truncated_and_changed),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
