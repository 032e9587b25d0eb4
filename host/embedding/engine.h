/* The device that a run uses, and the model loaded into it. */
#ifndef EARMARK_EMBEDDING_ENGINE_H
#define EARMARK_EMBEDDING_ENGINE_H

#include "host/model/model.h"
#include "kernels/device.h"

struct engine_settings {
    const char *device; /* "auto", "cpu", "cuda", "cuda:N", "cuda:all" */
    bool quiet;         /* do not print which device "auto" chose */
    enum device_precision precision;
    int threads;            /* 0: as many as the processors this process may use */
    const char *model_path; /* NULL: the default model */
    const struct device_operations *operations; /* NULL: found by name; tests pass their own */
};

struct engine {
    struct device *device;
    struct device_properties properties;
    struct model model; /* its weights are freed once loaded; the facts stay */
    char *model_path;   /* NULL when no model was asked for */
    int threads;
};

/* The number of threads that these settings mean; at least 1. */
int engine_threads(const struct engine_settings *settings);

/* Opens the device and, with want_model, reads the model and loads it. Where "auto" found a GPU
 * that does not open or has no room for the model, warns and opens the CPU. Errors are those of the
 * device and of the model file; nothing stays open after one. */
enum error_code engine_open(const struct engine_settings *settings, bool want_model,
                            struct engine *engine, struct error *error);
void engine_close(struct engine *engine); /* takes a zeroed one */

/* Processors this process may use; at least 1. */
int engine_processors(void);

const char *engine_precision_name(enum device_precision precision);

#endif
