#include "host/clips/clips.h"

#include "host/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char *const status_names[CLIP_STATUS_COUNT] = {
    "ok",         "silent",  "unreadable",       "truncated",
    "too_short",  "bad_row", "outside",          "no_label",
    "no_group",   "no_fold", "too_few_examples", "label_not_in_training",
    "bad_segment"};

const char *clip_status_name(enum clip_status status) {
    if ((unsigned)status >= CLIP_STATUS_COUNT) return "unknown";
    return status_names[status];
}

bool clip_status_is_unreadable(enum clip_status status) {
    return status == CLIP_UNREADABLE || status == CLIP_TRUNCATED || status == CLIP_BAD_ROW ||
           status == CLIP_OUTSIDE || status == CLIP_BAD_SEGMENT;
}

/* ---- the arena and the tables of distinct strings ---- */

static const char *string_at(const struct clip_list *list, uint64_t offset) {
    return list->arena + offset;
}

static enum error_code store(struct clip_list *list, const char *string, uint64_t *offset,
                             struct error *error) {
    if (string == NULL || string[0] == '\0') {
        *offset = 0;
        return ERROR_NONE;
    }
    size_t size = strlen(string) + 1;
    TRY(memory_grow(&list->arena, &list->arena_capacity, list->arena_size + size, 1,
                    "the names of clips", error));
    memcpy(list->arena + list->arena_size, string, size);
    *offset = list->arena_size;
    list->arena_size += size;
    return ERROR_NONE;
}

/* The slot that holds `string`, or the empty one where it belongs. */
static size_t find_slot(const struct clip_list *list, const struct string_table *table,
                        const char *string) {
    size_t slot = (size_t)XXH3_64bits(string, strlen(string)) & (table->slot_count - 1);
    while (table->slots[slot] != 0 &&
           strcmp(string_at(list, table->offsets[table->slots[slot] - 1]), string) != 0)
        slot = (slot + 1) & (table->slot_count - 1);
    return slot;
}

/* Keeps the table at most half full, so that probing stays short and ends. */
static enum error_code grow_slots(struct clip_list *list, struct string_table *table,
                                  struct error *error) {
    if (table->count * 2 < table->slot_count) return ERROR_NONE;
    size_t slot_count = table->slot_count == 0 ? 64 : table->slot_count * 2;
    uint32_t *slots = memory_array(slot_count, sizeof *slots, "a table of names", error);
    if (slots == NULL) return error->code;
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    for (size_t i = 0; i < table->count; i++)
        table->slots[find_slot(list, table, string_at(list, table->offsets[i]))] = (uint32_t)i + 1;
    return ERROR_NONE;
}

/* The index of `string` in order of first appearance; -1 for NULL. */
static enum error_code intern(struct clip_list *list, struct string_table *table,
                              const char *string, int32_t *index, struct error *error) {
    *index = -1;
    if (string == NULL) return ERROR_NONE;
    TRY(grow_slots(list, table, error));
    size_t slot = find_slot(list, table, string);
    if (table->slots[slot] == 0) {
        if (table->count >= INT32_MAX)
            return FAIL(error, ERROR_DATA, "more than %d different names", INT32_MAX);
        TRY(memory_grow(&table->offsets, &table->capacity, table->count + 1, sizeof(uint64_t),
                        "a table of names", error));
        TRY(store(list, string, &table->offsets[table->count], error));
        table->slots[slot] = (uint32_t)++table->count;
    }
    *index = (int32_t)table->slots[slot] - 1;
    return ERROR_NONE;
}

static void free_table(struct string_table *table) {
    free(table->offsets);
    free(table->slots);
    *table = (struct string_table){0};
}

/* ---- the list ---- */

enum error_code clip_list_init(struct clip_list *list, const char *root, bool allow_outside,
                               struct error *error) {
    *list = (struct clip_list){0};
    TRY(root_folder_open(root, allow_outside, &list->root, error));
    TRY(memory_grow(&list->arena, &list->arena_capacity, 1, 1, "the names of clips", error));
    list->arena_size = 1;
    return ERROR_NONE;
}

