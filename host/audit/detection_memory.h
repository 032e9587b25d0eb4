/* How much memory a detection takes beside its arrays of rows, and its bound. */
#ifndef EARMARK_AUDIT_DETECTION_MEMORY_H
#define EARMARK_AUDIT_DETECTION_MEMORY_H

#include "host/audit/detection.h"

struct detection_sizes {
    size_t features; /* of the widest view */
    size_t rows, classes, folds;
    int threads;  /* >= 1 */
    size_t other; /* bytes that the command takes besides */
};

/* Sets the bound of the process (host/base/scratch.h) to `bytes`, and what of them the fits may
 * take: settings->crossval.memory. The folder must stay open. ERROR_USAGE, with the least that
 * works. */
enum error_code detection_bound(size_t bytes, const struct detection_sizes *sizes,
                                const char *command, const struct folder *folder,
                                struct detection_settings *settings, struct error *error);

#endif
