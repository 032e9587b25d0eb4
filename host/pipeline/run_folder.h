/* The output folder of a run: made, locked, and never mixed with another run's. */
#ifndef EARMARK_RUN_FOLDER_H
#define EARMARK_RUN_FOLDER_H

#include "host/base/error.h"

struct run_folder {
    char *path;     /* as given */
    char *resolved; /* without links: input folders leave it out */
    int descriptor; /* holds the lock */
    bool restarted; /* an unfinished run's files were found and removed */
};

/* Makes the folder (and its parents) and locks it. A finished run in it (run.json)
 * is refused unless `fresh`, which removes that run's files and nothing else. What
 * an unfinished run left is removed, and said in `restarted`. Another process
 * writing there is refused. Close releases the lock. */
enum error_code run_folder_open(const char *path, bool fresh, struct run_folder *folder,
                                struct error *error);
void run_folder_close(struct run_folder *folder);

/* Removes one file of the run; a missing one is fine. */
void run_folder_remove(const struct run_folder *folder, const char *name);

#endif
