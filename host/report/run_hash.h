/* The hash that ties decisions to the run that they were made on. */
#ifndef EARMARK_REPORT_RUN_HASH_H
#define EARMARK_REPORT_RUN_HASH_H

#include "host/base/folder.h"

#define RUN_HASH_SIZE 17 /* 16 hexadecimal digits and a NUL */

/* XXH3 (64 bits) of the bytes of the folder's issues.jsonl: the same for runs that found the same.
 * Errors: ERROR_FILE, ERROR_STOPPED. */
enum error_code review_run_hash(const struct folder *folder, char hash[RUN_HASH_SIZE],
                                struct error *error);

#endif
