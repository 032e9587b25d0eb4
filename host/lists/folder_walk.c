#include "host/lists/folder_walk.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/lists/sound_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* To a folder; entered after the real folders. */
struct link {
    uint64_t path; /* offset into names; relative, ends in '/' */
    size_t depth;
};

const char *folder_walk_name(const struct folder_walk *walk, uint64_t offset) {
    return walk->names.data + offset;
}

/* ---- what is found ---- */

/* Appends folder + name + suffix to the names; folder is an offset because appending may move
 * the names. */
static enum error_code keep_name(struct folder_walk *walk, uint64_t folder, const char *name,
                                 const char *suffix, uint64_t *offset, struct error *error) {
    *offset = walk->names.length;
    text_clear(&walk->path);
    text_string(&walk->path, folder_walk_name(walk, folder));
    text_string(&walk->path, name);
    text_string(&walk->path, suffix);
    TRY(text_check(&walk->path, error));
    return long_text_append(&walk->names, walk->path.data, walk->path.length + 1, error);
}

/* Examples are the first in order, whatever the order in which the file system lists them. */
static bool is_before(const struct folder_walk *walk, uint64_t path, uint64_t other) {
    return strcmp(folder_walk_name(walk, path), folder_walk_name(walk, other)) < 0;
}

static enum error_code add_found(struct folder_walk *walk, const struct found *found,
                                 struct error *error) {
    if (walk->found_count >= FOLDER_MAXIMUM_FILES)
        return FAIL(error, ERROR_DATA,
                    "%s: more than %zu sound files; give parts of it, each as its own run",
                    walk->root->path, FOLDER_MAXIMUM_FILES);
    TRY(scratch_grow(&walk->found, &walk->found_capacity, walk->found_count + 1,
                     sizeof *walk->found, "files", error));
    walk->found[walk->found_count++] = *found;
    return ERROR_NONE;
}

static enum error_code add_directory(struct folder_walk *walk, uint64_t path, size_t depth,
                                     bool skipped, struct error *error) {
    if (depth > FOLDER_MAXIMUM_DEPTH) {
        if (walk->too_deep++ == 0 || is_before(walk, path, walk->deep)) walk->deep = path;
        return ERROR_NONE;
    }
    if (walk->directory_count >= FOLDER_MAXIMUM_FOLDERS)
        return FAIL(error, ERROR_DATA,
                    "%s: more than %zu folders in it; give parts of it, each as its own run",
                    walk->root->path, FOLDER_MAXIMUM_FOLDERS);
    TRY(memory_grow(&walk->directories, &walk->directory_capacity, walk->directory_count + 1,
                    sizeof *walk->directories, "folders", error));
    walk->directories[walk->directory_count++] =
        (struct directory){.path = path, .depth = depth, .skipped = skipped};
    return ERROR_NONE;
}

static enum error_code add_link(struct folder_walk *walk, uint64_t path, size_t depth,
                                struct error *error) {
    if (walk->link_count >= FOLDER_MAXIMUM_FOLDERS)
        return FAIL(error, ERROR_DATA,
                    "%s: more than %zu links to folders in it; remove them, or give parts of it, "
                    "each as its own run",
                    walk->root->path, FOLDER_MAXIMUM_FOLDERS);
    TRY(memory_grow(&walk->links, &walk->link_capacity, walk->link_count + 1, sizeof *walk->links,
                    "links to folders", error));
    walk->links[walk->link_count++] = (struct link){path, depth};
    return ERROR_NONE;
}

/* ---- one name ---- */

/* Speech Commands keeps long recordings of noise beside the folders of its classes. */
static const char background_folder[] = "_background_noise_";

/* Archives made by a Mac have one, of files that are no sounds although they are called so. */
static const char resource_folder[] = "__MACOSX";

static bool is_hidden(const char *name) {
    return name[0] == '.' || strcmp(name, resource_folder) == 0;
}

static bool is_background(const struct folder_walk *walk, size_t index) {
    const char *found =
        strstr(folder_walk_name(walk, walk->directories[index].path), background_folder);
    return found != NULL && found[strlen(background_folder)] == '/';
}

/* A hidden sound: told with the name of the first. */
static enum error_code count_hidden(struct folder_walk *walk, size_t index, const char *name,
                                    struct error *error) {
    uint64_t path = 0;
    if (sound_name_of(name) != NAME_SOUND && sound_name_of(name) != NAME_UNREAD) return ERROR_NONE;
    if (walk->hidden_sounds++ > 0) {
        text_clear(&walk->path);
        text_format(&walk->path, "%s%s", folder_walk_name(walk, walk->directories[index].path),
                    name);
        TRY(text_check(&walk->path, error));
        if (strcmp(walk->path.data, folder_walk_name(walk, walk->hidden_example)) > 0)
            return ERROR_NONE;
    }
    TRY(keep_name(walk, walk->directories[index].path, name, "", &path, error));
    walk->hidden_example = path;
    return ERROR_NONE;
}

