/* A bounded list of warnings for the user: sentences that are printed and kept in run.json. */
#ifndef EARMARK_BASE_WARNINGS_H
#define EARMARK_BASE_WARNINGS_H

#include "host/base/error.h"

#define WARNINGS_MAXIMUM 100       /* sentences; the next one counts those that are not shown */
#define WARNINGS_MAXIMUM_SIZE 1024 /* bytes of a sentence with its NUL; the rest is cut off */

struct warnings {
    char **sentences; /* (count) */
    size_t count;
    size_t capacity;
    size_t added;   /* private: calls of warnings_add */
    size_t dropped; /* private: index of the sentence that counts the dropped ones */
};

/* Adds a sentence; beyond WARNINGS_MAXIMUM it is only counted. Errors: ERROR_MEMORY. */
enum error_code warnings_add(struct warnings *warnings, struct error *error, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* Copies all sentences of `more`, which has its own bound, after those of `warnings`, whose
 * bound does not count them. Errors: ERROR_MEMORY. */
enum error_code warnings_append(struct warnings *warnings, const struct warnings *more,
                                struct error *error);

void warnings_free(struct warnings *warnings); /* leaves it empty; takes a zeroed one */

#endif
