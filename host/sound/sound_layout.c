#include "host/sound/sound_layout.h"

#include "host/sound/header_bytes.h"

#include <string.h>

static const struct chunk_kind riff = {12, 4, 4, false, 0, 2}, rifx = {12, 4, 4, true, 0, 2},
                               w64 = {40, 16, 8, false, 24, 8}, caf = {8, 4, 8, true, 0, 1};

/* What sox, ffmpeg and others write when they cannot seek back to the header, and what a recorder
 * that was cut off leaves. */
static bool is_placeholder(uint64_t size) {
    return size == 0 || (size >= 0x7ffff000 && size <= INT32_MAX) ||
           (size >= 0x7f000000 && size < 0x7f000100) ||
           (size >= 0xfffff000 && size <= UINT32_MAX) || size >= INT64_MAX - 0xffff;
}

/* Where the length of the samples is written, in a form of its own. */
struct length {
    uint64_t at;
    size_t bytes;
    bool big_endian;
    uint64_t counted; /* bytes that it counts besides the samples */
};

/* Samples of this length from `content` on, in a format of such chunks (NULL: of none). */
static void place(const struct sound_source *source, const struct chunk_kind *kind,
                  const struct length *length, uint64_t promised, uint64_t content,
                  struct sound_layout *layout) {
    const uint64_t present = source->bytes > content ? source->bytes - content : 0;
    if (promised > 0 && promised <= present) return;
    if (!is_placeholder(promised) && !is_placeholder(promised + length->counted)) {
        layout->promised = promised;
        layout->present = present;
        return;
    }
    if (present == 0) return;
    if (promised == 0 && kind != NULL && chunk_is_rest(source, kind, content)) return; /* empty */
    uint64_t whole = present + length->counted;
    if (length->bytes == 4 && whole > UINT32_MAX) whole = UINT32_MAX;
    layout->unfinished = true;
    layout->fix_at = length->at;
    layout->fix_bytes = length->bytes;
    header_put(layout->fix, length->bytes, length->big_endian, whole);
}

/* ---- WAV ---- */

/* The codec of a WAV or W64; 0: not known. */
static unsigned find_codec(const struct sound_source *source, const struct chunk_kind *kind) {
    unsigned char bytes[26] = {0};
    struct chunk format;
    if (!chunk_find(source, kind, "fmt ", &format)) return 0;
    if (!header_read(source, format.content, bytes, format.size < sizeof bytes ? 2 : sizeof bytes))
        return 0;
    const bool extensible = header_number(bytes, 2, kind->big_endian) == 0xfffe;
    return (unsigned)header_number(bytes + (extensible ? 24 : 0), 2, kind->big_endian);
}

/* MPEG audio in a WAV is read as if it were alone: the lengths that the WAV gives count what the
 * encoder added, or were estimated, and its decoder needs no more than its own frames. */
static bool is_mpeg(const struct sound_source *source, unsigned codec, uint64_t content) {
    unsigned char frame[4];
    return (codec == 0x50 || codec == 0x55) && header_read(source, content, frame, sizeof frame) &&
           sound_header_is_mpeg_frame(frame);
}

/* libsndfile takes the byte that pads a chunk for another block of GSM. */
#define CODEC_GSM 0x31
#define GSM_BLOCK 65

static void end_gsm(uint64_t content, struct sound_layout *layout) {
    if (layout->end > content) layout->end -= (layout->end - content) % GSM_BLOCK;
}

static void find_in_wav(const struct sound_source *source, const unsigned char *start,
                        enum sound_container *container, struct sound_layout *layout) {
    const struct chunk_kind *kind = header_begins(start, "RIFX") ? &rifx : &riff;
    unsigned char wide[8];
    struct chunk data, sizes;
    if (!chunk_find(source, kind, "data", &data)) return;
    struct length length = {data.size_at, 4, kind->big_endian, 0};
    uint64_t promised = data.size;
    if (header_begins(start, "RF64") && promised == UINT32_MAX &&
        chunk_find(source, kind, "ds64", &sizes) && sizes.content < data.content &&
        header_read(source, sizes.content + 8, wide, sizeof wide)) {
        length = (struct length){sizes.content + 8, 8, false, 0};
        promised = header_number(wide, sizeof wide, false);
    }
    place(source, kind, &length, promised, data.content, layout);
    if (layout->promised > layout->present) return;
    const unsigned codec = find_codec(source, kind);
    const uint64_t end = layout->unfinished ? source->bytes : data.content + promised;
    if (codec == CODEC_GSM) {
        layout->end = end;
        end_gsm(data.content, layout);
    }
    if (!is_mpeg(source, codec, data.content)) return;
    *container = CONTAINER_MPEG;
    layout->first = data.content;
    layout->end = end;
    layout->fix_bytes = 0;
}