/* A name that makes a row, except among background noise. */
static enum error_code take_row(struct folder_walk *walk, size_t index, const char *name,
                                struct found found, struct error *error) {
    if (is_background(walk, index)) {
        walk->background++;
        return ERROR_NONE;
    }
    TRY(keep_name(walk, walk->directories[index].path, name, "", &found.path, error));
    return add_found(walk, &found, error);
}

/* What a file without a telling name is by its first bytes; NULL: no sound, or not known. */
static const char *sniff(struct folder_walk *walk, size_t index, const char *name,
                         struct error *error) {
    unsigned char bytes[SOUND_FIRST_BYTES];
    text_clear(&walk->path);
    text_format(&walk->path, "%s%s", folder_walk_name(walk, walk->directories[index].path), name);
    if (text_check(&walk->path, error) != ERROR_NONE) return NULL;
    int file = root_folder_file(walk->root, walk->path.data, FILE_READING);
    if (file < 0) return NULL;
    ssize_t got = pread(file, bytes, sizeof bytes, 0);
    close(file);
    return got < 0 ? NULL : sound_by_first_bytes(bytes, (size_t)got);
}

/* A file of which no clip comes. */
static enum error_code count_other(struct folder_walk *walk, size_t index, const char *name,
                                   struct error *error) {
    uint64_t path = walk->directories[index].path;
    walk->other_files++;
    TRY(folder_rest_add(&walk->rest, name, index, folder_walk_name(walk, path), false, error));
    if (strcmp(name, "metadata.csv") != 0 && strcmp(name, "metadata.jsonl") != 0) return ERROR_NONE;
    TRY(keep_name(walk, path, name, "", &path, error));
    if (walk->metadata == 0 || is_before(walk, path, walk->metadata)) walk->metadata = path;
    return ERROR_NONE;
}

static enum error_code take_unknown(struct folder_walk *walk, size_t index, const char *name,
                                    struct error *error) {
    const char *what = is_background(walk, index) ? NULL : sniff(walk, index, name, error);
    TRY(error->code);
    if (what == NULL) return count_other(walk, index, name, error);
    const char *folder = folder_walk_name(walk, walk->directories[index].path);
    if (strchr(name, '.') != NULL) {
        TRY(folder_rest_add(&walk->rest, name, index, folder, true, error));
        return take_row(walk, index, name, (struct found){.kind = FOUND_MISNAMED, .what = what},
                        error);
    }
    TRY(take_row(walk, index, name, (struct found){.kind = FOUND_SOUND}, error));
    uint64_t path = walk->found[walk->found_count - 1].path;
    if (walk->nameless++ == 0 || is_before(walk, path, walk->nameless_example))
        walk->nameless_example = path;
    return ERROR_NONE;
}

/* kind: what it is if it has the name of a sound. */
static enum error_code take_file(struct folder_walk *walk, size_t index, const char *name,
                                 enum found_kind kind, struct error *error) {
    const char *folder = folder_walk_name(walk, walk->directories[index].path);
    if (walk->directories[index].skipped) return count_hidden(walk, index, name, error);
    enum sound_name sound = sound_name_of(name);
    if (sound == NAME_UNKNOWN && kind == FOUND_SOUND) return take_unknown(walk, index, name, error);
    if (sound == NAME_UNKNOWN || sound == NAME_OTHER) return count_other(walk, index, name, error);
    if (sound != NAME_SOUND && !is_background(walk, index)) {
        TRY(folder_rest_add(&walk->rest, name, index, folder, true, error));
        if (kind == FOUND_SOUND) kind = sound == NAME_UNREAD ? FOUND_UNREAD : FOUND_ARCHIVE;
    }
    return take_row(walk, index, name, (struct found){.kind = kind}, error);
}

/* Whether the link leads to a folder; outside, where it is not opened, its status is asked for. */
static bool leads_to_folder(int file, int folder, const char *name, struct stat *status) {
    int failed = file >= 0 ? fstat(file, status) : fstatat(folder, name, status, 0);
    if (failed != 0) *status = (struct stat){0};
    return S_ISDIR(status->st_mode);
}

