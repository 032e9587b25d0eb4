#include "host/commands/memory_option.h"

#include "host/base/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum error_code memory_option_take(const char *value, struct options *options,
                                   struct error *error) {
    static const char letters[] = "KMGT";
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    const char *letter = *end == '\0' ? NULL : strchr(letters, *end);
    size_t shift = letter == NULL ? 0 : 10 * (size_t)(letter - letters + 1);
    bool whole = value[0] >= '0' && value[0] <= '9' && errno == 0 &&
                 (letter == NULL ? *end == '\0' : end[1] == '\0');
    if (!whole || number == 0 || number > SIZE_MAX >> shift)
        return FAIL(error, ERROR_USAGE,
                    "--memory %s: give a size above 0 such as 8G: a whole number with K, M, G or "
                    "T, or of bytes",
                    value);
    options->memory = (size_t)number << shift;
    return ERROR_NONE;
}

enum error_code memory_option_open(const struct options *options, struct folder *folder,
                                   struct error *error) {
    const char *path = getenv("TMPDIR");
    if (options->memory == 0) return ERROR_NONE;
    if (options->out != NULL) return folder_open(options->out, true, folder, error);
    return folder_open(path == NULL || path[0] == '\0' ? "/var/tmp" : path, false, folder, error);
}

enum error_code memory_option_begin(const struct options *options, struct folder *folder,
                                    struct error *error) {
    TRY(memory_option_open(options, folder, error));
    if (options->memory > 0)
        scratch_set(&(struct scratch_bound){.bytes = 0, .least = SCRATCH_LEAST, .folder = folder});
    return ERROR_NONE;
}
