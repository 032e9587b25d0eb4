#include "host/containers/tar_index.h"

#include "host/base/scratch.h"
#include "host/base/sort.h"

#include <stdlib.h>
#include <string.h>

void tar_index_free(struct tar_index *index) {
    long_text_free(&index->names);
    scratch_free(index->entries);
    scratch_free(index->by_name);
    *index = (struct tar_index){0};
}

const char *tar_index_name(const struct tar_index *index, const struct tar_entry *entry) {
    return index->names.data + entry->name;
}

/* Keeps the string with its NUL. */
static enum error_code keep(struct tar_index *index, const char *string, uint64_t *offset,
                            struct error *error) {
    *offset = index->names.length;
    return long_text_append(&index->names, string, strlen(string) + 1, error);
}

static enum error_code add_entry(struct tar_index *index, const struct tar_member *member,
                                 const char *path, struct error *error) {
    if (member->kind == TAR_FOLDER) return ERROR_NONE;
    if (index->count >= TAR_MAXIMUM_MEMBERS)
        return FAIL(error, ERROR_DATA, "%s: more than %zu members; make several tar files of it",
                    path, TAR_MAXIMUM_MEMBERS);
    TRY(scratch_grow(&index->entries, &index->capacity, index->count + 1, sizeof *index->entries,
                     "members of a tar file", error));
    struct tar_entry entry = {.member = {member->offset, member->bytes},
                              .kind = (uint8_t)member->kind};
    TRY(keep(index, member->name, &entry.name, error));
    if (member->kind == TAR_HARD_LINK || member->kind == TAR_SYMBOLIC_LINK)
        TRY(keep(index, member->link, &entry.link, error));
    index->entries[index->count++] = entry;
    return ERROR_NONE;
}

/* ---- names ---- */

struct named {
    const struct tar_index *index;
    size_t entry;
};

static int compare_named(const void *left, const void *right) {
    const struct named *a = left;
    const struct named *b = right;
    int order = strcmp(tar_index_name(a->index, &a->index->entries[a->entry]),
                       tar_index_name(b->index, &b->index->entries[b->entry]));
    return order != 0 ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

static enum error_code sort_names(struct tar_index *index, struct error *error) {
    struct named *named =
        scratch_array(index->count, sizeof *named, "members of a tar file", error);
    index->by_name =
        scratch_array(index->count, sizeof *index->by_name, "members of a tar file", error);
    for (size_t i = 0; error->code == ERROR_NONE && i < index->count; i++)
        named[i] = (struct named){index, i};
    if (error->code == ERROR_NONE && index->count > 1)
        sort_in_place(named, index->count, sizeof *named, compare_named);
    for (size_t i = 0; error->code == ERROR_NONE && i < index->count; i++) {
        index->by_name[i] = named[i].entry;
        if (i == 0) continue;
        struct tar_entry *before = &index->entries[named[i - 1].entry];
        before->replaced = strcmp(tar_index_name(index, before),
                                  tar_index_name(index, &index->entries[named[i].entry])) == 0;
    }
    scratch_free(named);
    return error->code;
}

/* The last member before `limit` that has the name, or NULL. */
static const struct tar_entry *find_before(const struct tar_index *index, const char *name,
                                           size_t limit) {
    size_t low = 0, high = index->count;
    while (low < high) { /* the first that is after the name, or not before the limit */
        size_t middle = low + (high - low) / 2, entry = index->by_name[middle];
        int order = strcmp(tar_index_name(index, &index->entries[entry]), name);
        if (order < 0 || (order == 0 && entry < limit))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) return NULL;
    const struct tar_entry *entry = &index->entries[index->by_name[low - 1]];
    return strcmp(tar_index_name(index, entry), name) == 0 ? entry : NULL;
}

const struct tar_entry *tar_index_find(const struct tar_index *index, const char *name) {
    return find_before(index, name, SIZE_MAX);
}

const struct tar_entry *tar_index_find_stem(const struct tar_index *index, const char *stem,
                                            const char *except) {
    const size_t length = strlen(stem);
    size_t low = 0, high = index->count;
    while (low < high) { /* the first that is not before the stem */
        size_t middle = low + (high - low) / 2;
        if (strcmp(tar_index_name(index, &index->entries[index->by_name[middle]]), stem) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < index->count; low++) {
        const struct tar_entry *entry = &index->entries[index->by_name[low]];
        const char *name = tar_index_name(index, entry), *ending = name + length + 1;
        if (strncmp(name, stem, length) != 0) break;
        if (name[length] != '.' || strpbrk(ending, "./") != NULL) continue;
        if (strcmp(ending, except) != 0 && !entry->replaced) return entry;
    }
    return NULL;
}

/* A file that was packed a second time has only its other name there. */
static void resolve_links(struct tar_index *index) {
    for (size_t i = 0; i < index->count; i++) {
        struct tar_entry *entry = &index->entries[i];
        if (entry->kind != TAR_HARD_LINK) continue;
        const struct tar_entry *target = find_before(index, index->names.data + entry->link, i);
        if (target == NULL || (target->kind != TAR_FILE && target->kind != TAR_SPARSE)) continue;
        entry->kind = target->kind;
        entry->member = target->member;
        entry->is_cut = target->is_cut;
        entry->link = 0;
    }
}

/* ---- all ---- */

/* last: the last member is the last entry, not a folder. */
static void take_end(struct tar_index *index, const struct tar_walk *walk, bool last) {
    memcpy(index->problem, walk->problem, sizeof index->problem);
    index->is_cut = walk->is_cut;
    index->has_end = walk->has_end;
    index->joined = walk->joined;
    index->rest = walk->rest;
    if (last) index->entries[index->count - 1].is_cut = walk->is_cut;
}

static enum error_code read_all(struct tar_index *index, struct tar_walk *walk,
                                enum error_code (*visit)(void *context, struct tar_walk *walk,
                                                         struct error *error),
                                void *context, struct error *error) {
    bool end = false, any = false;
    size_t before = 0;
    while (true) {
        TRY(tar_walk_next(walk, &end, error));
        if (end) break;
        any = true;
        before = index->count;
        TRY(add_entry(index, &walk->member, walk->bytes.path, error));
        if (visit != NULL) TRY(visit(context, walk, error));
    }
    if (!any && walk->problem[0] != '\0')
        return FAIL(error, ERROR_DATA, "%s: not a tar file, or damaged at its beginning: %.*s",
                    walk->bytes.path, (int)strcspn(walk->problem, ";"), walk->problem);
    take_end(index, walk, index->count > before);
    TRY(sort_names(index, error));
    resolve_links(index);
    return ERROR_NONE;
}

enum error_code
tar_index_read(struct tar_index *index, int descriptor, const char *path, uint64_t size,
               enum error_code (*visit)(void *context, struct tar_walk *walk, struct error *error),
               void *context, struct error *error) {
    struct tar_walk walk;
    *index = (struct tar_index){0};
    TRY(long_text_append(&index->names, "", 1, error)); /* the offset 0 is of no name */
    if (tar_walk_open(descriptor, path, size, &walk, error) == ERROR_NONE)
        read_all(index, &walk, visit, context, error);
    tar_walk_close(&walk);
    return error->code;
}
