#include "tests/support/multilabel_example.h"

#include "tests/support/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct golden read_part(const char *name, const char *part) {
    char path[64];
    snprintf(path, sizeof path, "multilabel/%s_%s.npy", name, part);
    return golden_read(path);
}

struct multilabel_example multilabel_example_read(const char *name) {
    struct multilabel_example example = {.x = read_part(name, "x"),
                                         .y = read_part(name, "y"),
                                         .f = read_part(name, "f"),
                                         .p = read_part(name, "p")};
    example.labels = malloc(example.y.count);
    assert_non_null(example.labels);
    for (size_t i = 0; i < example.y.count; i++) example.labels[i] = (int8_t)example.y.integers[i];
    example.input = (struct crossval_multilabel_input){
        .embeddings = matrix_of(example.x.floats, example.x.shape[1]),
        .labels = example.labels,
        .fold_of = example.f.integers,
        .rows = example.x.shape[0],
        .features = example.x.shape[1],
        .classes = example.y.shape[1],
        .folds = 5};
    assert_int_equal(example.p.count, example.y.count);
    return example;
}

void multilabel_example_free(struct multilabel_example *example) {
    free(example->labels);
    golden_free(&example->x);
    golden_free(&example->y);
    golden_free(&example->f);
    golden_free(&example->p);
}

float *multilabel_example_run(const struct device_operations *operations,
                              const struct multilabel_example *example,
                              const struct crossval_settings *settings, int threads,
                              struct crossval_report *report) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings device_settings = {.threads = threads};
    struct crossval_settings own = *settings;
    own.threads = threads;
    float *probabilities = calloc(example->p.count, sizeof *probabilities);
    assert_non_null(probabilities);
    operations->open(&device_settings, &device, &error);
    assert_no_error(&error);
    crossval_multilabel_run(operations, device, &example->input, &own, NULL, probabilities, report,
                            &error);
    assert_no_error(&error);
    operations->close(device);
    return probabilities;
}
