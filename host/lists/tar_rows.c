#include "host/lists/tar_rows.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/tar_members.h"

#include <stdio.h>
#include <stdlib.h>

/* The problem with the shard that the row names, or the list that it is of; or NULL. */
static const char *take_shard(struct tar_members *members, const struct manifest_row *row) {
    const char *value = row->values[ROLE_SHARD];
    char *end = NULL;
    if (value == NULL || value[0] == '\0') return tar_members_shard(members, members->shard);
    long number = strtol(value, &end, 10);
    return *end == '\0' && number >= 0 ? tar_members_shard(members, number) : NULL;
}

/* Why the row cannot be used, and its status; or NULL. */
static const char *check_row(struct builder *builder, const struct manifest_row *row,
                             struct clip_entry *entry, struct error *error) {
    const char *path = row->values[ROLE_PATH];
    struct tar_place place = {.path = ""};
    entry->status = CLIP_BAD_ROW;
    if (row->problem != NULL) return row->problem;
    if (path == NULL || path[0] == '\0') return "no path of a sound file";
    entry->status = CLIP_UNREADABLE;
    entry->path = path;
    const char *problem = take_shard(builder->members, row);
    if (problem != NULL) return problem;
    problem = tar_members_find(builder->members, path, &place, error);
    entry->path = place.path;
    entry->container = place.container;
    entry->place = place.member.place;
    entry->bytes = place.member.bytes;
    if (problem != NULL) return problem;
    entry->status = CLIP_BAD_SEGMENT;
    problem = manifest_segment(builder, row, entry);
    if (problem != NULL) entry->start = entry->end = 0;
    return problem;
}

static enum error_code add_row(struct builder *builder, const struct manifest_row *row,
                               struct error *error) {
    char place[128], reason[512];
    const char *id = row->values[ROLE_ID];
    const char *file = row->file == NULL ? builder->members->list : row->file;
    snprintf(place, sizeof place, "%.*s%sline %zu", UTF8_PIECE(file == NULL ? "" : file, 80),
             file == NULL ? "" : ", ", row->line);
    struct clip_entry entry = {.path = "",
                               .id = id,
                               .label = row->values[ROLE_LABEL],
                               .group = row->values[ROLE_GROUP],
                               .fold = row->values[ROLE_FOLD],
                               .split = row->values[ROLE_SPLIT]};
    const char *problem = check_row(builder, row, &entry, error);
    TRY(error->code);
    if (problem == NULL)
        entry.status = CLIP_OK;
    else
        error_format(reason, sizeof reason, "%s: %s", place, problem);
    if (problem != NULL) entry.reason = reason;
    if (entry.path[0] == '\0' && (id == NULL || id[0] == '\0')) entry.id = place;
    if (problem != NULL && ++builder->bad_rows > MANIFEST_MAXIMUM_BAD_ROWS)
        return FAIL(error, ERROR_DATA, "more than %d rows of the list cannot be used; the last, %s",
                    MANIFEST_MAXIMUM_BAD_ROWS, reason);
    if (id != NULL && id[0] != '\0') builder->has_ids = true;
    if (entry.start > 0 || entry.end > 0) builder->segments++;
    builder->place = place;
    builder_add(builder, &entry, error);
    builder->place = NULL;
    return error->code;
}

enum error_code tar_rows_open(struct builder *builder, const struct root_folder *folder,
                              const struct shards *shards, bool by_stem, struct error *error) {
    builder->members = memory_array(1, sizeof *builder->members, "tar files", error);
    if (builder->members == NULL) return error->code;
    builder->add_row = add_row;
    TRY(tar_members_read(builder->members, folder, shards, error));
    builder->members->by_stem = by_stem;
    return ERROR_NONE;
}

void tar_rows_file(struct builder *builder, size_t file) {
    builder->members->last = file;
}

void tar_rows_list(struct builder *builder, const char *name) {
    builder->members->list = name;
    builder->members->shard = tar_members_number(name);
}

enum error_code tar_rows_unlisted(struct builder *builder, const char *reason,
                                  struct error *error) {
    for (size_t i = 0; i < builder->members->count && error->code == ERROR_NONE; i++) {
        const struct tar_members_file *file = &builder->members->files[i];
        const struct clip_entry entry = {.path = file->name,
                                         .status = CLIP_UNREADABLE,
                                         .reason =
                                             file->problem[0] != '\0' ? file->problem : reason};
        if (!file->used) builder_add(builder, &entry, error);
    }
    return error->code;
}

void tar_rows_close(struct builder *builder) {
    if (builder->members != NULL) tar_members_free(builder->members);
    free(builder->members);
    builder->members = NULL;
    builder->add_row = NULL;
}
