/* A folder of clips: every file with an audio extension below it, in the bytewise
 * order of the relative paths; the first component of the path is the label.
 *
 * Names that begin with a dot are skipped and counted. Symbolic links are
 * followed; a folder that contains itself through one is entered once. A folder
 * that cannot be read becomes a row, so that its missing clips are reported. */
#include "host/lists/folder.h"
#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/lists/builder.h"
#include "host/lists/pattern.h"
#include "host/lists/readers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper than any collection, and far below the longest path. */
#define FOLDER_MAXIMUM_DEPTH 256

struct directory {
    uint64_t path; /* offset into names; relative, ends in '/'; "" for the root */
    size_t parent; /* SIZE_MAX for the root */
    dev_t device;
    ino_t inode;
};

struct found {
    uint64_t path; /* offset into names; relative */
    int failure;   /* errno of a folder that cannot be read; 0: a file */
};

struct walk {
    const char *root;
    struct builder *builder;
    struct text names;
    struct text path; /* scratch */
    struct directory *directories;
    size_t directory_count;
    size_t directory_capacity;
    struct found *found;
    size_t found_count;
    size_t found_capacity;
    struct stat excluded;
    bool has_excluded;
    size_t loops;
    uint64_t metadata; /* offset of a path that ends in metadata.csv or .jsonl; 0: none */
    size_t background; /* sound files in the folder of that name */
    size_t unreadable_folders;
};

static const char *name_at(const struct walk *walk, uint64_t offset) {
    return walk->names.data + offset;
}

/* Appends folder + name + suffix to the names; folder is an offset because appending may move
 * the names. */
static enum error_code keep_name(struct walk *walk, uint64_t folder, const char *name,
                                 const char *suffix, uint64_t *offset, struct error *error) {
    *offset = walk->names.length;
    text_clear(&walk->path);
    text_string(&walk->path, name_at(walk, folder));
    text_string(&walk->path, name);
    text_string(&walk->path, suffix);
    TRY(text_check(&walk->path, error));
    text_append(&walk->names, walk->path.data, walk->path.length + 1);
    return text_check(&walk->names, error);
}

static enum error_code add_directory(struct walk *walk, size_t parent, const char *name,
                                     struct error *error) {
    TRY(memory_grow(&walk->directories, &walk->directory_capacity, walk->directory_count + 1,
                    sizeof *walk->directories, "folders", error));
    struct directory directory = {.parent = parent};
    TRY(keep_name(walk, walk->directories[parent].path, name, "/", &directory.path, error));
    walk->directories[walk->directory_count++] = directory;
    return ERROR_NONE;
}

static enum error_code add_found(struct walk *walk, uint64_t path, int failure,
                                 struct error *error) {
    TRY(memory_grow(&walk->found, &walk->found_capacity, walk->found_count + 1, sizeof *walk->found,
                    "files", error));
    walk->found[walk->found_count++] = (struct found){path, failure};
    return ERROR_NONE;
}

static bool is_directory(int folder, const struct dirent *entry) {
    if (entry->d_type == DT_DIR) return true;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN) return false;
    struct stat status;
    return fstatat(folder, entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

/* Speech Commands keeps long recordings of noise beside the folders of its classes. */
static const char background_folder[] = "_background_noise_/";

/* A file with an audio extension is a clip, except for background noise. */
static enum error_code take_sound(struct walk *walk, size_t index, const char *name,
                                  struct error *error) {
    uint64_t path = 0;
    if (strncmp(name_at(walk, walk->directories[index].path), background_folder,
                strlen(background_folder)) == 0) {
        walk->background++;
        return ERROR_NONE;
    }
    TRY(keep_name(walk, walk->directories[index].path, name, "", &path, error));
    return add_found(walk, path, 0, error);
}

static enum error_code take_other(struct walk *walk, size_t index, const char *name,
                                  struct error *error) {
    walk->builder->collection->other_files++;
    if (strcmp(name, "metadata.csv") != 0 && strcmp(name, "metadata.jsonl") != 0) return ERROR_NONE;
    return keep_name(walk, walk->directories[index].path, name, "", &walk->metadata, error);
}

static enum error_code take_entry(struct walk *walk, size_t index, int folder,
                                  const struct dirent *entry, struct error *error) {
    const char *name = entry->d_name;
    struct collection *collection = walk->builder->collection;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return ERROR_NONE;
    if (name[0] == '.') {
        collection->hidden_files++;
        return ERROR_NONE;
    }
    if (is_directory(folder, entry)) return add_directory(walk, index, name, error);
    if (!audio_extension(name, NULL)) return take_other(walk, index, name, error);
    return take_sound(walk, index, name, error);
}

/* Whether the folder contains itself through a symbolic link, is nested too deeply, or is OUT. */
static bool is_left_out(struct walk *walk, size_t index, const struct stat *status) {
    if (walk->has_excluded && status->st_dev == walk->excluded.st_dev &&
        status->st_ino == walk->excluded.st_ino)
        return true;
    size_t depth = 0;
    for (size_t i = walk->directories[index].parent; i != SIZE_MAX;
         i = walk->directories[i].parent) {
        bool same = walk->directories[i].device == status->st_dev &&
                    walk->directories[i].inode == status->st_ino;
        if (!same && ++depth <= FOLDER_MAXIMUM_DEPTH) continue;
        walk->loops++;
        return true;
    }
    return false;
}

static enum error_code list_directory(struct walk *walk, size_t index, DIR *stream,
                                      struct error *error) {
    struct stat status;
    if (fstat(dirfd(stream), &status) != 0)
        return add_found(walk, walk->directories[index].path, errno, error);
    if (is_left_out(walk, index, &status)) {
        if (index > 0) return ERROR_NONE;
        return FAIL(error, ERROR_USAGE, "%s is also the folder for the results; give another one",
                    walk->root);
    }
    walk->directories[index].device = status.st_dev;
    walk->directories[index].inode = status.st_ino;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL && errno != 0)
            return add_found(walk, walk->directories[index].path, errno, error);
        if (entry == NULL) return ERROR_NONE;
        TRY(take_entry(walk, index, dirfd(stream), entry, error));
    }
}

