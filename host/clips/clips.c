#include "host/clips/clips.h"

#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/base/utf8.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- the list ---- */

enum error_code clip_list_init(struct clip_list *list, const char *root, bool allow_outside,
                               struct error *error) {
    uint32_t empty;
    *list = (struct clip_list){0};
    TRY(root_folder_open(root, allow_outside, &list->root, error));
    return string_table_add(&list->strings, "", &empty, error);
}

void clip_list_free(struct clip_list *list) {
    if (list == NULL) return;
    root_folder_close(&list->root);
    text_free(&list->advice);
    scratch_free(list->clips);
    scratch_free(list->places);
    scratch_free((void *)list->class_names);
    scratch_free((void *)list->group_names);
    scratch_free((void *)list->fold_names);
    string_table_free(&list->strings);
    string_table_free(&list->labels);
    string_table_free(&list->groups);
    string_table_free(&list->folds);
    *list = (struct clip_list){0};
}

static enum error_code store(struct clip_list *list, const char *string, uint32_t *number,
                             struct error *error) {
    return string_table_add(&list->strings, string == NULL ? "" : string, number, error);
}

/* The index of a name in order of first appearance; -1 for NULL. */
static enum error_code intern(struct string_table *table, const char *name, int32_t *index,
                              struct error *error) {
    uint32_t number = 0;
    *index = -1;
    if (name == NULL) return ERROR_NONE;
    TRY(string_table_add(table, name, &number, error));
    *index = (int32_t)number;
    return ERROR_NONE;
}

/* Keeps the place of the clip that is added, from the first that is in a container on. */
static enum error_code add_place(struct clip_list *list, const struct clip_entry *entry,
                                 struct error *error) {
    const bool first = list->places == NULL;
    struct clip_place place = {.place = entry->place, .bytes = entry->bytes};
    if (first && entry->container == NULL) return ERROR_NONE;
    TRY(scratch_grow(&list->places, &list->place_capacity, list->count + 1, sizeof *list->places,
                     "clips", error));
    if (first && list->count > 0) memset(list->places, 0, list->count * sizeof *list->places);
    if (entry->container != NULL) TRY(store(list, entry->container, &place.container, error));
    list->places[list->count] = place;
    return ERROR_NONE;
}

