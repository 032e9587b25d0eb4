#include "host/model/model.h"

#include "host/base/memory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Relative to the program's folder: installed (PREFIX/bin), at the top of the source tree, and in
 * a build folder (build/HASH). */
static const char *const places[] = {"../share/earmark/default.safetensors",
                                     "models/default.safetensors", "../models/default.safetensors",
                                     "../../models/default.safetensors"};

enum error_code model_default_path(char **path, struct error *error) {
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return FAIL(error, ERROR_FILE,
                    "cannot find the program's own file (/proc/self/exe: %s), and so not the "
                    "default model beside it; give one with --model FILE",
                    strerror(errno));
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash != NULL) *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char candidate[PATH_MAX + 64];
        char resolved[PATH_MAX];
        snprintf(candidate, sizeof candidate, "%s/%s", program, places[i]);
        if (realpath(candidate, resolved) == NULL) continue;
        *path = memory_string(resolved, error);
        return error->code;
    }
    return FAIL(error, ERROR_FILE,
                "there is no default model (default.safetensors) in models/ or share/earmark/ "
                "beside %s; give one with --model FILE",
                program);
}
