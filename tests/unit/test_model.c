/* Model files: values and facts, writing, refusals by name. */
#include "host/base/file.h"
#include "host/model/architecture.h"
#include "host/model/model.h"
#include "host/model/safetensors.h"
#include "tests/support/crafted.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/model/"

static char folder[] = "/tmp/earmark-test-model-XXXXXX";

static char *temporary(const char *name) {
    struct error error = ERROR_INITIAL;
    char *path = file_join(folder, name, &error);
    assert_non_null(path);
    return path;
}

static struct model read_golden(const char *path) {
    struct model model;
    struct error error = ERROR_INITIAL;
    if (model_read(path, &model, &error) != ERROR_NONE) fail_msg("%s", error.message);
    return model;
}

static void expect_weights(const struct model *model, const char *expected_path) {
    size_t count = 0;
    float *expected = model_file_floats(expected_path, &count);
    assert_memory_equal(model->weights, expected, count * sizeof *expected);
    free(expected);
}

/* ---- reading ---- */

static void test_read(void **unused) {
    (void)unused;
    struct model model = read_golden(GOLDEN "float32.safetensors");
    const struct xvector_model *network = &model.network;
    expect_weights(&model, GOLDEN "expected.f32");
    assert_int_equal(network->sample_rate, 16000);
    assert_int_equal(network->mels, 24);
    assert_int_equal(network->block_count, 5);
    assert_int_equal(network->embedding_size, 6);
    static const size_t kernels[] = {5, 3, 3, 1, 1};
    static const size_t dilations[] = {1, 2, 3, 1, 1};
    for (size_t i = 0; i < 5; i++) {
        const struct xvector_block *block = &network->blocks[i];
        assert_int_equal(block->in_channels, i == 0 ? 24 : 8);
        assert_int_equal(block->out_channels, i == 4 ? 12 : 8);
        assert_int_equal(block->kernel, kernels[i]);
        assert_int_equal(block->dilation, dilations[i]);
    }
    /* conv.weight, conv.bias, norm.weight, norm.bias, running_mean, running_var. */
    assert_ptr_equal(network->blocks[0].weight, model.weights);
    assert_ptr_equal(network->blocks[0].bias, model.weights + 960);
    assert_ptr_equal(network->blocks[0].norm_variance, model.weights + 960 + (size_t)4 * 8);
    assert_ptr_equal(network->blocks[1].weight, model.weights + 960 + (size_t)5 * 8);
    assert_int_equal(model.dtype, MODEL_FLOAT32);
    assert_string_equal(model.name, "tiny \xe2\x98\x83");
    assert_string_equal(model.licence, "Apache-2.0");
    assert_string_equal(model.source, "made by make_model.py");
    assert_non_null(strstr(model.training, "\"seed\": 20261"));
    assert_int_equal(strlen(model.hash), 16);
    json_t *facts = json_loads(model.training, 0, NULL);
    assert_int_equal(model.parameters, json_integer_value(json_object_get(facts, "parameters")));
    json_decref(facts);
    model_free(&model);
    model_free(&model);
}

static void test_read_float16(void **unused) {
    (void)unused;
    struct model model = read_golden(GOLDEN "float16.safetensors");
    struct model single = read_golden(GOLDEN "float32.safetensors");
    expect_weights(&model, GOLDEN "half.expected.f32");
    assert_int_equal(model.dtype, MODEL_FLOAT16);
    assert_string_not_equal(model.hash, single.hash);
    model_free(&model);
    model_free(&single);
}

/* ---- writing ---- */

static void test_write_is_read_back(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    char *path = temporary("single.safetensors");
    struct model model = read_golden(GOLDEN "float32.safetensors");
    assert_int_equal(model_write(&model, MODEL_FLOAT32, path, &error), ERROR_NONE);
    struct model again = read_golden(path);
    expect_weights(&again, GOLDEN "expected.f32");
    assert_string_equal(again.name, model.name);
    assert_string_equal(again.licence, model.licence);
    assert_string_equal(again.source, model.source);
    assert_string_equal(again.training, model.training);
    assert_int_equal(again.network.blocks[2].dilation, 3);
    assert_int_equal(again.parameters, model.parameters);
    model_free(&again);
    model_free(&model);
    free(path);
}

/* The same model gives the same bytes, and its float16 values are those of torch. */
static void test_write_float16(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    char *paths[] = {temporary("half1.safetensors"), temporary("half2.safetensors")};
    char hashes[2][17];
    struct model model = read_golden(GOLDEN "float32.safetensors");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(model_write(&model, MODEL_FLOAT16, paths[i], &error), ERROR_NONE);
        struct model half = read_golden(paths[i]);
        assert_int_equal(half.dtype, MODEL_FLOAT16);
        expect_weights(&half, GOLDEN "half.expected.f32");
        memcpy(hashes[i], half.hash, sizeof hashes[i]);
        model_free(&half);
        free(paths[i]);
    }
    assert_string_equal(hashes[0], hashes[1]);
    model_free(&model);
}

