#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum error_code error_set(struct error *error, enum error_code code, const char *file, int line,
                          const char *format, ...) {
    if (error->code != ERROR_NONE) return error->code;
    error->code = code;
    error->file = file;
    error->line = line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return code;
}

void error_prefix(struct error *error, const char *format, ...) {
    char combined[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(combined, sizeof combined, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof combined) return;
    size_t used = (size_t)length;
    snprintf(combined + used, sizeof combined - used, ": %s", error->message);
    memcpy(error->message, combined, sizeof combined);
}

const char *error_name(enum error_code code) {
    switch (code) {
    case ERROR_NONE: return "no error";
    case ERROR_USAGE: return "usage";
    case ERROR_DATA: return "bad data";
    case ERROR_FILE: return "file";
    case ERROR_MEMORY: return "out of memory";
    case ERROR_UNSUPPORTED: return "not supported";
    case ERROR_DEVICE: return "device";
    case ERROR_DEVICE_LOST: return "device lost";
    case ERROR_STOPPED: return "stopped";
    case ERROR_INTERNAL: return "internal error";
    }
    return "unknown error";
}
