/* Labels and other fields from file names: '{label}_{speaker}_{take}.wav'.
 *
 * Text outside braces matches itself, byte by byte; {field} matches one or more bytes other than
 * '/'. The whole name must match. If it matches in more than one way, each field from the left is
 * as short as possible: with '{label}_{rest}' the label of 'a_b_c' is 'a'. {_} is a field that is
 * not used, and the only one that may occur twice. {field:2} takes two characters; of fields with
 * nothing between them all but one have such a width.
 * A pattern without '/' is matched against the file name, one with n of them against the last
 * n + 1 components of the path. A pattern that does not end in an audio extension ('.wav') or in
 * '.{field}' is matched against the name without its extension. */
#ifndef EARMARK_LISTS_PATTERN_H
#define EARMARK_LISTS_PATTERN_H

#include "host/base/error.h"

#define PATTERN_MAXIMUM_FIELDS 32
#define PATTERN_MAXIMUM_LENGTH                                                                     \
    4096 /* of a pattern, and of the components it is matched against                              \
          */

/* Field i is between literal i and literal i + 1; literals point into text. */
struct pattern {
    char *text; /* owned copy, cut into NUL-terminated pieces */
    size_t field_count;
    const char *fields[PATTERN_MAXIMUM_FIELDS];
    size_t widths[PATTERN_MAXIMUM_FIELDS]; /* characters; 0: as few as fit, at least one */
    const char *literals[PATTERN_MAXIMUM_FIELDS + 1];
    size_t slashes;     /* how many '/' it holds */
    bool has_extension; /* it ends in the extension of the name */
};

/* The fields of one path; zero-initialise, reuse, free. */
struct pattern_match {
    char *values[PATTERN_MAXIMUM_FIELDS]; /* (field_count) into storage */
    bool ambiguous;                       /* the name matches in more than one way */
    char *storage;
    unsigned char *reach; /* private */
};

/* ERROR_USAGE for a pattern without {label}, a field that occurs twice, braces that do not pair,
 * names that are not letters, digits and '_', and two fields without a width and with nothing
 * between them.
 * pattern_free also after a failure. */
enum error_code pattern_parse(const char *text, struct pattern *pattern, struct error *error);
void pattern_free(struct pattern *pattern);

/* The index of a field, or SIZE_MAX. */
size_t pattern_field(const struct pattern *pattern, const char *name);

/* Matches `path` against the pattern; *matched: whether it fits. Errors: ERROR_MEMORY. */
enum error_code pattern_apply(const struct pattern *pattern, const char *path,
                              struct pattern_match *match, bool *matched, struct error *error);
void pattern_match_free(struct pattern_match *match);

/* The extensions of sound files: those that libsndfile reads, and those for FFmpeg's libraries. */
#define AUDIO_EXTENSIONS                                                                           \
    ".wav .wave .flac .ogg .oga .opus .mp3 .aiff .aif .au .snd .sph .nist .wv1 .wv2 .w64 .avr "    \
    ".ircam .sf .paf .fap .pvf .wve .voc "                                                         \
    ".m4a .m4b .mp4 .mov .aac .webm .weba .mka .mkv .wma .amr .awb .3gp .3gpp .3g2 .ac3 .eac3 "    \
    ".aifc .bwf .rf64 .caf .mp2 .mpga .spx .wv .ape .tta .mpc .tak .shn .dsf .dff .dts .ra .oma "  \
    ".m4v .mpg .mpeg .avi .flv .wmv .asf .m2ts .vob .ogv .mogg .mp1 .rm .rmvb"

/* Whether the name ends in one of them, in any case; *dot, unless NULL, is its position. */
bool audio_extension(const char *name, size_t *dot);

#endif
