#include "host/lists/tar_members.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/root_folder.h"
#include "host/lists/shards.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tar_members_free(struct tar_members *members) {
    for (size_t i = 0; members->files != NULL && i < members->count; i++)
        tar_index_free(&members->files[i].index);
    free(members->files);
    text_free(&members->path);
    text_free(&members->scratch);
    *members = (struct tar_members){0};
}

static enum error_code read_file(struct tar_members_file *file, const struct root_folder *folder,
                                 struct error *error) {
    struct error own = ERROR_INITIAL;
    struct stat status;
    int opened = root_folder_file(folder, file->name, FILE_READING);
    if (opened < 0 && file_is_shortage(errno)) return file_fail(error, file->name, "open", errno);
    if (opened < 0 || fstat(opened, &status) != 0)
        file_fail(&own, file->name, "open", errno);
    else if (!S_ISREG(status.st_mode))
        FAIL(&own, ERROR_FILE, "%s: not a regular file", file->name);
    else
        tar_index_read(&file->index, opened, file->name, (uint64_t)status.st_size, NULL, NULL,
                       &own);
    if (opened >= 0) close(opened);
    if (own.code == ERROR_MEMORY)
        *error = own;
    else if (own.code != ERROR_NONE)
        error_format(file->problem, sizeof file->problem, "%s", own.message);
    else if (file->index.problem[0] != '\0')
        error_format(file->problem, sizeof file->problem, "%s: %s", file->name,
                     file->index.problem);
    return error->code;
}

enum error_code tar_members_read(struct tar_members *members, const struct root_folder *folder,
                                 const struct shards *shards, struct error *error) {
    *members = (struct tar_members){.count = shards->count, .shard = -1};
    members->files = memory_array(shards->count, sizeof *members->files, "tar files", error);
    for (size_t i = 0; i < shards->count && error->code == ERROR_NONE; i++) {
        members->files[i].name = shards->names[i];
        members->files[i].number = tar_members_number(shards->names[i]);
        read_file(&members->files[i], folder, error);
    }
    return error->code;
}

long tar_members_number(const char *name) {
    const char *slash = strrchr(name, '/');
    long number = -1;
    for (const char *at = strchr(slash == NULL ? name : slash, '_'); at != NULL;
         at = strchr(at + 1, '_'))
        if (at[1] >= '0' && at[1] <= '9') number = strtol(at + 1, NULL, 10);
    return number;
}

const char *tar_members_shard(struct tar_members *members, long number) {
    bool numbered = false;
    if (number < 0) return NULL;
    for (size_t i = 0; i < members->count; i++) {
        size_t file = (members->last + i) % members->count;
        numbered = numbered || members->files[file].number >= 0;
        if (members->files[file].number != number) continue;
        members->last = file;
        return members->files[file].index.by_name == NULL ? members->files[file].problem : NULL;
    }
    return numbered
               ? "the tar file of its shard (audio_N.tar, where N is its shard_id) is missing; "
                 "copy it beside the others"
               : NULL;
}

/* NeMo numbers the parts of a file that is packed once: x.wav, x-sub1.wav, x-sub2.wav. false: the
 * name is not of a part. */
static bool without_part(const char *name, struct text *whole) {
    const char *part = NULL;
    for (const char *at = strstr(name, "-sub"); at != NULL; at = strstr(at + 1, "-sub")) part = at;
    if (part == NULL) return false;
    size_t digits = strspn(part + 4, "0123456789");
    const char *rest = part + 4 + digits;
    if (digits == 0 || (*rest != '.' && *rest != '\0')) return false;
    text_clear(whole);
    text_append(whole, name, (size_t)(part - name));
    text_string(whole, rest);
    return true;
}

/* In the file of the last member, the one after it, or any other. */
static const struct tar_entry *find_in_all(struct tar_members *members, const char *name) {
    for (size_t i = 0; i < members->count; i++) {
        size_t file = (members->last + i) % members->count;
        if (members->files[file].index.by_name == NULL) continue;
        const struct tar_entry *entry = tar_index_find(&members->files[file].index, name);
        if (entry == NULL) continue;
        members->last = file;
        return entry;
    }
    return NULL;
}

static const struct tar_entry *find(struct tar_members *members, const char *name) {
    if (members->by_stem) {
        const struct tar_members_file *file = &members->files[members->last];
        return file->index.by_name == NULL ? NULL : tar_index_find_stem(&file->index, name, "json");
    }
    const struct tar_entry *entry = find_in_all(members, name);
    if (entry == NULL && without_part(name, &members->scratch) && !members->scratch.failed)
        entry = find_in_all(members, members->scratch.data);
    return entry;
}

static const char *problem_of(const struct tar_entry *entry, const char *name) {
    size_t length = strlen(name);
    if (length > 7 && strcmp(name + length - 7, ".nodata") == 0)
        return "its place in the tar file has no sound (.nodata)";
    if (entry->is_cut) return "truncated: its tar file is cut off; copy the tar file again";
    if (entry->kind == TAR_SPARSE)
        return "a sparse member, whose bytes lie apart in its tar file; pack it without --sparse, "
               "or unpack it";
    return entry->kind == TAR_FILE ? NULL : "not a regular file in its tar file";
}

const char *tar_members_find(struct tar_members *members, const char *name, struct tar_place *place,
                             struct error *error) {
    const struct tar_entry *entry = members->count == 0 ? NULL : find(members, name);
    const struct tar_members_file *file = &members->files[members->last];
    *place = (struct tar_place){.path = name};
    if (entry == NULL && members->by_stem && file->problem[0] != '\0') return file->problem;
    if (entry == NULL) {
        for (size_t i = 0; i < members->count && !members->by_stem; i++)
            if (members->files[i].problem[0] != '\0') return members->files[i].problem;
        return "no tar file beside the list has it; copy the missing one there";
    }
    members->files[members->last].used = true;
    const char *own = tar_index_name(&file->index, entry);
    text_clear(&members->path);
    text_format(&members->path, "%s/%s", file->name, own);
    if (text_check(&members->path, error) != ERROR_NONE) return NULL;
    *place = (struct tar_place){members->path.data, file->name, entry->member};
    return problem_of(entry, own);
}
