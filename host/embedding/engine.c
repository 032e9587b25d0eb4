#include "host/embedding/engine.h"

#include "host/base/memory.h"
#include "host/base/progress.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int engine_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count;
}

int engine_threads(const struct engine_settings *settings) {
    return settings->threads > 0 ? settings->threads : engine_processors();
}

const char *engine_precision_name(enum device_precision precision) {
    switch (precision) {
    case PRECISION_FLOAT32: return "float32";
    case PRECISION_TF32: return "tf32";
    case PRECISION_BF16: return "bf16";
    }
    return "unknown";
}

static enum error_code load_model(const struct engine_settings *settings, struct engine *engine,
                                  struct error *error) {
    if (settings->model_path == NULL)
        TRY(model_default_path(&engine->model_path, error));
    else if ((engine->model_path = memory_string(settings->model_path, error)) == NULL)
        return error->code;
    TRY(model_read(engine->model_path, &engine->model, error));
    return engine->device->operations->load_model(engine->device, &engine->model.network, error);
}

enum error_code engine_open(const struct engine_settings *settings, bool want_model,
                            struct engine *engine, struct error *error) {
    const struct device_operations *operations = settings->operations;
    *engine = (struct engine){.model = MODEL_INITIAL};
    engine->threads = engine_threads(settings);
    if (operations == NULL) TRY(device_find(settings->device, &operations, engine->why, error));
    if (operations->interface_version != DEVICE_INTERFACE_VERSION)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "the device '%s' was built for interface %d, this program for %d: install both "
                    "from one build",
                    operations->name, operations->interface_version, DEVICE_INTERFACE_VERSION);
    struct device_settings device_settings = {.threads = engine->threads,
                                              .precision = settings->precision};
    TRY(operations->open(&device_settings, &engine->device, error));
    operations->properties(engine->device, &engine->properties);
    if (settings->operations == NULL && !settings->quiet && strcmp(settings->device, "auto") == 0)
        progress_message("earmark: device %s", engine->why);
    if (want_model) load_model(settings, engine, error);
    if (error->code != ERROR_NONE) engine_close(engine);
    return error->code;
}

void engine_close(struct engine *engine) {
    if (engine->device != NULL) engine->device->operations->close(engine->device);
    engine->device = NULL;
    model_free(&engine->model);
    free(engine->model_path);
    engine->model_path = NULL;
}