static void test_float16_overflow(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    char *path = temporary("overflow.safetensors");
    struct model model = read_golden(GOLDEN "float32.safetensors");
    model.weights[960 + 3 * 8 + 2] = -70000; /* blocks.2.norm.running_mean[2] */
    assert_int_equal(model_write(&model, MODEL_FLOAT16, path, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "'blocks.2.norm.running_mean': value 2, -70000"));
    assert_int_not_equal(access(path, F_OK), 0);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(model_write(&model, MODEL_FLOAT32, path, &error), ERROR_NONE);
    model_free(&model);
    free(path);
}

static void test_name_must_be_utf8(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    char *path = temporary("name.safetensors");
    struct model model = read_golden(GOLDEN "float32.safetensors");
    model.name[0] = '\xff';
    assert_int_equal(model_write(&model, MODEL_FLOAT32, path, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "name is not UTF-8"));
    assert_int_not_equal(access(path, F_OK), 0);
    model_free(&model);
    free(path);
}

static void test_unwritable(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    struct model model = read_golden(GOLDEN "float32.safetensors");
    assert_int_equal(model_write(&model, MODEL_FLOAT32, "/nonexistent/x", &error), ERROR_FILE);
    model_free(&model);
}

/* ---- refusals: a golden file with one thing changed ---- */

static void expect_refused(const unsigned char *bytes, size_t size, enum error_code code,
                           const char *reason) {
    struct error error = ERROR_INITIAL;
    struct model model;
    enum error_code got = model_parse(bytes, size, &model, &error);
    if (got != code || strstr(error.message, reason) == NULL)
        fail_msg("error %d, '%s', instead of %d, '%s'", got, error.message, code, reason);
    assert_null(model.weights);
    assert_null(model.name);
}

/* Puts `value` at element `index` of a tensor of the golden file. */
static void expect_value_refused(const char *tensor, size_t index, float value,
                                 const char *reason) {
    size_t size = 0;
    struct safetensors file;
    struct error error = ERROR_INITIAL;
    unsigned char *bytes = model_file_read(GOLDEN "float32.safetensors", &size);
    assert_int_equal(safetensors_parse(bytes, size, &file, &error), ERROR_NONE);
    size_t offset = (size_t)(safetensors_find(&file, tensor)->data - bytes);
    safetensors_free(&file);
    memcpy(bytes + offset + index * sizeof value, &value, sizeof value);
    expect_refused(bytes, size, ERROR_DATA, reason);
    free(bytes);
}

static void test_values(void **unused) {
    (void)unused;
    expect_value_refused("blocks.0.conv.weight", 959, NAN,
                         "'blocks.0.conv.weight': value 959 is not finite");
    expect_value_refused("blocks.16.w.bias", 0, INFINITY,
                         "'blocks.16.w.bias': value 0 is not finite");
    expect_value_refused("blocks.14.norm.running_mean", 11, -INFINITY, "value 11 is not finite");
    expect_value_refused("blocks.5.norm.running_var", 3, -1e-20F,
                         "'blocks.5.norm.running_var': variance 3 is negative");
}

/* The golden header with one text replaced by another of the same length. */
static void expect_header_refused(const char *text, const char *replacement, enum error_code code,
                                  const char *reason) {
    size_t size = 0;
    unsigned char *bytes = model_file_read(GOLDEN "float32.safetensors", &size);
    assert_int_equal(strlen(text), strlen(replacement));
    unsigned char *place = memmem(bytes, size, text, strlen(text));
    assert_non_null(place);
    memcpy(place, replacement, strlen(text));
    expect_refused(bytes, size, code, reason);
    free(bytes);
}

static void test_metadata(void **unused) {
    (void)unused;
    expect_header_refused("earmark-xvector", "earmark-yvector", ERROR_UNSUPPORTED,
                          "does not say format");
    expect_header_refused("\"format_version\":\"1\"", "\"format_version\":\"2\"", ERROR_UNSUPPORTED,
                          "format_version '2'");
    expect_header_refused("\"16000\"", "\"08000\"", ERROR_UNSUPPORTED, "8000 Hz");
    expect_header_refused("\"16000\"", "\"16k00\"", ERROR_DATA, "a whole number");
    expect_header_refused("sample_rate", "sample_ratt", ERROR_DATA, "no 'sample_rate'");
    expect_header_refused("\"mels\":\"24\"", "\"mels\":\"40\"", ERROR_DATA, "40 mels");
    expect_header_refused("\"dilations\"", "\"dilutions\"", ERROR_DATA, "no 'dilations'");
    static const char *const dilations[] = {"1,2,3,1,0", "1,2,3,,,1", "1,2,3,100", "1,2,3,1,x",
                                            "1 2 3 1 1", ",2,3,1,1,", "1,2,3,1,,", "-1,2,3,11",
                                            "999999999", "11,2,3,,1"};
    for (size_t i = 0; i < sizeof dilations / sizeof dilations[0]; i++)
        expect_header_refused("1,2,3,1,1", dilations[i], ERROR_DATA, "dilations");
    expect_header_refused("1,2,3,1,1", "1,2,90,10", ERROR_DATA, "4 dilations for 5 blocks");
}

