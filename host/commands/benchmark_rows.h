/* What `earmark bench` measures and with what, for the files that measure. */
#ifndef EARMARK_COMMANDS_BENCHMARK_ROWS_H
#define EARMARK_COMMANDS_BENCHMARK_ROWS_H

#include "kernels/device.h"

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
    int in_flight;                      /* batches of the row "streamed"; 0: not measured */
    struct device_kernel_times kernels; /* of one more such pass; none on a CPU */
};

static inline void benchmark_add_row(struct benchmark *benchmark, struct benchmark_row row) {
    if (benchmark->row_count < BENCHMARK_MAXIMUM_ROWS)
        benchmark->rows[benchmark->row_count++] = row;
}

/* The same noise on every machine, from 0 to 2^24 - 1. */
static inline uint32_t benchmark_noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

#endif
