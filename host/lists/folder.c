/* A folder of clips: every file with an audio extension below it, in the bytewise
 * order of the relative paths; the first component of the path is the label.
 *
 * Names that begin with a dot are skipped and counted. Symbolic links are followed
 * as long as they end in the folder; each folder is read once. What cannot be read
 * and what leads out becomes a row, so that missing clips are reported. */
#include "host/lists/folder.h"
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/base/utf8.h"
#include "host/lists/builder.h"
#include "host/lists/folder_walk.h"
#include "host/lists/readers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- rows ---- */

/* What is wrong with something found, or NULL. */
static const char *problem_with(const struct found *found, struct text *text) {
    switch (found->kind) {
    case FOUND_UNREADABLE:
        text_clear(text);
        text_format(text, "cannot read the folder: %s; its clips are not in this run",
                    strerror(found->failure));
        return text->data;
    case FOUND_OUTSIDE_TREE:
        return "a link to a folder elsewhere, whose clips are not in this run; copy that folder "
               "into this one, or give --allow-outside";
    case FOUND_OUTSIDE: return CLIP_LEADS_OUT;
    case FOUND_SPECIAL: return "not a regular file, so it is not opened; remove it";
    case FOUND_SOUND: break;
    }
    return NULL;
}

static bool leads_out(const struct found *found) {
    return found->kind == FOUND_OUTSIDE || found->kind == FOUND_OUTSIDE_TREE;
}

/* The first component of a path that has several, to be taken from `text`. */
static enum error_code take_class(const struct folder_walk *walk, const char *path,
                                  struct text *text, struct error *error) {
    const char *slash = strchr(path, '/');
    if (slash == NULL)
        return FAIL(
            error, ERROR_DATA,
            "%s/%s is in no class folder, so it has no label; move it into the folder of its "
            "class, or give --label-pattern if file names contain the label",
            walk->root->path, path);
    text_clear(text);
    text_append(text, path, (size_t)(slash - path));
    return text_check(text, error);
}

static enum error_code add_row(struct builder *builder, const struct folder_walk *walk,
                               const struct found *found, struct text *scratch,
                               struct error *error) {
    struct clip_entry entry = {.path = folder_walk_name(walk, found->path)};
    bool is_folder = found->kind == FOUND_UNREADABLE || found->kind == FOUND_OUTSIDE_TREE;
    entry.reason = problem_with(found, scratch);
    if (entry.reason != NULL) entry.status = leads_out(found) ? CLIP_OUTSIDE : CLIP_UNREADABLE;
    if (!is_folder && !builder->has_pattern) {
        TRY(take_class(walk, entry.path, scratch, error));
        entry.label = scratch->data;
    }
    TRY(text_check(scratch, error));
    return builder_add(builder, &entry, error);
}

/* ---- warnings ---- */

static const char *shown_folder(const struct folder_walk *walk, uint64_t path) {
    const char *name = folder_walk_name(walk, path);
    return name[0] == '\0' ? "./" : name;
}

/* A class that is a link to another class, or into one: its clips have that one's label. */
static bool is_class_again(const struct folder_walk *walk, const struct second_path *second) {
    const char *path = folder_walk_name(walk, second->path);
    return strchr(path, '/')[1] == '\0' && folder_walk_name(walk, second->entered)[0] != '\0';
}

static enum error_code warn_of_seconds(struct warnings *warnings, const struct folder_walk *walk,
                                       struct error *error) {
    const struct second_path *example = NULL;
    size_t others = 0;
    for (size_t i = 0; i < walk->second_count; i++) {
        const struct second_path *second = &walk->seconds[i];
        if (is_class_again(walk, second)) {
            TRY(warnings_add(warnings, error,
                             "'%s' and '%s' are one folder; its clips are in this run once, by the "
                             "second path; if both are classes, copy the folder",
                             shown_folder(walk, second->path),
                             shown_folder(walk, second->entered)));
        } else if (others++ == 0) {
            example = second;
        }
    }
    if (others == 0) return ERROR_NONE;
    return warnings_add(warnings, error,
                        "links to folders that are read already, not followed: %zu, for example "
                        "'%s', which is '%s'",
                        others, shown_folder(walk, example->path),
                        shown_folder(walk, example->entered));
}

