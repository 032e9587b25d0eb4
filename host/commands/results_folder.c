#include "host/commands/results_folder.h"

enum error_code results_folder_open(const char *path, const char *last, bool fresh,
                                    struct folder_lock *out, struct error *error) {
    TRY(folder_lock_open(path, true, out, error));
    if (folder_has(&out->folder, "run.json"))
        return FAIL(error, ERROR_FILE, "%s: holds the files of another run; give another folder",
                    path);
    if (folder_has(&out->folder, last) && !fresh)
        return FAIL(error, ERROR_FILE,
                    "%s: holds results already; give another folder, or --fresh to replace them",
                    path);
    return folder_remove(&out->folder, last, error);
}