static void test_not_a_model(void **unused) {
    (void)unused;
    expect_refused((const unsigned char *)"PK\003\004 more of it", 16, ERROR_UNSUPPORTED,
                   "earmark model import");
    expect_refused((const unsigned char *)"version https://x", 17, ERROR_DATA, "git lfs pull");
    expect_refused((const unsigned char *)"", 0, ERROR_DATA, "too few");
    struct error error = ERROR_INITIAL;
    struct model model;
    assert_int_equal(model_read("/nonexistent", &model, &error), ERROR_FILE);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(model_read("/tmp", &model, &error), ERROR_FILE);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(model_read(GOLDEN "make_model.py", &model, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "make_model.py: "));
}

/* ---- architectures ---- */

/* A network of `blocks` blocks of two channels, as a file in memory, with one
 * tensor changed: left out (rank SIZE_MAX), or of another shape. */
struct change {
    const char *name;
    const char *new_name;
    struct tensor_shape shape;
};

static enum error_code build(size_t blocks, const struct change *change, struct model *model,
                             struct error *error) {
    static float zeros[1 << 20];
    struct xvector_model network = {.block_count = blocks, .mels = 3, .embedding_size = 4};
    struct network_array arrays[NETWORK_MAXIMUM_ARRAYS];
    struct safetensor tensors[NETWORK_MAXIMUM_ARRAYS];
    char dilations[64] = "1";
    for (size_t i = 0; i < blocks; i++) {
        network.blocks[i] =
            (struct xvector_block){.in_channels = i == 0 ? 3 : 2, .out_channels = 2, .kernel = 3};
        if (i > 0) memcpy(dilations + 2 * i - 1, ",1", sizeof ",1");
    }
    size_t count = architecture_arrays(&network, arrays);
    size_t written = 0;
    for (size_t i = 0; i < count; i++) {
        bool changed = change != NULL && strcmp(arrays[i].name, change->name) == 0;
        if (changed && change->shape.rank == SIZE_MAX) continue;
        const struct tensor_shape *shape = changed ? &change->shape : &arrays[i].shape;
        assert_true(tensor_values(shape) <= sizeof zeros / sizeof zeros[0]);
        tensors[written] = (struct safetensor){
            .name = changed && change->new_name != NULL ? change->new_name : arrays[i].name,
            .dtype = "F32",
            .rank = shape->rank,
            .data = (const unsigned char *)zeros,
            .bytes = tensor_values(shape) * sizeof(float)};
        memcpy(tensors[written++].shape, shape->sizes, sizeof shape->sizes);
    }
    const struct safetensors_entry metadata[] = {{"format", "earmark-xvector"},
                                                 {"format_version", "1"},
                                                 {"sample_rate", "16000"},
                                                 {"mels", "3"},
                                                 {"dilations", dilations}};
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    assert_non_null(stream);
    assert_int_equal(safetensors_write(stream, metadata, 5, tensors, written, error), ERROR_NONE);
    fclose(stream);
    enum error_code code = model_parse((const unsigned char *)bytes, size, model, error);
    free(bytes);
    return code;
}

static void test_other_sizes(void **unused) {
    (void)unused;
    static const size_t blocks[] = {1, 2, 16};
    for (size_t i = 0; i < 3; i++) {
        struct error error = ERROR_INITIAL;
        struct model model;
        if (build(blocks[i], NULL, &model, &error) != ERROR_NONE) fail_msg("%s", error.message);
        assert_int_equal(model.network.block_count, blocks[i]);
        assert_int_equal(model.network.mels, 3);
        assert_int_equal(model.network.embedding_size, 4);
        assert_string_equal(model.name, "");
        model_free(&model);
    }
}

static void expect_change_refused(struct change change, enum error_code code, const char *reason) {
    struct error error = ERROR_INITIAL;
    struct model model;
    enum error_code got = build(2, &change, &model, &error);
    if (got != code || strstr(error.message, reason) == NULL)
        fail_msg("error %d, '%s', instead of %d, '%s'", got, error.message, code, reason);
    assert_null(model.weights);
}

#define MISSING                                                                                    \
    {                                                                                              \
        SIZE_MAX, {                                                                                \
            0                                                                                      \
        }                                                                                          \
    }

