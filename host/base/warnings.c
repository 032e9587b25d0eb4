#include "host/base/warnings.h"

#include "host/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum error_code push(struct warnings *warnings, const char *sentence, struct error *error) {
    TRY(memory_grow(&warnings->sentences, &warnings->capacity, warnings->count + 1, sizeof(char *),
                    "warnings", error));
    char *copy = memory_string(sentence, error);
    if (copy == NULL) return error->code;
    warnings->sentences[warnings->count++] = copy;
    return ERROR_NONE;
}

/* Puts the number of dropped sentences in place of the last such sentence, if there is one. */
static enum error_code count_dropped(struct warnings *warnings, struct error *error) {
    char sentence[64];
    size_t dropped = warnings->added - WARNINGS_MAXIMUM;
    if (dropped == 1) {
        warnings->dropped = warnings->count;
        return push(warnings, "1 more warning is not shown", error);
    }
    snprintf(sentence, sizeof sentence, "%zu more warnings are not shown", dropped);
    char *copy = memory_string(sentence, error);
    if (copy == NULL) return error->code;
    free(warnings->sentences[warnings->dropped]);
    warnings->sentences[warnings->dropped] = copy;
    return ERROR_NONE;
}

enum error_code warnings_add(struct warnings *warnings, struct error *error, const char *format,
                             ...) {
    char sentence[WARNINGS_MAXIMUM_SIZE];
    if (++warnings->added > WARNINGS_MAXIMUM) return count_dropped(warnings, error);
    va_list arguments;
    va_start(arguments, format);
    error_vformat(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return push(warnings, sentence, error);
}

enum error_code warnings_append(struct warnings *warnings, const struct warnings *more,
                                struct error *error) {
    for (size_t i = 0; i < more->count; i++) TRY(push(warnings, more->sentences[i], error));
    return ERROR_NONE;
}

void warnings_free(struct warnings *warnings) {
    for (size_t i = 0; i < warnings->count; i++) free(warnings->sentences[i]);
    free(warnings->sentences);
    *warnings = (struct warnings){0};
}
