#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_vformat(char *text, size_t size, const char *format, va_list arguments) {
    int length = vsnprintf(text, size, format, arguments);
    if (length < 0 || (size_t)length < size) return length;
    for (size_t end = size - 1, tail = 1; tail <= end && tail < 4; tail++) {
        unsigned char byte = (unsigned char)text[end - tail];
        if ((byte & 0xc0) == 0x80) continue; /* not the first of its character */
        if (tail < (byte >= 0xf0 ? 4u : byte >= 0xe0 ? 3u : byte >= 0xc0 ? 2u : 1u))
            text[end - tail] = '\0';
        break;
    }
    return length;
}

int error_format(char *text, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = error_vformat(text, size, format, arguments);
    va_end(arguments);
    return length;
}

enum error_code error_set(struct error *error, enum error_code code, const char *file, int line,
                          const char *format, ...) {
    if (error->code != ERROR_NONE) return error->code;
    error->code = code;
    error->file = file;
    error->line = line;
    va_list arguments;
    va_start(arguments, format);
    error_vformat(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return code;
}

void error_prefix(struct error *error, const char *format, ...) {
    char prefix[ERROR_MESSAGE_SIZE], combined[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = error_vformat(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= ERROR_MESSAGE_SIZE) return;
    error_format(combined, sizeof combined, "%s: %s", prefix, error->message);
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
