#include "host/review/apply/stored_text.h"

#include "host/base/file.h"
#include "host/base/gzip.h"
#include "host/base/memory.h"
#include "host/base/memory_limit.h"
#include "host/base/text.h"
#include "host/base/utf16.h"
#include "host/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>
#include <zlib.h>

/* ---- reading ---- */

/* Half of the memory that there is for this process: the old text and the new one are in it at the
 * same time. What a list needs besides is for its clips, which an audit needs, too. */
static size_t most_text(const struct stored_text *stored) {
    if (stored->most > 0) return stored->most;
    const uint64_t half = memory_limit() / 2;
    return half < STORED_TEXT_MAXIMUM ? (size_t)half : STORED_TEXT_MAXIMUM;
}

static enum error_code fail_large(const char *name, size_t most, struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s: more than %zu MiB of text, of which earmark apply holds the old and the new "
                "one in memory; use a computer or container with more of it, or cut the list into "
                "parts and "
                "audit each",
                name, most >> 20);
}

/* All of a stream, which is closed. */
static enum error_code read_stream(FILE *stream, const char *name, size_t most, char **bytes,
                                   size_t *size, struct error *error) {
    size_t capacity = 0, got = 1;
    *size = 0;
    while (got > 0 && error->code == ERROR_NONE) {
        if (memory_grow(bytes, &capacity, *size + ((size_t)1 << 16) + 1, 1, name, error) !=
            ERROR_NONE)
            break;
        got = fread(*bytes + *size, 1, capacity - *size - 1, stream);
        *size += got;
        if (got == 0 && ferror(stream)) file_fail(error, name, "read", errno);
        if (*size > most) fail_large(name, most, error);
    }
    fclose(stream);
    if (error->code == ERROR_NONE) (*bytes)[*size] = '\0';
    return error->code;
}

/* From a copy in memory, so that what was checked is what is unpacked. */
static enum error_code unpack(struct stored_text *stored, const char *name, struct error *error) {
    FILE *stream = NULL;
    int copy = memfd_create("list", MFD_CLOEXEC);
    if (copy < 0) return file_fail(error, name, "unpack", errno);
    for (size_t done = 0; done < stored->stored_size;) {
        ssize_t count = write(copy, stored->stored + done, stored->stored_size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            file_fail(error, name, "unpack", errno);
            close(copy);
            return error->code;
        }
        done += (size_t)count;
    }
    lseek(copy, 0, SEEK_SET);
    TRY(gzip_open(copy, name, &stream, error));
    return read_stream(stream, name, most_text(stored), &stored->unpacked, &stored->unpacked_size,
                       error);
}

static enum error_code copy_bytes(const char *from, size_t size, const char *name, char **bytes,
                                  size_t *copied, struct error *error) {
    *bytes = memory_array(size + 1, 1, name, error);
    if (*bytes == NULL) return error->code;
    if (size > 0) memcpy(*bytes, from, size);
    *copied = size;
    return ERROR_NONE;
}

/* The text of the bytes. A UTF-16 text has other bytes than its UTF-8, whatever is in it. */
static enum error_code decode(struct stored_text *stored, const char *name, struct error *error) {
    const unsigned char *start = (const unsigned char *)stored->unpacked;
    if (stored->unpacked_size == 0) {
        stored->text = stored->unpacked;
        return ERROR_NONE;
    }
    FILE *stream = fmemopen(stored->unpacked, stored->unpacked_size, "r");
    if (stream == NULL) return FAIL(error, ERROR_MEMORY, "%s: no memory for a stream", name);
    const FILE *const plain = stream;
    TRY(utf16_open(&stream, name, error));
    stored->is_utf16 = stream != plain;
    if (!stored->is_utf16) {
        fclose(stream);
        stored->text = stored->unpacked;
        stored->size = stored->unpacked_size;
        return ERROR_NONE;
    }
    /* It is at most half as long again. */
    TRY(read_stream(stream, name, SIZE_MAX, &stored->text, &stored->size, error));
    const bool marked =
        (start[0] == 0xff && start[1] == 0xfe) || (start[0] == 0xfe && start[1] == 0xff);
    stored->mark = marked ? 2 : 0;
    stored->big_endian = marked ? start[0] == 0xfe : start[0] == 0;
    return ERROR_NONE;
}

