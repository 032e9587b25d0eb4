#include "host/containers/parquet_features.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAXIMUM_MEMBER 1024

static const char *const sound_names[] = {"audio", "bytes", "audio_bytes", "wav",    "flac", "mp3",
                                          "ogg",   "opus",  "sound",       "speech", "clip", NULL};
static const char *const name_names[] = {"path",     "file",      "filename",   "file_name",
                                         "filepath", "file_path", "audio_path", "__key__",
                                         "name",     NULL};
static const char *const other_names[] = {"image", "images", "img", "picture",
                                          "video", "pdf",    NULL};

/* ---- features ---- */

json_t *parquet_features(const struct parquet_file *file, struct error *error) {
    struct error unread = ERROR_INITIAL;
    if (file->hugging_face.length == 0) return NULL;
    json_t *root = json_parse(file->hugging_face.data, file->hugging_face.length, "", &unread);
    if (unread.code == ERROR_MEMORY) *error = unread;
    json_t *features = json_object_get(json_object_get(root, "info"), "features");
    if (json_is_object(features))
        json_incref(features);
    else
        features = NULL;
    json_decref(root);
    return features;
}

/* Of a list that of its elements: {"feature": {...}, "_type": "List"}, or an array of one. */
static const json_t *inside(const json_t *feature) {
    for (int depth = 0; depth < 8; depth++) {
        const json_t *inner = json_is_array(feature) ? json_array_get(feature, 0)
                                                     : json_object_get(feature, "feature");
        if (inner == NULL) break;
        feature = inner;
    }
    return feature;
}

const json_t *parquet_feature(const json_t *features, const char *column) {
    char part[MAXIMUM_MEMBER + 1];
    const json_t *feature = features;
    for (;;) {
        size_t length = strcspn(column, ".");
        if (length > MAXIMUM_MEMBER) return NULL;
        memcpy(part, column, length);
        part[length] = '\0';
        feature = inside(json_object_get(feature, part));
        if (feature == NULL || column[length] == '\0') return feature;
        column += length + 1;
    }
}

const char *parquet_feature_kind(const json_t *feature) {
    const char *kind = json_string_value(json_object_get(feature, "_type"));
    return kind == NULL ? "" : kind;
}

/* ---- the column with the sounds ---- */

static bool is_one_of(const char *const *names, const char *name, size_t length) {
    for (; *names != NULL; names++)
        if (strlen(*names) == length && strncasecmp(*names, name, length) == 0) return true;
    return false;
}

const char *parquet_sound_name(const struct parquet_column *column, size_t *length) {
    static const char ending[] = ".bytes";
    *length = strlen(column->name);
    if (*length > strlen(ending) && strcmp(column->name + *length - strlen(ending), ending) == 0)
        *length -= strlen(ending);
    return column->name;
}

static bool is_binary(const struct parquet_column *column) {
    return column->type == PARQUET_BYTES && column->meaning == PARQUET_PLAIN &&
           column->repetition == 0;
}

/* How well a column fits as that of the sounds; 0: it does not. */
static int fitness(const struct parquet_column *column, const json_t *features) {
    char name[MAXIMUM_MEMBER + 1];
    size_t length;
    parquet_sound_name(column, &length);
    if (!is_binary(column) || length > MAXIMUM_MEMBER) return 0;
    bool is_struct = column->name[length] != '\0';
    memcpy(name, column->name, length);
    name[length] = '\0';
    const char *kind = parquet_feature_kind(parquet_feature(features, name));
    if (strcmp(kind, "Audio") == 0) return strcmp(name, "audio") == 0 ? 6 : 5;
    if (strcmp(kind, "Image") == 0 || strcmp(kind, "Video") == 0 || strcmp(kind, "Pdf") == 0)
        return 0;
    if (is_one_of(other_names, name, length)) return 0;
    bool is_usual = is_one_of(sound_names, name, length);
    if (is_struct) return is_usual ? 4 : 2;
    return is_usual ? 3 : 0;
}

/* The column of names beside that of the bytes. */
static size_t find_names(const struct parquet_file *file, size_t bytes) {
    char name[MAXIMUM_MEMBER + 8];
    size_t length;
    const char *sound = parquet_sound_name(&file->columns[bytes], &length);
    const bool is_struct = sound[length] != '\0';
    if (is_struct && length <= MAXIMUM_MEMBER) {
        snprintf(name, sizeof name, "%.*s.path", (int)length, sound);
        size_t found = parquet_column(file, name);
        if (found != PARQUET_NONE && file->columns[found].type == PARQUET_BYTES &&
            file->columns[found].repetition == 0)
            return found;
    }
    for (const char *const *usual = name_names; *usual != NULL && !is_struct; usual++)
        for (size_t i = 0; i < file->column_count; i++)
            if (i != bytes && strcasecmp(file->columns[i].name, *usual) == 0 &&
                file->columns[i].type == PARQUET_BYTES && file->columns[i].repetition == 0)
                return i;
    return PARQUET_NONE;
}

