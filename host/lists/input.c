#include "host/lists/input.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/builder.h"
#include "host/lists/folder_parts.h"
#include "host/lists/label_table.h"
#include "host/lists/manifest.h"
#include "host/lists/nemo_shards.h"
#include "host/lists/shards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define LIST_READER_ENTRY(reader) &(reader),
static const struct list_reader *const readers[] = {LIST_READERS(LIST_READER_ENTRY)};

enum { READERS = sizeof readers / sizeof readers[0] };

const struct list_reader *input_reader(size_t index) {
    return index < READERS ? readers[index] : NULL;
}

/* ---- the format of INPUT ---- */

/* Whether the path has this extension, in any case, perhaps followed by .gz. */
static bool has_extension(const char *path, const char *extension) {
    static const char *const endings[] = {"", ".gz"};
    size_t length = strlen(path);
    size_t own = strlen(extension);
    for (size_t i = 0; i < 2; i++) {
        size_t rest = strlen(endings[i]);
        if (length > own + rest && strcasecmp(path + length - rest, endings[i]) == 0 &&
            strncasecmp(path + length - rest - own, extension, own) == 0)
            return true;
    }
    return false;
}

static bool has_ending(const struct list_reader *reader, const char *path) {
    for (const char *const *ending = reader->endings; *ending != NULL; ending++)
        if (has_extension(path, *ending)) return true;
    return false;
}

/* Whether the folder has a file of this name that the reader accepts. */
static bool is_member(const struct list_reader *reader, const struct root_folder *folder,
                      const char *name, struct error *error) {
    if (!list_file_exists(folder, name, error)) return false;
    char *path = file_join(folder->path, name, error);
    const struct list_file member = {
        .path = path, .folder = folder, .name = name, .is_member = true};
    bool found = path != NULL && (reader->sniff == NULL || reader->sniff(&member, error));
    free(path);
    return found;
}

/* *member: the file in the folder that was recognised; NULL: none, it is a folder of clips. */
static enum error_code find_folder_reader(const struct root_folder *folder,
                                          const struct list_reader **reader, const char **member,
                                          struct error *error) {
    *reader = &reader_folder;
    *member = NULL;
    for (size_t i = 0; i < READERS; i++) {
        for (const char *const *name = readers[i]->members; *name != NULL; name++) {
            bool found = is_member(readers[i], folder, *name, error);
            TRY(error->code);
            if (!found) continue;
            if (*member != NULL)
                return FAIL(error, ERROR_USAGE,
                            "%s: holds %s and %s; give the one to read as the input, or remove one",
                            folder->path, *name, *member);
            *reader = readers[i];
            *member = *name;
        }
    }
    return ERROR_NONE;
}

/* ---- several files ---- */

static const struct list_reader *shard_reader(const char *name) {
    for (size_t i = 0; i < READERS; i++)
        if (readers[i]->reads_shards && has_ending(readers[i], name)) return readers[i];
    return NULL;
}

static bool is_shard(const char *name) {
    return shard_reader(name) != NULL;
}

enum { LISTS_SNIFFED = 16 };

/* Whether these are lists, and the reader accepts one of the first, of which some may be missing.
 */
static bool are_lists(const struct list_reader *reader, const struct root_folder *folder,
                      const struct shards *shards, struct error *error) {
    bool found = false;
    if (!reader->reads_lists) return false;
    for (size_t i = 0; i < shards->count; i++)
        if (!has_ending(reader, shards->names[i])) return false;
    for (size_t i = 0;
         i < shards->count && i < LISTS_SNIFFED && !found && error->code == ERROR_NONE; i++)
        found = is_member(reader, folder, shards->names[i], error);
    return found;
}

static bool find_lists_reader(const struct root_folder *folder, const struct shards *shards,
                              const struct list_reader **reader, struct error *error) {
    for (size_t i = 0; i < READERS; i++) {
        if (!are_lists(readers[i], folder, shards, error)) continue;
        *reader = readers[i];
        return true;
    }
    return false;
}

