#include "host/lists/input.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/builder.h"

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
    struct text id = TEXT_INITIAL;
    FAIL(error, ERROR_DATA, "%s: none of its clips can be used (%zu); the first, %s: %s", path,
         clips->count, clip_id(clips, 0, &id), clip_reason(clips, 0));
    text_free(&id);
    return error->code;
}

static enum error_code read_list(const struct list_reader *reader, const struct list_file *list,
                                 struct builder *builder, struct error *error) {
    TRY(reader->read(builder, list, error));
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
    return ERROR_NONE;
}

static enum error_code check_options(const struct input_options *options, struct error *error) {
    if (options->label_pattern != NULL && options->label_column != NULL)
        return FAIL(error, ERROR_USAGE, "give --label-pattern or --label-column, not both");
    if (options->label_separator != NULL && !label_separator_is_good(options->label_separator))
        return FAIL(error, ERROR_USAGE,
                    "--label-separator '%.*s': give one character, for example ';'",
                    UTF8_PIECE(options->label_separator, 40));
    return ERROR_NONE;
}

/* The root of the list is open. */
static enum error_code read_input(struct builder *builder, const char *path, bool is_folder,
                                  struct error *error) {
    const struct root_folder *folder = &builder->collection->clips.root;
    const struct list_reader *reader = NULL;
    const char *slash = strrchr(path, '/');
    const char *member = NULL;
    struct list_file list = {
        .path = path, .folder = folder, .name = slash == NULL ? path : slash + 1};
    TRY(is_folder ? find_folder_reader(folder, &reader, &member, error)
                  : find_reader(&list, &reader, error));
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
    if (stat(path, &status) != 0) return FAIL(error, ERROR_FILE, "%s: %s", path, strerror(errno));
    bool is_folder = S_ISDIR(status.st_mode);
    char *root = is_folder ? memory_string(path, error) : folder_of(path, error);
    if (root != NULL && builder_open(&builder, options, root, collection, error) == ERROR_NONE)
        read_input(&builder, path, is_folder, error);
    builder_close(&builder);
    free(root);
    return error->code;
}
