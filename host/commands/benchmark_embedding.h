/* The stages from samples to embeddings, one batch at a time and several in flight. */
#ifndef EARMARK_COMMANDS_BENCHMARK_EMBEDDING_H
#define EARMARK_COMMANDS_BENCHMARK_EMBEDDING_H

#include "host/commands/benchmark_rows.h"
#include "host/embedding/engine.h"

/* Whether benchmark_embedding() measures a stage; NULL: all stages. */
bool benchmark_is_embedding(const char *stage);

/* Adds rows of "resample", "features", "network" and "pooling", measured by the device with one
 * batch at a time, and for "stream" the rows "waiting" and "streamed": wall-clock time of all clips
 * with one batch at a time, and with as many in flight as the device asks for. */
enum error_code benchmark_embedding(struct engine *engine, const char *stage,
                                    const struct benchmark_settings *settings,
                                    struct benchmark *benchmark, struct error *error);

#endif
