/* Measures the stages of the program on synthetic data of a stated size. */
#ifndef EARMARK_COMMANDS_BENCHMARK_H
#define EARMARK_COMMANDS_BENCHMARK_H

#include "host/embedding/engine.h"

struct benchmark_settings {
    size_t clips;   /* for the embedding stages */
    double seconds; /* of sound in each clip */
    int rate;       /* Hz of the clips; resampled to the model's */
    int repeats;    /* the fastest counts */
};

struct benchmark_row {
    const char *stage; /* "network": a literal */
    double seconds;    /* of the fastest repeat */
    double amount;     /* of `unit` in that time */
    const char *unit;  /* "clips", "frames" ...: a literal */
    double operations; /* useful floating-point operations in that time; 0: not counted */
};

#define BENCHMARK_MAXIMUM_ROWS 16

struct benchmark {
    double gemm_speed; /* operations a second of a float32 product, 2,048 cubed */
    struct benchmark_row rows[BENCHMARK_MAXIMUM_ROWS];
    size_t row_count;
};

/* stage: gemm, resample, features, network, pooling, crossval or issues; NULL: all of them. */
enum error_code benchmark_run(struct engine *engine, const char *stage,
                              const struct benchmark_settings *settings,
                              struct benchmark *benchmark, struct error *error);

/* Rows of overlapping classes, noise around a centre for each: data (rows, columns), labels and
 * fold_of (rows). */
void benchmark_make_rows(size_t rows, size_t columns, size_t classes, size_t folds, float *data,
                         int32_t *labels, int32_t *fold_of);

#endif
