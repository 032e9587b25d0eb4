#include "host/pipeline/run_folder.h"

#include "host/base/file.h"
#include "host/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything a run writes; run.json comes last and says that it is complete. */
static const char *const run_files[] = {
    "run.json",
    "timing.json",
    "clips.csv",
    "embeddings.npy",
    "labels.npy",
    "pred_probs.npy",
    "classes.json",
    "issues.csv",
    "issues.jsonl",
    "issues.npy",
    "classes.csv",
    "confident_joint.csv",
    "report.html",
    "folds.npy",
    "rows.npy",
    "crossval.json",
    "overlapping_classes.csv",
    "embeddings.part",
    "health.json",
};

#define RUN_FILE_COUNT (sizeof run_files / sizeof run_files[0])

/* mkdir -p */
static enum error_code make_folders(const char *path, struct error *error) {
    char *copy = memory_string(path, error);
    if (copy == NULL) return error->code;
    for (char *at = copy + 1; error->code == ERROR_NONE; at++) {
        if (*at != '/' && *at != '\0') continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            FAIL(error, ERROR_FILE, "%s: cannot make the folder: %s", copy, strerror(errno));
        *at = kept;
        if (kept == '\0') break;
    }
    free(copy);
    return error->code;
}

void run_folder_remove(const struct run_folder *folder, const char *name) {
    unlinkat(folder->descriptor, name, 0);
}

/* Removes the files of a run and the temporary ones beside them; true if any was there. */
static bool remove_run(const struct run_folder *folder) {
    bool any = false;
    DIR *listing = opendir(folder->path);
    if (listing == NULL) return false;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        for (size_t i = 0; i < RUN_FILE_COUNT; i++) {
            char temporary[64];
            snprintf(temporary, sizeof temporary, "%s.*.part", run_files[i]);
            if (strcmp(entry->d_name, run_files[i]) != 0 &&
                fnmatch(temporary, entry->d_name, 0) != 0)
                continue;
            run_folder_remove(folder, entry->d_name);
            any = true;
        }
    }
    closedir(listing);
    return any;
}

enum error_code run_folder_open(const char *path, bool fresh, struct run_folder *folder,
                                struct error *error) {
    *folder = (struct run_folder){.descriptor = -1};
    TRY(make_folders(path, error));
    folder->path = memory_string(path, error);
    folder->resolved = realpath(path, NULL);
    if (folder->path == NULL || folder->resolved == NULL) {
        FAIL(error, ERROR_FILE, "%s: cannot be used: %s", path, strerror(errno));
        goto failed;
    }
    folder->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->descriptor < 0) {
        FAIL(error, ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
        goto failed;
    }
    if (flock(folder->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        FAIL(error, ERROR_FILE, "%s: another earmark is writing there; give another folder", path);
        goto failed;
    }
    if (faccessat(folder->descriptor, "run.json", F_OK, 0) == 0 && !fresh) {
        FAIL(error, ERROR_FILE,
             "%s: holds the files of a finished run; give another folder, or --fresh to replace it",
             path);
        goto failed;
    }
    folder->restarted = remove_run(folder) && !fresh;
    return ERROR_NONE;
failed:
    run_folder_close(folder);
    return error->code;
}

void run_folder_close(struct run_folder *folder) {
    if (folder->descriptor >= 0) close(folder->descriptor);
    free(folder->path);
    free(folder->resolved);
    *folder = (struct run_folder){.descriptor = -1};
}
