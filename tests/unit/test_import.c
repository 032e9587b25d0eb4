/* The import of a SpeechBrain folder: hyperparams.yaml beside the tensors. */
#include "host/model/hyperparameters.h"
#include "host/model/import.h"
#include "tests/support/crafted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/model/"

static void test_folder(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    struct text notes = TEXT_INITIAL;
    struct model model;
    size_t count = 0;
    float *expected = model_file_floats(GOLDEN "expected.f32", &count);
    if (model_import(GOLDEN "speechbrain", &model, &notes, &error) != ERROR_NONE)
        fail_msg("%s", error.message);
    assert_memory_equal(model.weights, expected, count * sizeof *expected);
    assert_int_equal(model.network.blocks[1].dilation, 2);
    assert_int_equal(model.network.blocks[2].dilation, 3);
    assert_int_equal(model.network.sample_rate, 16000);
    assert_int_equal(notes.length, 0);
    assert_string_equal(model.name, "");
    model_free(&model);
    text_free(&notes);
    free(expected);
}

static void test_no_folder(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    struct text notes = TEXT_INITIAL;
    struct model model;
    assert_int_equal(model_import("/nonexistent", &model, &notes, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "no such folder"));
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(model_import(GOLDEN "archive.ckpt", &model, &notes, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "give the folder"));
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(model_import(GOLDEN, &model, &notes, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "embedding_model.ckpt: cannot open"));
    text_free(&notes);
}

/* Imports the golden checkpoint with this hyperparams.yaml. */
static enum error_code import_yaml(const char *yaml, size_t dilations[5], struct text *notes,
                                   struct error *error) {
    struct model model;
    size_t size = 0;
    unsigned char *bytes = model_file_read(GOLDEN "archive.ckpt", &size);
    enum error_code code = model_import_bytes(bytes, size, yaml, yaml == NULL ? 0 : strlen(yaml),
                                              &model, notes, error);
    for (size_t i = 0; i < 5 && code == ERROR_NONE; i++)
        dilations[i] = model.network.blocks[i].dilation;
    model_free(&model);
    free(bytes);
    return code;
}

static void expect_dilations(const char *yaml, size_t d0, size_t d1, size_t d2, size_t d3,
                             size_t d4, const char *note) {
    struct error error = ERROR_INITIAL;
    struct text notes = TEXT_INITIAL;
    size_t dilations[5];
    if (import_yaml(yaml, dilations, &notes, &error) != ERROR_NONE) fail_msg("%s", error.message);
    const size_t expected[5] = {d0, d1, d2, d3, d4};
    for (int i = 0; i < 5; i++) assert_int_equal(dilations[i], expected[i]);
    if (note == NULL)
        assert_int_equal(notes.length, 0);
    else
        assert_non_null(strstr(notes.data, note));
    text_free(&notes);
}

static void test_dilations(void **unused) {
    (void)unused;
    expect_dilations(NULL, 1, 2, 3, 1, 1, "no hyperparams.yaml");
    expect_dilations("a: 1\n", 1, 2, 3, 1, 1, "gives no tdnn_dilations");
    expect_dilations("tdnn_dilations: [1, 1, 4, 2, 1]\n", 1, 1, 4, 2, 1, NULL);
    expect_dilations("embedding_model: !new:custom_model.Xvector\n"
                     "    tdnn_dilations:\n    - 2\n    - 1\n    - 1   # a comment\n    - 1\n"
                     "    - 1\n    - 7\n",
                     2, 1, 1, 1, 1, NULL);
    expect_dilations("d: [1, !ref <two>, 3, 1, 1]\ntwo: 2\ne: !ref <d>\n"
                     "embedding_model: !new:x.Xvector {tdnn_dilations: !ref <e>}\n",
                     1, 2, 3, 1, 1, NULL);
    expect_dilations("x: &list [1, 1, 1, 1, 5]\ntdnn_dilations: *list\n", 1, 1, 1, 1, 5, NULL);
}

static void test_matching_files(void **unused) {
    (void)unused;
    expect_dilations("n_mels: 24\nsample_rate: 16000\n"
                     "compute_features: !new:speechbrain.lobes.features.Fbank\n"
                     "    n_mels: !ref <n_mels>\n    left_frames: 0\n    deltas: False\n"
                     "    n_fft: 400\n    f_max: 8000.0\n    win_length: 25.0\n"
                     "mean_var_norm: !new:speechbrain.InputNormalization\n"
                     "    norm_type: sentence\n    std_norm: false\n"
                     "embedding_model: !new:speechbrain.lobes.models.Xvector.Xvector\n"
                     "    in_channels: !ref <n_mels>\n"
                     "    activation: !name:torch.nn.LeakyReLU\n    tdnn_blocks: 5\n"
                     "    tdnn_channels: [8, 8, 8, 8, 12]\n"
                     "    tdnn_kernel_sizes: [5, 3, 3, 1, 1]\n"
                     "    tdnn_dilations: [1, 2, 3, 1, 1]\n    lin_neurons: 6\n",
                     1, 2, 3, 1, 1, NULL);
    /* A value that cannot be resolved is reported, and treated as missing. */
    expect_dilations("embedding_model: !new:x.Xvector\n    lin_neurons: !ref <a> * 2\n"
                     "    tdnn_dilations: [1, 2, 3, 1, 1]\n",
                     1, 2, 3, 1, 1, "lin_neurons is an expression");
    expect_dilations("embedding_model: !new:x.Xvector\n    in_channels: !ref <absent>\n"
                     "    tdnn_dilations: [1, 2, 3, 1, 1]\n",
                     1, 2, 3, 1, 1, "in_channels is an expression");
}

