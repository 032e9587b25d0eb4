/* What is read of a sound file before libsndfile opens it. */
#include "host/sound/header_bytes.h"
#include "host/sound/media_header.h"
#include "host/sound/sound_file.h"

#include <string.h>

bool sound_header_is_mpeg_frame(const unsigned char *bytes) {
    return bytes[0] == 0xff && (bytes[1] & 0xe0) == 0xe0 && (bytes[1] & 0x18) != 0x08 &&
           (bytes[1] & 0x06) != 0 && (bytes[2] & 0xf0) != 0xf0 && (bytes[2] & 0x0c) != 0x0c;
}

/* Formats of libsndfile whose headers do not say how long the sound is; HTK, which has no word of
 * its own, says it exactly. */
static bool is_other(const struct sound_source *source, const unsigned char *bytes) {
    static const char *const words[] = {" paf", "fap ", "PVF1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (header_begins(bytes, words[i])) return true;
    if (memcmp(bytes, "ALawSoundFil", 12) == 0) return true; /* WVE */
    if (bytes[0] == 0x64 && bytes[1] == 0xa3 && bytes[2] >= 1 && bytes[2] <= 4 && bytes[3] == 0)
        return true; /* IRCAM */
    if (bytes[0] == 0 && bytes[1] >= 1 && bytes[1] <= 4 && bytes[2] == 0xa3 && bytes[3] == 0x64)
        return true;
    return header_number(bytes + 8, 4, true) == 0x20000 && /* HTK: waveforms of two bytes */
           header_number(bytes, 4, true) * 2 + 12 == source->bytes;
}

/* A VOC of one block of sound: of several ones libsndfile takes their headers for samples. Its
 * length is right, or eight bytes less, as SoX writes it for 16 bits. */
static bool is_voc(const struct sound_source *source) {
    unsigned char bytes[26], block[4];
    if (!header_read(source, 0, bytes, sizeof bytes)) return false;
    if (memcmp(bytes, "Creative Voice File\x1a", 20) != 0) return false;
    uint64_t first = header_number(bytes + 20, 2, false);
    if (!header_read(source, first, block, sizeof block)) return false;
    if (block[0] == 8) { /* of a second channel, before the sound */
        first += sizeof block + header_number(block + 1, 3, false);
        if (!header_read(source, first, block, sizeof block)) return false;
    }
    const uint64_t end = first + sizeof block + header_number(block + 1, 3, false);
    return (block[0] == 1 && end + 1 == source->bytes) ||
           (block[0] == 9 && (end + 1 == source->bytes || end + 9 == source->bytes));
}

enum sound_container sound_header_container(const struct sound_source *source) {
    unsigned char bytes[12];
    uint64_t position = 0;
    if (!header_read(source, 0, bytes, sizeof bytes)) return CONTAINER_NONE;
    bool tagged = memcmp(bytes, "ID3", 3) == 0;
    if (tagged) { /* its length is four times seven bits */
        for (size_t i = 6; i < 10; i++) position = position << 7 | (bytes[i] & 0x7f);
        position += (bytes[5] & 0x10) != 0 ? 20 : 10;
        if (!header_read(source, position, bytes, sizeof bytes)) return CONTAINER_NONE;
    }
    if (header_begins(bytes, "fLaC")) return CONTAINER_FLAC;
    if (sound_header_is_mpeg_frame(bytes)) return CONTAINER_MPEG;
    if (tagged) return media_header_kind(source) == NULL ? CONTAINER_MPEG : CONTAINER_MEDIA;
    if (header_begins(bytes, "RIFF") || header_begins(bytes, "RIFX") ||
        header_begins(bytes, "RF64"))
        if (header_begins(bytes + 8, "WAVE")) return CONTAINER_WAV;
    if (header_begins(bytes, "FORM"))
        if (header_begins(bytes + 8, "AIFF") || header_begins(bytes + 8, "AIFC"))
            return CONTAINER_AIFF;
    if (header_begins(bytes, "OggS")) return CONTAINER_OGG;
    if (header_begins(bytes, ".snd") || header_begins(bytes, "dns.")) return CONTAINER_AU;
    if (header_begins(bytes, "riff") &&
        memcmp(bytes + 4, "\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", 8) == 0)
        return CONTAINER_W64;
    if (header_begins(bytes, "caff")) return CONTAINER_CAF;
    if (header_begins(bytes, "2BIT")) return CONTAINER_AVR;
    if (memcmp(bytes, "NIST_1A", 7) == 0) return CONTAINER_SPHERE;
    if (is_other(source, bytes) || is_voc(source)) return CONTAINER_OTHER;
    return media_header_kind(source) == NULL ? CONTAINER_NONE : CONTAINER_MEDIA;
}

const struct media_kind *sound_header_inside(const struct sound_source *source,
                                             enum sound_container container) {
    static const struct media_kind wav = {"WAV", "wav"}, aiff = {"AIFF", "aiff"},
                                   ogg = {"Ogg", "ogg"}, caf = {"CAF", "caf"};
    static const struct chunk_kind riff = {12, 4, 4, false, 0, 2}, form = {12, 4, 4, true, 0, 2};
    static const unsigned known[] = {0x01, 0x02, 0x03, 0x06, 0x07, 0x11, 0x55, 0xfffe}; /* of WAV */
    static const char types[] =
        "NONE sowt twos raw  fl32 FL32 fl64 FL64 ulaw ULAW alaw ALAW in24 in32";
    unsigned char bytes[36] = {0};
    struct chunk chunk;
    if (!header_read(source, 0, bytes, sizeof bytes)) return NULL;
    if (container == CONTAINER_CAF) return &caf;
    if (container == CONTAINER_OGG)
        return memcmp(bytes + 28, "Speex", 5) == 0 || memcmp(bytes + 28,
                                                             "\x7f"
                                                             "FLAC",
                                                             5) == 0
                   ? &ogg
                   : NULL;
    if (container == CONTAINER_WAV && header_begins(bytes, "RIFF")) {
        if (!chunk_find(source, &riff, "fmt ", &chunk)) return NULL;
        if (!header_read(source, chunk.content, bytes, 2)) return NULL;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (header_number(bytes, 2, false) == known[i]) return NULL;
        return &wav;
    }
    if (container != CONTAINER_AIFF || !header_begins(bytes + 8, "AIFC")) return NULL;
    if (!chunk_find(source, &form, "COMM", &chunk)) return NULL;
    if (!header_read(source, chunk.content + 18, bytes, 4)) return NULL;
    bytes[4] = '\0';
    return strstr(types, (const char *)bytes) == NULL ? &aiff : NULL;
}
