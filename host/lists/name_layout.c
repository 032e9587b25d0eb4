#include "host/lists/name_layout.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* shape: of the last components of the path without the audio ending. '#' is a digit, '@' a letter,
 * '~' any character but '/', '+' after one of these as many as there are; others are themselves,
 * in any case. */
struct name_layout {
    const char *name;
    const char *shape;
    const char *above; /* how folders above that may begin if there are several; "": none */
    const char *pattern;
    const char *codes; /* what its label can be; NULL: anything */
    const char *group; /* a field of the pattern, or NULL */
    const char *fold;
};

#define RAVDESS "{modality}-{channel}-{label}-{intensity}-{statement}-{repetition}-{actor}"
#define EMOTIONS "01 02 03 04 05 06 07 08"

static const struct name_layout layouts[] = {
    {"RAVDESS", "Actor_##/##-##-##-##-##-##-##", "audio video", RAVDESS, EMOTIONS, "actor", NULL},
    {"RAVDESS", "##-##-##-##-##-##-##", "", RAVDESS, EMOTIONS, "actor", NULL},
    {"CREMA-D", "####_@@@_@@@_@+", "", "{actor}_{sentence}_{label}_{level}",
     "ANG DIS FEA HAP NEU SAD", "actor", NULL},
    {"EmoDB", "##@##@@", "", "{speaker:2}{text:3}{label:1}{take}", "W L E A F T N", "speaker",
     NULL},
    {"SAVEE", "@@_@+##", "", "{speaker}_{label}{take:2}", "a d f h n sa su", "speaker", NULL},
    {"EMOVO", "@#/@@@-@#-@#", "", "{label}-{speaker}-{sentence}", "dis gio neu pau rab sor tri",
     "speaker", NULL},
    {"TIMIT", "@+/DR#/@@@@#/S@#+", "", "{split}/{label}/{speaker}/{sentence}", NULL, "speaker",
     NULL},
    {"AudioMNIST", "##/#_##_#+", "", "{label}_{speaker}_{take}", NULL, "speaker", NULL},
    {"VoxCeleb", "id#####/~+/#####", "wav vox dev test train aac", "{label}/{video}/{utterance}",
     NULL, "video", NULL},
    {"LibriSpeech", "#+/#+/#+-#+-####", "dev test train", "{label}-{chapter}-{utterance}", NULL,
     "chapter", NULL},
    {"UrbanSound8K", "fold#+/#+-#-#+-#+", "", "fold{fold}/{recording}-{label}-{_}-{_}", NULL, NULL,
     "fold"},
    {"ESC-50", "#-#+-@-#+", "", "{fold}-{recording}-{take}-{label}", NULL, NULL, "fold"},
};

/* ---- shapes ---- */

static bool fits_class(char class, char at) {
    unsigned char byte = (unsigned char)at;
    if (class == '#') return isdigit(byte);
    if (class == '@') return isalpha(byte);
    if (class == '~') return at != '/' && at != '\0';
    return tolower((unsigned char)class) == tolower(byte);
}

/* Whether the text, `length` bytes, has the shape. A '+' takes all that fits: what follows it in
 * the table never does. */
static bool has_shape(const char *shape, const char *text, size_t length) {
    const char *end = text + length;
    for (; *shape != '\0'; shape++) {
        if (text == end || !fits_class(*shape, *text)) return false;
        text++;
        if (shape[1] != '+') continue;
        while (text < end && fits_class(*shape, *text)) text++;
        shape++;
    }
    return text == end;
}

/* *above: the bytes of the path that are above the shape. */
static bool fits_shape(const char *shape, const char *path, size_t length, size_t *above) {
    size_t slashes = 0, start = length;
    for (const char *at = shape; *at != '\0'; at++) slashes += *at == '/';
    while (start > 0 && !(path[start - 1] == '/' && slashes-- == 0)) start--;
    *above = start;
    return has_shape(shape, path + start, length - start);
}

/* Whether one of the words, between spaces, is the text, or begins it. */
static bool has_word(const char *words, const char *text, bool begins) {
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (begins ? strncasecmp(at, text, length) == 0
                   : strlen(text) == length && memcmp(at, text, length) == 0)
            return true;
        at += length;
    }
    return false;
}

/* ---- one data set ---- */

