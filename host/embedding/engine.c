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

/* Once, whatever device then loads it. */
static enum error_code read_model(const struct engine_settings *settings, struct engine *engine,
                                  struct error *error) {
    if (engine->model.weights != NULL) return ERROR_NONE;
    free(engine->model_path);
    engine->model_path = NULL;
    if (settings->model_path == NULL)
        TRY(model_default_path(&engine->model_path, error));
    else if ((engine->model_path = memory_string(settings->model_path, error)) == NULL)
        return error->code;
    return model_read(engine->model_path, &engine->model, error);
}

static enum error_code start_device(const struct engine_settings *settings,
                                    const struct device_operations *operations, bool want_model,
                                    struct engine *engine, struct error *error) {
    const struct device_settings device_settings = {.threads = engine->threads,
                                                    .precision = settings->precision};
    if (operations->interface_version != DEVICE_INTERFACE_VERSION)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "the device '%s' was built for interface %d, this program for %d: install both "
                    "from one build",
                    operations->name, operations->interface_version, DEVICE_INTERFACE_VERSION);
    TRY(operations->open(&device_settings, &engine->device, error));
    if (want_model) {
        TRY(read_model(settings, engine, error));
        TRY(operations->load_model(engine->device, &engine->model.network, error));
    }
    /* Only now: what suits the device depends on the memory that the model leaves. */
    operations->properties(engine->device, &engine->properties);
    return ERROR_NONE;
}

static void stop_device(struct engine *engine) {
    if (engine->device != NULL) engine->device->operations->close(engine->device);
    engine->device = NULL;
}

/* Whether a GPU failed in a way that is no fault of the command or the model: it is full, in use by
 * another process alone, or does not start. */
static bool gpu_failed(enum error_code code) {
    return code == ERROR_MEMORY || code == ERROR_DEVICE || code == ERROR_DEVICE_LOST;
}

/* The device by its name. */
static enum error_code start_named(const struct engine_settings *settings, bool want_model,
                                   struct engine *engine, struct error *error) {
    const bool automatic = strcmp(settings->device, "auto") == 0;
    struct device_choice choice;
    struct error first = ERROR_INITIAL;
    TRY(device_find(settings->device, &choice, error));
    if (choice.left_out[0] != '\0' && !settings->quiet)
        progress_warning("--device %s: %s", settings->device, choice.left_out);
    start_device(settings, choice.operations, want_model, engine, &first);
    if (automatic && gpu_failed(first.code) && choice.operations != &device_cpu_operations) {
        stop_device(engine);
        if (!settings->quiet)
            progress_warning("the CPU computes, because the GPU that was found cannot be used: %s "
                             "(--device cuda makes this an error)",
                             first.message);
        return start_device(settings, &device_cpu_operations, want_model, engine, error);
    }
    if (first.code != ERROR_NONE)
        *error = first;
    else if (automatic && !settings->quiet)
        progress_message("earmark: device %s", choice.why);
    return error->code;
}

enum error_code engine_open(const struct engine_settings *settings, bool want_model,
                            struct engine *engine, struct error *error) {
    *engine = (struct engine){.model = MODEL_INITIAL};
    engine->threads = engine_threads(settings);
    if (settings->operations != NULL)
        start_device(settings, settings->operations, want_model, engine, error);
    else
        start_named(settings, want_model, engine, error);
    if (error->code != ERROR_NONE) engine_close(engine);
    return error->code;
}

void engine_close(struct engine *engine) {
    stop_device(engine);
    model_free(&engine->model);
    free(engine->model_path);
    engine->model_path = NULL;
}