/* The one reader of all these files, of which there is at least one. */
static enum error_code find_shard_reader(const struct shards *shards,
                                         const struct root_folder *folder, const char *path,
                                         const struct list_reader **reader, struct error *error) {
    if (find_lists_reader(folder, shards, reader, error) || error->code != ERROR_NONE)
        return error->code;
    *reader = shard_reader(shards->names[0]);
    for (size_t i = 0; i < shards->count; i++) {
        const struct list_reader *other = shard_reader(shards->names[i]);
        if (other == NULL && !list_file_exists(folder, shards->names[i], error))
            return error->code != ERROR_NONE
                       ? error->code
                       : FAIL(error, ERROR_FILE,
                              "%s: names '%s', which does not exist; check the name, or copy it",
                              path, shards->names[i]);
        if (other == NULL)
            return FAIL(
                error, ERROR_USAGE,
                "%s: names '%s', but only containers of sounds, and manifests of NeMo whose "
                "tar files are beside them, are read several at a time; give one list or one "
                "folder",
                path, shards->names[i]);
        if (other != *reader)
            return FAIL(error, ERROR_USAGE,
                        "%s: holds '%s' and '%s', of two kinds; give one kind, for example "
                        "'%s/*%s' in quotes",
                        path, shards->names[0], shards->names[i], path, (*reader)->endings[0]);
    }
    return ERROR_NONE;
}

/* Whether an earlier reader, or an earlier ending of this one, is the same. */
static bool is_repeated(size_t reader, const char *const *ending) {
    for (size_t i = 0; i <= reader; i++)
        for (const char *const *other = readers[i]->endings; *other != NULL; other++) {
            if (other == ending) return false;
            if (strcmp(*other, *ending) == 0) return true;
        }
    return false;
}

static enum error_code fail_unknown(const char *path, struct error *error) {
    struct text known = TEXT_INITIAL;
    const char *last = NULL;
    for (size_t i = 0; i < READERS; i++)
        for (const char *const *ending = readers[i]->endings; *ending != NULL; ending++) {
            if (is_repeated(i, ending)) continue;
            if (last != NULL) text_format(&known, "%s%s", known.length > 0 ? ", " : "", last);
            last = *ending;
        }
    if (text_check(&known, error) == ERROR_NONE)
        FAIL(error, ERROR_USAGE,
             "%s: neither a folder of clips nor a list whose name ends in %s or %s (or one of "
             "these and .gz)",
             path, known.data, last);
    text_free(&known);
    return error->code;
}

static enum error_code find_reader(const struct list_file *list, const struct list_reader **reader,
                                   struct error *error) {
    for (size_t i = 0; i < READERS && error->code == ERROR_NONE; i++) {
        *reader = readers[i];
        if (has_ending(readers[i], list->path) &&
            (readers[i]->sniff == NULL || readers[i]->sniff(list, error)))
            return error->code;
    }
    return error->code != ERROR_NONE ? error->code : fail_unknown(list->path, error);
}

/* ---- reading ---- */

/* The folder of the manifest, which its relative paths start from. */
static char *folder_of(const char *path, struct error *error) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return memory_string(".", error);
    char *folder = memory_string(path, error);
    if (folder != NULL) folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

/* Fails if no clip can be audited. */
static enum error_code check_usable(const struct collection *collection, const char *path,
                                    struct error *error) {
    const struct clip_list *clips = &collection->clips;
    if (clips->count == 0) return FAIL(error, ERROR_DATA, "%s: no clips in it", path);
    if (collection->bad_clips < clips->count) return ERROR_NONE;
    struct text text = TEXT_INITIAL;
    const char *id = clip_id(clips, 0, &text), *reason = clip_reason(clips, 0);
    const size_t length = strlen(id);
    if (strncmp(reason, id, length) == 0 && reason[length] == ':') /* "line 3" and "line 3: ..." */
        FAIL(error, ERROR_DATA, "%s: none of its clips can be used (%zu); the first, %s", path,
             clips->count, reason);
    else
        FAIL(error, ERROR_DATA, "%s: none of its clips can be used (%zu); the first, %s: %s", path,
             clips->count, id, reason);
    text_free(&text);
    return error->code;
}

static enum error_code read_list(const struct list_reader *reader, const struct list_file *list,
                                 struct builder *builder, struct error *error) {
    reader->read(builder, list, error);
    TRY(manifest_flush(builder, error)); /* of a reader that failed: frees the rows it kept */
    TRY(builder_finish(builder, error));
    return check_usable(builder->collection, list->path, error);
}

/* Refuses the names of columns where the format has none. */
static enum error_code check_columns(const struct list_reader *reader, const char *path,
                                     const struct input_options *options, struct error *error) {
    if (reader->labels == NULL && (options->path_column != NULL || options->label_column != NULL ||
                                   options->start_column != NULL || options->end_column != NULL))
        return FAIL(error, ERROR_USAGE,
                    "%s: the format '%s' has no columns; leave out --path-column, --label-column, "
                    "--start-column and --end-column",
                    path, reader->name);
    if (reader->reads_folder && reader->labels == NULL &&
        (options->path_template != NULL || options->audio_root != NULL))
        return FAIL(error, ERROR_USAGE,
                    "%s: a folder of clips has no list whose paths --audio-root and "
                    "--path-template could complete; give the list in it as the input",
                    path);
    return ERROR_NONE;
}

