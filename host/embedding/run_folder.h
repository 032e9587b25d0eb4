/* The output folder of a run: created, locked, and never mixed with the files of another run. */
#ifndef EARMARK_EMBEDDING_RUN_FOLDER_H
#define EARMARK_EMBEDDING_RUN_FOLDER_H

#include "host/base/error.h"

struct run_folder {
    char *path;     /* as given */
    int descriptor; /* holds the lock */
};

/* Creates the folder (and its parents) and locks it. If a finished run (run.json) is in it,
 * ERROR_FILE, unless `fresh`, which removes that run's files with its shards, and nothing else.
 * The shards of an unfinished run stay. ERROR_FILE when another process has the lock. Close
 * releases the lock, and so does the end of the process. */
enum error_code run_folder_open(const char *path, bool fresh, struct run_folder *folder,
                                struct error *error);
void run_folder_close(struct run_folder *folder);

#endif
