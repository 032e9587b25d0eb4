/* The output folder of a run: made, locked, and never mixed with another run's. */
#ifndef EARMARK_EMBEDDING_RUN_FOLDER_H
#define EARMARK_EMBEDDING_RUN_FOLDER_H

#include "host/base/error.h"

struct run_folder {
    char *path;     /* as given */
    char *resolved; /* without links: input folders leave it out */
    int descriptor; /* holds the lock */
};

/* Makes the folder (and its parents) and locks it. A finished run in it (run.json)
 * is refused unless `fresh`, which removes that run's files, shards too, and nothing
 * else. Of an unfinished run the shards stay. Another process writing there is
 * refused. Close releases the lock, and so does the end of the process. */
enum error_code run_folder_open(const char *path, bool fresh, struct run_folder *folder,
                                struct error *error);
void run_folder_close(struct run_folder *folder);

#endif