static enum error_code check_audio_root(const char *root, struct error *error) {
    struct stat status;
    if (root == NULL) return ERROR_NONE;
    if (stat(root, &status) != 0)
        return FAIL(error, ERROR_FILE, "--audio-root %s: %s", root, strerror(errno));
    if (S_ISDIR(status.st_mode)) return ERROR_NONE;
    return FAIL(error, ERROR_USAGE, "--audio-root %s: not a folder", root);
}

static enum error_code check_options(const struct input_options *options, struct error *error) {
    if (options->label_pattern != NULL && options->label_column != NULL)
        return FAIL(error, ERROR_USAGE, "give --label-pattern or --label-column, not both");
    if (options->label_separator != NULL && !label_separator_is_good(options->label_separator))
        return FAIL(error, ERROR_USAGE,
                    "--label-separator '%.*s': give one character, for example ';'",
                    UTF8_PIECE(options->label_separator, 40));
    return check_audio_root(options->audio_root, error);
}

/* The tables beside the sounds of a folder, and their reader; none (count 0) where a pattern gives
 * the labels. */
static enum error_code find_tables(const struct builder *builder, const struct root_folder *folder,
                                   struct shards *tables, const struct list_reader **reader,
                                   struct error *error) {
    for (size_t i = 0; i < READERS && tables->count == 0 && !builder->has_pattern; i++) {
        if (!readers[i]->beside_sounds) continue;
        TRY(label_tables_in_folder(folder, readers[i], tables, error));
        if (tables->count > 0) *reader = readers[i];
    }
    return ERROR_NONE;
}

static enum error_code warn_of_tables_below(struct builder *builder,
                                            const struct root_folder *folder, struct error *error) {
    for (size_t i = 0; i < READERS && !builder->has_pattern; i++)
        if (readers[i]->beside_sounds)
            TRY(label_tables_warn_below(builder, folder, readers[i], error));
    return ERROR_NONE;
}

/* A folder that no file in it says how to read: containers of sounds, sounds with tables beside
 * them, or else clips. */
static enum error_code read_folder(const struct list_reader *reader, const struct list_file *folder,
                                   struct builder *builder, struct error *error) {
    struct shards shards;
    struct list_file list = *folder;
    nemo_shards_in_folder(folder->folder, &shards, error);
    if (error->code == ERROR_NONE && !find_lists_reader(folder->folder, &shards, &reader, error)) {
        shards_free(&shards);
        if (error->code == ERROR_NONE) shards_in_folder(folder->folder, is_shard, &shards, error);
    }
    if (error->code == ERROR_NONE && shards.count > 0) {
        list.shards = &shards;
        find_shard_reader(&shards, folder->folder, list.path, &reader, error);
    } else if (error->code == ERROR_NONE) {
        find_tables(builder, folder->folder, &shards, &reader, error);
        if (shards.count > 0) list.shards = &shards;
    }
    if (error->code == ERROR_NONE &&
        check_columns(reader, list.path, &builder->options, error) == ERROR_NONE) {
        builder->collection->format = reader->name;
        read_list(reader, &list, builder, error);
        if (error->code == ERROR_NONE && reader == &reader_folder)
            warn_of_tables_below(builder, folder->folder, error);
    }
    shards_free(&shards);
    return error->code;
}

/* ---- a list in each part of a data set ---- */

/* One part's list: its reader, and its name in the folder, to be freed; NULL: it has none. */
static enum error_code find_part_list(const struct root_folder *folder, const char *part,
                                      const struct list_reader **reader, char **name,
                                      struct error *error) {
    *name = NULL;
    for (size_t i = 0; i < READERS; i++) {
        for (const char *const *member = readers[i]->members; *member != NULL; member++) {
            char *path = file_join(part, *member, error);
            bool found = path != NULL && readers[i]->sniff == manifest_sniff &&
                         is_member(readers[i], folder, path, error);
            if (found && *name != NULL)
                FAIL(error, ERROR_USAGE,
                     "%s: holds %s and %s; give the one to read as the input, or remove one",
                     folder->path, path, *name);
            if (!found || *name != NULL) {
                free(path);
            } else {
                *reader = readers[i];
                *name = path;
            }
            TRY(error->code);
        }
    }
    return ERROR_NONE;
}

struct part_list {
    const struct list_reader *reader;
    char *name;
    const char *part;
};

