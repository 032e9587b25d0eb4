/* The output folder of a run: created, locked, and never mixed with the files of another run. */
#ifndef EARMARK_EMBEDDING_RUN_FOLDER_H
#define EARMARK_EMBEDDING_RUN_FOLDER_H

#include "host/base/folder_lock.h"

/* Creates the folder (and its parents) and locks it. If a finished run (run.json) is in it,
 * ERROR_FILE, unless `fresh`, which removes that run's files with its shards, and nothing else.
 * The shards of an unfinished run stay. folder_lock_close also after a failure. */
enum error_code run_folder_open(const char *path, bool fresh, struct folder_lock *out,
                                struct error *error);

#endif
