#include "cuda_plugin.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const struct device_plugin *cuda_plugin(void) {
    static const struct device_plugin *part;
    const char *path = getenv("EARMARK_CUDA_PLUGIN");
    if (part != NULL) return part;
    if (path == NULL || *path == '\0') {
        print_message("# no CUDA device: EARMARK_CUDA_PLUGIN names none\n");
        skip();
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) fail_msg("%s", dlerror());
    part = dlsym(handle, DEVICE_PLUGIN_SYMBOL);
    assert_non_null(part);
    assert_int_equal(part->interface_version, DEVICE_INTERFACE_VERSION);
    return part;
}

const struct device_operations *cuda_plugin_operations(void) {
    const struct device_plugin *part = cuda_plugin();
    struct error error = ERROR_INITIAL;
    char description[DEVICE_LINE_SIZE], left_out[DEVICE_LINE_SIZE];
    if (part->choose(0, description, left_out, &error) != ERROR_NONE) fail_msg("%s", error.message);
    return part->operations;
}