/* Where the sounds of the walk are looked at. */
struct names {
    const struct name_layout *layout;
    struct pattern pattern;
    struct pattern_match match;
    const char *first; /* a path with the folder that all sounds are in, above their shape */
    size_t first_length;
};

/* Folders above the shape are no classes: there is one, or their names are known. */
static bool fits_above(struct names *names, const char *path, size_t length) {
    if (length == 0) return true;
    size_t folder = strcspn(path, "/");
    if (has_word(names->layout->above, path, true)) return true;
    if (names->first == NULL) {
        names->first = path;
        names->first_length = folder;
    }
    return folder == names->first_length && memcmp(path, names->first, folder) == 0;
}

static enum error_code fits(struct names *names, const char *path, bool *fitting,
                            struct error *error) {
    size_t length = strlen(path), above = 0;
    *fitting = false;
    audio_extension(path, &length);
    if (!fits_shape(names->layout->shape, path, length, &above)) return ERROR_NONE;
    if (!fits_above(names, path, above)) return ERROR_NONE;
    TRY(pattern_apply(&names->pattern, path, &names->match, fitting, error));
    size_t label = pattern_field(&names->pattern, "label");
    if (*fitting && names->layout->codes != NULL)
        *fitting = has_word(names->layout->codes, names->match.values[label], false);
    return ERROR_NONE;
}

/* Whether nine of ten sounds fit. */
static enum error_code fits_walk(const struct name_layout *layout, const struct folder_walk *walk,
                                 bool *fitting, struct error *error) {
    struct names names = {.layout = layout};
    size_t sounds = 0, others = 0;
    *fitting = false;
    for (size_t i = 0; i < walk->found_count; i++) sounds += walk->found[i].kind == FOUND_SOUND;
    pattern_parse(layout->pattern, &names.pattern, error);
    for (size_t i = 0; i < walk->found_count && others * 10 <= sounds && error->code == ERROR_NONE;
         i++) {
        bool one = false;
        if (walk->found[i].kind != FOUND_SOUND) continue;
        fits(&names, folder_walk_name(walk, walk->found[i].path), &one, error);
        others += !one;
    }
    *fitting = sounds > 0 && others * 10 <= sounds;
    pattern_match_free(&names.match);
    pattern_free(&names.pattern);
    return error->code;
}

/* ---- what is taken ---- */

static bool has_field(const char *pattern, const char *field) {
    size_t length = strlen(field);
    for (const char *at = pattern; (at = strchr(at, '{')) != NULL; at++)
        if (strncmp(at + 1, field, length) == 0 && (at[1 + length] == '}' || at[1 + length] == ':'))
            return true;
    return false;
}

static enum error_code take(const struct name_layout *layout, struct builder *builder,
                            struct error *error) {
    struct input_options *options = &builder->options;
    struct text *reading = &builder->collection->reading;
    bool decided = builder->groups_decided || builder->folds_decided;
    if (!decided) {
        options->group_field = layout->group;
        options->fold_column = layout->fold;
    }
    TRY(builder_take_pattern(builder, layout->pattern, error));
    text_format(reading, "%sthe files have names of %s: label from '%s'",
                reading->length > 0 ? "; " : "", layout->name, layout->pattern);
    if (options->fold_column != NULL)
        text_format(reading, ", folds from '%s'%s", options->fold_column,
                    decided ? "" : " (--fold-column '' assigns new ones)");
    if (options->group_field != NULL)
        text_format(reading, ", groups from '%s'%s", options->group_field,
                    decided ? "" : " (--group '' for none)");
    text_string(reading, "; --label-pattern takes another field as the {label}");
    return text_check(reading, error);
}

enum error_code name_layout_take(struct builder *builder, const struct folder_walk *walk,
                                 struct error *error) {
    const struct input_options *options = &builder->options;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0] && !builder->has_pattern; i++) {
        const struct name_layout *layout = &layouts[i];
        bool fitting = false;
        if ((options->group_field != NULL && !has_field(layout->pattern, options->group_field)) ||
            (options->fold_column != NULL && !has_field(layout->pattern, options->fold_column)))
            continue;
        TRY(fits_walk(layout, walk, &fitting, error));
        if (fitting) return take(layout, builder, error);
    }
    return ERROR_NONE;
}