/* `stored` is there. */
static enum error_code open_stored(struct stored_text *stored, const char *name,
                                   struct error *error) {
    stored->is_compressed = stored->stored_size >= 2 && (unsigned char)stored->stored[0] == 0x1f &&
                            (unsigned char)stored->stored[1] == 0x8b;
    if (stored->is_compressed) {
        TRY(unpack(stored, name, error));
    } else {
        stored->unpacked = stored->stored;
        stored->unpacked_size = stored->stored_size;
    }
    TRY(decode(stored, name, error));
    stored->is_ascii = true;
    for (size_t i = 0; i < stored->size; i++)
        stored->is_ascii = stored->is_ascii && (unsigned char)stored->text[i] < 0x80;
    return ERROR_NONE;
}

enum error_code stored_text_open(const char *path, uint64_t hash, struct stored_text *stored,
                                 struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    TRY(file_open_regular(path, &descriptor, &size, error));
    const size_t most = most_text(stored);
    if (size > most) {
        close(descriptor);
        return fail_large(path, most, error);
    }
    TRY(file_read_opened(descriptor, size, path, most, &stored->stored, &stored->stored_size,
                         error));
    if (XXH3_64bits(stored->stored, stored->stored_size) != hash)
        return FAIL(error, ERROR_DATA,
                    "%s: it has changed since the audit, so decisions do not fit it any more; "
                    "audit it again",
                    path);
    return open_stored(stored, path, error);
}

enum error_code stored_text_take(const char *bytes, size_t size, const char *name,
                                 struct stored_text *stored, struct error *error) {
    TRY(copy_bytes(bytes, size, name, &stored->stored, &stored->stored_size, error));
    return open_stored(stored, name, error);
}

void stored_text_free(struct stored_text *stored) {
    if (stored->text != stored->unpacked) free(stored->text);
    if (stored->unpacked != stored->stored) free(stored->unpacked);
    free(stored->stored);
    *stored = (struct stored_text){0};
}

/* ---- UTF-16 ---- */

static uint32_t unit_at(const struct stored_text *stored, size_t at) {
    const unsigned char *bytes = (const unsigned char *)stored->unpacked + at;
    return stored->big_endian ? (uint32_t)(bytes[0] << 8 | bytes[1])
                              : (uint32_t)(bytes[1] << 8 | bytes[0]);
}

/* A place in both forms of a text. */
struct place16 {
    size_t stored; /* bytes of UTF-16 */
    uint64_t text; /* bytes of UTF-8 */
};

/* To the character that begins at `wanted`, as utf16_open() counts them; false: none does. */
static bool advance(const struct stored_text *stored, struct place16 *place, uint64_t wanted) {
    while (place->text < wanted && place->stored + 1 < stored->unpacked_size) {
        const uint32_t unit = unit_at(stored, place->stored);
        const bool high = unit >= 0xd800 && unit < 0xdc00;
        const uint32_t next = high && place->stored + 3 < stored->unpacked_size
                                  ? unit_at(stored, place->stored + 2)
                                  : 0;
        const bool pair = next >= 0xdc00 && next < 0xe000;
        place->stored += pair ? 4 : 2;
        place->text += pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    }
    if (place->text < wanted && wanted == stored->size) { /* half a unit is shown as one */
        place->text = wanted;
        place->stored = stored->unpacked_size;
    }
    return place->text == wanted;
}

static void put_unit(const struct stored_text *stored, uint32_t unit, struct text *to) {
    const char little[] = {(char)(unit & 0xff), (char)(unit >> 8)};
    const char big[] = {(char)(unit >> 8), (char)(unit & 0xff)};
    text_append(to, stored->big_endian ? big : little, 2);
}

