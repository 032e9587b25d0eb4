/* What is read of a sound file before libsndfile opens it. */
#include "host/sound/sound_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A file with more chunks before its samples is not searched further. */
#define MAXIMUM_CHUNKS 1000

/* False with errno when the system refused, and with errno 0 past the end of the file. */
static bool read_at(int descriptor, uint64_t position, unsigned char *bytes, size_t count) {
    ssize_t got = 0;
    if (position <= INT64_MAX) do
            got = pread(descriptor, bytes, count, (off_t)position);
        while (got < 0 && errno == EINTR);
    if (got >= 0) errno = 0;
    return got == (ssize_t)count;
}

static uint64_t number(const unsigned char *bytes, size_t count, bool big_endian) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) value = value << 8 | bytes[big_endian ? i : count - 1 - i];
    return value;
}

static bool begins(const unsigned char *bytes, const char *word) {
    return memcmp(bytes, word, 4) == 0;
}

/* A frame header of MPEG audio: sync, a version, a layer and a rate that exist. */
static bool is_mpeg_frame(const unsigned char *bytes) {
    return bytes[0] == 0xff && (bytes[1] & 0xe0) == 0xe0 && (bytes[1] & 0x18) != 0x08 &&
           (bytes[1] & 0x06) != 0 && (bytes[2] & 0xf0) != 0xf0 && (bytes[2] & 0x0c) != 0x0c;
}

enum sound_container sound_header_container(int descriptor) {
    unsigned char bytes[12];
    uint64_t position = 0;
    if (!read_at(descriptor, 0, bytes, sizeof bytes)) return CONTAINER_NONE;
    bool tagged = memcmp(bytes, "ID3", 3) == 0;
    if (tagged) { /* its length is four times seven bits */
        for (size_t i = 6; i < 10; i++) position = position << 7 | (bytes[i] & 0x7f);
        position += (bytes[5] & 0x10) != 0 ? 20 : 10;
        if (!read_at(descriptor, position, bytes, sizeof bytes)) return CONTAINER_NONE;
    }
    if (begins(bytes, "fLaC")) return CONTAINER_FLAC;
    if (tagged || is_mpeg_frame(bytes)) return CONTAINER_MPEG;
    if (begins(bytes, "RIFF") || begins(bytes, "RIFX") || begins(bytes, "RF64"))
        return begins(bytes + 8, "WAVE") ? CONTAINER_WAV : CONTAINER_NONE;
    if (begins(bytes, "FORM"))
        return begins(bytes + 8, "AIFF") || begins(bytes + 8, "AIFC") ? CONTAINER_AIFF
                                                                      : CONTAINER_NONE;
    if (begins(bytes, "OggS")) return CONTAINER_OGG;
    if (begins(bytes, ".snd") || begins(bytes, "dns.")) return CONTAINER_AU;
    return CONTAINER_NONE;
}

/* The chunk that holds the samples: its promised size and where its content begins. */
static bool find_samples(int descriptor, const char *name, bool big_endian, uint64_t *size,
                         uint64_t *content) {
    unsigned char bytes[16];
    uint64_t position = 12;
    uint64_t wide_size = 0; /* of RF64, whose own field is too narrow */
    for (int chunk = 0; chunk < MAXIMUM_CHUNKS; chunk++) {
        if (!read_at(descriptor, position, bytes, 8)) return false;
        *size = number(bytes + 4, 4, big_endian);
        *content = position + 8;
        if (begins(bytes, name)) {
            if (*size == UINT32_MAX && wide_size != 0) *size = wide_size;
            return true;
        }
        if (begins(bytes, "ds64")) {
            if (!read_at(descriptor, *content, bytes, 16)) return false;
            wide_size = number(bytes + 8, 8, false);
        }
        position = *content + *size + (*size & 1);
    }
    return false;
}

/* What sox, ffmpeg and others write when they cannot seek back to the header. */
static bool is_placeholder(uint64_t size) {
    return size == 0 || (size >= 0x7ffff000 && size <= INT32_MAX) || size >= 0xfffff000;
}

bool sound_header_is_cut(int descriptor, enum sound_container container, uint64_t file_bytes,
                         uint64_t *promised_bytes, uint64_t *present_bytes) {
    unsigned char bytes[12];
    uint64_t content = 0;
    if (!read_at(descriptor, 0, bytes, sizeof bytes)) return false;
    if (container == CONTAINER_WAV) {
        if (!find_samples(descriptor, "data", begins(bytes, "RIFX"), promised_bytes, &content))
            return false;
        if (is_placeholder(*promised_bytes)) return false;
    } else if (container == CONTAINER_AIFF) {
        if (!find_samples(descriptor, "SSND", true, promised_bytes, &content)) return false;
        if (is_placeholder(*promised_bytes)) return false;
    } else if (container == CONTAINER_AU) {
        bool big_endian = begins(bytes, ".snd");
        content = number(bytes + 4, 4, big_endian);
        *promised_bytes = number(bytes + 8, 4, big_endian);
        if (is_placeholder(*promised_bytes)) return false;
    } else {
        return false;
    }
    *present_bytes = file_bytes > content ? file_bytes - content : 0;
    return *promised_bytes > *present_bytes;
}
