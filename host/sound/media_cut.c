#include "host/sound/header_bytes.h"
#include "host/sound/media_header.h"

#include <errno.h>
#include <string.h>

/* A file with more structures is not searched further. */
#define MAXIMUM_STRUCTURES 1000000

/* A structure of the file that was looked at. */
struct piece {
    uint64_t at;    /* of its content */
    uint64_t bytes; /* of it, as far as is promised */
};

static bool goes_beyond(const struct sound_source *source, const struct piece *piece) {
    return piece->at > source->bytes || piece->bytes > source->bytes - piece->at;
}

/* ---- one structure after the other, each with a name and a size ---- */

struct chunks {
    const char *demuxer;
    const char *samples; /* name of the chunk that holds them */
    size_t name_size, name_at, size_at, size_size;
    bool big_endian;
    size_t outside; /* bytes at the start of a chunk that its size does not count */
};

static const struct chunks kinds[] = {
    {"mov", "mdat", 4, 4, 0, 4, true, 0},
    {"asf", "\x36\x26\xb2\x75\x8e\x66\xcf\x11", 8, 0, 16, 8, false, 0},
    {"avi", "RIFF", 4, 0, 4, 4, false, 8},
};

static bool chunk_is_cut(const struct sound_source *source, const struct chunks *kind,
                         struct piece *piece) {
    piece->at = 0;
    for (int i = 0; i < MAXIMUM_STRUCTURES; i++) {
        unsigned char bytes[24];
        if (header_read_part(source, piece->at, bytes, sizeof bytes) <
            kind->size_at + kind->size_size)
            return false;
        uint64_t size = header_number(bytes + kind->size_at, kind->size_size, kind->big_endian);
        if (strcmp(kind->demuxer, "mov") == 0 && size == 1)
            size = header_number(bytes + 8, 8, true);
        const bool is_samples = memcmp(bytes + kind->name_at, kind->samples, kind->name_size) == 0;
        /* Recorders that cannot seek back leave 0, or the header's size: the end is then not known.
         */
        if (size <= 64 && (is_samples || size < 8)) return false;
        if (size >= UINT32_MAX - 1 && kind->size_size == 4 && size <= UINT32_MAX) return false;
        piece->bytes = size > UINT64_MAX / 2 ? UINT64_MAX / 2 : size + kind->outside;
        const bool describes_samples = memcmp(bytes + kind->name_at, "moof", 4) == 0; /* of MP4 */
        if (goes_beyond(source, piece)) return is_samples || describes_samples;
        piece->at += piece->bytes;
    }
    return false;
}

/* ---- Matroska ---- */

#define SEGMENT 0x18538067U
#define CLUSTER 0x1f43b675U
#define BLOCKS 0xa0U /* a group of one block */

/* The head of an element: its id, and its content; sizes that are not known are UINT64_MAX. The
 * length of the head, 0: none. */
static size_t read_element(const struct sound_source *source, uint64_t position, uint64_t *id,
                           struct piece *content) {
    unsigned char bytes[12];
    const size_t there = header_read_part(source, position, bytes, sizeof bytes);
    size_t name = 1;
    size_t length = 1;
    while (name <= 4 && (bytes[0] & (0x80 >> (name - 1))) == 0) name++;
    if (name > 4) return 0;
    while (length <= 8 && (bytes[name] & (0x80 >> (length - 1))) == 0) length++;
    if (length > 8 || name + length > there) return 0;
    const uint64_t unknown = (UINT64_C(1) << (7 * length)) - 1;
    *id = header_number(bytes, name, true);
    content->at = position + name + length;
    content->bytes = header_number(bytes + name, length, true) & unknown;
    if (content->bytes == unknown) content->bytes = UINT64_MAX;
    return name + length;
}

/* A recording whose sizes were not known when it was written, by browsers for example, ends after a
 * whole element. */
static bool matroska_is_cut(const struct sound_source *source, struct piece *piece) {
    uint64_t position = 0;
    for (int i = 0; i < MAXIMUM_STRUCTURES && position < source->bytes; i++) {
        uint64_t id = 0;
        if (read_element(source, position, &id, piece) == 0) {
            /* A head of which the rest is missing, or no Matroska. */
            *piece = (struct piece){position, 12};
            return source->bytes - position < 12;
        }
        const bool known = piece->bytes != UINT64_MAX;
        if (known && goes_beyond(source, piece)) return true;
        if (id == SEGMENT && known) return false; /* all of it is there */
        position = piece->at;
        if (known && id != CLUSTER && id != BLOCKS) position += piece->bytes;
    }
    return false;
}

/* ---- Ogg ---- */

/* The page at piece->at; *first: it begins a stream. false: there is none. */
static bool read_page(const struct sound_source *source, struct piece *piece, bool *first) {
    unsigned char bytes[27 + 255];
    header_read_part(source, piece->at, bytes, sizeof bytes);
    if (memcmp(bytes, "OggS", 4) != 0) return false;
    *first = (bytes[5] & 2) != 0;
    piece->bytes = 27 + (uint64_t)bytes[26];
    for (size_t i = 0; i < bytes[26]; i++) piece->bytes += bytes[27 + i];
    return true;
}

static bool ogg_is_cut(const struct sound_source *source, struct piece *piece) {
    bool first;
    *piece = (struct piece){0, 0};
    for (int i = 0; i < MAXIMUM_STRUCTURES && piece->at < source->bytes; i++) {
        if (!read_page(source, piece, &first)) return false; /* what follows is no page */
        if (goes_beyond(source, piece)) return true;
        piece->at += piece->bytes;
    }
    return false;
}

bool media_header_is_chained(const struct sound_source *source) {
    struct piece piece = {0, 0};
    bool first, data = false; /* a page that is not the first of its stream */
    errno = 0;
    for (int i = 0; i < MAXIMUM_STRUCTURES && piece.at < source->bytes; i++) {
        if (!read_page(source, &piece, &first)) return false;
        if (first && data) return errno == 0;
        data = data || !first;
        piece.at += piece.bytes;
    }
    return false;
}

bool media_header_is_cut(const struct sound_source *source, const struct media_kind *kind,
                         uint64_t *promised_bytes, uint64_t *present_bytes) {
    struct piece piece = {0, 0};
    bool is_cut = false;
    errno = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kind->demuxer, kinds[i].demuxer) == 0)
            is_cut = chunk_is_cut(source, &kinds[i], &piece);
    if (strcmp(kind->demuxer, "matroska") == 0) is_cut = matroska_is_cut(source, &piece);
    if (strcmp(kind->demuxer, "ogg") == 0) is_cut = ogg_is_cut(source, &piece);
    *promised_bytes = piece.bytes;
    *present_bytes = piece.at < source->bytes ? source->bytes - piece.at : 0;
    return is_cut && errno == 0;
}
