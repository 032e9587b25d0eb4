#include "host/sound/header_bytes.h"

#include <errno.h>
#include <string.h>

/* A file with more chunks before its samples is not searched further. */
#define MAXIMUM_CHUNKS 1000

size_t header_read_part(const struct sound_source *source, uint64_t position, void *bytes,
                        size_t count) {
    const int before = errno; /* of a read that failed, which a later one must not hide */
    memset(bytes, 0, count);
    const ssize_t got = sound_source_read(source, position, bytes, count);
    if (got >= 0) errno = before;
    return got < 0 ? 0 : (size_t)got;
}

bool header_read(const struct sound_source *source, uint64_t position, void *bytes, size_t count) {
    return header_read_part(source, position, bytes, count) == count;
}

uint64_t header_number(const unsigned char *bytes, size_t count, bool big_endian) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) value = value << 8 | bytes[big_endian ? i : count - 1 - i];
    return value;
}

void header_put(unsigned char *bytes, size_t count, bool big_endian, uint64_t value) {
    for (size_t i = 0; i < count; i++)
        bytes[big_endian ? count - 1 - i : i] = (unsigned char)(value >> 8 * i);
}

bool header_begins(const unsigned char *bytes, const char *word) {
    return memcmp(bytes, word, 4) == 0;
}

/* The chunk at this position, and the position of the next one; 0: none can be. */
static bool read_chunk(const struct sound_source *source, const struct chunk_kind *kind,
                       uint64_t position, unsigned char *name, struct chunk *chunk,
                       uint64_t *next) {
    unsigned char bytes[24];
    const size_t head = kind->name_bytes + kind->size_bytes;
    uint64_t end;
    if (!header_read(source, position, bytes, head)) return false;
    memcpy(name, bytes, 4);
    uint64_t size = header_number(bytes + kind->name_bytes, kind->size_bytes, kind->big_endian);
    size = size > kind->counted ? size - kind->counted : 0;
    *chunk = (struct chunk){position + kind->name_bytes, size, position + head};
    const bool fits = !__builtin_add_overflow(chunk->content, size, &end) && end <= INT64_MAX;
    *next = fits ? (end + kind->padding - 1) / kind->padding * kind->padding : 0;
    return true;
}

bool chunk_find(const struct sound_source *source, const struct chunk_kind *kind, const char *name,
                struct chunk *chunk) {
    unsigned char found[4];
    uint64_t position = kind->first;
    for (int i = 0; i < MAXIMUM_CHUNKS && position != 0; i++) {
        if (!read_chunk(source, kind, position, found, chunk, &position)) return false;
        if (header_begins(found, name)) return true;
    }
    return false;
}

bool chunk_is_rest(const struct sound_source *source, const struct chunk_kind *kind,
                   uint64_t position) {
    unsigned char name[4];
    struct chunk chunk;
    for (int i = 0; i < MAXIMUM_CHUNKS; i++) {
        if (!read_chunk(source, kind, position, name, &chunk, &position)) return false;
        for (size_t k = 0; k < sizeof name; k++)
            if (name[k] < ' ' || name[k] > '~') return false;
        /* The padding of the last chunk is often missing. */
        if (chunk.size == source->bytes - chunk.content || position == source->bytes) return true;
        if (position == 0) return false;
    }
    return false;
}
