/* Reading the header of a sound file byte by byte. Private to host/sound/. */
#ifndef EARMARK_SOUND_HEADER_BYTES_H
#define EARMARK_SOUND_HEADER_BYTES_H

#include "host/sound/sound_source.h"

#include <stdint.h>

/* Reads what is there of these bytes, and zeros past the end of the file; how many there are. 0
 * with errno when the system refused; otherwise errno stays as it was. */
size_t header_read_part(const struct sound_source *source, uint64_t position, void *bytes,
                        size_t count);

/* Whether all of them are there: false with errno when the system refused, and with errno as it was
 * past the end of the file. */
bool header_read(const struct sound_source *source, uint64_t position, void *bytes, size_t count);

/* Of at most eight bytes. */
uint64_t header_number(const unsigned char *bytes, size_t count, bool big_endian);
void header_put(unsigned char *bytes, size_t count, bool big_endian, uint64_t value);

/* Whether the bytes begin with these four. */
bool header_begins(const unsigned char *bytes, const char *word);

/* How a format lays out its chunks: a name, a length, the content. */
struct chunk_kind {
    size_t first; /* byte of the file where they begin */
    size_t name_bytes;
    size_t size_bytes;
    bool big_endian;
    uint64_t counted; /* bytes of a chunk's own header that its length counts */
    uint64_t padding; /* chunks begin at multiples of this */
};

struct chunk {
    uint64_t size_at; /* where its length is written */
    uint64_t size;    /* as it is written, without what it counts of the header */
    uint64_t content;
};

/* The first chunk of this name (its first four bytes). */
bool chunk_find(const struct sound_source *source, const struct chunk_kind *kind, const char *name,
                struct chunk *chunk);

/* Whether nothing but chunks, at least one, is from here to the end of the file. */
bool chunk_is_rest(const struct sound_source *source, const struct chunk_kind *kind,
                   uint64_t position);

#endif
