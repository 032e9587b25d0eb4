#include "host/sound/media_header.h"

#include "host/sound/header_bytes.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BYTES(text) text, sizeof(text) - 1

static const struct {
    size_t at;
    const char *bytes;
    size_t length;
    struct media_kind kind;
} signatures[] = {
    {4, BYTES("ftyp"), {"MP4", "mov"}}, /* m4a, m4b, 3gp, mov */
    {4, BYTES("moov"), {"MP4", "mov"}},
    {4, BYTES("mdat"), {"MP4", "mov"}},
    {4, BYTES("wide"), {"MP4", "mov"}},
    {4, BYTES("free"), {"MP4", "mov"}},
    {4, BYTES("skip"), {"MP4", "mov"}},
    {0, BYTES("\x1a\x45\xdf\xa3"), {"Matroska", "matroska"}}, /* webm, mka, mkv */
    {0,
     BYTES("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
     {"ASF", "asf"}}, /* wma, wmv */
    {0, BYTES("#!AMR"), {"AMR", "amr"}},
    {0, BYTES("wvpk"), {"WavPack", "wv"}},
    {0, BYTES("MAC "), {"APE", "ape"}},
    {0, BYTES("TTA1"), {"TTA", "tta"}},
    {0, BYTES("MPCK"), {"MPC", "mpc8"}},
    {0, BYTES("MP+"), {"MPC", "mpc"}},
    {0, BYTES("DSD "), {"DSF", "dsf"}},
    {0, BYTES("FRM8"), {"DFF", "iff"}},
    {0, BYTES(".RMF"), {"RealMedia", "rm"}},
    {0, BYTES(".ra\xfd"), {"RealMedia", "rm"}},
    {8, BYTES("AVI "), {"AVI", "avi"}},
    {8, BYTES("XWMA"), {"xWMA", "xwma"}},
    {0, BYTES("FLV\x01"), {"FLV", "flv"}},
    {0, BYTES("tBaK"), {"TAK", "tak"}},
    {0, BYTES("ajkg"), {"Shorten", "shn"}},
    {0, BYTES("EA3\x03"), {"ATRAC", "oma"}},
    {0, BYTES("ea3\x03"), {"ATRAC", "oma"}},
    {0, BYTES("\x7f\xfe\x80\x01"), {"DTS", "dts"}},
    {0, BYTES("\x00\x00\x01\xba"), {"MPEG-PS", "mpeg"}},
};

static const struct media_kind adts = {"ADTS", "aac"};
static const struct media_kind loas = {"LOAS", "loas"};
static const struct media_kind ac3 = {"AC-3", "ac3"};
static const struct media_kind eac3 = {"E-AC-3", "eac3"};
static const struct media_kind transport = {"MPEG-TS", "mpegts"};

static const struct {
    const char *begins; /* in any case */
    const char *what;
} others[] = {
    {"version https://git", "a Git LFS pointer, not the audio itself; run git lfs pull"},
    {"#EXTM3U", "a playlist, not a sound; give the sounds themselves"},
    {"[playlist]", "a playlist, not a sound; give the sounds themselves"},
    {"ffconcat", "a list of files, not a sound; give the sounds themselves"},
    {"v=0", "the description of a stream (SDP), not a sound; leave it out"},
    {"\x89PNG", "an image, not a sound; leave it out"},
    {"\xff\xd8\xff", "an image, not a sound; leave it out"},
    {"GIF8", "an image, not a sound; leave it out"},
    {"WEBVTT", "subtitles, not a sound; leave it out"},
    {"1\r\n00:", "subtitles, not a sound; leave it out"},
    {"1\n00:", "subtitles, not a sound; leave it out"},
    {"[Script Info]", "subtitles, not a sound; leave it out"},
    {"MThd", "notes (MIDI), not a sound; render it, or leave it out"},
    {"<!DOCTYPE", "a web page, not a sound; download it again"},
    {"<html", "a web page, not a sound; download it again"},
    {"<?xml", "an XML document, not a sound; download it again"},
    {"%PDF", "a PDF document, not a sound; leave it out"},
    {"PK\x03\x04", "a zip archive, not a sound; unpack it"},
    {"\x1f\x8b", "a gzip archive, not a sound; unpack it"},
};

static bool is_transport_stream(const struct sound_source *source, const unsigned char *bytes) {
    const size_t first = bytes[0] == 0x47 ? 0 : 4; /* with a time before each packet */
    unsigned char next;
    if (bytes[first] != 0x47) return false;
    header_read_part(source, first + 188 + first, &next, 1);
    return next == 0x47;
}

const struct media_kind *media_header_kind(const struct sound_source *source) {
    unsigned char bytes[24];
    errno = 0;
    header_read_part(source, 0, bytes, sizeof bytes);
    if (memcmp(bytes, "ID3", 3) == 0) { /* its length is four times seven bits */
        uint64_t position = 0;
        for (size_t i = 6; i < 10; i++) position = position << 7 | (bytes[i] & 0x7f);
        header_read_part(source, position + ((bytes[5] & 0x10) != 0 ? 20 : 10), bytes,
                         sizeof bytes);
    }
    for (size_t i = 0; i < COUNT(signatures); i++)
        if (memcmp(bytes + signatures[i].at, signatures[i].bytes, signatures[i].length) == 0)
            return &signatures[i].kind;
    if (bytes[0] == 0xff && (bytes[1] & 0xf6) == 0xf0) return &adts;
    if (bytes[0] == 0x56 && (bytes[1] & 0xe0) == 0xe0) return &loas;
    if (bytes[0] == 0x0b && bytes[1] == 0x77) return bytes[5] >> 3 > 10 ? &eac3 : &ac3;
    return is_transport_stream(source, bytes) ? &transport : NULL;
}

/* ---- other files ---- */

const char *media_header_other(const struct sound_source *source) {
    unsigned char bytes[24];
    header_read_part(source, 0, bytes, sizeof bytes);
    for (size_t i = 0; i < COUNT(others); i++)
        if (strncasecmp((const char *)bytes, others[i].begins, strlen(others[i].begins)) == 0)
            return others[i].what;
    return NULL;
}
