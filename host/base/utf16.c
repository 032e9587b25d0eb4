#include "host/base/utf16.h"

#include "host/base/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define UNITS 8192 /* read at once */
#define LONGEST 3  /* bytes of UTF-8 for a unit; a pair of surrogates has four */
#define REPLACEMENT 0xfffd

struct utf16 {
    FILE *source;
    bool big_endian;
    bool ended;
    uint32_t high; /* a surrogate whose other half is to come; 0: none */
    size_t at;     /* of the text that is not given yet */
    size_t filled;
    char text[(UNITS + 2) * LONGEST];
};

static void append(struct utf16 *utf16, uint32_t point) {
    char *to = utf16->text + utf16->filled;
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; point >>= 6) to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)(leads[length] | point);
    utf16->filled += length;
}

static void take_unit(struct utf16 *utf16, uint32_t unit) {
    const bool low = unit >= 0xdc00 && unit < 0xe000;
    if (utf16->high != 0 && low) {
        append(utf16, 0x10000 + ((utf16->high - 0xd800) << 10) + (unit - 0xdc00));
        utf16->high = 0;
        return;
    }
    if (utf16->high != 0) append(utf16, REPLACEMENT);
    utf16->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
    if (utf16->high == 0) append(utf16, low ? REPLACEMENT : unit);
}

/* Whether there is text to give. */
static bool refill(struct utf16 *utf16) {
    uint8_t bytes[UNITS * 2];
    utf16->at = utf16->filled = 0;
    while (utf16->filled == 0 && !utf16->ended) {
        size_t got = fread(bytes, 1, sizeof bytes, utf16->source);
        utf16->ended = got < sizeof bytes;
        if (utf16->ended && ferror(utf16->source)) return false;
        for (size_t i = 0; i + 1 < got; i += 2)
            take_unit(utf16, utf16->big_endian ? (uint32_t)(bytes[i] << 8 | bytes[i + 1])
                                               : (uint32_t)(bytes[i + 1] << 8 | bytes[i]));
        if (utf16->ended && (utf16->high != 0 || got % 2 == 1)) append(utf16, REPLACEMENT);
    }
    return utf16->filled > 0;
}

/* ---- calls of the stream ---- */

static ssize_t utf16_read(void *context, char *bytes, size_t count) {
    struct utf16 *utf16 = context;
    if (utf16->at == utf16->filled && !refill(utf16)) return ferror(utf16->source) ? -1 : 0;
    size_t left = utf16->filled - utf16->at;
    if (count > left) count = left;
    memcpy(bytes, utf16->text + utf16->at, count);
    utf16->at += count;
    return (ssize_t)count;
}

static int utf16_close(void *context) {
    struct utf16 *utf16 = context;
    int closed = fclose(utf16->source);
    free(utf16);
    return closed;
}

/* ---- opening ---- */

enum encoding { OTHER, LITTLE_ENDIAN_16, BIG_ENDIAN_16, ANY_32 };

/* The encoding of a text that begins with these bytes, ones after its end; *mark: bytes of its
 * byte order mark. */
static enum encoding find_encoding(const uint8_t start[4], size_t *mark) {
    const bool zero[4] = {start[0] == 0, start[1] == 0, start[2] == 0, start[3] == 0};
    *mark = 2;
    if (start[0] == 0xff && start[1] == 0xfe) return zero[2] && zero[3] ? ANY_32 : LITTLE_ENDIAN_16;
    if (start[0] == 0xfe && start[1] == 0xff) return BIG_ENDIAN_16;
    if (zero[0] && zero[1] && ((start[2] == 0xfe && start[3] == 0xff) || (zero[2] && !zero[3])))
        return ANY_32;
    *mark = 0;
    if (!zero[0] && zero[1] && zero[2] && zero[3]) return ANY_32;
    if (!zero[0] && zero[1] && !zero[2] && zero[3]) return LITTLE_ENDIAN_16;
    return zero[0] && !zero[1] && zero[2] && !zero[3] ? BIG_ENDIAN_16 : OTHER;
}

static FILE *open_utf16(FILE *source, bool big_endian) {
    static const cookie_io_functions_t calls = {.read = utf16_read, .close = utf16_close};
    struct utf16 *utf16 = calloc(1, sizeof *utf16);
    if (utf16 == NULL) return NULL;
    utf16->source = source;
    utf16->big_endian = big_endian;
    FILE *stream = fopencookie(utf16, "r", calls);
    if (stream == NULL) free(utf16);
    return stream;
}

enum error_code utf16_open(FILE **stream, const char *name, struct error *error) {
    FILE *source = *stream;
    uint8_t start[4] = {1, 1, 1, 1};
    size_t mark = 0;
    size_t got = fread(start, 1, sizeof start, source);
    bool failed = got < sizeof start && ferror(source);
    enum encoding encoding = failed ? OTHER : find_encoding(start, &mark);
    /* They are in the buffer that they come from, so all of them can be given back. */
    for (size_t i = got; i > mark && !failed; i--) failed = ungetc(start[i - 1], source) == EOF;
    if (!failed && (encoding == LITTLE_ENDIAN_16 || encoding == BIG_ENDIAN_16)) {
        *stream = open_utf16(source, encoding == BIG_ENDIAN_16);
        failed = *stream == NULL;
    }
    if (failed)
        file_fail(error, name, "read", errno);
    else if (encoding == ANY_32)
        FAIL(error, ERROR_DATA, "%s: the text is UTF-32; save it as UTF-8", name);
    if (error->code == ERROR_NONE) return ERROR_NONE;
    fclose(source);
    *stream = NULL;
    return error->code;
}