static enum error_code take_link(struct folder_walk *walk, size_t index, int folder,
                                 const char *name, struct error *error) {
    struct stat status;
    uint64_t path = walk->directories[index].path;
    text_clear(&walk->path);
    text_format(&walk->path, "%s%s", folder_walk_name(walk, path), name);
    TRY(text_check(&walk->path, error));
    int file = root_folder_file(walk->root, walk->path.data, O_PATH);
    if (file < 0 && file_is_shortage(errno))
        return file_fail(error, walk->path.data, "open", errno);
    bool outside = file < 0 && errno == EXDEV;
    bool to_folder = (file >= 0 || outside) && leads_to_folder(file, folder, name, &status);
    if (file >= 0) close(file);
    if (!to_folder) {
        bool special = file >= 0 && !S_ISREG(status.st_mode);
        return take_file(walk, index, name,
                         outside   ? FOUND_OUTSIDE
                         : special ? FOUND_SPECIAL
                                   : FOUND_SOUND,
                         error);
    }
    if (walk->directories[index].skipped) return ERROR_NONE;
    TRY(keep_name(walk, path, name, "/", &path, error));
    const struct found found = {.path = path, .kind = FOUND_OUTSIDE_TREE};
    return outside ? add_found(walk, &found, error)
                   : add_link(walk, path, walk->directories[index].depth + 1, error);
}

static unsigned char type_of(int folder, const struct dirent *entry) {
    struct stat status;
    if (entry->d_type != DT_UNKNOWN) return entry->d_type;
    if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
    return (unsigned char)IFTODT(status.st_mode);
}

static enum error_code take_entry(struct folder_walk *walk, size_t index, int folder,
                                  const struct dirent *entry, struct error *error) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return ERROR_NONE;
    unsigned char type = type_of(folder, entry);
    bool hidden = is_hidden(name);
    if (hidden && !walk->directories[index].skipped) walk->hidden_files++;
    if (hidden && type != DT_DIR) return count_hidden(walk, index, name, error);
    if (type == DT_LNK) return take_link(walk, index, folder, name, error);
    if (type != DT_DIR)
        return take_file(walk, index, name,
                         type == DT_REG || type == DT_UNKNOWN ? FOUND_SOUND : FOUND_SPECIAL, error);
    uint64_t path = 0;
    TRY(keep_name(walk, walk->directories[index].path, name, "/", &path, error));
    return add_directory(walk, path, walk->directories[index].depth + 1,
                         hidden || walk->directories[index].skipped, error);
}

/* ---- folders, each once ---- */

static bool is_same(const struct directory *directory, const struct stat *status) {
    return directory->device == status->st_dev && directory->inode == status->st_ino;
}

/* The slot of the folder, or the empty one where it belongs. */
static size_t find_slot(const struct folder_walk *walk, dev_t device, ino_t inode) {
    const uint64_t key[2] = {(uint64_t)device, (uint64_t)inode};
    const struct stat wanted = {.st_dev = device, .st_ino = inode};
    size_t slot = (size_t)XXH3_64bits(key, sizeof key) & (walk->slot_count - 1);
    while (walk->slots[slot] != 0 && !is_same(&walk->directories[walk->slots[slot] - 1], &wanted))
        slot = (slot + 1) & (walk->slot_count - 1);
    return slot;
}

/* Keeps the table at most half full, so that probing stays short and ends. */
static enum error_code grow_slots(struct folder_walk *walk, struct error *error) {
    if (walk->entered_count * 2 < walk->slot_count) return ERROR_NONE;
    size_t *old = walk->slots;
    size_t old_count = walk->slot_count;
    size_t count = old_count == 0 ? 64 : old_count * 2;
    size_t *slots = memory_array(count, sizeof *slots, "a table of folders", error);
    if (slots == NULL) return error->code;
    walk->slots = slots;
    walk->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] == 0) continue;
        const struct directory *directory = &walk->directories[old[i] - 1];
        slots[find_slot(walk, directory->device, directory->inode)] = old[i];
    }
    free(old);
    return ERROR_NONE;
}

/* *first: nobody has entered the folder; it counts by this path from now on. */
static enum error_code enter(struct folder_walk *walk, size_t index, const struct stat *status,
                             bool *first, struct error *error) {
    struct directory *directory = &walk->directories[index];
    TRY(grow_slots(walk, error));
    size_t slot = find_slot(walk, status->st_dev, status->st_ino);
    *first = walk->slots[slot] == 0;
    if (*first) {
        directory->entered = true;
        directory->device = status->st_dev;
        directory->inode = status->st_ino;
        walk->slots[slot] = index + 1;
        walk->entered_count++;
        return ERROR_NONE;
    }
    TRY(memory_grow(&walk->seconds, &walk->second_capacity, walk->second_count + 1,
                    sizeof *walk->seconds, "links to folders", error));
    walk->seconds[walk->second_count++] =
        (struct second_path){directory->path, walk->directories[walk->slots[slot] - 1].path};
    return ERROR_NONE;
}

