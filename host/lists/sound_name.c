#include "host/lists/sound_name.h"

#include "host/lists/pattern.h"

#include <ctype.h>
#include <string.h>

/* Each list has a space before and after every ending. */
static const char unread_sounds[] =
    " .8svx .aa .aax .adx .at3 .dv .g722 .g726 .g729 .gsm .iff .pcm .qcp .raw .sd2 .sln .svx "
    ".ulaw .alaw .vox .vqf .xi ";

static const char archives[] =
    " .7z .ace .arj .cab .lha .lzh .rar .tar .taz .tbz .tbz2 .tgz .tlz .txz .tzst .zip .zipx ";

/* Packed by themselves: an archive if what is packed is one, or a sound. */
static const char packed[] = " .br .bz2 .gz .lz .lz4 .lzma .xz .z .zst ";

/* What lies beside sounds and never is one, so that it need not be opened. */
static const char others[] =
    " .arrow .bib .bmp .c .cfg .cha .conf .cpp .csv .ctm .db .doc .docx .eaf .fon .gif .h5 "
    ".hdf5 .htm .html .ini .ipynb .jams .jpeg .jpg .js .json .jsonl .lab .lnk .lock .log .lrc .m "
    ".mat .md .md5 .mid .midi .mlf .ndjson .npy .npz .ods .parquet .pdf .phn .pickle .pk .pkl "
    ".plist .png .ps .pt .pth .py .rst .rttm .rtf .scp .sh .sha1 .sha256 .spk .sqlite .srt .stm "
    ".svg .tex .textgrid .tfrecord .tif .tiff .toml .trn .trs .tsv .txt .url .vtt .webp .wrd .xls "
    ".xlsx .xml .yaml .yml ";

void sound_ending(const char *name, char ending[SOUND_ENDING_SIZE]) {
    const char *dot = strrchr(name, '.');
    size_t length = dot == NULL ? 0 : strlen(dot);
    ending[0] = '\0';
    if (length < 2 || length >= SOUND_ENDING_SIZE) return;
    for (size_t i = 1; i < length; i++)
        if (isalnum((unsigned char)dot[i]) == 0 || (unsigned char)dot[i] > 0x7e) return;
    for (size_t i = 0; i < length; i++) ending[i] = (char)tolower((unsigned char)dot[i]);
    ending[length] = '\0';
}

static bool is_in(const char *list, const char *ending) {
    const char *found = list;
    size_t length = strlen(ending);
    while ((found = strstr(found, ending)) != NULL) {
        if (found[-1] == ' ' && found[length] == ' ') return true;
        found += length;
    }
    return false;
}

/* Whether a name without its last ending is that of a sound or an archive: "a.wav.gz". */
static bool holds_sound(const char *name) {
    char inner[256], ending[SOUND_ENDING_SIZE];
    const char *dot = strrchr(name, '.');
    size_t length = (size_t)(dot - name);
    if (length >= sizeof inner) return false;
    memcpy(inner, name, length);
    inner[length] = '\0';
    sound_ending(inner, ending);
    if (ending[0] == '\0') return false;
    return audio_extension(inner, NULL) || is_in(unread_sounds, ending) || is_in(archives, ending);
}

enum sound_name sound_name_of(const char *name) {
    char ending[SOUND_ENDING_SIZE];
    if (audio_extension(name, NULL)) return NAME_SOUND;
    sound_ending(name, ending);
    if (ending[0] == '\0') return NAME_UNKNOWN;
    if (is_in(unread_sounds, ending)) return NAME_UNREAD;
    if (is_in(archives, ending)) return NAME_ARCHIVE;
    if (is_in(packed, ending)) return holds_sound(name) ? NAME_ARCHIVE : NAME_OTHER;
    return is_in(others, ending) ? NAME_OTHER : NAME_UNKNOWN;
}

/* ---- first bytes ---- */

struct magic {
    const char *kind;
    const char *bytes;
    size_t at, count;
};

#define MAGIC(kind, bytes, at)                                                                     \
    { kind, bytes, at, sizeof(bytes) - 1 }

static const struct magic magics[] = {
    MAGIC("WAV", "WAVE", 8),
    MAGIC("FLAC", "fLaC", 0),
    MAGIC("Ogg", "OggS", 0),
    MAGIC("MP3", "ID3", 0),
    MAGIC("AIFF", "AIFF", 8),
    MAGIC("AIFF", "AIFC", 8),
    MAGIC("AU", ".snd\0", 0),
    MAGIC("CAF", "caff\0", 0),
    MAGIC("W64", "riff\x2e\x91\xcf\x11", 0),
    MAGIC("SPHERE", "NIST_1A\n", 0),
    MAGIC("AVR", "2BIT", 0),
    MAGIC("MP4", "ftyp", 4),
    MAGIC("WMA", "\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0),
    MAGIC("AMR", "#!AMR", 0),
    MAGIC("Matroska", "\x1a\x45\xdf\xa3", 0),
    MAGIC("VOC", "Creative Voice", 0),
    MAGIC("AVI", "AVI ", 8),
    MAGIC("APE", "MAC ", 0),
    MAGIC("WavPack", "wvpk", 0),
    MAGIC("TTA", "TTA1", 0),
    MAGIC("RealAudio", ".RMF\0", 0),
    MAGIC("RealAudio", ".ra\xfd", 0),
    MAGIC("Shorten", "ajkg", 0),
    MAGIC("Musepack", "MPCK", 0),
};

/* A frame of MPEG audio's layers II and III, or of AAC; layer I is unused, and UTF-16 begins so. */
static const char *by_frame(const unsigned char *bytes) {
    if (bytes[0] != 0xff) return NULL;
    if ((bytes[1] & 0xf6) == 0xf0 && (bytes[2] & 0x3c) < 0x34) return "AAC";
    bool layer = (bytes[1] & 0x06) == 0x02 || (bytes[1] & 0x06) == 0x04;
    if ((bytes[1] & 0xe0) != 0xe0 || (bytes[1] & 0x18) == 0x08 || !layer) return NULL;
    unsigned rate = bytes[2] >> 4;
    return rate > 0 && rate < 15 && (bytes[2] & 0x0c) != 0x0c ? "MP3" : NULL;
}

const char *sound_by_first_bytes(const unsigned char *bytes, size_t count) {
    if (count < SOUND_FIRST_BYTES) return NULL;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (magics[i].at + magics[i].count <= count &&
            memcmp(bytes + magics[i].at, magics[i].bytes, magics[i].count) == 0)
            return magics[i].kind;
    return by_frame(bytes);
}