void clip_list_free(struct clip_list *list) {
    if (list == NULL) return;
    root_folder_close(&list->root);
    free(list->clips);
    free((void *)list->class_names);
    free((void *)list->group_names);
    free((void *)list->fold_names);
    free(list->name_storage);
    free(list->arena);
    free_table(&list->labels);
    free_table(&list->groups);
    free_table(&list->folds);
    *list = (struct clip_list){0};
}

/* A media fragment distinguishes the segments of one file: "a.wav#t=1.5,3". */
static enum error_code store_id(struct clip_list *list, const struct clip_entry *entry,
                                struct clip *clip, struct error *error) {
    char end[32] = "";
    struct text id = TEXT_INITIAL;
    clip->id = clip->path;
    if (entry->id != NULL) return store(list, entry->id, &clip->id, error);
    if (entry->start == 0 && entry->end == 0) return ERROR_NONE;
    if (entry->end > 0) snprintf(end, sizeof end, ",%.10g", entry->end);
    text_format(&id, "%s#t=%.10g%s", entry->path, entry->start, end);
    if (text_check(&id, error) == ERROR_NONE) store(list, id.data, &clip->id, error);
    text_free(&id);
    return error->code;
}

enum error_code clip_list_add(struct clip_list *list, const struct clip_entry *entry,
                              struct error *error) {
    TRY(memory_grow(&list->clips, &list->capacity, list->count + 1, sizeof *list->clips, "clips",
                    error));
    struct clip clip = {.status = (uint8_t)entry->status, .start = entry->start, .end = entry->end};
    TRY(store(list, entry->path, &clip.path, error));
    TRY(store_id(list, entry, &clip, error));
    TRY(store(list, entry->reason, &clip.reason, error));
    TRY(intern(list, &list->labels, entry->label, &clip.class_index, error));
    TRY(intern(list, &list->groups, entry->group, &clip.group_index, error));
    TRY(intern(list, &list->folds, entry->fold, &clip.fold, error));
    list->clips[list->count++] = clip;
    return ERROR_NONE;
}

/* ---- sorting the names ---- */

struct name {
    const char *string;
    size_t index; /* in order of first appearance */
};

static int compare_bytes(const void *left, const void *right) {
    return strcmp(((const struct name *)left)->string, ((const struct name *)right)->string);
}

/* Digits only: by value (longer is larger once leading zeros are gone), then bytewise. */
static int compare_numbers(const void *left, const void *right) {
    const char *a = ((const struct name *)left)->string;
    const char *b = ((const struct name *)right)->string;
    const char *first = a + strspn(a, "0");
    const char *second = b + strspn(b, "0");
    size_t first_length = strlen(first);
    size_t second_length = strlen(second);
    if (first_length != second_length) return first_length < second_length ? -1 : 1;
    int order = strcmp(first, second);
    return order != 0 ? order : strcmp(a, b);
}

static bool is_number(const char *string) {
    return string[0] != '\0' && string[strspn(string, "0123456789")] == '\0';
}

/* The table's names sorted and copied to *storage, which moves on; rank[i] is the
 * new index of the name that appeared i-th. The arena may move later, the copies not. */
static void sort_names(const struct clip_list *list, const struct string_table *table,
                       bool by_number, struct name *scratch, char **storage, const char **names,
                       int32_t *rank) {
    for (size_t i = 0; i < table->count; i++) {
        scratch[i] = (struct name){string_at(list, table->offsets[i]), i};
        by_number = by_number && is_number(scratch[i].string);
    }
    if (table->count > 1)
        qsort(scratch, table->count, sizeof *scratch, by_number ? compare_numbers : compare_bytes);
    for (size_t i = 0; i < table->count; i++) {
        size_t size = strlen(scratch[i].string) + 1;
        memcpy(*storage, scratch[i].string, size);
        names[i] = *storage;
        *storage += size;
        rank[scratch[i].index] = (int32_t)i;
    }
}

static size_t stored_bytes(const struct clip_list *list, const struct string_table *table) {
    size_t bytes = 0;
    for (size_t i = 0; i < table->count; i++)
        bytes += strlen(string_at(list, table->offsets[i])) + 1;
    return bytes;
}