static enum error_code add_unreadable(struct folder_walk *walk, size_t index, int failure,
                                      struct error *error) {
    const struct directory *directory = &walk->directories[index];
    const struct found found = {
        .path = directory->path, .kind = FOUND_UNREADABLE, .failure = failure};
    return directory->skipped ? ERROR_NONE : add_found(walk, &found, error);
}

static bool is_excluded(const struct folder_walk *walk, const struct stat *status) {
    for (size_t i = 0; i < walk->excluded_count; i++)
        if (status->st_dev == walk->excluded[i].st_dev &&
            status->st_ino == walk->excluded[i].st_ino)
            return true;
    return false;
}

static enum error_code list_directory(struct folder_walk *walk, size_t index, DIR *stream,
                                      struct error *error) {
    struct stat status;
    bool first = false;
    if (fstat(dirfd(stream), &status) != 0) return add_unreadable(walk, index, errno, error);
    const bool excluded = is_excluded(walk, &status);
    if (excluded && index == 0)
        return FAIL(error, ERROR_USAGE,
                    "%s is also the folder for the results or of --state; give another one",
                    walk->root->path);
    if (excluded) return ERROR_NONE;
    TRY(enter(walk, index, &status, &first, error));
    while (first) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL && errno != 0) return add_unreadable(walk, index, errno, error);
        if (entry == NULL) return ERROR_NONE;
        TRY(take_entry(walk, index, dirfd(stream), entry, error));
    }
    return ERROR_NONE;
}

static enum error_code read_directory(struct folder_walk *walk, size_t index, struct error *error) {
    uint64_t path = walk->directories[index].path;
    const char *name = index == 0 ? "." : folder_walk_name(walk, path);
    int opened = root_folder_file(walk->root, name, O_RDONLY | O_DIRECTORY);
    DIR *stream = opened < 0 ? NULL : fdopendir(opened);
    if (stream == NULL) {
        int saved = errno;
        if (opened >= 0) close(opened);
        if (index > 0 && !file_is_shortage(saved)) return add_unreadable(walk, index, saved, error);
        text_clear(&walk->path);
        text_format(&walk->path, "%s%s%s", walk->root->path, index == 0 ? "" : "/",
                    folder_walk_name(walk, path));
        TRY(text_check(&walk->path, error));
        return file_fail(error, walk->path.data, "open the folder", saved);
    }
    list_directory(walk, index, stream, error);
    closedir(stream);
    return error->code;
}

/* ---- the whole ---- */

static int compare_links(const void *left, const void *right, void *walk) {
    return strcmp(folder_walk_name(walk, ((const struct link *)left)->path),
                  folder_walk_name(walk, ((const struct link *)right)->path));
}

static int compare_found(const void *left, const void *right, void *walk) {
    return strcmp(folder_walk_name(walk, ((const struct found *)left)->path),
                  folder_walk_name(walk, ((const struct found *)right)->path));
}

static int compare_seconds(const void *left, const void *right, void *walk) {
    return strcmp(folder_walk_name(walk, ((const struct second_path *)left)->path),
                  folder_walk_name(walk, ((const struct second_path *)right)->path));
}

/* The links from `first` on, in order; those that are found on the way come after them. */
static enum error_code follow_links(struct folder_walk *walk, size_t first, size_t *read,
                                    struct error *error) {
    size_t end = walk->link_count;
    qsort_r(walk->links + first, end - first, sizeof *walk->links, compare_links, walk);
    for (size_t i = first; i < end; i++) {
        TRY(add_directory(walk, walk->links[i].path, walk->links[i].depth, false, error));
        while (*read < walk->directory_count) TRY(read_directory(walk, (*read)++, error));
    }
    return ERROR_NONE;
}

enum error_code folder_walk(struct folder_walk *walk, struct error *error) {
    size_t read = 0;
    size_t followed = 0;
    TRY(long_text_append(&walk->names, "", 1, error)); /* offset 0: the root's relative path */
    TRY(add_directory(walk, 0, 0, false, error));
    while (read < walk->directory_count) TRY(read_directory(walk, read++, error));
    while (followed < walk->link_count) {
        size_t first = followed;
        followed = walk->link_count;
        TRY(follow_links(walk, first, &read, error));
    }
    if (walk->found_count > 1)
        sort_in_place_with(walk->found, walk->found_count, sizeof *walk->found, compare_found,
                           walk);
    if (walk->second_count > 1)
        qsort_r(walk->seconds, walk->second_count, sizeof *walk->seconds, compare_seconds, walk);
    return ERROR_NONE;
}

void folder_walk_close(struct folder_walk *walk) {
    long_text_free(&walk->names);
    text_free(&walk->path);
    scratch_free(walk->found);
    free(walk->seconds);
    free(walk->directories);
    free(walk->links);
    free(walk->slots);
    folder_rest_free(&walk->rest);
}
