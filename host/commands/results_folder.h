/* The output folder of `crossval` and `issues`, which is complete with its last file. */
#ifndef EARMARK_COMMANDS_RESULTS_FOLDER_H
#define EARMARK_COMMANDS_RESULTS_FOLDER_H

#include "host/base/error.h"

/* Creates the folder. ERROR_FILE when it has the files of a run (run.json), or results already
 * (the file `last`), which `fresh` removes. */
enum error_code results_folder_open(const char *folder, const char *last, bool fresh,
                                    struct error *error);

#endif
