/* Where a finished run says that its clips are. */
#ifndef EARMARK_REPORT_RUN_ROOT_H
#define EARMARK_REPORT_RUN_ROOT_H

#include "host/base/error.h"

/* run.json, in the folder `out`, may have come from anybody: ERROR_USAGE for a root (NULL or "":
 * the current folder) that holds the user's home, from where clips could be any file. */
enum error_code run_root_check(const char *out, const char *root, struct error *error);

#endif