static enum error_code read_directory(struct walk *walk, size_t index, struct error *error) {
    text_clear(&walk->path);
    text_format(&walk->path, "%s/%s", walk->root, name_at(walk, walk->directories[index].path));
    TRY(text_check(&walk->path, error));
    DIR *stream = opendir(walk->path.data);
    if (stream == NULL && index == 0) return file_fail(error, walk->root, "open the folder", errno);
    if (stream == NULL) return add_found(walk, walk->directories[index].path, errno, error);
    list_directory(walk, index, stream, error);
    closedir(stream);
    return error->code;
}

static enum error_code walk_folder(struct walk *walk, struct error *error) {
    text_append(&walk->names, "", 1); /* offset 0: the root's relative path */
    TRY(text_check(&walk->names, error));
    TRY(memory_grow(&walk->directories, &walk->directory_capacity, 1, sizeof *walk->directories,
                    "folders", error));
    walk->directories[walk->directory_count++] = (struct directory){.parent = SIZE_MAX};
    for (size_t i = 0; i < walk->directory_count; i++) TRY(read_directory(walk, i, error));
    return ERROR_NONE;
}

static int compare_found(const void *left, const void *right, void *context) {
    const struct walk *walk = context;
    return strcmp(name_at(walk, ((const struct found *)left)->path),
                  name_at(walk, ((const struct found *)right)->path));
}

static enum error_code add_failed_folder(struct walk *walk, const struct found *found,
                                         struct error *error) {
    text_clear(&walk->path);
    text_format(&walk->path, "cannot read the folder: %s; its clips are not in this run",
                strerror(found->failure));
    TRY(text_check(&walk->path, error));
    walk->unreadable_folders++;
    struct clip_entry entry = {
        .path = name_at(walk, found->path), .status = CLIP_UNREADABLE, .reason = walk->path.data};
    return builder_add(walk->builder, &entry, error);
}

static enum error_code add_file(struct walk *walk, const struct found *found, struct error *error) {
    const char *path = name_at(walk, found->path);
    struct clip_entry entry = {.path = path};
    if (walk->builder->has_pattern) return builder_add(walk->builder, &entry, error);
    const char *slash = strchr(path, '/');
    if (slash == NULL)
        return FAIL(
            error, ERROR_DATA,
            "%s/%s is in no class folder, so it has no label; move it into the folder of its "
            "class, or give --label-pattern if file names contain the label",
            walk->root, path);
    text_clear(&walk->path);
    text_append(&walk->path, path, (size_t)(slash - path));
    TRY(text_check(&walk->path, error));
    entry.label = walk->path.data;
    return builder_add(walk->builder, &entry, error);
}

static enum error_code warn_of_all(const struct walk *walk, struct error *error) {
    struct collection *collection = walk->builder->collection;
    if (walk->unreadable_folders > 0)
        TRY(warnings_add(&collection->warnings, error,
                         "folders that cannot be read: %zu; each is a row of clips.csv",
                         walk->unreadable_folders));
    if (walk->loops > 0)
        TRY(warnings_add(
            &collection->warnings, error,
            "folders skipped: %zu (symbolic links to a folder that contains them, or more than %d "
            "levels)",
            walk->loops, FOLDER_MAXIMUM_DEPTH));
    if (walk->background > 0)
        TRY(warnings_add(&collection->warnings, error,
                         "sound files skipped in _background_noise_: %zu (it is not a class)",
                         walk->background));
    if (walk->metadata > 0)
        TRY(warnings_add(&collection->warnings, error,
                         "%s was not read; if it has the labels, give it as the input",
                         name_at(walk, walk->metadata)));
    return ERROR_NONE;
}

