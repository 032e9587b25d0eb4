#include "host/clips/label_sets.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorts the names and removes duplicates. */
static size_t sort_once(const char **names, size_t count) {
    size_t kept = 0;
    if (count > 1) qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(names[i], names[kept - 1]) != 0) names[kept++] = names[i];
    return kept;
}

/* ---- a cell ---- */

bool label_separator_is_good(const char *separator) {
    size_t length = strlen(separator);
    return length == 1 || (length > 1 && utf8_length(separator) == length);
}

/* Removes spaces at both ends, in place. */
static char *trim(char *piece) {
    static const char spaces[] = " \t\r\n";
    piece += strspn(piece, spaces);
    size_t length = strlen(piece);
    while (length > 0 && strchr(spaces, piece[length - 1]) != NULL) length--;
    piece[length] = '\0';
    return piece;
}

enum error_code label_split_cell(struct label_split *split, const char *cell, const char *separator,
                                 struct error *error) {
    size_t width = strlen(separator);
    split->count = 0;
    text_clear(&split->bytes);
    text_string(&split->bytes, cell);
    TRY(text_check(&split->bytes, error));
    for (char *at = split->bytes.data; at != NULL;) {
        char *end = strstr(at, separator);
        if (end != NULL) *end = '\0';
        const char *piece = trim(at);
        at = end == NULL ? NULL : end + width;
        if (piece[0] == '\0') continue;
        TRY(memory_grow(&split->pieces, &split->capacity, split->count + 1, sizeof *split->pieces,
                        "labels", error));
        split->pieces[split->count++] = piece;
    }
    split->count = sort_once(split->pieces, split->count);
    return ERROR_NONE;
}

void label_split_join(const struct label_split *split, const char *separator, struct text *joined) {
    text_string(joined, "");
    for (size_t i = 0; i < split->count; i++) {
        if (i > 0) text_string(joined, separator);
        text_string(joined, split->pieces[i]);
    }
}

void label_split_close(struct label_split *split) {
    free(split->pieces);
    text_free(&split->bytes);
    *split = (struct label_split){0};
}

/* ---- a list ---- */

/* All classes' labels end to end each ended by a NUL; starts are filled in. */
static enum error_code split_classes(const struct clip_list *clips, const char *separator,
                                     struct label_sets *sets, struct text *storage,
                                     struct error *error) {
    struct label_split split = {0};
    for (size_t c = 0; c < clips->class_count && error->code == ERROR_NONE; c++) {
        const char *name = clips->class_names[c];
        if (separator == NULL)
            text_append(storage, name, strlen(name) + 1);
        else if (label_split_cell(&split, name, separator, error) == ERROR_NONE)
            for (size_t i = 0; i < split.count; i++)
                text_append(storage, split.pieces[i], strlen(split.pieces[i]) + 1);
        sets->starts[c + 1] = sets->starts[c] + (separator == NULL ? 1 : split.count);
    }
    label_split_close(&split);
    return error->code == ERROR_NONE ? text_check(storage, error) : error->code;
}

enum error_code label_sets_open(const struct clip_list *clips, const char *separator,
                                struct label_sets *sets, struct error *error) {
    struct text storage = TEXT_INITIAL;
    *sets = (struct label_sets){0};
    sets->starts = memory_array(clips->class_count + 1, sizeof *sets->starts, "labels", error);
    if (sets->starts == NULL) return error->code;
    split_classes(clips, separator, sets, &storage, error);
    sets->storage = storage.data;
    TRY(error->code);
    size_t all = sets->starts[clips->class_count];
    if (all > INT32_MAX) return FAIL(error, ERROR_DATA, "more than %d labels", INT32_MAX);
    sets->names = memory_array(all, sizeof *sets->names, "labels", error);
    sets->members = memory_array(all, sizeof *sets->members, "labels", error);
    TRY(error->code);
    const char *start = sets->storage == NULL ? "" : sets->storage, *at = start;
    for (size_t i = 0; i < all; i++, at += strlen(at) + 1) sets->names[i] = at;
    sets->count = sort_once(sets->names, all);
    at = start;
    for (size_t i = 0; i < all; i++, at += strlen(at) + 1) {
        const char *const *found =
            bsearch(&at, sets->names, sets->count, sizeof *sets->names, compare_names);
        sets->members[i] = (int32_t)(found - sets->names);
    }
    return ERROR_NONE;
}

void label_sets_close(struct label_sets *sets) {
    free(sets->names);
    free(sets->starts);
    free(sets->members);
    free(sets->storage);
    *sets = (struct label_sets){0};
}

const int32_t *label_sets_of(const struct label_sets *sets, int32_t class_index, size_t *count) {
    size_t c = (size_t)class_index;
    *count = sets->starts[c + 1] - sets->starts[c];
    return sets->members + sets->starts[c];
}
