#include "host/lists/path_search.h"

#include "host/base/memory.h"
#include "host/lists/pattern.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bounds for folders of millions of files, and for servers that take long for every name. */
enum { TRIED_ROWS = 3, LISTED_NAMES = 100000, TRIED_FOLDERS = 40 };

static const char *const usual_folders[] = {
    "",      "clips/",  "audio/", "wavs/", "wav/", "train_audio/", "recordings/",
    "data/", "audios/", NULL};

/* ---- one file ---- */

/* The folder that is `climbs` above the root. */
static const struct root_folder *root_above(struct path_search *search, size_t climbs,
                                            struct error *error) {
    if (climbs == 0) return search->root;
    if (search->levels != climbs) {
        root_folder_close(&search->above);
        search->levels = climbs;
        root_folder_open_above(search->root, climbs, &search->above, error);
    }
    return error->code == ERROR_NONE ? &search->above : NULL;
}

/* A link that leads out is found, too: its row says so. */
static bool is_there(const struct root_folder *root, const char *path, bool folder) {
    struct stat status;
    if (path[0] == '/' && root_folder_rest(root, path) == NULL)
        return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
    int file = root_folder_file(root, path, O_PATH);
    if (file < 0) return errno == EXDEV;
    bool found = fstat(file, &status) == 0 && S_ISDIR(status.st_mode) == folder;
    close(file);
    return found;
}

/* Whether the template finds the row's file, whose path is in search->path then. */
static enum error_code finds(struct path_search *search, const struct path_template *made,
                             size_t row, bool *found, struct error *error) {
    size_t missing;
    *found = false;
    const struct root_folder *root = root_above(search, made->climbs, error);
    if (root == NULL) return error->code;
    TRY(path_template_fill(made, search->rows[row], &search->path, &missing, error));
    if (missing != SIZE_MAX) return ERROR_NONE;
    const char *path = search->path.data;
    bool leaves = path[0] != '/' && path_climbs_out(path + made->folder);
    *found = !leaves && is_there(root, path, false);
    return ERROR_NONE;
}

enum error_code path_search_count(struct path_search *search, struct path_template *made,
                                  size_t *found, struct error *error) {
    *found = 0;
    for (size_t i = 0; i < search->row_count; i++) {
        bool here = false;
        TRY(finds(search, made, i, &here, error));
        *found += here;
    }
    return ERROR_NONE;
}

enum error_code path_search_folder(struct path_search *search, struct path_template *made,
                                   bool *found, struct error *error) {
    *found = false;
    if (search->row_count == 0) return ERROR_NONE;
    TRY(finds(search, made, 0, found, error));
    char *slash = strrchr(search->path.data, '/');
    const struct root_folder *root = root_above(search, made->climbs, error);
    if (root == NULL || slash == NULL || slash == search->path.data) return error->code;
    *slash = '\0';
    *found = is_there(root, search->path.data, true);
    return ERROR_NONE;
}

/* ---- one template ---- */

/* Keeps the template if it finds more rows than the best, and notes it if as many. */
static enum error_code compare(struct path_search *search, struct path_template *made,
                               struct error *error) {
    struct text file = TEXT_INITIAL;
    size_t found = 0;
    text_format(&file, "%zu/%s", made->climbs, search->path.data);
    bool same =
        search->first.length > 0 && !file.failed && strcmp(file.data, search->first.data) == 0;
    if (!same && path_search_count(search, made, &found, error) == ERROR_NONE) {
        if (found > search->found) {
            path_template_free(&search->best);
            text_free(&search->first);
            search->best = *made;
            *made = (struct path_template){0};
            search->first = file;
            file = (struct text)TEXT_INITIAL;
            search->found = found;
            text_clear(&search->rival);
        } else if (found == search->found && search->rival.length == 0) {
            text_string(&search->rival, made->text);
        }
    }
    text_check(&file, error);
    text_free(&file);
    return error->code;
}

static enum error_code try_template(struct path_search *search, const char *text,
                                    struct error *error) {
    struct path_template made = {0};
    size_t rows = search->row_count < TRIED_ROWS ? search->row_count : TRIED_ROWS;
    bool found = false;
    if (path_template_parse(text, &made, error) == ERROR_NONE &&
        path_template_bind(&made, search->columns, error) == ERROR_NONE)
        for (size_t i = 0; i < rows && !found && error->code == ERROR_NONE; i++)
            finds(search, &made, i, &found, error);
    if (found && error->code == ERROR_NONE) compare(search, &made, error);
    path_template_free(&made);
    return error->code;
}