static enum error_code add_all(struct walk *walk, struct error *error) {
    if (walk->found_count > 1)
        qsort_r(walk->found, walk->found_count, sizeof *walk->found, compare_found, walk);
    for (size_t i = 0; i < walk->found_count; i++) {
        if (walk->found[i].failure != 0)
            TRY(add_failed_folder(walk, &walk->found[i], error));
        else
            TRY(add_file(walk, &walk->found[i], error));
    }
    return warn_of_all(walk, error);
}

static void close_walk(struct walk *walk) {
    text_free(&walk->names);
    text_free(&walk->path);
    free(walk->directories);
    free(walk->found);
}

/* Refuses options that need a field of the pattern. */
static enum error_code check_options(const struct builder *builder, struct error *error) {
    const struct input_options *options = &builder->options;
    const char *hint = builder->has_pattern ? "the pattern has no such field"
                                            : "name the field in --label-pattern";
    if (options->group_field != NULL && builder->group_field == SIZE_MAX)
        return FAIL(error, ERROR_USAGE, "--group %s: %s", options->group_field, hint);
    if (options->fold_column != NULL && builder->fold_field == SIZE_MAX)
        return FAIL(error, ERROR_USAGE, "--fold-column %s: %s", options->fold_column, hint);
    return ERROR_NONE;
}

/* ---- files that a list does not name ---- */

static int compare_paths(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The listed paths, sorted, to be freed; "./a.wav" is "a.wav". */
static const char **listed_paths(const struct clip_list *clips, struct error *error) {
    const char **paths = memory_array(clips->count, sizeof *paths, "a manifest's paths", error);
    if (paths == NULL) return NULL;
    for (size_t i = 0; i < clips->count; i++) {
        paths[i] = clip_path(clips, i);
        while (paths[i][0] == '.' && paths[i][1] == '/') paths[i] += 2;
    }
    if (clips->count > 1) qsort((void *)paths, clips->count, sizeof *paths, compare_paths);
    return paths;
}

/* Counts the files found that the list does not name. */
static enum error_code warn_of_rest(struct walk *walk, const char *manifest, struct error *error) {
    struct collection *collection = walk->builder->collection;
    const char **paths = listed_paths(&collection->clips, error);
    const char *example = NULL;
    size_t rest = 0;
    if (paths == NULL) return error->code;
    for (size_t i = 0; i < walk->found_count; i++) {
        const char *path = name_at(walk, walk->found[i].path);
        if (walk->found[i].failure != 0 ||
            bsearch(&path, (const void *)paths, collection->clips.count, sizeof *paths,
                    compare_paths) != NULL)
            continue;
        rest++;
        if (example == NULL || strcmp(path, example) < 0) example = path;
    }
    free((void *)paths);
    if (rest == 0) return ERROR_NONE;
    return warnings_add(
        &collection->warnings, error,
        "%zu sound files in the folder are not listed in %s, for example '%s'; they "
        "are not in this run",
        rest, manifest, example);
}

enum error_code folder_warn_of_unlisted(struct builder *builder, const char *path,
                                        const char *manifest, struct error *error) {
    struct walk walk = {.root = path, .builder = builder};
    const char *exclude = builder->options.exclude;
    size_t others = builder->collection->other_files; /* the walk must not count into these */
    size_t hidden = builder->collection->hidden_files;
    walk.has_excluded = exclude != NULL && stat(exclude, &walk.excluded) == 0;
    if (walk_folder(&walk, error) == ERROR_NONE) warn_of_rest(&walk, manifest, error);
    builder->collection->other_files = others;
    builder->collection->hidden_files = hidden;
    close_walk(&walk);
    return error->code;
}

static enum error_code check_found(const struct collection *collection, const char *path,
                                   struct error *error) {
    if (collection->clips.count > 0) return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "%s: no sound files in it (" AUDIO_EXTENSIONS "); %zu other files, %zu hidden",
                path, collection->other_files, collection->hidden_files);
}

static enum error_code read_folder(struct builder *builder, const char *path, struct error *error) {
    TRY(check_options(builder, error));
    struct walk walk = {.root = path, .builder = builder};
    const char *exclude = builder->options.exclude;
    walk.has_excluded = exclude != NULL && stat(exclude, &walk.excluded) == 0;
    if (walk_folder(&walk, error) == ERROR_NONE) add_all(&walk, error);
    if (error->code == ERROR_NONE) check_found(builder->collection, path, error);
    close_walk(&walk);
    return error->code;
}

const struct list_reader reader_folder = {
    .name = "folder",
    .sentence = "a folder with one folder of sound files per label",
    .reads_folder = true,
    .read = read_folder,
};