static enum error_code put_units(const struct stored_text *stored, const char *bytes,
                                 const char *name, struct text *to, struct error *error) {
    for (size_t length; *bytes != '\0'; bytes += length) {
        length = utf8_length(bytes);
        if (length == 0)
            return FAIL(error, ERROR_DATA,
                        "%s: a label that is not UTF-8 cannot be written into UTF-16", name);
        const uint32_t point = utf8_point(bytes, length);
        if (point >= 0x10000) put_unit(stored, 0xd800 + ((point - 0x10000) >> 10), to);
        put_unit(stored, point >= 0x10000 ? 0xdc00 + (point & 0x3ff) : point, to);
    }
    return ERROR_NONE;
}

/* ---- writing ---- */

static enum error_code put_edits(const struct stored_text *stored, const char *name,
                                 const struct text_edit *edits, size_t count, struct text *to,
                                 struct error *error) {
    struct place16 place = {.stored = stored->mark};
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        size_t begin = edits[i].begin, end = edits[i].end;
        if (begin > end || end > stored->size || (i > 0 && begin < edits[i - 1].end))
            return FAIL(error, ERROR_INTERNAL, "%s: changes that overlap; please report this",
                        name);
        if (stored->is_utf16) {
            bool found = advance(stored, &place, begin);
            begin = place.stored;
            found = found && advance(stored, &place, end);
            end = place.stored;
            if (!found)
                return FAIL(error, ERROR_INTERNAL,
                            "%s: a change inside a character; please report "
                            "this",
                            name);
        }
        text_append(to, stored->unpacked + done, begin - done);
        if (edits[i].bytes != NULL && stored->is_utf16)
            TRY(put_units(stored, edits[i].bytes, name, to, error));
        else if (edits[i].bytes != NULL)
            text_string(to, edits[i].bytes);
        done = end;
    }
    text_append(to, stored->unpacked + done, stored->unpacked_size - done);
    return text_check(to, error);
}

#define GZIP_WINDOW (15 + 16) /* zlib's largest, with the header of gzip */

static enum error_code compress_text(const struct text *from, const char *name, struct text *to,
                                     struct error *error) {
    z_stream stream = {0};
    unsigned char piece[1 << 14];
    size_t given = 0;
    if (deflateInit2(&stream, 6, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return FAIL(error, ERROR_MEMORY, "%s: no memory to compress it", name);
    for (int code = Z_OK; code == Z_OK;) {
        if (stream.avail_in == 0 && given < from->length) {
            const size_t left = from->length - given;
            stream.next_in = (unsigned char *)from->data + given;
            stream.avail_in = left > 1 << 30 ? 1 << 30 : (unsigned)left;
            given += stream.avail_in;
        }
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        code = deflate(&stream, given == from->length ? Z_FINISH : Z_NO_FLUSH);
        text_append(to, (const char *)piece, sizeof piece - stream.avail_out);
    }
    deflateEnd(&stream);
    return text_check(to, error);
}

enum error_code stored_text_edit(const struct stored_text *stored, const char *name,
                                 const struct text_edit *edits, size_t count, char **bytes,
                                 size_t *size, struct error *error) {
    struct text plain = TEXT_INITIAL, packed = TEXT_INITIAL;
    *bytes = NULL;
    if (count == 0)
        return copy_bytes(stored->stored, stored->stored_size, name, bytes, size, error);
    if (put_edits(stored, name, edits, count, &plain, error) == ERROR_NONE && stored->is_compressed)
        compress_text(&plain, name, &packed, error);
    struct text *made = stored->is_compressed ? &packed : &plain;
    if (error->code == ERROR_NONE && made->data == NULL) text_string(made, "");
    if (text_check(made, error) == ERROR_NONE) {
        *bytes = made->data;
        *size = made->length;
        *made = (struct text)TEXT_INITIAL;
    }
    text_free(&plain);
    text_free(&packed);
    return error->code;
}
