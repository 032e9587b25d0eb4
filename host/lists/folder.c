/* A folder of clips: every file with an audio extension below it, in the bytewise
 * order of the relative paths; the first component of the path is the label.
 *
 * Names that begin with a dot are skipped and counted. Symbolic links are followed
 * as long as they end in the folder; each folder is read once. What cannot be read
 * and what leads out becomes a row, so that missing clips are reported. */
#include "host/lists/folder.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/base/text.h"
#include "host/base/utf8.h"
#include "host/lists/builder.h"
#include "host/lists/folder_levels.h"
#include "host/lists/name_layout.h"
#include "host/lists/readers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- rows ---- */

/* What is wrong with something found, or NULL. */
static const char *problem_with(const struct found *found, const char *name, struct text *text) {
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
    case FOUND_UNREAD:
        text_clear(text);
        text_format(text, "sounds of the kind %s are not read; convert it to WAV or FLAC",
                    strrchr(name, '.'));
        return text->data;
    case FOUND_ARCHIVE:
        return "an archive, whose sounds are not in this run; unpack it, or move it elsewhere if "
               "it is unpacked already";
    case FOUND_MISNAMED:
        text_clear(text);
        text_format(text,
                    "%s by its first bytes, although its name ends otherwise; rename it if it is a "
                    "clip, or move it elsewhere",
                    found->what);
        return text->data;
    case FOUND_SOUND: break;
    }
    return NULL;
}

static bool leads_out(const struct found *found) {
    return found->kind == FOUND_OUTSIDE || found->kind == FOUND_OUTSIDE_TREE;
}

/* A walk and how its paths are read. Texts are of the row under way. */
struct rows {
    struct builder *builder;
    const struct folder_walk *walk;
    struct folder_levels levels;
    struct text reason, label, split;
};

/* Appends the folder of a level to the text; false: the path has fewer folders. */
static bool take_level(const char *path, size_t level, struct text *text) {
    size_t length = 0;
    const char *name = level == FOLDER_NO_SPLIT ? NULL : folder_level_name(path, level, &length);
    text_clear(text);
    if (name != NULL) text_append(text, name, length);
    return name != NULL;
}

static enum error_code take_folders(struct rows *rows, struct clip_entry *entry,
                                    struct error *error) {
    const struct input_options *options = &rows->builder->options;
    if (take_level(entry->path, rows->levels.split, &rows->split)) {
        entry->split = rows->split.data;
        if (options->group_field != NULL) entry->group = entry->split;
        if (options->fold_column != NULL) entry->fold = entry->split;
    }
    if (take_level(entry->path, rows->levels.label, &rows->label)) {
        entry->label = rows->label.data;
    } else if (rows->levels.split == FOLDER_NO_SPLIT) {
        return FAIL(
            error, ERROR_DATA,
            "%s/%s is in no class folder, so it has no label; move it into the folder of its "
            "class, or give --label-pattern if file names contain the label",
            rows->walk->root->path, entry->path);
    } else if (entry->status == CLIP_OK) {
        entry->status = CLIP_NO_LABEL;
        entry->reason = "no label: it is in no class folder of its part of the data set";
    }
    TRY(text_check(&rows->split, error));
    return text_check(&rows->label, error);
}