static enum error_code read_part_lists(struct builder *builder, const char *path,
                                       const struct root_folder *folder,
                                       const struct part_list *lists, size_t count,
                                       struct error *error) {
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++) {
        char *joined = file_join(path, lists[i].name, error);
        const struct list_file list = {.path = joined,
                                       .folder = folder,
                                       .name = lists[i].name,
                                       .is_member = true,
                                       .more = i + 1 < count};
        builder->part = lists[i].part;
        builder->collection->format = lists[i].reader->name;
        if (joined != NULL) lists[i].reader->read(builder, &list, error);
        free(joined);
    }
    builder->part = NULL;
    TRY(error->code);
    TRY(builder_finish(builder, error));
    return check_usable(builder->collection, path, error);
}

/* *found: folders with names of parts have lists, which have been read. */
static enum error_code read_parts(struct builder *builder, const char *path,
                                  const struct root_folder *folder, bool *found,
                                  struct error *error) {
    struct folder_parts parts = {.count = 0};
    struct part_list lists[FOLDER_PARTS_MAXIMUM];
    size_t count = 0;
    *found = false;
    folder_parts_find(folder, &parts, error);
    for (size_t i = 0; i < parts.count && error->code == ERROR_NONE; i++) {
        struct part_list *list = &lists[count];
        list->part = parts.names[i];
        find_part_list(folder, list->part, &list->reader, &list->name, error);
        count += list->name != NULL;
    }
    *found = count > 0;
    if (*found && parts.is_cut)
        FAIL(error, ERROR_DATA,
             "%s: more than %d of its folders are named as parts of a data set, and have lists; "
             "give one of them as the input",
             path, FOLDER_PARTS_MAXIMUM);
    if (*found && error->code == ERROR_NONE)
        read_part_lists(builder, path, folder, lists, count, error);
    for (size_t i = 0; i < count; i++) free(lists[i].name);
    folder_parts_free(&parts);
    return error->code;
}

/* folder: INPUT, or the folder of the list. */
static enum error_code read_input(struct builder *builder, const char *path,
                                  const struct root_folder *folder, bool is_folder,
                                  const struct shards *shards, struct error *error) {
    const struct list_reader *reader = NULL;
    const char *slash = strrchr(path, '/');
    const char *member = NULL;
    struct list_file list = {
        .path = path, .folder = folder, .name = slash == NULL ? path : slash + 1, .shards = shards};
    if (shards != NULL)
        TRY(find_shard_reader(shards, folder, path, &reader, error));
    else
        TRY(is_folder ? find_folder_reader(folder, &reader, &member, error)
                      : find_reader(&list, &reader, error));
    if (is_folder && member == NULL && reader == &reader_folder) {
        bool found = false;
        TRY(read_parts(builder, path, folder, &found, error));
        if (found) return ERROR_NONE;
    }
    if (is_folder && member == NULL) return read_folder(reader, &list, builder, error);
    TRY(check_columns(reader, path, &builder->options, error));
    builder->collection->format = reader->name;
    if (member == NULL || reader->reads_folder) return read_list(reader, &list, builder, error);
    char *joined = file_join(path, member, error);
    list = (struct list_file){.path = joined, .folder = folder, .name = member, .is_member = true};
    if (joined != NULL) read_list(reader, &list, builder, error);
    free(joined);
    return error->code;
}

enum error_code input_open(const char *path, const struct input_options *options,
                           struct collection *collection, struct error *error) {
    struct builder builder = {0};
    struct stat status;
    *collection = (struct collection){0};
    TRY(check_options(options, error));
    bool exists = stat(path, &status) == 0;
    struct shards shards = {0};
    if (!exists && (errno != ENOENT || !shards_is_pattern(path)))
        return FAIL(error, ERROR_FILE, "%s: %s", path, strerror(errno));
    bool is_folder = exists && S_ISDIR(status.st_mode);
    char *root = NULL;
    struct root_folder folder = {.descriptor = -1};
    bool several = !exists;
    if (!exists && shards_expand(path, &shards, error) == ERROR_NONE)
        nemo_shards_raise(&shards, error);
    if (exists && nemo_shards_find(path, is_folder, &shards, error) == ERROR_NONE)
        several = shards.count > 0;
    if (error->code == ERROR_NONE && several)
        root = memory_string(shards.root, error);
    else if (error->code == ERROR_NONE)
        root = is_folder ? memory_string(path, error) : folder_of(path, error);
    if (root != NULL &&
        root_folder_open(root, options->allow_outside, &folder, error) == ERROR_NONE &&
        builder_open(&builder, options, root, collection, error) == ERROR_NONE)
        read_input(&builder, path, &folder, is_folder && !several, several ? &shards : NULL, error);
    builder_close(&builder);
    root_folder_close(&folder);
    shards_free(&shards);
    free(root);
    return error->code;
}