static enum error_code warn_of_found(struct warnings *warnings, const struct folder_walk *walk,
                                     struct error *error) {
    size_t unreadable = 0;
    size_t outside = 0;
    const char *example = "";
    for (size_t i = 0; i < walk->found_count; i++) {
        unreadable += walk->found[i].kind == FOUND_UNREADABLE;
        if (leads_out(&walk->found[i]) && outside++ == 0)
            example = folder_walk_name(walk, walk->found[i].path);
    }
    if (unreadable > 0)
        TRY(warnings_add(warnings, error,
                         "folders that cannot be read: %zu; each is a row of clips.csv",
                         unreadable));
    if (outside == 0) return ERROR_NONE;
    return warnings_add(warnings, error,
                        "links that lead out of the folder: %zu, for example '%s'; each is a row "
                        "of clips.csv; copy what they lead to, or give --allow-outside",
                        outside, example);
}

static enum error_code warn_of_all(struct warnings *warnings, const struct folder_walk *walk,
                                   struct error *error) {
    TRY(warn_of_found(warnings, walk, error));
    TRY(warn_of_seconds(warnings, walk, error));
    if (walk->too_deep > 0)
        TRY(warnings_add(warnings, error,
                         "folders skipped because they are more than %d levels deep: %zu, for "
                         "example '%.*s...'; move them up",
                         FOLDER_MAXIMUM_DEPTH, walk->too_deep,
                         UTF8_PIECE(folder_walk_name(walk, walk->deep), 80)));
    if (walk->background > 0)
        TRY(warnings_add(warnings, error,
                         "sound files skipped in _background_noise_: %zu (it is not a class)",
                         walk->background));
    if (walk->metadata > 0)
        TRY(warnings_add(warnings, error,
                         "%s was not read; if it has the labels, give it as the input",
                         folder_walk_name(walk, walk->metadata)));
    return ERROR_NONE;
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
static enum error_code warn_of_rest(struct collection *collection, const struct folder_walk *walk,
                                    const char *manifest, struct error *error) {
    const char **paths = listed_paths(&collection->clips, error);
    const char *example = NULL;
    size_t rest = 0;
    if (paths == NULL) return error->code;
    for (size_t i = 0; i < walk->found_count; i++) {
        const char *path = folder_walk_name(walk, walk->found[i].path);
        if (walk->found[i].kind != FOUND_SOUND ||
            bsearch(&path, (const void *)paths, collection->clips.count, sizeof *paths,
                    compare_paths) != NULL)
            continue;
        if (rest++ == 0) example = path;
    }
    free((void *)paths);
    if (rest == 0) return ERROR_NONE;
    return warnings_add(
        &collection->warnings, error,
        "%zu sound files in the folder are not listed in %s, for example '%s'; they "
        "are not in this run",
        rest, manifest, example);
}

/* ---- walking ---- */

static enum error_code walk_root(const struct builder *builder, struct folder_walk *walk,
                                 struct stat *excluded, struct error *error) {
    const char *exclude = builder->options.exclude;
    *walk = (struct folder_walk){.root = &builder->collection->clips.root};
    if (exclude != NULL && stat(exclude, excluded) == 0) walk->excluded = excluded;
    return folder_walk(walk, error);
}

enum error_code folder_warn_of_unlisted(struct builder *builder, const char *manifest,
                                        struct error *error) {
    struct folder_walk walk;
    struct stat excluded;
    if (walk_root(builder, &walk, &excluded, error) == ERROR_NONE)
        warn_of_rest(builder->collection, &walk, manifest, error);
    folder_walk_close(&walk);
    return error->code;
}

static enum error_code read_folder(struct builder *builder, const struct list_file *list,
                                   struct error *error) {
    struct collection *collection = builder->collection;
    struct folder_walk walk;
    struct stat excluded;
    struct text scratch = TEXT_INITIAL;
    TRY(check_options(builder, error));
    walk_root(builder, &walk, &excluded, error);
    for (size_t i = 0; i < walk.found_count && error->code == ERROR_NONE; i++)
        add_row(builder, &walk, &walk.found[i], &scratch, error);
    if (error->code == ERROR_NONE) warn_of_all(&collection->warnings, &walk, error);
    collection->other_files = walk.other_files;
    collection->hidden_files = walk.hidden_files;
    folder_walk_close(&walk);
    text_free(&scratch);
    if (error->code != ERROR_NONE || collection->clips.count > 0) return error->code;
    return FAIL(error, ERROR_DATA,
                "%s: no sound files in it (" AUDIO_EXTENSIONS "); %zu other files, %zu hidden",
                list->path, collection->other_files, collection->hidden_files);
}

const struct list_reader reader_folder = {
    .name = "folder",
    .sentence = "a folder with one folder of sound files per label",
    .reads_folder = true,
    .read = read_folder,
};
