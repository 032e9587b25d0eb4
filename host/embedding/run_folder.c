#include "host/embedding/run_folder.h"

#include "host/base/file_replace.h"
#include "host/base/run_watch.h"
#include "host/embedding/embedding_store.h"

#include <string.h>

/* Every file that a run writes. run.json is written last: with it the run is complete. */
static const char *const run_files[] = {
    "run.json",         RUN_STATUS_FILE,  "timing.json",         "clips.csv",
    "embeddings.npy",   "statistics.npy", "labels.npy",          "pred_probs.npy",
    "scores.npy",       "view-1.npy",     "view-2.npy",          "view-3.npy",
    "view-4.npy",       "view-5.npy",     "view-6.npy",          "classes.json",
    "issues.csv",       "issues.jsonl",   "issues.npy",          "annotations.csv",
    "group_errors.csv", "classes.csv",    "confident_joint.csv", "report.html",
    "folds.npy",        "rows.npy",       "crossval.json",       "overlapping_classes.csv",
    "embeddings.part",  "health.json",
};

#define RUN_FILE_COUNT (sizeof run_files / sizeof run_files[0])

/* Removes the files of a run and the temporary ones beside them. */
static enum error_code remove_own(void *context, const char *name, struct error *error) {
    const struct folder *folder = context;
    for (size_t i = 0; i < RUN_FILE_COUNT; i++)
        if (strcmp(name, run_files[i]) == 0 || file_is_temporary(name, run_files[i]))
            return folder_remove(folder, name, error);
    return ERROR_NONE;
}

enum error_code run_folder_open(const char *path, bool fresh, struct folder_lock *out,
                                struct error *error) {
    TRY(folder_lock_open(path, true, out, error));
    struct folder *folder = &out->folder;
    bool finished = folder_has(folder, "run.json");
    /* Shards beside a run.json: the run was killed after writing that, before removing them. */
    if (finished || fresh) TRY(shards_remove(folder, error));
    if (finished && !fresh)
        return FAIL(
            error, ERROR_FILE,
            "%s: holds the files of a finished run; give another folder, or --fresh to replace it",
            path);
    /* First: if the process is killed in between, the rest must not look complete. */
    TRY(folder_remove(folder, "run.json", error));
    return folder_each(folder, remove_own, folder, error);
}