static void choose_usual(const struct parquet_file *file, const json_t *features,
                         struct parquet_choice *choice) {
    int best = 0;
    choice->bytes = choice->second = PARQUET_NONE;
    for (size_t i = 0; i < file->column_count; i++) {
        int own = fitness(&file->columns[i], features);
        if (own == 0 || own < best) continue;
        choice->second = own == best ? i : PARQUET_NONE;
        if (own > best) choice->bytes = i;
        best = own;
    }
}

/* Any binary column can be meant, also one of text: its bytes are what they are. */
static size_t find_asked(const struct parquet_file *file, const char *asked) {
    for (size_t i = 0; i < file->column_count; i++) {
        size_t length;
        const char *name = parquet_sound_name(&file->columns[i], &length);
        if (is_binary(&file->columns[i]) &&
            (strcmp(name, asked) == 0 ||
             (strlen(asked) == length && strncmp(name, asked, length) == 0)))
            return i;
    }
    return PARQUET_NONE;
}

enum error_code parquet_choose(const struct parquet_file *file, const char *asked,
                               struct parquet_choice *choice, struct error *error) {
    json_t *features = parquet_features(file, error);
    choose_usual(file, features, choice);
    json_decref(features);
    size_t usual = choice->bytes;
    if (asked != NULL) {
        choice->bytes = find_asked(file, asked);
        choice->second = PARQUET_NONE;
    }
    choice->is_usual = choice->bytes == usual;
    choice->names = choice->bytes == PARQUET_NONE ? PARQUET_NONE : find_names(file, choice->bytes);
    return error->code;
}

/* ---- names of members ---- */

static const char row_word[] = "row-";

/* The number of "row-7", of this length; -1: it is none. */
static int64_t row_number(const char *name, size_t length) {
    int64_t row = 0;
    const size_t word = strlen(row_word);
    if (length <= word || length > word + 12 || memcmp(name, row_word, word) != 0) return -1;
    for (size_t i = word; i < length; i++) {
        if (!isdigit((unsigned char)name[i])) return -1;
        row = 10 * row + (name[i] - '0');
    }
    return row;
}

const char *parquet_member_name(const char *name, size_t *size) {
    const char *end = name + *size, *begin = name;
    bool is_full = *size > 0 && (name[0] == '/' || memchr(name, ':', *size) != NULL ||
                                 memchr(name, '\\', *size) != NULL);
    for (const char *at = name; at < end && is_full; at++)
        if (*at == '/' || *at == ':' || *at == '\\') begin = at + 1;
    name = begin;
    *size = (size_t)(end - begin);
    bool good = *size > 0 && *size <= MAXIMUM_MEMBER && memchr(name, '\0', *size) == NULL;
    while (good) {
        const char *slash = memchr(begin, '/', (size_t)(end - begin));
        size_t length = (size_t)((slash == NULL ? end : slash) - begin);
        good = length > 0 && !(length <= 2 && strncmp(begin, "..", length) == 0);
        if (slash == NULL) {
            good = good && row_number(begin, length) < 0;
            break;
        }
        begin = slash + 1;
    }
    if (!good) *size = 0;
    return name;
}

/* Rows are counted from 1, as in messages. */
void parquet_row_name(const struct parquet_file *file, const struct parquet_choice *choice,
                      uint64_t row, struct text *text) {
    size_t length;
    const char *column = parquet_sound_name(&file->columns[choice->bytes], &length);
    if (!choice->is_usual) text_format(text, "%.*s/", (int)length, column);
    text_format(text, "%s%llu", row_word, (unsigned long long)row + 1);
}

bool parquet_row_of_name(const struct parquet_file *file, const char *name, uint64_t *row,
                         size_t *column) {
    char asked[MAXIMUM_MEMBER + 1];
    const char *slash = strrchr(name, '/');
    const char *last = slash == NULL ? name : slash + 1;
    int64_t number = row_number(last, strlen(last));
    *column = PARQUET_NONE;
    if (number < 1 || (uint64_t)number > file->rows) return false;
    *row = (uint64_t)number - 1;
    if (slash == NULL) return true;
    if ((size_t)(slash - name) > MAXIMUM_MEMBER) return false;
    memcpy(asked, name, (size_t)(slash - name));
    asked[slash - name] = '\0';
    *column = find_asked(file, asked);
    return *column != PARQUET_NONE;
}
