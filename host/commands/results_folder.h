/* The output folder of `crossval` and `issues`, which is complete with its last file. */
#ifndef EARMARK_COMMANDS_RESULTS_FOLDER_H
#define EARMARK_COMMANDS_RESULTS_FOLDER_H

#include "host/base/folder_lock.h"

/* Creates the folder (and its parents) and locks it. ERROR_FILE when it has the files of a run
 * (run.json), or results already (the file `last`), which `fresh` removes. folder_lock_close also
 * after a failure. */
enum error_code results_folder_open(const char *path, const char *last, bool fresh,
                                    struct folder_lock *out, struct error *error);

#endif
