/* The host's errors are the device interface's: one enum for the whole program. */
#ifndef EARMARK_BASE_ERROR_H
#define EARMARK_BASE_ERROR_H

#include "kernels/device.h"

/* Returns early with the code when a call failed; for functions with nothing to free. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum error_code try_code = (call);                                                         \
        if (try_code != ERROR_NONE) return try_code;                                               \
    } while (0)

#endif