/* The names, and with every audio ending, in a folder: "", "clips/", "../audio/". */
static enum error_code try_folder(struct path_search *search, const char *folder,
                                  struct error *error) {
    for (const char *const *name = search->names; *name != NULL; name++) {
        const char *ending = "";
        size_t length = 0;
        for (const char *next = AUDIO_EXTENSIONS;; next = ending + length) {
            text_clear(&search->name);
            text_format(&search->name, "%s%s%.*s", folder, *name, (int)length, ending);
            TRY(text_check(&search->name, error));
            TRY(try_template(search, search->name.data, error));
            ending = next + strspn(next, " ");
            length = strcspn(ending, " ");
            if (length == 0) break;
        }
    }
    return ERROR_NONE;
}

/* ---- folders ---- */

static int compare_names(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_usual(const char *name) {
    size_t length = strlen(name);
    for (const char *const *usual = usual_folders; *usual != NULL; usual++)
        if (strncmp(*usual, name, length) == 0 && strcmp(*usual + length, "/") == 0) return true;
    return false;
}

/* The folders in a folder other than the usual ones, sorted; braces cannot be in a template. */
static enum error_code list_folders(DIR *stream, char ***names, size_t *count,
                                    struct error *error) {
    size_t capacity = 0;
    const struct dirent *entry;
    for (size_t i = 0; i < LISTED_NAMES && (entry = readdir(stream)) != NULL; i++) {
        struct stat status;
        if (entry->d_name[0] == '.' || strpbrk(entry->d_name, "{}") != NULL) continue;
        if (entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
            continue;
        if (is_usual(entry->d_name)) continue;
        if (fstatat(dirfd(stream), entry->d_name, &status, 0) != 0 || !S_ISDIR(status.st_mode))
            continue;
        TRY(memory_grow(names, &capacity, *count + 1, sizeof **names, "folders", error));
        (*names)[*count] = memory_string(entry->d_name, error);
        TRY(error->code);
        (*count)++;
    }
    if (*count > 1) qsort(*names, *count, sizeof **names, compare_names);
    return ERROR_NONE;
}

/* Whether the name of a folder says that it has sounds: what else is beside a list may be anything.
 */
static bool is_of_sounds(const char *name) {
    static const char *const words[] = {"audio", "wav", "clip", "sound", "record",
                                        "flac",  "mp3", "ogg",  "opus",  "speech"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(name, words[i]) != NULL) return true;
    return false;
}

/* A folder where anybody puts files, as /tmp: what is beside the list has nothing to do with it. */
static bool is_shared(const struct root_folder *folder) {
    struct stat status;
    int opened = root_folder_file(folder, ".", O_PATH);
    bool shared = opened < 0 || fstat(opened, &status) != 0 || (status.st_mode & S_ISVTX) != 0;
    if (opened >= 0) close(opened);
    return shared;
}

/* prefix: "" or "../". */
static enum error_code try_all_folders(struct path_search *search, const char *prefix,
                                       struct error *error) {
    char **names = NULL;
    size_t count = 0;
    const struct root_folder *root = root_above(search, prefix[0] == '.', error);
    if (root == NULL || (prefix[0] != '\0' && is_shared(root))) return error->code;
    for (const char *const *usual = usual_folders; *usual != NULL; usual++) {
        text_clear(&search->folder);
        text_format(&search->folder, "%s%s", prefix, *usual);
        TRY(text_check(&search->folder, error));
        if ((*usual)[0] == '\0' || is_there(root, *usual, true))
            TRY(try_folder(search, search->folder.data, error));
    }
    int opened = root_folder_file(root, ".", O_RDONLY | O_DIRECTORY);
    DIR *stream = opened < 0 ? NULL : fdopendir(opened);
    if (stream == NULL && opened >= 0) close(opened);
    if (stream == NULL) return ERROR_NONE;
    list_folders(stream, &names, &count, error);
    closedir(stream);
    for (size_t i = 0, tried = 0; i < count && error->code == ERROR_NONE; i++) {
        if (prefix[0] != '\0' && !is_of_sounds(names[i])) continue;
        if (++tried > TRIED_FOLDERS) break;
        text_clear(&search->folder);
        text_format(&search->folder, "%s%s/", prefix, names[i]);
        if (text_check(&search->folder, error) == ERROR_NONE)
            try_folder(search, search->folder.data, error);
    }
    for (size_t i = 0; i < count; i++) free(names[i]);
    free(names);
    return error->code;
}

enum error_code path_search_run(struct path_search *search, struct error *error) {
    TRY(try_all_folders(search, "", error));
    if (search->found == search->row_count || !search->beside) return ERROR_NONE;
    return try_all_folders(search, "../", error);
}

void path_search_close(struct path_search *search) {
    path_template_free(&search->best);
    root_folder_close(&search->above);
    text_free(&search->rival);
    text_free(&search->path);
    text_free(&search->folder);
    text_free(&search->name);
    text_free(&search->first);
}
