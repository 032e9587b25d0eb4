/* A golden problem of cross-validation: rows, labels and folds, and the probabilities, or their
 * logarithms, that the reference made. */
#ifndef EARMARK_TEST_CROSSVAL_EXAMPLE_H
#define EARMARK_TEST_CROSSVAL_EXAMPLE_H

#include "host/classifier/crossval.h"
#include "tests/support/golden.h"

struct crossval_example {
    struct golden x, y, f, p; /* p (rows, classes) */
    struct crossval_input input;
};

/* tests/golden/FOLDER/NAME_x.npy and so on; any error fails the cmocka test. */
struct crossval_example crossval_example_read(const char *folder, const char *name);
void crossval_example_free(struct crossval_example *example);

#endif
