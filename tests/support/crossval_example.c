#include "tests/support/crossval_example.h"

#include <stdio.h>

static struct golden read_part(const char *folder, const char *name, char part) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s_%c.npy", folder, name, part);
    return golden_read(path);
}

struct crossval_example crossval_example_read(const char *folder, const char *name) {
    struct crossval_example example = {.x = read_part(folder, name, 'x'),
                                       .y = read_part(folder, name, 'y'),
                                       .f = read_part(folder, name, 'f'),
                                       .p = read_part(folder, name, 'p')};
    example.input =
        (struct crossval_input){.embeddings = matrix_of(example.x.floats, example.x.shape[1]),
                                .labels = example.y.integers,
                                .fold_of = example.f.integers,
                                .rows = example.x.shape[0],
                                .features = example.x.shape[1],
                                .classes = example.p.shape[1]};
    for (size_t i = 0; i < example.f.count; i++)
        if ((size_t)example.f.integers[i] >= example.input.folds)
            example.input.folds = (size_t)example.f.integers[i] + 1;
    return example;
}

void crossval_example_free(struct crossval_example *example) {
    golden_free(&example->x);
    golden_free(&example->y);
    golden_free(&example->f);
    golden_free(&example->p);
}
