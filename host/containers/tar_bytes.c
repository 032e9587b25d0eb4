#include "host/containers/tar_bytes.h"

#include "host/base/file.h"
#include "host/base/gzip.h"
#include "host/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

enum { PIECE = 1 << 16 };

static enum error_code fail_bound(const struct tar_bytes *bytes, struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s: decompresses to more than %zu times its size, as no recordings do; unpack it, "
                "and look at what is in it",
                bytes->path, GZIP_MAXIMUM_RATIO);
}

static enum error_code fail_damaged(const struct tar_bytes *bytes, struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s: its compression is damaged or cut off near byte %llu of what it holds; copy "
                "it again",
                bytes->path, (unsigned long long)bytes->position);
}

/* The next piece of the file into `input`; -1 with `number`. */
static ssize_t take_input(struct tar_bytes *bytes) {
    ssize_t got;
    do {
        got = pread(bytes->descriptor, bytes->input, PIECE, (off_t)bytes->read);
    } while (got < 0 && errno == EINTR);
    if (got < 0) bytes->number = errno;
    if (got > 0) bytes->read += (uint64_t)got;
    return got;
}

/* ---- gzip ---- */

static enum error_code open_gzip(struct tar_bytes *bytes, struct error *error) {
    bytes->gzip = memory_array(1, sizeof *bytes->gzip, "a compressed tar file", error);
    if (bytes->gzip == NULL) return error->code;
    if (inflateInit2(bytes->gzip, 15 + 16) == Z_OK) return ERROR_NONE;
    free(bytes->gzip);
    bytes->gzip = NULL;
    return FAIL(error, ERROR_MEMORY, "%s: no memory to decompress it", bytes->path);
}

/* A file may be several compressed ones, one after the other; zeros may fill it up. *end: neither
 * follows. */
static enum error_code begin_again(struct tar_bytes *bytes, bool *end, struct error *error) {
    z_stream *stream = bytes->gzip;
    if (stream->avail_in == 0) {
        ssize_t got = take_input(bytes);
        if (got < 0) return file_fail(error, bytes->path, "read", bytes->number);
        stream->next_in = bytes->input;
        stream->avail_in = (unsigned)got;
    }
    *end = stream->avail_in == 0 || stream->next_in[0] != 0x1f;
    if (!*end) inflateReset(stream);
    return ERROR_NONE;
}

static enum error_code read_gzip(struct tar_bytes *bytes, void *buffer, size_t count, size_t *got,
                                 struct error *error) {
    z_stream *stream = bytes->gzip;
    const size_t wanted = count > PIECE ? PIECE : count;
    bool end = bytes->ended;
    stream->next_out = buffer;
    stream->avail_out = (unsigned)wanted;
    while (!end && stream->avail_out == wanted) {
        if (stream->avail_in == 0) {
            ssize_t taken = take_input(bytes);
            if (taken < 0) return file_fail(error, bytes->path, "read", bytes->number);
            stream->next_in = bytes->input;
            stream->avail_in = (unsigned)taken;
        }
        /* Without input it may still have output, or else says Z_BUF_ERROR. */
        int code = inflate(stream, Z_NO_FLUSH);
        if (code == Z_STREAM_END)
            TRY(begin_again(bytes, &end, error));
        else if (code != Z_OK && stream->avail_out == wanted)
            return fail_damaged(bytes, error); /* after what came before it */
    }
    bytes->ended = end;
    *got = wanted - stream->avail_out;
    bytes->position += *got;
    return gzip_is_too_much(bytes->position, 0, (size_t)bytes->read) ? fail_bound(bytes, error)
                                                                     : ERROR_NONE;
}

/* ---- the others ---- */

#ifdef HAVE_LIBARCHIVE

const char *tar_bytes_library(void) {
    return archive_version_string();
}

static la_ssize_t give_input(struct archive *archive, void *context, const void **buffer) {
    struct tar_bytes *bytes = context;
    ssize_t got = take_input(bytes);
    *buffer = bytes->input;
    if (got < 0) archive_set_error(archive, bytes->number, "read");
    return got;
}

/* Only the filter, and only in this process: without its library libarchive would run a program. */
static bool take_filter(struct archive *archive, const unsigned char start[6]) {
    switch (start[0]) {
    case 0x28: return archive_read_support_filter_zstd(archive) == ARCHIVE_OK;
    case 0xfd: return archive_read_support_filter_xz(archive) == ARCHIVE_OK;
    default: return archive_read_support_filter_bzip2(archive) == ARCHIVE_OK;
    }
}

static enum error_code open_other(struct tar_bytes *bytes, const unsigned char start[6],
                                  struct error *error) {
    struct archive_entry *entry = NULL;
    bytes->archive = archive_read_new();
    if (bytes->archive == NULL || archive_read_support_format_raw(bytes->archive) != ARCHIVE_OK)
        return FAIL(error, ERROR_MEMORY, "%s: no memory to decompress it", bytes->path);
    if (!take_filter(bytes->archive, start))
        return FAIL(error, ERROR_DATA,
                    "%s: this libarchive cannot decompress it; compress it with gzip", bytes->path);
    if (archive_read_open(bytes->archive, bytes, NULL, give_input, NULL) == ARCHIVE_OK &&
        archive_read_next_header(bytes->archive, &entry) == ARCHIVE_OK)
        return ERROR_NONE;
    return bytes->number != 0 ? file_fail(error, bytes->path, "read", bytes->number)
                              : fail_damaged(bytes, error);
}

