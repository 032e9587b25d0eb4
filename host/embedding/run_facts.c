#include "host/embedding/run_facts.h"

#include "host/base/sandbox.h"
#include "host/base/version.h"

void run_facts_engine(struct run_facts *facts, const struct engine *engine,
                      enum device_precision precision) {
    run_fact_string(facts, "versions", "earmark", EARMARK_VERSION);
    run_fact_integer(facts, "versions", "device_interface", DEVICE_INTERFACE_VERSION);
    run_fact_string(facts, "device", "name", engine->properties.name);
    run_fact_string(facts, "device", "precision", engine_precision_name(precision));
    if (engine->model_path == NULL) return;
    run_fact_string(facts, "model", "name", engine->model.name);
    run_fact_string(facts, "model", "hash", engine->model.hash);
    run_fact_string(facts, "model", "dtype", model_dtype_name(engine->model.dtype));
    run_fact_integer(facts, "model", "embedding_size",
                     (int64_t)engine->model.network.embedding_size);
}

void run_facts_views(struct run_facts *facts, bool statistics) {
    run_fact_json(facts, "model", "views",
                  statistics ? "[\"xvector\", \"statistics\"]" : "[\"xvector\"]");
}

void run_facts_sandbox(struct run_facts *facts) {
    const struct sandbox_layers layers = sandbox_available();
    run_fact_bool(facts, "sandbox", "seccomp", layers.seccomp);
    run_fact_integer(facts, "sandbox", "landlock", layers.landlock);
    run_fact_bool(facts, "sandbox", "memory_limit", layers.memory_limit);
}

void run_facts_input(struct run_facts *facts, const struct collection *input, bool no_resample) {
    run_fact_string(facts, "input", "kind", input->format);
    if (input->reading.length > 0) run_fact_string(facts, "input", "reading", input->reading.data);
    run_fact_integer(facts, "input", "clips", (int64_t)input->clips.count);
    run_fact_integer(facts, "input", "other_files", (int64_t)input->other_files);
    run_fact_integer(facts, "input", "hidden_files", (int64_t)input->hidden_files);
    run_fact_bool(facts, "input", "resample", !no_resample);
}
