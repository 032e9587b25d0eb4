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

enum error_code label_split_begin(struct label_split *split, const char *cell,
                                  struct error *error) {
    split->count = 0;
    text_clear(&split->bytes);
    text_string(&split->bytes, cell);
    return text_check(&split->bytes, error);
}

enum error_code label_split_add(struct label_split *split, char *label, struct error *error) {
    const char *piece = trim(label);
    if (piece[0] == '\0') return ERROR_NONE;
    TRY(memory_grow(&split->pieces, &split->capacity, split->count + 1, sizeof *split->pieces,
                    "labels", error));
    split->pieces[split->count++] = piece;
    return ERROR_NONE;
}

void label_split_end(struct label_split *split) {
    split->count = sort_once(split->pieces, split->count);
}

enum error_code label_split_cell(struct label_split *split, const char *cell, const char *separator,
                                 struct error *error) {
    size_t width = strlen(separator);
    TRY(label_split_begin(split, cell, error));
    for (char *at = split->bytes.data; at != NULL;) {
        char *end = strstr(at, separator);
        if (end != NULL) *end = '\0';
        TRY(label_split_add(split, at, error));
        at = end == NULL ? NULL : end + width;
    }
    label_split_end(split);
    return ERROR_NONE;
}

void label_split_join(const struct label_split *split, const char *separator, struct text *joined) {
    text_string(joined, "");
    for (size_t i = 0; i < split->count; i++) {
        if (i > 0) text_string(joined, separator);
        text_string(joined, split->pieces[i]);
    }
}

void label_set_rejoin(const char *set, const char *separator, struct text *joined) {
    text_string(joined, "");
    while (*set != '\0') {
        const size_t length = strcspn(set, LABEL_JOINT);
        text_append(joined, set, length);
        set += length;
        if (*set == '\0') break;
        text_string(joined, separator);
        set++;
    }
}

void label_split_close(struct label_split *split) {
    free(split->pieces);
    text_free(&split->bytes);
    *split = (struct label_split){0};
}

/* ---- a list ---- */

static enum error_code add_member(struct label_sets *sets, const char *name, size_t *capacity,
                                  struct error *error) {
    size_t count = sets->starts[sets->set_count + 1];
    uint32_t number = 0;
    TRY(memory_grow(&sets->members, capacity, count + 1, sizeof *sets->members, "labels", error));
    TRY(string_table_add(&sets->table, name, &number, error));
    sets->members[count] = (int32_t)number;
    sets->starts[sets->set_count + 1]++;
    return ERROR_NONE;
}

/* The labels of each class, numbered in the order of their first appearance. */
static enum error_code split_classes(const struct clip_list *clips, const char *separator,
                                     struct label_sets *sets, struct error *error) {
    struct label_split split = {0};
    size_t capacity = 0;
    TRY(memory_grow(&sets->members, &capacity, 1, sizeof *sets->members, "labels", error));
    for (; sets->set_count < clips->class_count && error->code == ERROR_NONE; sets->set_count++) {
        const char *name = clips->class_names[sets->set_count];
        sets->starts[sets->set_count + 1] = sets->starts[sets->set_count];
        if (separator == NULL)
            add_member(sets, name, &capacity, error);
        else if (label_split_cell(&split, name, separator, error) == ERROR_NONE)
            for (size_t i = 0; i < split.count && error->code == ERROR_NONE; i++)
                add_member(sets, split.pieces[i], &capacity, error);
    }
    label_split_close(&split);
    return error->code;
}

enum error_code label_sets_open(const struct clip_list *clips, const char *separator,
                                struct label_sets *sets, struct error *error) {
    *sets = (struct label_sets){0};
    sets->starts = memory_array(clips->class_count + 1, sizeof *sets->starts, "labels", error);
    if (sets->starts == NULL) return error->code;
    TRY(split_classes(clips, separator, sets, error));
    sets->count = sets->table.count;
    sets->names = memory_array(sets->count, sizeof *sets->names, "labels", error);
    int32_t *ranks = memory_array(sets->count, sizeof *ranks, "labels", error);
    if (error->code == ERROR_NONE) {
        for (size_t i = 0; i < sets->count; i++) sets->names[i] = string_table_at(&sets->table, i);
        sets->count = sort_once(sets->names, sets->count);
        for (size_t i = 0; i < sets->count; i++) {
            const char *name = string_table_at(&sets->table, i);
            const char *const *found =
                bsearch(&name, sets->names, sets->count, sizeof *sets->names, compare_names);
            ranks[i] = (int32_t)(found - sets->names);
        }
        for (size_t i = 0; i < sets->starts[sets->set_count]; i++)
            sets->members[i] = ranks[sets->members[i]];
    }
    free(ranks);
    return error->code;
}

void label_sets_close(struct label_sets *sets) {
    free(sets->names);
    free(sets->starts);
    free(sets->members);
    string_table_free(&sets->table);
    *sets = (struct label_sets){0};
}

const int32_t *label_sets_of(const struct label_sets *sets, int32_t class_index, size_t *count) {
    size_t c = (size_t)class_index;
    *count = sets->starts[c + 1] - sets->starts[c];
    return sets->members + sets->starts[c];
}
