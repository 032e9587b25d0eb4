/* For the fuzzers of clip lists: the options that an input's first byte chooses, and the rules
 * that hold for every list, whatever its files contain. */
#ifndef EARMARK_FUZZ_CLIP_RULES_H
#define EARMARK_FUZZ_CLIP_RULES_H

#include "host/lists/builder.h"
#include "host/lists/manifest.h"
#include "host/lists/readers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Options of a manifest, CSV or JSONL (bit 0 is used by the CSV fuzzer). */
static inline struct input_options manifest_options(uint8_t bits) {
    return (struct input_options){
        .label_pattern = (bits & 2) != 0 ? "{label}_{who}.wav" : NULL,
        .path_column = (bits & 4) != 0 ? "p" : NULL,
        .group_field = (bits & 8) != 0 ? "who" : NULL,
        .fold_column = (bits & 16) != 0 ? "fold" : NULL,
        .allow_outside = (bits & 32) != 0,
        .start_column = (bits & 64) != 0 ? "from" : NULL,
        .end_column = (bits & 64) != 0 ? "to" : NULL,
        .label_separator = (bits & 128) != 0 ? ";" : NULL,
    };
}

/* Options of formats with fixed field names: Kaldi and Lhotse. */
static inline struct input_options set_options(uint8_t bits, const char *label_column) {
    return (struct input_options){
        .label_column = (bits & 1) != 0 ? label_column : NULL,
        .group_field = (bits & 2) != 0 ? "speaker" : NULL,
        .allow_outside = (bits & 4) != 0,
        .label_separator = (bits & 8) != 0 ? ";" : NULL,
    };
}

/* A class is its labels joined; labels are sorted and distinct, and none in a set is empty. */
static inline void check_labels(const struct collection *input) {
    const struct label_sets *sets = &input->labels;
    const char *separator = input->label_separator == NULL ? "" : input->label_separator;
    struct text joined = TEXT_INITIAL;
    for (size_t k = 1; k < sets->count; k++)
        if (strcmp(sets->names[k - 1], sets->names[k]) >= 0) abort();
    for (size_t c = 0; c < input->clips.class_count; c++) {
        size_t count;
        const int32_t *members = label_sets_of(sets, (int32_t)c, &count);
        text_clear(&joined);
        text_string(&joined, "");
        for (size_t m = 0; m < count; m++) {
            if (m > 0 && members[m - 1] >= members[m]) abort();
            if (sets->names[members[m]][0] == '\0') abort();
            text_format(&joined, "%s%s", m == 0 ? "" : separator, sets->names[members[m]]);
        }
        if (strcmp(joined.data, input->clips.class_names[c]) != 0) abort();
    }
    text_free(&joined);
}

/* Whether an absolute path begins with the folder's; fuzzers learn the name from comparisons. */
static inline bool begins_with_folder(const char *path, const char *folder) {
    size_t length = folder == NULL ? 0 : strlen(folder);
    while (length > 0 && folder[length - 1] == '/') length--;
    return length > 0 && folder[0] == '/' && strncmp(path, folder, length) == 0 &&
           path[length] == '/';
}

/* Whether the path leaves the list's folder: by climbing out, or absolute and not below it. */
static inline bool is_outside(const char *path, const char *root) {
    if (path[0] != '/') return strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0;
    char *real = realpath(root, NULL);
    bool inside = begins_with_folder(path, root) || begins_with_folder(path, real);
    free(real);
    return !inside;
}

/* Classes are sorted and distinct; a usable clip has all fields that the options ask for, and a
 * valid segment. */
static inline void check_clips(const struct collection *input,
                               const struct input_options *options) {
    const struct clip_list *clips = &input->clips;
    for (size_t i = 1; i < clips->class_count; i++)
        if (strcmp(clips->class_names[i - 1], clips->class_names[i]) >= 0) abort();
    struct text id = TEXT_INITIAL;
    for (size_t i = 0; i < clips->count; i++) {
        const struct clip *clip = &clips->clips[i];
        const char *path = clip_path(clips, i);
        if (clip->status >= CLIP_STATUS_COUNT) abort();
        if (strlen(path) > BUILDER_MAXIMUM_NAME) abort();
        if ((clip->status == CLIP_OK) != (clip_reason(clips, i)[0] == '\0')) abort();
        if (clip_id(clips, i, &id)[0] == '\0') abort();
        if (!(clip->start >= 0 && (clip->end == 0 || clip->end > clip->start))) abort();
        if (clip->status != CLIP_OK) continue;
        if (path[0] == '\0' || clip_label(clips, i) == NULL) abort();
        if (options->group_field != NULL && clip_group(clips, i) == NULL) abort();
        if (options->fold_column != NULL && clip->fold < 0) abort();
        if (!options->allow_outside && is_outside(path, clips->root.path)) abort();
    }
    text_free(&id);
    if (input->warnings.count > 101) abort();
    check_labels(input);
}

/* Reads a set from `path` in the folder and checks the rules; check, which may be NULL, has the
 * rules of its format. */
static inline void check_set(const struct list_reader *reader, const char *folder, const char *path,
                             const struct input_options *options,
                             void (*check)(const struct collection *input)) {
    struct error error = ERROR_INITIAL;
    struct collection input = {.format = reader->name};
    struct builder builder = {0};
    const char *slash = strrchr(path, '/');
    const struct list_file list = {
        .path = path, .folder = &input.clips.root, .name = slash == NULL ? path : slash + 1};
    if (builder_open(&builder, options, folder, &input, &error) == ERROR_NONE)
        reader->read(&builder, &list, &error);
    manifest_flush(&builder, &error); /* as input_open() does, also of a reader that failed */
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, options);
    if (error.code == ERROR_NONE && check != NULL) check(&input);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    collection_close(&input);
}

#endif
