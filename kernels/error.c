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
    char combined[2 * ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(combined, ERROR_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= ERROR_MESSAGE_SIZE) return;
    snprintf(combined + length, sizeof combined - (size_t)length, ": %s", error->message);
    combined[ERROR_MESSAGE_SIZE - 1] = '\0';
    memcpy(error->message, combined, ERROR_MESSAGE_SIZE);
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
