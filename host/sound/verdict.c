#include "host/sound/verdict.h"

#include <stdarg.h>
#include <stdio.h>

enum clip_status verdict_set(struct verdict *verdict, enum clip_status status, const char *format,
                             ...) {
    va_list arguments;
    va_start(arguments, format);
    error_vformat(verdict->reason, sizeof verdict->reason, format, arguments);
    va_end(arguments);
    verdict->status = status;
    return status;
}