/* ---- the others ---- */

static void find_in_aiff(const struct sound_source *source, struct sound_layout *layout) {
    struct chunk sound;
    if (!chunk_find(source, &rifx, "SSND", &sound)) return;
    const struct length length = {sound.size_at, 4, true, 8};
    const uint64_t samples = sound.size > 8 ? sound.size - 8 : 0;
    place(source, &rifx, &length, samples, sound.content + 8, layout);
}

static void find_in_au(const struct sound_source *source, const unsigned char *start,
                       struct sound_layout *layout) {
    const bool big_endian = header_begins(start, ".snd");
    const struct length length = {8, 4, big_endian, 0};
    const uint64_t content = header_number(start + 4, 4, big_endian);
    const uint64_t size = header_number(start + 8, 4, big_endian);
    if (size == UINT32_MAX) return; /* the format's own word for a length that is not known */
    place(source, NULL, &length, size, content, layout);
}

/* libsndfile reads W64 to its end, whatever follows the samples. */
static void find_in_w64(const struct sound_source *source, struct sound_layout *layout) {
    struct chunk data;
    if (!chunk_find(source, &w64, "data", &data)) return;
    const struct length length = {data.size_at, 8, false, 24};
    place(source, &w64, &length, data.size, data.content, layout);
    if (!layout->unfinished && layout->promised == layout->present)
        layout->end = data.content + data.size;
    if (find_codec(source, &w64) == CODEC_GSM) end_gsm(data.content, layout);
}

/* Before the samples there are four bytes that the length counts. -1: up to the end of the file,
 * which the format allows and libsndfile refuses. */
static void find_in_caf(const struct sound_source *source, struct sound_layout *layout) {
    struct chunk data;
    if (!chunk_find(source, &caf, "data", &data)) return;
    const struct length length = {data.size_at, 8, true, 4};
    const bool to_end = data.size == UINT64_MAX;
    const uint64_t samples = to_end ? data.size : data.size > 4 ? data.size - 4 : 0;
    place(source, &caf, &length, samples, data.content + 4, layout);
    if (to_end) layout->unfinished = false;
}

static void find_in_avr(const struct sound_source *source, struct sound_layout *layout) {
    unsigned char bytes[30];
    if (!header_read(source, 0, bytes, sizeof bytes)) return;
    const struct length length = {26, 4, true, 0};
    const uint64_t channels = header_number(bytes + 12, 2, true) == 0 ? 1 : 2;
    const uint64_t wide = header_number(bytes + 14, 2, true) == 16 ? 2 : 1;
    const uint64_t size = header_number(bytes + 26, 4, true) * channels * wide;
    place(source, NULL, &length, size, 128, layout);
    layout->fix_bytes = 0; /* libsndfile reads to the end of the file */
    if (!layout->unfinished && layout->promised == layout->present) layout->end = 128 + size;
}

const char *sound_layout_find(const struct sound_source *source, enum sound_container *container,
                              struct sound_layout *layout) {
    unsigned char start[12];
    const char *refusal = NULL;
    *layout = (struct sound_layout){.end = source->bytes};
    if (!header_read(source, 0, start, sizeof start)) return NULL;
    switch (*container) {
    case CONTAINER_WAV: find_in_wav(source, start, container, layout); break;
    case CONTAINER_AIFF: find_in_aiff(source, layout); break;
    case CONTAINER_AU: find_in_au(source, start, layout); break;
    case CONTAINER_W64: find_in_w64(source, layout); break;
    case CONTAINER_CAF: find_in_caf(source, layout); break;
    case CONTAINER_AVR: find_in_avr(source, layout); break;
    case CONTAINER_SPHERE: refusal = sphere_layout(source, layout); break;
    default: break; /* of what FFmpeg's libraries read: media_cut.c */
    }
    /* Of a header that is cut short, or whose samples would begin beyond the end of the file. */
    if (layout->end > source->bytes) layout->end = source->bytes;
    if (layout->first > layout->end) layout->first = layout->end;
    return refusal;
}