enum error_code clip_list_add(struct clip_list *list, const struct clip_entry *entry,
                              struct error *error) {
    if (list->count == CLIPS_MAXIMUM)
        return FAIL(error, ERROR_DATA, "more than %zu clips; split the list", CLIPS_MAXIMUM);
    TRY(scratch_grow(&list->clips, &list->capacity, list->count + 1, sizeof *list->clips, "clips",
                     error));
    struct clip clip = {.id = CLIP_ID_OF_PATH,
                        .status = (uint8_t)entry->status,
                        .start = entry->start,
                        .end = entry->end};
    TRY(store(list, entry->path, &clip.path, error));
    if (entry->id != NULL) TRY(store(list, entry->id, &clip.id, error));
    TRY(store(list, entry->reason, &clip.reason, error));
    TRY(store(list, entry->split, &clip.split, error));
    TRY(intern(&list->labels, entry->label, &clip.class_index, error));
    TRY(intern(&list->groups, entry->group, &clip.group_index, error));
    TRY(intern(&list->folds, entry->fold, &clip.fold, error));
    TRY(add_place(list, entry, error));
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

/* The table's names sorted; rank[i] is the new index of the name that appeared i-th. */
static void sort_names(const struct string_table *table, bool by_number, struct name *scratch,
                       const char **names, int32_t *rank) {
    for (size_t i = 0; i < table->count; i++) {
        scratch[i] = (struct name){string_table_at(table, i), i};
        by_number = by_number && is_number(scratch[i].string);
    }
    if (table->count > 1)
        sort_in_place(scratch, table->count, sizeof *scratch,
                      by_number ? compare_numbers : compare_bytes);
    for (size_t i = 0; i < table->count; i++) {
        names[i] = scratch[i].string;
        rank[scratch[i].index] = (int32_t)i;
    }
}

enum error_code clip_list_finish(struct clip_list *list, struct error *error) {
    static const char what[] = "the names of classes";
    size_t most = list->labels.count;
    if (list->groups.count > most) most = list->groups.count;
    if (list->folds.count > most) most = list->folds.count;
    struct name *scratch = scratch_array(most, sizeof *scratch, what, error);
    int32_t *ranks = scratch_array(most * 3, sizeof *ranks, what, error);
    list->class_names = scratch_array(list->labels.count, sizeof(char *), what, error);
    list->group_names = scratch_array(list->groups.count, sizeof(char *), what, error);
    list->fold_names = scratch_array(list->folds.count, sizeof(char *), what, error);
    if (error->code != ERROR_NONE) goto done;
    int32_t *label_rank = ranks;
    int32_t *group_rank = ranks + most;
    int32_t *fold_rank = ranks + 2 * most;
    sort_names(&list->labels, false, scratch, list->class_names, label_rank);
    sort_names(&list->groups, false, scratch, list->group_names, group_rank);
    sort_names(&list->folds, true, scratch, list->fold_names, fold_rank);
    list->class_count = list->labels.count;
    list->group_count = list->groups.count;
    list->fold_count = list->folds.count;
    for (size_t i = 0; i < list->count; i++) {
        struct clip *clip = &list->clips[i];
        if (clip->class_index >= 0) clip->class_index = label_rank[clip->class_index];
        if (clip->group_index >= 0) clip->group_index = group_rank[clip->group_index];
        if (clip->fold >= 0) clip->fold = fold_rank[clip->fold];
    }
done:
    scratch_free(scratch);
    scratch_free(ranks);
    return error->code;
}

void clip_list_keep(struct clip_list *list, const size_t *clips, size_t count) {
    for (size_t i = 0; i < count; i++) {
        list->clips[i] = list->clips[clips[i]];
        if (list->places != NULL) list->places[i] = list->places[clips[i]];
    }
    list->count = count;
}

/* ---- reading ---- */

const char *clip_path(const struct clip_list *list, size_t index) {
    return string_table_at(&list->strings, list->clips[index].path);
}

void clip_segment_id(const char *path, double start, double end, struct text *id) {
    text_string(id, path);
    if (start == 0 && end == 0) return;
    text_format(id, "#t=%.10g", start);
    if (end > 0) text_format(id, ",%.10g", end);
}

const char *clip_id(const struct clip_list *list, size_t index, struct text *text) {
    const struct clip *clip = &list->clips[index];
    const char *path = clip_path(list, index);
    if (clip->id != CLIP_ID_OF_PATH) return string_table_at(&list->strings, clip->id);
    if (clip->start == 0 && clip->end == 0) return path;
    text_clear(text);
    clip_segment_id(path, clip->start, clip->end, text);
    return text->failed ? path : text->data;
}

const char *clip_reason(const struct clip_list *list, size_t index) {
    return string_table_at(&list->strings, list->clips[index].reason);
}

const char *clip_label(const struct clip_list *list, size_t index) {
    int32_t class_index = list->clips[index].class_index;
    return class_index < 0 ? NULL : list->class_names[class_index];
}

const char *clip_group(const struct clip_list *list, size_t index) {
    int32_t group_index = list->clips[index].group_index;
    return group_index < 0 ? NULL : list->group_names[group_index];
}

const char *clip_split(const struct clip_list *list, size_t index) {
    const struct clip *clip = &list->clips[index];
    return clip->split == 0 ? NULL : string_table_at(&list->strings, clip->split);
}

const struct clip_place *clip_place(const struct clip_list *list, size_t index) {
    if (list->places == NULL || list->places[index].container == 0) return NULL;
    return &list->places[index];
}

const char *clip_container(const struct clip_list *list, size_t index) {
    const struct clip_place *place = clip_place(list, index);
    return place == NULL ? NULL : string_table_at(&list->strings, place->container);
}

int clip_open(const struct clip_list *list, size_t index, int flags) {
    const char *container = clip_container(list, index);
    return root_folder_file(&list->root, container != NULL ? container : clip_path(list, index),
                            flags);
}

enum error_code clip_list_fail(const struct clip_list *list, const char *what,
                               struct error *error) {
    size_t first = 0;
    while (first < list->count && clip_reason(list, first)[0] == '\0') first++;
    if (first == list->count)
        return FAIL(error, ERROR_DATA, "none of the %zu clips can be %s", list->count, what);
    const char *advice = list->advice.length == 0 ? "" : list->advice.data;
    return FAIL(error, ERROR_DATA, "none of the %zu clips can be %s; the first, %.*s: %.*s%s%.*s",
                list->count, what, UTF8_PIECE(clip_path(list, first), 300),
                UTF8_PIECE(clip_reason(list, first), 500), advice[0] == '\0' ? "" : "; ",
                UTF8_PIECE(advice, 1500));
}

enum error_code clip_list_set_status(struct clip_list *list, size_t index, enum clip_status status,
                                     const char *reason, struct error *error) {
    TRY(store(list, reason, &list->clips[index].reason, error));
    list->clips[index].status = (uint8_t)status;
    return ERROR_NONE;
}

size_t clip_list_unreadable(const struct clip_list *list) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += clip_status_is_unreadable((enum clip_status)list->clips[i].status);
    return count;
}
