/* Golden examples with several labels a row: tests/golden/multilabel/<name>_*.npy. */
#ifndef EARMARK_TEST_MULTILABEL_EXAMPLE_H
#define EARMARK_TEST_MULTILABEL_EXAMPLE_H

#include "host/classifier/crossval_multilabel.h"
#include "tests/support/golden.h"

struct multilabel_example {
    struct golden x, y, f, p;
    int8_t *labels; /* (rows, classes) */
    struct crossval_multilabel_input input;
};

/* Any error fails the cmocka test. */
struct multilabel_example multilabel_example_read(const char *name);
void multilabel_example_free(struct multilabel_example *example);

/* Probabilities (rows, classes), to be freed. */
float *multilabel_example_run(const struct device_operations *operations,
                              const struct multilabel_example *example,
                              const struct crossval_settings *settings, int threads,
                              struct crossval_report *report);

#endif
