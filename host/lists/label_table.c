#include "host/lists/label_table.h"

#include "host/base/file.h"
#include "host/base/utf8.h"
#include "host/lists/folder.h"
#include "host/lists/manifest_columns.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- the sound of a table ---- */

/* Whether the last part of a name, from its dot, is one that programs add to a sound's. */
static bool is_added(const char *name, const char *dot) {
    static const char *const parts[] = {".txt",    ".gz",      ".selections", ".selection",
                                        ".table",  ".birdnet", ".results",    ".raven",
                                        ".labels", ".label",   ".audacity"};
    static const char table[] = ".table";
    const size_t before = (size_t)(dot - name);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcasecmp(dot, parts[i]) == 0) return true;
    return dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0' &&
           before > strlen(table) && strncasecmp(dot - strlen(table), table, strlen(table)) == 0;
}

/* Appends an ending of sounds to the name; true if there is such a file. */
static bool try_endings(const struct builder *builder, struct text *name) {
    const size_t stem = name->length;
    for (const char *at = AUDIO_EXTENSIONS; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        for (int upper = 0; upper < 2; upper++) {
            text_append(name, at, length);
            if (name->failed) return false;
            for (size_t i = stem; upper == 1 && i < name->length; i++)
                name->data[i] = (char)toupper((unsigned char)name->data[i]);
            if (columns_name_file(builder, name->data)) return true;
            name->data[name->length = stem] = '\0';
        }
        at += length;
    }
    return false;
}

void label_table_sound(const struct builder *builder, const char *table, struct text *sound) {
    text_clear(sound);
    text_string(sound, table);
    while (!sound->failed) {
        char *dot = strrchr(sound->data, '.');
        if (dot == NULL || dot == sound->data || !is_added(sound->data, dot)) break;
        *dot = '\0';
        sound->length = (size_t)(dot - sound->data);
        if (audio_extension(sound->data, NULL) && columns_name_file(builder, sound->data)) return;
        if (try_endings(builder, sound)) return;
    }
    text_clear(sound);
}

/* ---- several tables ---- */

static enum error_code
read_one(const struct list_file *table,
         enum error_code (*read)(void *context, const struct list_file *table,
                                 struct csv_reader *reader, struct error *error),
         void *context, struct error *error) {
    FILE *stream = NULL;
    struct csv_reader reader;
    TRY(list_file_stream(table, &stream, error));
    csv_open(&reader, stream, table->path, '\t');
    reader.forgiving = true;
    reader.plain_quotes = true;
    read(context, table, &reader, error);
    csv_close(&reader);
    fclose(stream);
    return error->code;
}

enum error_code
label_table_each(const struct list_file *list,
                 enum error_code (*read)(void *context, const struct list_file *table,
                                         struct csv_reader *reader, struct error *error),
                 void *context, struct error *error) {
    if (list->shards == NULL) return read_one(list, read, context, error);
    for (size_t i = 0; i < list->shards->count && error->code == ERROR_NONE; i++) {
        struct list_file table = *list;
        char *path = file_join(list->folder->path, list->shards->names[i], error);
        table.path = path;
        table.name = list->shards->names[i];
        table.is_member = true;
        if (path != NULL) read_one(&table, read, context, error);
        free(path);
    }
    return error->code;
}

void label_table_describe(const struct builder *builder, const struct list_file *list,
                          const char *article, const char *what) {
    struct text *reading = &builder->collection->reading;
    if (list->shards == NULL)
        text_format(reading, "%s is read as %s %s", list->path, article, what);
    else
        text_format(reading, "%s is read by its %ss beside the sounds, %zu in number", list->path,
                    what, list->shards->count);
}

enum error_code label_table_finish(struct builder *builder, const struct list_file *list,
                                   struct error *error) {
    TRY(manifest_finish(builder, error));
    return list->shards == NULL ? ERROR_NONE : folder_warn_of_unlisted(builder, "a table", error);
}

/* ---- a folder of tables ---- */

static enum error_code keep_table(const struct root_folder *folder,
                                  const struct list_reader *reader, const char *name,
                                  struct shards *tables, struct error *error) {
    char *path = file_join(folder->path, name, error);
    if (path == NULL) return error->code;
    const struct list_file table = {
        .path = path, .folder = folder, .name = name, .is_member = true};
    bool found = reader->sniff(&table, error);
    free(path);
    TRY(error->code);
    return found ? shards_add(tables, name, error) : ERROR_NONE;
}

/* below: the folder in the root, "a/b"; NULL: the root itself. */
static enum error_code find_in(const struct root_folder *folder, const char *below,
                               const struct list_reader *reader, struct shards *tables,
                               struct error *error) {
    bool sounds = false;
    *tables = (struct shards){0};
    int opened = root_folder_file(folder, below == NULL ? "." : below, O_RDONLY | O_DIRECTORY);
    DIR *directory = opened < 0 ? NULL : fdopendir(opened);
    if (directory == NULL) {
        if (opened >= 0) close(opened);
        return ERROR_NONE; /* reading the folder reports it */
    }
    const struct dirent *entry;
    while (error->code == ERROR_NONE && (entry = readdir(directory)) != NULL) {
        const char *ending = strrchr(entry->d_name, '.');
        sounds = sounds || audio_extension(entry->d_name, NULL);
        if (ending == NULL || ending == entry->d_name || strcasecmp(ending, ".txt") != 0) continue;
        char *joined = below == NULL ? NULL : file_join(below, entry->d_name, error);
        if (below == NULL || joined != NULL)
            keep_table(folder, reader, below == NULL ? entry->d_name : joined, tables, error);
        free(joined);
    }
    closedir(directory);
    if (!sounds) shards_free(tables);
    shards_sort(tables);
    return error->code;
}

enum error_code label_tables_in_folder(const struct root_folder *folder,
                                       const struct list_reader *reader, struct shards *tables,
                                       struct error *error) {
    return find_in(folder, NULL, reader, tables, error);
}

/* ---- tables that are not read ---- */

enum { FOLDERS_LOOKED_AT = 16 };

enum error_code label_tables_warn_below(struct builder *builder, const struct root_folder *folder,
                                        const struct list_reader *reader, struct error *error) {
    struct collection *collection = builder->collection;
    struct text below = TEXT_INITIAL;
    struct shards tables = {0};
    size_t looked_at = 0;
    for (size_t i = 0; i < collection->clips.count && looked_at < FOLDERS_LOOKED_AT; i++) {
        const char *path = clip_path(&collection->clips, i), *slash = strrchr(path, '/');
        size_t length = slash == NULL ? 0 : (size_t)(slash - path);
        if (length == 0 || (below.length == length && memcmp(below.data, path, length) == 0))
            continue;
        text_clear(&below);
        text_append(&below, path, length);
        looked_at++;
        if (text_check(&below, error) != ERROR_NONE ||
            find_in(folder, below.data, reader, &tables, error) != ERROR_NONE || tables.count > 0)
            break;
    }
    if (tables.count > 0)
        warnings_add(&collection->warnings, error,
                     "labels come from the names of folders, not from tables beside the sounds, "
                     "for example '%.*s' (%s); to read these, put the sounds and their tables into "
                     "one folder",
                     UTF8_PIECE(tables.names[0], 200), reader->name);
    shards_free(&tables);
    text_free(&below);
    return error->code;
}
