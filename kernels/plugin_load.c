#include "plugin_load.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

static enum error_code find_path(const char *file, char *path, struct error *error) {
    const size_t file_size = strlen(file) + 1;
    ssize_t length = readlink("/proc/self/exe", path, PATH_SIZE - file_size);
    char *slash = NULL;
    if (length > 0) {
        path[length] = '\0';
        slash = strrchr(path, '/');
    }
    if (slash == NULL)
        return FAIL(error, ERROR_UNSUPPORTED, "the program's own folder is not known (no /proc)");
    memcpy(slash + 1, file, file_size);
    if (access(path, F_OK) != 0)
        return FAIL(error, ERROR_UNSUPPORTED, "there is no %s beside the program", file);
    return ERROR_NONE;
}

enum error_code plugin_load(const struct plugin *plugin, const void **exported,
                            struct error *error) {
    char path[PATH_SIZE];
    *exported = NULL;
    if (find_path(plugin->file, path, error) != ERROR_NONE) return error->code;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        if (reason != NULL && plugin->driver != NULL &&
            strncmp(reason, plugin->driver, strlen(plugin->driver)) == 0)
            return FAIL(error, ERROR_UNSUPPORTED, "%s", plugin->without_driver);
        return FAIL(error, ERROR_UNSUPPORTED, "%s cannot be loaded: %s", plugin->file,
                    reason == NULL ? "no reason given" : reason);
    }
    const int *found = dlsym(handle, plugin->symbol);
    if (found == NULL) {
        FAIL(error, ERROR_UNSUPPORTED, "%s is not a plug-in of earmark: it has no %s", plugin->file,
             plugin->symbol);
    } else if (*found != plugin->version) {
        FAIL(error, ERROR_UNSUPPORTED,
             "%s was built for %s %d, this program for %d: install both from one build",
             plugin->file, plugin->name, *found, plugin->version);
    }
    if (error->code != ERROR_NONE)
        dlclose(handle);
    else
        *exported = found;
    return error->code;
}
