#include "host/sound/verdict.h"

#include <samplerate.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static void set(struct verdict *verdict, enum clip_status status, uint32_t lasts,
                const char *format, va_list arguments) {
    error_vformat(verdict->reason, sizeof verdict->reason, format, arguments);
    verdict->status = status;
    verdict->lasts = lasts;
}

enum clip_status verdict_set(struct verdict *verdict, enum clip_status status, const char *format,
                             ...) {
    va_list arguments;
    va_start(arguments, format);
    set(verdict, status, 0, format, arguments);
    va_end(arguments);
    return status;
}

enum clip_status verdict_set_lasting(struct verdict *verdict, enum clip_status status,
                                     const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set(verdict, status, 1, format, arguments);
    va_end(arguments);
    return status;
}

uint64_t verdict_basis(void) {
    const char *sounds = sf_version_string(), *rates = src_get_version();
    return XXH3_64bits_withSeed(rates, strlen(rates), XXH3_64bits(sounds, strlen(sounds)));
}
