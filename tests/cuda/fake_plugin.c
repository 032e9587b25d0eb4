/* A CUDA plug-in without a GPU, for tests/cli/test_cuda_plugin.sh. The environment variable
 * FAKE_PLUGIN chooses its behaviour; FAKE_VERSION makes it claim another interface version. */
#include "kernels/device_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef FAKE_VERSION
#define FAKE_VERSION DEVICE_INTERFACE_VERSION
#endif

static enum error_code fail(struct error *error, enum error_code code, const char *message) {
    error->code = code;
    snprintf(error->message, sizeof error->message, "%s", message);
    return code;
}

static bool wants(const char *what) {
    const char *wanted = getenv("FAKE_PLUGIN");
    return wanted != NULL && strcmp(wanted, what) == 0;
}

static enum error_code choose(int gpu, char *description, char *left_out, struct error *error) {
    snprintf(left_out, DEVICE_LINE_SIZE, "%s",
             gpu == DEVICE_PLUGIN_ALL && wants("old") ? "left out: GPU 1 is old" : "");
    if (wants("missing")) return fail(error, ERROR_UNSUPPORTED, "the fake has no driver");
    if (gpu > 0) return fail(error, ERROR_UNSUPPORTED, "the fake has one GPU");
    snprintf(description, DEVICE_LINE_SIZE, gpu == 0 ? "cuda:0 (fake)" : "cuda:all (fake)");
    return ERROR_NONE;
}

static bool list(size_t gpu, char *line, struct error *error) {
    if (wants("missing")) fail(error, ERROR_UNSUPPORTED, "the fake has no driver");
    if (gpu > 0 || wants("missing")) return false;
    snprintf(line, DEVICE_LINE_SIZE, "cuda:0: fake");
    return true;
}

static enum error_code load_model(struct device *device, const struct xvector_model *model,
                                  struct error *error) {
    (void)device;
    (void)model;
    return fail(error, ERROR_MEMORY, "the fake is full");
}

static void close_device(struct device *device) {
    free(device);
}

extern const struct device_operations operations;

static enum error_code open_device(const struct device_settings *settings, struct device **device,
                                   struct error *error) {
    (void)settings;
    *device = NULL;
    if (wants("full") && (*device = calloc(1, sizeof **device)) != NULL) {
        (*device)->operations = &operations;
        return ERROR_NONE;
    }
    if (wants("lost")) return fail(error, ERROR_DEVICE_LOST, "the fake is lost");
    return fail(error, ERROR_DEVICE, "the fake does not open");
}

const struct device_operations operations = {.interface_version = FAKE_VERSION,
                                             .name = "cuda",
                                             .open = open_device,
                                             .close = close_device,
                                             .load_model = load_model};

extern const struct device_plugin earmark_device_plugin;
const struct device_plugin earmark_device_plugin = {FAKE_VERSION, &operations, choose, list};