static void test_shapes(void **unused) {
    (void)unused;
    const enum error_code data = ERROR_DATA;
    const enum error_code unsupported = ERROR_UNSUPPORTED;
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, MISSING}, data,
                          "no tensor 'blocks.0.conv.weight'");
    expect_change_refused((struct change){"blocks.3.conv.weight", NULL, MISSING}, data,
                          "no tensor 'blocks.4.w.weight'");
    expect_change_refused((struct change){"blocks.3.conv.bias", NULL, MISSING}, data,
                          "no tensor 'blocks.3.conv.bias'");
    expect_change_refused((struct change){"blocks.5.norm.running_var", NULL, MISSING}, data,
                          "no tensor 'blocks.5.norm.running_var'");
    expect_change_refused((struct change){"blocks.7.w.weight", NULL, MISSING}, data,
                          "no tensor 'blocks.7.w.weight'");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {2, {2, 9}}}, data,
                          "has shape [2, 9]; 3 sizes above 0");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {2, 0, 3}}}, data,
                          "has shape [2, 0, 3]");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {2, 3, 4}}},
                          unsupported, "a kernel of 4 taps");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {2, 3, 33}}},
                          unsupported, "33 taps; at most 31");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {8193, 3, 3}}},
                          unsupported, "8193 channels; at most 8192");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {2, 257, 3}}},
                          unsupported, "257 mels; at most 256");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {2, 4, 3}}}, data,
                          "metadata says 3 mels");
    expect_change_refused((struct change){"blocks.0.conv.weight", NULL, {3, {5, 3, 3}}}, data,
                          "'blocks.3.conv.weight' takes 2 channels, but the block before it has "
                          "5");
    expect_change_refused((struct change){"blocks.3.conv.weight", NULL, {3, {3, 2, 1}}}, data,
                          "'blocks.3.conv.bias' has shape [2]; [3] was expected");
    expect_change_refused((struct change){"blocks.2.norm.running_mean", NULL, {1, {3}}}, data,
                          "'blocks.2.norm.running_mean' has shape [3]; [2] was expected");
    expect_change_refused((struct change){"blocks.2.norm.weight", NULL, {2, {2, 1}}}, data,
                          "'blocks.2.norm.weight' has shape [2, 1]");
    expect_change_refused((struct change){"blocks.7.w.weight", NULL, {2, {4, 5}}}, data,
                          "'blocks.7.w.weight' has shape [4, 5]; [4, 4] was expected");
    expect_change_refused((struct change){"blocks.7.w.weight", NULL, {2, {8193, 4}}}, unsupported,
                          "8193 outputs; at most 8192");
    expect_change_refused((struct change){"blocks.7.w.bias", NULL, {1, {3}}}, data,
                          "'blocks.7.w.bias' has shape [3]; [4] was expected");
    expect_change_refused((struct change){"blocks.7.w.bias", "blocks.7.w.b\n", {1, {4}}}, data,
                          "no tensor 'blocks.7.w.bias'");
}

/* An extra tensor, with a name that must not be printed unescaped. */
static void test_extra_tensor(void **unused) {
    (void)unused;
    size_t size = 0;
    unsigned char *bytes = model_file_read(GOLDEN "float32.safetensors", &size);
    struct text file = TEXT_INITIAL;
    struct text header = TEXT_INITIAL;
    uint64_t length = 0;
    memcpy(&length, bytes, sizeof length);
    while (bytes[8 + length - 1] != '}') length--;
    text_append(&header, (const char *)bytes + 8, (size_t)length - 1);
    text_format(&header,
                ",\"a\\u001b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}}",
                (size_t)7496, (size_t)7500);
    safetensors_craft(&file, header.data, 0);
    text_append(&file, (const char *)bytes + size - 7496, 7496);
    put_number(&file, 0, 4);
    expect_refused((const unsigned char *)file.data, file.length, ERROR_UNSUPPORTED,
                   "tensor 'a\\x1b' is no part of an x-vector network of 5 blocks");
    text_free(&file);
    text_free(&header);
    free(bytes);
}

static int make_folder(void **unused) {
    (void)unused;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **unused) {
    (void)unused;
    static const char *const names[] = {"single", "half1", "half2", "overflow", "name"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s.safetensors", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_float16),
        cmocka_unit_test(test_write_is_read_back),
        cmocka_unit_test(test_write_float16),
        cmocka_unit_test(test_float16_overflow),
        cmocka_unit_test(test_name_must_be_utf8),
        cmocka_unit_test(test_unwritable),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_not_a_model),
        cmocka_unit_test(test_other_sizes),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_extra_tensor),
    };
    return cmocka_run_group_tests_name("model", tests, make_folder, remove_folder);
}