enum error_code clip_list_finish(struct clip_list *list, struct error *error) {
    static const char what[] = "the names of classes";
    size_t most = list->labels.count;
    if (list->groups.count > most) most = list->groups.count;
    if (list->folds.count > most) most = list->folds.count;
    size_t bytes = stored_bytes(list, &list->labels) + stored_bytes(list, &list->groups) +
                   stored_bytes(list, &list->folds);
    struct name *scratch = memory_array(most, sizeof *scratch, what, error);
    int32_t *ranks = memory_array(most * 3, sizeof *ranks, what, error);
    list->name_storage = memory_array(bytes, 1, what, error);
    list->class_names = memory_array(list->labels.count, sizeof(char *), what, error);
    list->group_names = memory_array(list->groups.count, sizeof(char *), what, error);
    list->fold_names = memory_array(list->folds.count, sizeof(char *), what, error);
    if (error->code != ERROR_NONE) goto done;
    char *storage = list->name_storage;
    int32_t *label_rank = ranks;
    int32_t *group_rank = ranks + most;
    int32_t *fold_rank = ranks + 2 * most;
    sort_names(list, &list->labels, false, scratch, &storage, list->class_names, label_rank);
    sort_names(list, &list->groups, false, scratch, &storage, list->group_names, group_rank);
    sort_names(list, &list->folds, true, scratch, &storage, list->fold_names, fold_rank);
    list->class_count = list->labels.count;
    list->group_count = list->groups.count;
    list->fold_count = list->folds.count;
    for (size_t i = 0; i < list->count; i++) {
        struct clip *clip = &list->clips[i];
        if (clip->class_index >= 0) clip->class_index = label_rank[clip->class_index];
        if (clip->group_index >= 0) clip->group_index = group_rank[clip->group_index];
        if (clip->fold >= 0) clip->fold = fold_rank[clip->fold];
    }
    /* Nothing is interned from now on. */
    free_table(&list->labels);
    free_table(&list->groups);
    free_table(&list->folds);
done:
    free(scratch);
    free(ranks);
    return error->code;
}

/* ---- reading ---- */

const char *clip_path(const struct clip_list *list, size_t index) {
    return string_at(list, list->clips[index].path);
}

const char *clip_id(const struct clip_list *list, size_t index) {
    return string_at(list, list->clips[index].id);
}

const char *clip_reason(const struct clip_list *list, size_t index) {
    return string_at(list, list->clips[index].reason);
}

const char *clip_label(const struct clip_list *list, size_t index) {
    int32_t class_index = list->clips[index].class_index;
    return class_index < 0 ? NULL : list->class_names[class_index];
}

const char *clip_group(const struct clip_list *list, size_t index) {
    int32_t group_index = list->clips[index].group_index;
    return group_index < 0 ? NULL : list->group_names[group_index];
}

int clip_open(const struct clip_list *list, size_t index, int flags) {
    return root_folder_file(&list->root, clip_path(list, index), flags);
}

void clip_open_path(const struct clip_list *list, size_t index, struct text *path) {
    const char *own = clip_path(list, index);
    text_clear(path);
    if (own[0] != '/') {
        text_string(path, list->root.path);
        if (path->length == 0 || path->data[path->length - 1] != '/') text_append(path, "/", 1);
    }
    text_string(path, own);
}

enum error_code clip_list_fail(const struct clip_list *list, const char *what,
                               struct error *error) {
    size_t first = 0;
    while (first < list->count && clip_reason(list, first)[0] == '\0') first++;
    if (first == list->count)
        return FAIL(error, ERROR_DATA, "none of the %zu clips can be %s", list->count, what);
    return FAIL(error, ERROR_DATA, "none of the %zu clips can be %s; the first, %.300s: %.500s",
                list->count, what, clip_path(list, first), clip_reason(list, first));
}

enum error_code clip_list_set_status(struct clip_list *list, size_t index, enum clip_status status,
                                     const char *reason, struct error *error) {
    uint64_t offset = 0;
    TRY(store(list, reason, &offset, error));
    list->clips[index].status = (uint8_t)status;
    list->clips[index].reason = offset;
    return ERROR_NONE;
}

size_t clip_list_unreadable(const struct clip_list *list) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += clip_status_is_unreadable((enum clip_status)list->clips[i].status);
    return count;
}
