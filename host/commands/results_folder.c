#include "host/commands/results_folder.h"

#include "host/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum error_code results_folder_open(const char *folder, const char *last, bool fresh,
                                    struct error *error) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return FAIL(error, ERROR_FILE, "%s: cannot make the folder: %s", folder, strerror(errno));
    char *run = file_join(folder, "run.json", error);
    char *results = file_join(folder, last, error);
    if (run != NULL && results != NULL) {
        if (access(run, F_OK) == 0)
            FAIL(error, ERROR_FILE, "%s: holds the files of another run; give another folder",
                 folder);
        else if (access(results, F_OK) == 0 && !fresh)
            FAIL(error, ERROR_FILE,
                 "%s: holds results already; give another folder, or --fresh to replace them",
                 folder);
        else if (unlink(results) != 0 && errno != ENOENT)
            FAIL(error, ERROR_FILE, "%s: cannot be replaced: %s", results, strerror(errno));
    }
    free(run);
    free(results);
    return error->code;
}
