/* Measures the stages of the program on synthetic data of a stated size. */
#ifndef EARMARK_COMMANDS_BENCHMARK_H
#define EARMARK_COMMANDS_BENCHMARK_H

#include "host/commands/benchmark_rows.h"
#include "host/embedding/engine.h"

/* stage: gemm, resample, features, network, pooling, stream, crossval or issues; NULL: all of them.
 */
enum error_code benchmark_run(struct engine *engine, const char *stage,
                              const struct benchmark_settings *settings,
                              struct benchmark *benchmark, struct error *error);

/* Rows of overlapping classes, noise around a centre for each: data (rows, columns), labels and
 * fold_of (rows). */
void benchmark_make_rows(size_t rows, size_t columns, size_t classes, size_t folds, float *data,
                         int32_t *labels, int32_t *fold_of);

#endif
