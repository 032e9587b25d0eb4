/* earmark info: what this program is made of and what it found on this machine. */
#include "host/base/sandbox.h"
#include "host/base/version.h"
#include "host/commands/commands.h"
#include "host/model/model.h"
#include "kernels/device.h"

#include <samplerate.h>
#include <sndfile.h>
#include <stdlib.h>
#include <unistd.h>

static void print_devices(void) {
    struct error error = ERROR_INITIAL;
    const struct device_operations *operations = NULL;
    char line[DEVICE_LINE_SIZE];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; device_list(i, processors < 1 ? 1 : (int)processors, line); i++)
        printf("device      %s\n", line);
    if (device_find("auto", &operations, line, &error) == ERROR_NONE)
        printf("auto        %s\n", line);
    else
        printf("auto        none: %s\n", error.message);
}

static void print_model(void) {
    struct error error = ERROR_INITIAL;
    char *path = NULL;
    struct model model = MODEL_INITIAL;
    if (model_default_path(&path, &error) != ERROR_NONE ||
        model_read(path, &model, &error) != ERROR_NONE)
        printf("model       none: %s\n", error.message);
    else
        printf("model       %s (%s, %zu parameters, %s)\n", path, model.name, model.parameters,
               model_dtype_name(model.dtype));
    model_free(&model);
    free(path);
}

/* What shuts in a process that decodes. */
static void print_sandbox(void) {
    const struct sandbox_layers layers = sandbox_available();
    char landlock[32] = "no Landlock";
    if (layers.landlock > 0)
        snprintf(landlock, sizeof landlock, "Landlock ABI %d", layers.landlock);
    printf("sandbox     %s, %s, %s%s\n", layers.seccomp ? "seccomp" : "no seccomp", landlock,
           layers.memory_limit ? "memory limit" : "no memory limit",
           SANDBOX_BUILT ? "" : " (built with sanitizers)");
}

int command_info(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    int exit_code;
    if (!command_start("info", argc, argv, &options, &exit_code)) return exit_code;
    printf("earmark     %s (device interface %d)\n", EARMARK_VERSION, DEVICE_INTERFACE_VERSION);
    printf("libraries   %s, %s\n", sf_version_string(), src_get_version());
    print_devices();
    print_sandbox();
    print_model();
    return EXIT_DONE;
}
