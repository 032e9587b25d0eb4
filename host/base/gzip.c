#include "host/base/gzip.h"

#include "host/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct gzip {
    gzFile file;
    size_t given;    /* uncompressed bytes so far */
    size_t newlines; /* among them; lines end in these, */
    size_t returns;  /* in these, or in both */
};

bool gzip_is_too_much(size_t bytes, size_t lines, size_t compressed) {
    return (bytes > GZIP_FREE_BYTES && bytes / GZIP_MAXIMUM_RATIO > compressed) ||
           (lines > GZIP_FREE_LINES && (double)lines > GZIP_LINES_A_BYTE * (double)compressed);
}

/* ---- calls of the stream ---- */

static size_t count_of(const char *bytes, size_t count, char byte) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) found += bytes[i] == byte;
    return found;
}

static ssize_t gzip_read(void *context, char *bytes, size_t count) {
    struct gzip *gzip = context;
    int code = Z_OK;
    int got = gzread(gzip->file, bytes, count > 1 << 16 ? 1 << 16 : (unsigned)count);
    /* Of a truncated file zlib gives all it has before it reports the error. */
    gzerror(gzip->file, &code);
    if (got < 0 || (got == 0 && code != Z_OK && code != Z_STREAM_END)) {
        errno = code == Z_ERRNO ? EIO : EBADMSG;
        return -1;
    }
    gzip->given += (size_t)got;
    gzip->newlines += count_of(bytes, (size_t)got, '\n');
    gzip->returns += count_of(bytes, (size_t)got, '\r');
    size_t lines = gzip->newlines > gzip->returns ? gzip->newlines : gzip->returns;
    if (!gzip_is_too_much(gzip->given, lines, (size_t)gzoffset(gzip->file))) return got;
    errno = EOVERFLOW;
    return -1;
}

static int gzip_close(void *context) {
    struct gzip *gzip = context;
    gzclose_r(gzip->file);
    free(gzip);
    return 0;
}

/* ---- opening ---- */

/* The stream owns the descriptor, unless the result is NULL. */
static FILE *open_compressed(int descriptor) {
    static const cookie_io_functions_t calls = {.read = gzip_read, .close = gzip_close};
    struct gzip *gzip = calloc(1, sizeof *gzip);
    int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    FILE *stream = NULL;
    if (gzip != NULL && own >= 0) gzip->file = gzdopen(own, "rb");
    if (gzip != NULL && gzip->file != NULL) stream = fopencookie(gzip, "r", calls);
    if (stream != NULL) {
        close(descriptor);
        return stream;
    }
    if (gzip != NULL && gzip->file != NULL)
        gzclose_r(gzip->file);
    else if (own >= 0)
        close(own);
    free(gzip);
    return NULL;
}

enum error_code gzip_open(int descriptor, const char *name, FILE **stream, struct error *error) {
    unsigned char start[2] = {0, 0};
    bool compressed = pread(descriptor, start, sizeof start, 0) == sizeof start &&
                      start[0] == 0x1f && start[1] == 0x8b;
    *stream = compressed ? open_compressed(descriptor) : fdopen(descriptor, "r");
    if (*stream == NULL) {
        file_fail(error, name, "open", errno);
        close(descriptor);
    }
    return error->code;
}
