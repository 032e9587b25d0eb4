/* Facts of run.json that every run has: sections "versions", "device", "model",
 * "sandbox", "input". */
#ifndef EARMARK_EMBEDDING_RUN_FACTS_H
#define EARMARK_EMBEDDING_RUN_FACTS_H

#include "host/embedding/engine.h"
#include "host/lists/collection.h"
#include "host/output/run.h"

void run_facts_engine(struct run_facts *facts, const struct engine *engine,
                      enum device_precision precision);
/* Which views of the clips were computed, beside the model's facts. */
void run_facts_views(struct run_facts *facts, bool statistics);
/* Which layers shut in the processes that decode. */
void run_facts_sandbox(struct run_facts *facts);
/* How INPUT was read, so that `earmark apply` can read it again. state: the folder of --state,
 * which is no part of INPUT; or NULL. */
void run_facts_list(struct run_facts *facts, const char *path, const struct input_options *options,
                    const struct list_trace *trace);
void run_facts_input(struct run_facts *facts, const struct collection *input, bool no_resample);

#endif
