#include "device.h"

#include "device_plugin.h"
#include "plugin_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Loads the plug-in once. */
static enum error_code load_plugin(const struct device_plugin **result, struct error *error) {
    static const struct plugin cuda = {
        .file = DEVICE_PLUGIN_FILE,
        .symbol = DEVICE_PLUGIN_SYMBOL,
        .name = "device interface",
        .version = DEVICE_INTERFACE_VERSION,
        .driver = "libcuda.so.1",
        .without_driver = "this machine has no NVIDIA driver (libcuda.so.1 is missing)"};
    static const void *loaded;
    if (loaded == NULL) plugin_load(&cuda, &loaded, error);
    *result = loaded;
    return error->code;
}

/* Reads the GPU of "cuda", "cuda:N" or "cuda:all"; false for any other name. */
static bool parse_gpu(const char *name, int *gpu) {
    *gpu = 0;
    if (strcmp(name, "cuda") == 0) return true;
    if (strncmp(name, "cuda:", 5) != 0) return false;
    if (strcmp(name + 5, "all") == 0) {
        *gpu = DEVICE_PLUGIN_ALL;
        return true;
    }
    size_t digits = strspn(name + 5, "0123456789");
    if (digits == 0 || digits > 4 || name[5 + digits] != '\0') return false;
    *gpu = atoi(name + 5);
    return true;
}

static enum error_code find_gpu(int gpu, struct device_choice *choice, char *description,
                                struct error *error) {
    const struct device_plugin *plugin;
    if (load_plugin(&plugin, error) != ERROR_NONE) return error->code;
    if (plugin->choose(gpu, description, choice->left_out, error) != ERROR_NONE) return error->code;
    choice->operations = plugin->operations;
    return ERROR_NONE;
}

enum error_code device_find(const char *name, struct device_choice *choice, struct error *error) {
    char description[DEVICE_LINE_SIZE] = "", *why = choice->why;
    struct error missing = ERROR_INITIAL;
    int gpu;
    *choice = (struct device_choice){.operations = NULL};
    if (strcmp(name, "cpu") == 0) {
        snprintf(why, DEVICE_LINE_SIZE, "cpu: as asked");
        choice->operations = &device_cpu_operations;
    } else if (strcmp(name, "auto") == 0) {
        if (find_gpu(0, choice, description, &missing) == ERROR_NONE) {
            snprintf(why, DEVICE_LINE_SIZE, "%.400s: a GPU was found", description);
        } else {
            snprintf(why, DEVICE_LINE_SIZE, "cpu: no GPU is used, %.400s", missing.message);
            choice->operations = &device_cpu_operations;
        }
    } else if (parse_gpu(name, &gpu)) {
        if (find_gpu(gpu, choice, description, &missing) != ERROR_NONE)
            return FAIL(error, missing.code, "--device %s: %.800s; --device cpu needs none of it",
                        name, missing.message);
        snprintf(why, DEVICE_LINE_SIZE, "%.400s: as asked", description);
    } else {
        return FAIL(error, ERROR_USAGE,
                    "--device %s: unknown device; use auto, cpu, cuda, cuda:N or cuda:all", name);
    }
    return ERROR_NONE;
}

static void describe_cpu(int threads, char *line) {
    struct error error = ERROR_INITIAL;
    struct device_settings settings = {.threads = threads};
    struct device_properties properties;
    struct device *device = NULL;
    if (device_cpu_operations.open(&settings, &device, &error) != ERROR_NONE) {
        snprintf(line, DEVICE_LINE_SIZE, "cpu: %.400s", error.message);
        return;
    }
    device_cpu_operations.properties(device, &properties);
    snprintf(line, DEVICE_LINE_SIZE, "%s: %s", properties.name, properties.description);
    device_cpu_operations.close(device);
}

bool device_list(size_t index, int threads, char *line) {
    const struct device_plugin *plugin = NULL;
    struct error missing = ERROR_INITIAL;
    if (index == 0) {
        describe_cpu(threads, line);
        return true;
    }
    if (load_plugin(&plugin, &missing) == ERROR_NONE && plugin->list(index - 1, line, &missing))
        return true;
    if (index > 1 || missing.code == ERROR_NONE) return false;
    snprintf(line, DEVICE_LINE_SIZE, "cuda: none, %.400s", missing.message);
    return true;
}
