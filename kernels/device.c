#include "device.h"

#include <stdio.h>
#include <string.h>

#define WHY_SIZE 512

enum error_code device_find(const char *name, const struct device_operations **operations,
                            char *why, struct error *error) {
    if (strcmp(name, "cpu") == 0) {
        snprintf(why, WHY_SIZE, "cpu: as asked");
    } else if (strcmp(name, "auto") == 0) {
        snprintf(why, WHY_SIZE, "cpu: this build has no other device");
    } else if (strncmp(name, "cuda", 4) == 0) {
        return FAIL(
            error, ERROR_UNSUPPORTED,
            "--device %s: this build has no CUDA device (earmark-cuda.so); use --device cpu", name);
    } else {
        return FAIL(error, ERROR_USAGE, "--device %s: unknown device; use auto or cpu", name);
    }
    *operations = &device_cpu_operations;
    return ERROR_NONE;
}
