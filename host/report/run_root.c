#include "host/report/run_root.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the folder is the user's home or contains it. */
static bool holds_home(const char *folder) {
    const struct passwd *user = getpwuid(getuid());
    const char *homes[] = {getenv("HOME"), user == NULL ? NULL : user->pw_dir};
    bool holds = strcmp(folder, "/") == 0;
    for (size_t i = 0; i < 2 && !holds; i++) {
        char *home = homes[i] == NULL ? NULL : realpath(homes[i], NULL);
        size_t length = strlen(folder);
        holds = home != NULL && strncmp(home, folder, length) == 0 &&
                (home[length] == '/' || home[length] == '\0');
        free(home);
    }
    return holds;
}

enum error_code run_root_check(const char *out, const char *root, struct error *error) {
    char *real = realpath(root == NULL || root[0] == '\0' ? "." : root, NULL);
    if (real != NULL && holds_home(real))
        FAIL(error, ERROR_USAGE,
             "%s/run.json says that the clips are in %s, which holds far more than clips; if you "
             "trust this run, give --root %s",
             out, real, real);
    free(real);
    return error->code;
}
