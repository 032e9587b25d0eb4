#include "host/embedding/run_folder.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/embedding/embedding_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every file that a run writes. run.json is written last: with it the run is complete. */
static const char *const run_files[] = {
    "run.json",
    "timing.json",
    "clips.csv",
    "embeddings.npy",
    "statistics.npy",
    "labels.npy",
    "pred_probs.npy",
    "scores.npy",
    "view-1.npy",
    "view-2.npy",
    "view-3.npy",
    "view-4.npy",
    "view-5.npy",
    "view-6.npy",
    "classes.json",
    "issues.csv",
    "issues.jsonl",
    "issues.npy",
    "annotations.csv",
    "group_errors.csv",
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
            file_fail(error, copy, "make the folder", errno);
        *at = kept;
        if (kept == '\0') break;
    }
    free(copy);
    return error->code;
}

static enum error_code remove_file(const struct run_folder *folder, const char *name,
                                   struct error *error) {
    if (unlinkat(folder->descriptor, name, 0) == 0 || errno == ENOENT) return ERROR_NONE;
    char *path = file_join(folder->path, name, error);
    if (path != NULL) file_fail(error, path, "remove", errno);
    free(path);
    return error->code;
}

static bool is_run_file(const char *name) {
    for (size_t i = 0; i < RUN_FILE_COUNT; i++) {
        char temporary[64];
        snprintf(temporary, sizeof temporary, "%s.*.part", run_files[i]);
        if (strcmp(name, run_files[i]) == 0 || fnmatch(temporary, name, 0) == 0) return true;
    }
    return false;
}

/* Removes the files of a run and the temporary ones beside them. run.json first: if the
 * process is killed in between, the rest must not look complete. */
static enum error_code remove_run(const struct run_folder *folder, struct error *error) {
    TRY(remove_file(folder, "run.json", error));
    DIR *listing = opendir(folder->path);
    if (listing == NULL) return file_fail(error, folder->path, "list", errno);
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(listing);
        if (entry == NULL && errno != 0) file_fail(error, folder->path, "list", errno);
        if (entry == NULL) break;
        if (is_run_file(entry->d_name) && remove_file(folder, entry->d_name, error) != ERROR_NONE)
            break;
    }
    closedir(listing);
    return error->code;
}

/* Takes the lock. The system releases it however the process ends. */
static enum error_code lock(const struct run_folder *folder, struct error *error) {
    int result;
    do result = flock(folder->descriptor, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result != 0 && errno == EWOULDBLOCK)
        return FAIL(error, ERROR_FILE,
                    "%s: another earmark is writing there; wait for it, or give another folder",
                    folder->path);
    return ERROR_NONE; /* some network file systems have no locks: continue without one */
}

static enum error_code open_folder(const char *path, struct run_folder *folder,
                                   struct error *error) {
    TRY(make_folders(path, error));
    folder->path = memory_string(path, error);
    if (folder->path == NULL) return error->code;
    do folder->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (folder->descriptor < 0 && errno == EINTR);
    if (folder->descriptor < 0) return file_fail(error, path, "open", errno);
    return ERROR_NONE;
}

enum error_code run_folder_open(const char *path, bool fresh, struct run_folder *folder,
                                struct error *error) {
    *folder = (struct run_folder){.descriptor = -1};
    if (open_folder(path, folder, error) != ERROR_NONE || lock(folder, error) != ERROR_NONE)
        goto failed;
    bool finished = faccessat(folder->descriptor, "run.json", F_OK, 0) == 0;
    /* Shards beside a run.json: the run was killed after writing that, before removing them. */
    if ((finished || fresh) && shards_remove(path, error) != ERROR_NONE) goto failed;
    if (finished && !fresh) {
        FAIL(error, ERROR_FILE,
             "%s: holds the files of a finished run; give another folder, or --fresh to replace it",
             path);
        goto failed;
    }
    if (remove_run(folder, error) == ERROR_NONE) return ERROR_NONE;
failed:
    run_folder_close(folder);
    return error->code;
}

void run_folder_close(struct run_folder *folder) {
    if (folder->descriptor >= 0) close(folder->descriptor);
    free(folder->path);
    *folder = (struct run_folder){.descriptor = -1};
}