static enum error_code add_row(struct rows *rows, const struct found *found, struct error *error) {
    struct clip_entry entry = {.path = folder_walk_name(rows->walk, found->path)};
    bool is_folder = found->kind == FOUND_UNREADABLE || found->kind == FOUND_OUTSIDE_TREE;
    size_t length;
    /* An archive beside the classes is usually the one that they were unpacked from. */
    bool has_class = !is_folder && !rows->builder->has_pattern &&
                     (found->kind != FOUND_ARCHIVE ||
                      folder_level_name(entry.path, rows->levels.label, &length) != NULL);
    entry.reason = problem_with(found, entry.path, &rows->reason);
    if (entry.reason != NULL) entry.status = leads_out(found) ? CLIP_OUTSIDE : CLIP_UNREADABLE;
    TRY(text_check(&rows->reason, error));
    if (has_class) TRY(take_folders(rows, &entry, error));
    return builder_add(rows->builder, &entry, error);
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

/* What was left out on purpose, or by its name. */
static enum error_code warn_of_skipped(struct warnings *warnings, const struct folder_walk *walk,
                                       struct error *error) {
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
    if (walk->hidden_sounds > 0)
        TRY(warnings_add(warnings, error,
                         "hidden sound files skipped: %zu, for example '%.*s' (a Mac leaves such "
                         "files, which are no sounds; if they are clips, rename them)",
                         walk->hidden_sounds,
                         UTF8_PIECE(folder_walk_name(walk, walk->hidden_example), 200)));
    if (walk->metadata > 0)
        TRY(warnings_add(warnings, error,
                         "%s was not read; if it has the labels, give it as the input",
                         folder_walk_name(walk, walk->metadata)));
    return ERROR_NONE;
}

/* Sounds that are rows without being read. */
static enum error_code warn_of_unread(struct warnings *warnings, const struct folder_walk *walk,
                                      struct error *error) {
    struct text words = TEXT_INITIAL;
    folder_rest_words(&walk->rest, true, &words);
    if (text_check(&words, error) == ERROR_NONE && words.length > 0)
        warnings_add(warnings, error,
                     "sounds or archives that are not read, each a row of clips.csv: %s",
                     words.data);
    text_free(&words);
    return error->code;
}

/* ---- folders without a clip ---- */

#define NAMED_FOLDERS 5

/* Whether something found, a clip or a row with its reason, is below the folder. */
static bool gave_clip(const struct folder_walk *walk, const char *folder) {
    size_t low = 0, high = walk->found_count, length = strlen(folder);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(folder_walk_name(walk, walk->found[middle].path), folder) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < walk->found_count &&
           strncmp(folder_walk_name(walk, walk->found[low].path), folder, length) == 0;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Folders of the classes' level of which no clip comes: (*count) names, sorted, to be freed. */
static const char **barren_folders(const struct rows *rows, size_t *count, struct error *error) {
    const struct folder_walk *walk = rows->walk;
    const struct folder_levels *levels = &rows->levels;
    const char **names = memory_array(walk->directory_count, sizeof *names, "folders", error);
    *count = 0;
    for (size_t i = 0; names != NULL && i < walk->directory_count; i++) {
        const struct directory *directory = &walk->directories[i];
        const char *name = folder_walk_name(walk, directory->path);
        bool is_part = levels->split < levels->label && directory->depth == levels->split + 1;
        if (directory->depth != levels->label + 1 && !is_part) continue;
        if (directory->skipped || !directory->entered || gave_clip(walk, name)) continue;
        if (strstr(name, "_background_noise_/") != NULL) continue;
        names[(*count)++] = name;
    }
    if (*count > 1) qsort((void *)names, *count, sizeof *names, compare_names);
    return names;
}

static enum error_code warn_of_barren(struct warnings *warnings, const struct rows *rows,
                                      struct error *error) {
    size_t count = 0;
    struct text named = TEXT_INITIAL;
    const char **names = barren_folders(rows, &count, error);
    for (size_t i = 0; i < count && i < NAMED_FOLDERS; i++)
        text_format(&named, "%s'%.*s'", i == 0 ? "" : ", ", UTF8_PIECE(names[i], 100));
    if (count > 0 && text_check(&named, error) == ERROR_NONE)
        warnings_add(warnings, error, "folders without a sound, of which no clip comes: %zu: %s%s",
                     count, named.data, count > NAMED_FOLDERS ? ", ..." : "");
    text_free(&named);
    free((void *)names);
    return error->code;
}

static enum error_code warn_of_all(struct warnings *warnings, const struct rows *rows,
                                   struct error *error) {
    TRY(warn_of_found(warnings, rows->walk, error));
    TRY(warn_of_seconds(warnings, rows->walk, error));
    TRY(warn_of_skipped(warnings, rows->walk, error));
    TRY(warn_of_unread(warnings, rows->walk, error));
    return warn_of_barren(warnings, rows, error);
}

/* Refuses options that need a field: of the pattern, or "split" where folders name parts. */
static enum error_code check_options(const struct builder *builder,
                                     const struct folder_levels *levels, struct error *error) {
    const struct input_options *options = &builder->options;
    const char *hint = builder->has_pattern ? "the pattern has no such field"
                                            : "name the field in --label-pattern";
    const char *group = options->group_field, *fold = options->fold_column;
    bool has_split = levels->split != FOLDER_NO_SPLIT;
    if (group != NULL && builder->group_field == SIZE_MAX &&
        (!has_split || strcmp(group, "split") != 0))
        return FAIL(error, ERROR_USAGE, "--group %s: %s", group, hint);
    if (fold != NULL && builder->fold_field == SIZE_MAX &&
        (!has_split || strcmp(fold, "split") != 0))
        return FAIL(error, ERROR_USAGE, "--fold-column %s: %s", fold, hint);
    return ERROR_NONE;
}

/* ---- files that a list does not name ---- */

/* The listed paths, sorted, to be freed; "./a.wav" is "a.wav". */
static const char **listed_paths(const struct clip_list *clips, struct error *error) {
    const char **paths = scratch_array(clips->count, sizeof *paths, "a manifest's paths", error);
    if (paths == NULL) return NULL;
    for (size_t i = 0; i < clips->count; i++) {
        paths[i] = clip_path(clips, i);
        while (paths[i][0] == '.' && paths[i][1] == '/') paths[i] += 2;
    }
    if (clips->count > 1) sort_in_place((void *)paths, clips->count, sizeof *paths, compare_names);
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
        bool is_sound = walk->found[i].kind == FOUND_SOUND || walk->found[i].kind == FOUND_UNREAD;
        if (!is_sound || bsearch(&path, (const void *)paths, collection->clips.count, sizeof *paths,
                                 compare_names) != NULL)
            continue;
        if (rest++ == 0) example = path;
    }
    scratch_free((void *)paths);
    if (rest == 0) return ERROR_NONE;
    return warnings_add(
        &collection->warnings, error,
        "%zu sound files in the folder are not listed in %s, for example '%s'; they "
        "are not in this run",
        rest, manifest, example);
}

/* ---- walking ---- */

static enum error_code walk_root(const struct builder *builder, struct folder_walk *walk,
                                 struct stat excluded[INPUT_EXCLUDED], struct error *error) {
    const char *const *exclude = builder->options.exclude;
    *walk = (struct folder_walk){.root = &builder->collection->clips.root, .excluded = excluded};
    for (size_t i = 0; i < INPUT_EXCLUDED; i++)
        if (exclude[i] != NULL && stat(exclude[i], &excluded[walk->excluded_count]) == 0)
            walk->excluded_count++;
    return folder_walk(walk, error);
}

enum error_code folder_warn_of_unlisted(struct builder *builder, const char *manifest,
                                        struct error *error) {
    struct folder_walk walk;
    struct stat excluded[INPUT_EXCLUDED];
    if (walk_root(builder, &walk, excluded, error) == ERROR_NONE)
        warn_of_rest(builder->collection, &walk, manifest, error);
    folder_walk_close(&walk);
    return error->code;
}

/* Keeps what was counted, for the summary and run.json. */
static enum error_code take_counts(struct collection *collection, struct folder_walk *walk,
                                   struct error *error) {
    folder_rest_sort(&walk->rest);
    folder_rest_words(&walk->rest, false, &collection->not_read);
    folder_rest_json(&walk->rest, &collection->not_read_json);
    collection->other_files = walk->other_files;
    collection->hidden_files = walk->hidden_files;
    if (walk->nameless > 0)
        text_format(
            &collection->reading,
            "files without an ending that are read as sounds, by their first bytes: %zu, for "
            "example %s",
            walk->nameless, folder_walk_name(walk, walk->nameless_example));
    TRY(text_check(&collection->reading, error));
    TRY(text_check(&collection->not_read, error));
    return text_check(&collection->not_read_json, error);
}

/* Nothing in it is a sound, or a row. */
static enum error_code fail_empty(const struct collection *collection, const char *path,
                                  struct error *error) {
    const char *found = collection->not_read.data;
    return FAIL(error, ERROR_DATA,
                "%s: no sound files in it (.wav .flac .ogg .mp3 .m4a and others); found%s%s, %zu "
                "hidden files",
                path, found == NULL ? "" : " ", found == NULL ? " nothing else" : found,
                collection->hidden_files);
}

static enum error_code read_walked(const struct list_file *list, struct rows *rows,
                                   struct error *error) {
    struct builder *builder = rows->builder;
    struct collection *collection = builder->collection;
    const struct folder_walk *walk = rows->walk;
    TRY(name_layout_take(builder, walk, error));
    if (!builder->has_pattern)
        TRY(folder_levels_find(walk, &rows->levels, &collection->reading, error));
    TRY(check_options(builder, &rows->levels, error));
    if (!builder->has_pattern) collection->trace.label_level = rows->levels.label + 1;
    for (size_t i = 0; i < walk->found_count; i++) TRY(add_row(rows, &walk->found[i], error));
    if (collection->clips.count == 0) return fail_empty(collection, list->path, error);
    return warn_of_all(&collection->warnings, rows, error);
}

static enum error_code read_folder(struct builder *builder, const struct list_file *list,
                                   struct error *error) {
    struct folder_walk walk;
    struct stat excluded[INPUT_EXCLUDED];
    struct rows rows = {.builder = builder, .walk = &walk, .levels = {.split = FOLDER_NO_SPLIT}};
    if (walk_root(builder, &walk, excluded, error) == ERROR_NONE &&
        take_counts(builder->collection, &walk, error) == ERROR_NONE)
        read_walked(list, &rows, error);
    folder_walk_close(&walk);
    text_free(&rows.reason);
    text_free(&rows.label);
    text_free(&rows.split);
    return error->code;
}

const struct list_reader reader_folder = {
    .name = "folder",
    .sentence = "a folder with one folder of sound files per label",
    .reads_folder = true,
    .read = read_folder,
};