static void expect_refused(const char *yaml, const char *reason) {
    struct error error = ERROR_INITIAL;
    struct text notes = TEXT_INITIAL;
    size_t dilations[5];
    assert_int_not_equal(import_yaml(yaml, dilations, &notes, &error), ERROR_NONE);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, reason);
    text_free(&notes);
}

static void test_mismatches_name_both(void **unused) {
    (void)unused;
    expect_refused("n_mels: 40\n", "n_mels 40, but tensor 'blocks.0.conv.weight' takes 24");
    expect_refused("compute_features: {n_mels: 23}\n", "n_mels 23, but tensor");
    expect_refused("sample_rate: 8000\n", "sample_rate 8000, but earmark's features are made at "
                                          "16000");
    expect_refused("embedding_model: {in_channels: 80}\n", "in_channels 80, but tensor");
    expect_refused("embedding_model: {tdnn_blocks: 4}\n", "tdnn_blocks 4, but the tensors have 5");
    expect_refused("embedding_model: {tdnn_channels: [8, 8, 9, 8, 12]}\n",
                   "tdnn_channels 9 for block 2, but tensor 'blocks.6.conv.weight' has 8");
    expect_refused("embedding_model: {tdnn_channels: [8, 8]}\n",
                   "gives 2 tdnn_channels, but the tensors have 5 blocks");
    expect_refused("embedding_model: {tdnn_kernel_sizes: [5, 3, 3, 1, 3]}\n",
                   "tdnn_kernel_sizes 3 for block 4, but tensor 'blocks.12.conv.weight' has 1");
    expect_refused("embedding_model: {lin_neurons: 512}\n",
                   "lin_neurons 512, but the linear layer's tensor has 6");
    expect_refused("embedding_model: {tdnn_dilations: [1, 2]}\n",
                   "gives 2 tdnn_dilations, but the tensors have 5 blocks");
}

static void test_other_networks(void **unused) {
    (void)unused;
    expect_refused("embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN\n"
                   "    channels: [8]\n",
                   "ECAPA_TDNN; only Xvector is supported");
    expect_refused("embedding_model: {activation: !name:torch.nn.ReLU }\n",
                   "!name:torch.nn.ReLU; only LeakyReLU");
    expect_refused("embedding_model:\n    activation: !name:torch.nn.LeakyReLU\n"
                   "        negative_slope: 0.2\n",
                   "only LeakyReLU (0.01)");
    expect_refused("compute_features: {n_fft: 512}\n", "n_fft 512; earmark computes 400 only");
    expect_refused("compute_features: {deltas: True}\n", "deltas True; earmark computes False");
    expect_refused("mean_var_norm: {norm_type: global}\n", "norm_type global; earmark computes "
                                                           "sentence");
    expect_refused("mean_var_norm: {std_norm: True}\n", "std_norm True");
}

static void test_hostile_yaml(void **unused) {
    (void)unused;
    expect_refused("a: [1, 2\n", "hyperparams.yaml, line");
    expect_refused("", "not a map");
    expect_refused("- 1\n", "not a map");
    expect_refused("just text", "not a map");
    expect_refused("\xff\xfe\xfd", "hyperparams.yaml, line");
    expect_refused("n_mels: many\n", "n_mels is no whole number");
    expect_refused("n_mels: -24\n", "n_mels is no whole number");
    expect_refused("n_mels: 99999999999999999999\n", "n_mels is no whole number");
    expect_refused("tdnn_dilations: []\n", "gives 0 tdnn_dilations");
    expect_refused("tdnn_dilations: 3\n", "tdnn_dilations is no list");
    expect_refused("tdnn_dilations: [a]\n", "no list of at most 64 whole numbers");
    expect_refused("tdnn_dilations: [[1], 2, 3, 1, 1]\n", "whole numbers");
    expect_refused("tdnn_dilations: [1, 2, 0, 1, 1]\n", "dilation 0 is not in 1 .. 64");
    expect_refused("tdnn_dilations: [1, 2, 3, 1, 65]\n", "dilation 65 is not in 1 .. 64");
    /* References in a circle, and to nothing. */
    expect_refused("a: !ref <b>\nb: !ref <a>\ntdnn_dilations: !ref <a>\n",
                   "tdnn_dilations is an expression");
    expect_refused("tdnn_dilations: !ref <tdnn_dilations>\n", "tdnn_dilations is an expression");
    struct text yaml = TEXT_INITIAL;
    for (int i = 0; i < 60000; i++) text_string(&yaml, "[");
    expect_refused(yaml.data, "hyperparams.yaml, line");
    text_clear(&yaml);
    text_string(&yaml, "tdnn_dilations: [1");
    for (int i = 0; i < 10000; i++) text_string(&yaml, ",1");
    text_string(&yaml, "]\n");
    expect_refused(yaml.data, "no list of at most 64");
    text_clear(&yaml);
    for (size_t i = 0; i <= HYPERPARAMETERS_MAXIMUM_BYTES; i++) text_string(&yaml, "#");
    expect_refused(yaml.data, "bytes; at most");
    text_free(&yaml);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_dilations),
        cmocka_unit_test(test_matching_files),
        cmocka_unit_test(test_mismatches_name_both),
        cmocka_unit_test(test_other_networks),
        cmocka_unit_test(test_hostile_yaml),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
