#include "host/lists/tar_folders.h"

#include "host/lists/folder_levels.h"

#include <string.h>

/* Calls `check` with the name of each sound until it says false. */
static bool all_sounds(const struct tar_file *files, size_t count,
                       bool (*check)(const char *name, size_t skipped, const char *first),
                       size_t skipped) {
    const char *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct tar_samples *samples = &files[i].samples;
        for (size_t k = 0; k < samples->index.count; k++) {
            const struct tar_entry *entry = &samples->index.entries[k];
            if (!tar_is_clip(samples, entry)) continue;
            const char *name = tar_index_name(&samples->index, entry);
            if (first == NULL) first = name;
            if (!check(name, skipped, first)) return false;
        }
    }
    return first != NULL;
}

/* The name after so many folders; NULL: it is in fewer. */
static const char *after_folders(const char *name, size_t folders) {
    name += strspn(name, "/");
    for (; folders > 0; folders--) {
        name = strchr(name, '/');
        if (name == NULL) return NULL;
        name += strspn(name, "/");
    }
    return name;
}

static size_t folder_length(const char *name) {
    const char *slash = strchr(name, '/');
    return slash == NULL ? 0 : (size_t)(slash - name);
}

/* Whether the sound is in the same folder as the first, and in another one there. */
static bool shares_folder(const char *name, size_t skipped, const char *first) {
    const char *rest = after_folders(name, skipped), *other = after_folders(first, skipped);
    if (rest == NULL || other == NULL) return false;
    size_t length = folder_length(rest);
    return length > 0 && length == folder_length(other) && memcmp(rest, other, length) == 0 &&
           after_folders(rest, 2) != NULL;
}

/* Whether the sound is in a folder of a part of the data set, and in another one there. */
static bool is_in_split(const char *name, size_t skipped, const char *first) {
    const char *rest = after_folders(name, skipped);
    size_t length = rest == NULL ? 0 : folder_length(rest);
    (void)first;
    return length > 0 && after_folders(rest, 2) != NULL && folder_is_plain_split(rest, length);
}

void tar_folders_find(struct tar_folders *folders, const struct tar_file *files, size_t count) {
    folders->has_splits = all_sounds(files, count, is_in_split, 0);
    while (!folders->has_splits && all_sounds(files, count, shares_folder, folders->skipped)) {
        folders->skipped++;
        folders->has_splits = all_sounds(files, count, is_in_split, folders->skipped);
    }
}

bool tar_folders_are(const struct tar_folders *folders, const struct tar_file *files, size_t count,
                     const char **file, const char **name) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const struct tar_samples *samples = &files[i].samples;
        for (size_t k = 0; k < samples->index.count; k++) {
            const struct tar_entry *entry = &samples->index.entries[k];
            if (!tar_is_clip(samples, entry)) continue;
            *file = samples->file;
            *name = tar_index_name(&samples->index, entry);
            if (after_folders(*name, folders->skipped + folders->has_splits + 1) == NULL)
                return false;
            any = true;
        }
    }
    *name = NULL;
    return any;
}

bool tar_folders_take(struct tar_folders *folders, const char *name) {
    const char *rest = after_folders(name, folders->skipped);
    text_clear(&folders->split);
    text_clear(&folders->label);
    if (rest != NULL && folders->has_splits) {
        text_append(&folders->split, rest, folder_length(rest));
        rest = after_folders(rest, 1);
    }
    if (rest == NULL || folder_length(rest) == 0) return false;
    text_append(&folders->label, rest, folder_length(rest));
    return true;
}

bool tar_folders_are_background(const struct tar_folders *folders, const char *name) {
    const char *rest = after_folders(name, folders->skipped);
    return rest != NULL && strncmp(rest, "_background_noise_/", 19) == 0;
}
