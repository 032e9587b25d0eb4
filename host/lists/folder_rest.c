#include "host/lists/folder_rest.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_ENDINGS 8 /* in a sentence */
#define SHOWN_FOLDER 60 /* bytes of a folder's name */

static struct rest_ending *find(struct folder_rest *rest, const char *ending, bool is_sound) {
    for (size_t i = 0; i < rest->count; i++)
        if (rest->endings[i].is_sound == is_sound && strcmp(rest->endings[i].ending, ending) == 0)
            return &rest->endings[i];
    return NULL;
}

static enum error_code add_ending(struct folder_rest *rest, const char *ending, bool is_sound,
                                  struct error *error) {
    TRY(memory_grow(&rest->endings, &rest->capacity, rest->count + 1, sizeof *rest->endings,
                    "endings", error));
    struct rest_ending *added = &rest->endings[rest->count++];
    memcpy(added->ending, ending, strlen(ending) + 1);
    added->is_sound = is_sound;
    return ERROR_NONE;
}

enum error_code folder_rest_add(struct folder_rest *rest, const char *name, size_t directory,
                                const char *folder, bool is_sound, struct error *error) {
    char ending[SOUND_ENDING_SIZE];
    sound_ending(name, ending);
    struct rest_ending *found = find(rest, ending, is_sound);
    if (found == NULL && rest->count + 2 > FOLDER_REST_ENDINGS) {
        ending[0] = '\0';
        found = find(rest, ending, is_sound);
    }
    if (found == NULL) {
        TRY(add_ending(rest, ending, is_sound, error));
        found = &rest->endings[rest->count - 1];
    }
    if (found->files++ > 0 && found->last == directory) return ERROR_NONE;
    found->last = directory;
    found->folders++;
    if (found->folder != NULL && strcmp(found->folder, folder) <= 0) return ERROR_NONE;
    free(found->folder);
    found->folder = memory_string(folder, error);
    return error->code;
}

static int compare_endings(const void *left, const void *right) {
    const struct rest_ending *a = left, *b = right;
    if (a->is_sound != b->is_sound) return a->is_sound ? -1 : 1;
    if (a->files != b->files) return a->files > b->files ? -1 : 1;
    return strcmp(a->ending, b->ending);
}

void folder_rest_sort(struct folder_rest *rest) {
    if (rest->count > 1) qsort(rest->endings, rest->count, sizeof *rest->endings, compare_endings);
}

static const char *ending_words(const struct rest_ending *ending) {
    return ending->ending[0] == '\0' ? "without an ending" : ending->ending;
}

static void append_ending(const struct rest_ending *ending, struct text *words) {
    const char *folder = ending->folder[0] == '\0' ? "./" : ending->folder;
    bool cut = strlen(folder) > SHOWN_FOLDER;
    text_format(words, "%zu %s in %.*s%s", ending->files, ending_words(ending),
                UTF8_PIECE(folder, SHOWN_FOLDER), cut ? "..." : "");
    if (ending->folders > 1)
        text_format(words, " and %zu other folder%s", ending->folders - 1,
                    ending->folders == 2 ? "" : "s");
}

void folder_rest_words(const struct folder_rest *rest, bool only_sounds, struct text *words) {
    size_t files = 0, shown = 0, left = 0;
    for (size_t i = 0; i < rest->count; i++)
        if (rest->endings[i].is_sound || !only_sounds) files += rest->endings[i].files;
    if (files == 0) return;
    text_format(words, "%zu file%s: ", files, files == 1 ? "" : "s");
    for (size_t i = 0; i < rest->count; i++) {
        const struct rest_ending *ending = &rest->endings[i];
        if (only_sounds && !ending->is_sound) continue;
        if (shown == SHOWN_ENDINGS) {
            left += ending->files;
            continue;
        }
        if (shown++ > 0) text_string(words, ", ");
        append_ending(ending, words);
    }
    if (left > 0) text_format(words, ", %zu with other endings", left);
}

void folder_rest_json(const struct folder_rest *rest, struct text *json) {
    text_string(json, "[");
    for (size_t i = 0; i < rest->count; i++) {
        const struct rest_ending *ending = &rest->endings[i];
        text_string(json, i == 0 ? "{\"ending\": " : ", {\"ending\": ");
        text_json(json, ending->ending);
        text_format(json, ", \"files\": %zu, \"sound\": %s, \"folders\": %zu, \"folder\": ",
                    ending->files, ending->is_sound ? "true" : "false", ending->folders);
        text_json(json, ending->folder[0] == '\0' ? "./" : ending->folder);
        text_string(json, "}");
    }
    text_string(json, "]");
}

void folder_rest_free(struct folder_rest *rest) {
    for (size_t i = 0; i < rest->count; i++) free(rest->endings[i].folder);
    free(rest->endings);
    *rest = (struct folder_rest){0};
}
