/* Errors: one enum, a message, and where it happened.
 *
 * Every function that can fail returns an enum error_code and takes, as its last parameter, a
 * struct error that it fills in when the code is not ERROR_NONE. The first error is kept:
 * setting an error that is set changes nothing, so that clean-up code may fail without hiding
 * the cause. */
#ifndef EARMARK_ERROR_H
#define EARMARK_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum error_code {
    ERROR_NONE = 0,
    ERROR_USAGE = 1,       /* wrong command line or arguments of a call */
    ERROR_DATA = 2,        /* wrong content of an input: a value, a format */
    ERROR_FILE = 3,        /* the operating system reports an error of a file */
    ERROR_MEMORY = 4,      /* out of memory, on the host or the device */
    ERROR_UNSUPPORTED = 5, /* valid, but earmark does not do it */
    ERROR_DEVICE = 6,      /* the device cannot be opened or used */
    ERROR_DEVICE_LOST = 7, /* sticky: the process must end (exit code 75) */
    ERROR_STOPPED = 8,     /* a signal asked the run to stop */
    ERROR_INTERNAL = 9     /* a defect in earmark */
};

#define ERROR_MESSAGE_SIZE 1024

struct error {
    const char *file; /* source file, a literal */
    int line;
    enum error_code code;
    char message[ERROR_MESSAGE_SIZE]; /* what, which one, and what to do */
};

/* A fresh error: struct error error = ERROR_INITIAL; */
#ifdef __cplusplus /* has no designated initialisers before C++20 */
#define ERROR_INITIAL                                                                              \
    { 0, 0, ERROR_NONE, "" }
#else
#define ERROR_INITIAL                                                                              \
    { .code = ERROR_NONE }
#endif

/* Fills in *error unless it already holds one; returns the code it now holds. */
enum error_code error_set(struct error *error, enum error_code code, const char *file, int line,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Puts "prefix: " (a file's name, say) before the message. */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* snprintf and vsnprintf, but a text that does not fit does not end in part of a UTF-8 character.
 * They return what those return. */
int error_format(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int error_vformat(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* A word for the code: "bad data", "out of memory". */
const char *error_name(enum error_code code);

/* Returns early with the code when a call failed; for functions with nothing to free. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum error_code try_code = (call);                                                         \
        if (try_code != ERROR_NONE) return try_code;                                               \
    } while (0)

#ifdef __clang_analyzer__ /* cannot see that error_set() sets a code other than ERROR_NONE */
#define FAIL(error, kind, ...)                                                                     \
    (error_set((error), (kind), __FILE__, __LINE__, __VA_ARGS__), (error)->code = (kind))
#else
#define FAIL(error, code, ...) error_set((error), (code), __FILE__, __LINE__, __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif
#endif