static enum error_code read_other(struct tar_bytes *bytes, void *buffer, size_t count, size_t *got,
                                  struct error *error) {
    la_int64_t offset = 0;
    const void *block = NULL;
    while (bytes->had_bytes == 0) {
        int code = archive_read_data_block(bytes->archive, &block, &bytes->had_bytes, &offset);
        if (code == ARCHIVE_EOF) return ERROR_NONE;
        bytes->had = block;
        if (code == ARCHIVE_OK) continue;
        bytes->had_bytes = 0;
        return bytes->number != 0 ? file_fail(error, bytes->path, "read", bytes->number)
                                  : fail_damaged(bytes, error);
    }
    *got = count < bytes->had_bytes ? count : bytes->had_bytes;
    memcpy(buffer, bytes->had, *got);
    bytes->had += *got;
    bytes->had_bytes -= *got;
    bytes->position += *got;
    return gzip_is_too_much(bytes->position, 0, bytes->read) ? fail_bound(bytes, error)
                                                             : ERROR_NONE;
}

static void close_other(struct tar_bytes *bytes) {
    if (bytes->archive != NULL) archive_read_free(bytes->archive);
}

#else

const char *tar_bytes_library(void) {
    return NULL;
}

static enum error_code open_other(struct tar_bytes *bytes, const unsigned char start[6],
                                  struct error *error) {
    (void)start;
    return FAIL(error, ERROR_DATA,
                "%s: this build has no libarchive to decompress it; install libarchive-dev and "
                "build again, or decompress it",
                bytes->path);
}

static enum error_code read_other(struct tar_bytes *bytes, void *buffer, size_t count, size_t *got,
                                  struct error *error) {
    (void)buffer, (void)count, (void)got;
    return fail_damaged(bytes, error);
}

static void close_other(struct tar_bytes *bytes) {
    (void)bytes;
}

#endif

/* ---- all ---- */

enum error_code tar_bytes_open(int descriptor, const char *path, uint64_t size,
                               struct tar_bytes *bytes, struct error *error) {
    unsigned char start[6] = {0};
    *bytes = (struct tar_bytes){.descriptor = descriptor, .path = path, .size = size};
    ssize_t got = pread(descriptor, start, sizeof start, 0);
    if (got < 0) return file_fail(error, path, "read", errno);
    bool gzip = got >= 2 && start[0] == 0x1f && start[1] == 0x8b;
    bool other = got >= 6 && (memcmp(start, "\x28\xb5\x2f\xfd", 4) == 0 ||
                              memcmp(start,
                                     "\xfd"
                                     "7zXZ",
                                     6) == 0 ||
                              memcmp(start, "BZh", 3) == 0);
    bytes->compressed = gzip || other;
    if (!bytes->compressed) return ERROR_NONE;
    bytes->input = memory_array(PIECE, 1, "a compressed tar file", error);
    if (bytes->input == NULL) return error->code;
    return gzip ? open_gzip(bytes, error) : open_other(bytes, start, error);
}

void tar_bytes_close(struct tar_bytes *bytes) {
    if (bytes->gzip != NULL) inflateEnd(bytes->gzip);
    free(bytes->gzip);
    close_other(bytes);
    free(bytes->input);
    *bytes = (struct tar_bytes){0};
}

static enum error_code read_file(const struct tar_bytes *bytes, uint64_t offset, void *buffer,
                                 size_t count, size_t *got, struct error *error) {
    *got = 0;
    if (offset >= bytes->size) return ERROR_NONE;
    if (count > bytes->size - offset) count = (size_t)(bytes->size - offset);
    const ssize_t taken = file_read_at(bytes->descriptor, offset, buffer, count);
    if (taken < 0) return file_fail(error, bytes->path, "read", errno);
    *got = (size_t)taken;
    return ERROR_NONE;
}

static enum error_code read_forward(struct tar_bytes *bytes, void *buffer, size_t count,
                                    size_t *got, struct error *error) {
    *got = 0;
    while (*got < count) {
        size_t taken = 0;
        unsigned char *at = (unsigned char *)buffer + *got;
        TRY(bytes->gzip != NULL ? read_gzip(bytes, at, count - *got, &taken, error)
                                : read_other(bytes, at, count - *got, &taken, error));
        if (taken == 0) break;
        *got += taken;
    }
    return ERROR_NONE;
}

enum error_code tar_bytes_read(struct tar_bytes *bytes, uint64_t offset, void *buffer, size_t count,
                               size_t *got, struct error *error) {
    unsigned char skipped[1 << 14];
    *got = 0;
    if (!bytes->compressed) return read_file(bytes, offset, buffer, count, got, error);
    while (bytes->position < offset) {
        uint64_t rest = offset - bytes->position;
        size_t piece = rest < sizeof skipped ? (size_t)rest : sizeof skipped, taken = 0;
        TRY(read_forward(bytes, skipped, piece, &taken, error));
        if (taken < piece) return ERROR_NONE;
    }
    return read_forward(bytes, buffer, count, got, error);
}
