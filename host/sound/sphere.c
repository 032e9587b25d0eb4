/* SPHERE, NIST's format of speech corpora (TIMIT, Switchboard): lines of text, then samples. */
#include "host/sound/header_bytes.h"
#include "host/sound/sound_layout.h"

#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

/* Longer headers than any in use: 1024 bytes, seldom 2048. */
#define MOST_HEADER ((size_t)65536)

/* What the lines say. */
struct sphere {
    char coding[64];
    char order[16];
    uint64_t frames;
    int channels;
    int rate;
    int sample_bytes;
    bool counted;
    bool interleaved;
};

/* ---- the lines ---- */

/* The value of "NAME -i 12", "NAME -r 1.5" or "NAME -s3 abc", up to the end of the line. */
static bool value_of(const char *line, const char *name, char *value, size_t size) {
    const size_t length = strlen(name);
    if (strncmp(line, name, length) != 0 || (line[length] != ' ' && line[length] != '\t'))
        return false;
    const char *at = line + length + strspn(line + length, " \t");
    if (*at != '-') return false;
    at += strcspn(at, " \t\r\n");
    at += strspn(at, " \t");
    size_t used = strcspn(at, "\r\n");
    while (used > 0 && (at[used - 1] == ' ' || at[used - 1] == '\t')) used--;
    if (used >= size) used = size - 1;
    memcpy(value, at, used);
    value[used] = '\0';
    return true;
}

/* A whole number from 0 to `most`; -1: none. Some headers have rates as real numbers. */
static int64_t whole(const char *text, double most) {
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= most) || floor(value) != value)
        return -1;
    return (int64_t)value;
}

/* False where a line has a value that it cannot have. */
static bool take_line(const char *line, struct sphere *sphere) {
    char text[64];
    int64_t number = 0;
    if (value_of(line, "sample_coding", sphere->coding, sizeof sphere->coding)) return true;
    if (value_of(line, "sample_byte_format", sphere->order, sizeof sphere->order)) return true;
    if (value_of(line, "channels_interleaved", text, sizeof text))
        sphere->interleaved = strcmp(text, "FALSE") != 0;
    else if (value_of(line, "channel_count", text, sizeof text))
        sphere->channels = (int)(number = whole(text, 1000));
    else if (value_of(line, "sample_rate", text, sizeof text))
        sphere->rate = (int)(number = whole(text, 1e9));
    else if (value_of(line, "sample_n_bytes", text, sizeof text))
        sphere->sample_bytes = (int)(number = whole(text, 8));
    else if (value_of(line, "sample_count", text, sizeof text)) {
        sphere->counted = true;
        sphere->frames = (uint64_t)(number = whole(text, 1e15));
    }
    return number >= 0;
}

/* ---- what they mean ---- */

/* libsndfile's format of the samples and the bytes of one; 0: none that is read. */
static int format_of(struct sphere *sphere) {
    static const char *const ulaw[] = {"ulaw", "mu-law", "mulaw"}, *const alaw[] = {"alaw",
                                                                                    "a-law"};
    static const int pcm[] = {0, SF_FORMAT_PCM_S8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24,
                              SF_FORMAT_PCM_32};
    for (size_t i = 0; i < sizeof ulaw / sizeof ulaw[0]; i++)
        if (strcmp(sphere->coding, ulaw[i]) == 0 && sphere->sample_bytes <= 1) {
            sphere->sample_bytes = 1;
            return SF_FORMAT_RAW | SF_FORMAT_ULAW;
        }
    for (size_t i = 0; i < sizeof alaw / sizeof alaw[0]; i++)
        if (strcmp(sphere->coding, alaw[i]) == 0 && sphere->sample_bytes <= 1) {
            sphere->sample_bytes = 1;
            return SF_FORMAT_RAW | SF_FORMAT_ALAW;
        }
    if (sphere->coding[0] != '\0' && strcmp(sphere->coding, "pcm") != 0) return 0;
    if (sphere->sample_bytes == 0) sphere->sample_bytes = 2;
    if (sphere->sample_bytes > 4) return 0;
    const bool big_endian = sphere->order[0] != '\0' && sphere->order[0] != '0';
    return SF_FORMAT_RAW | pcm[sphere->sample_bytes] |
           (big_endian ? SF_ENDIAN_BIG : SF_ENDIAN_LITTLE);
}

static const char *refuse_coding(const struct sphere *sphere) {
    if (strstr(sphere->coding, "shorten") != NULL)
        return "SPHERE compressed with shorten, which is not read; convert it with "
               "sph2pipe -p or w_decode -o pcm";
    if (strstr(sphere->coding, "wavpack") != NULL || strstr(sphere->coding, "shortpack") != NULL)
        return "SPHERE compressed with wavpack or shortpack, which is not read; convert it with "
               "w_decode -o pcm";
    return "SPHERE with samples of a kind that is not read; convert it with sph2pipe -p or "
           "w_decode -o pcm";
}

static const char *place(const struct sound_source *source, struct sphere *sphere, uint64_t first,
                         struct sound_layout *layout) {
    layout->format = format_of(sphere);
    if (layout->format == 0) return refuse_coding(sphere);
    if (!sphere->interleaved && sphere->channels > 1)
        return "SPHERE with one channel after the other, which is not read; convert it with "
               "w_decode or sox";
    layout->channels = sphere->channels;
    layout->rate = sphere->rate;
    const uint64_t frame = (uint64_t)sphere->channels * (uint64_t)sphere->sample_bytes;
    const uint64_t present = source->bytes > first ? source->bytes - first : 0;
    layout->first = first < source->bytes ? first : source->bytes;
    layout->unfinished = !sphere->counted || (sphere->frames == 0 && present >= frame);
    if (layout->unfinished || frame == 0) return NULL;
    const uint64_t promised = sphere->frames * frame; /* 1e15 x 1000 x 4 fit */
    if (promised > present) {
        layout->promised = promised;
        layout->present = present;
    } else {
        layout->end = first + promised;
    }
    return NULL;
}

const char *sphere_layout(const struct sound_source *source, struct sound_layout *layout) {
    static const char broken[] =
        "a SPHERE header that cannot be read; copy or convert the file again";
    static const char converted[] =
        "a SPHERE file that was copied as text, which changed its samples; copy it again as binary";
    struct sphere sphere = {.channels = 1, .interleaved = true};
    char start[17] = "", *end = NULL;
    if (!header_read(source, 0, start, 16)) return broken;
    if (start[7] == '\r') return converted;
    const long length = strtol(start + 8, &end, 10);
    if (start[7] != '\n' || *end != '\n' || length < 16 || (size_t)length > MOST_HEADER)
        return broken;
    char *header = calloc((size_t)length + 1, 1);
    if (header == NULL) return "no memory for its header; start again";
    bool complete = false, right = header_read(source, 0, header, (size_t)length);
    for (const char *line = header + 16; right && *line != '\0' && !complete;) {
        complete = strncmp(line, "end_head", 8) == 0;
        if (!complete) right = take_line(line, &sphere);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    free(header);
    return right && complete ? place(source, &sphere, (uint64_t)length, layout) : broken;
}
