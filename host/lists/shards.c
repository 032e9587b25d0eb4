#include "host/lists/shards.h"

#include "host/base/memory.h"
#include "host/base/root_folder.h"
#include "host/base/text.h"
#include "host/lists/pattern.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void shards_free(struct shards *shards) {
    for (size_t i = 0; i < shards->count; i++) free(shards->names[i]);
    free((void *)shards->names);
    free(shards->root);
    *shards = (struct shards){0};
}

enum error_code shards_add(struct shards *shards, const char *name, struct error *error) {
    if (shards->count >= SHARDS_MAXIMUM)
        return FAIL(error, ERROR_USAGE, "more than %zu files in one input; give a part of them",
                    SHARDS_MAXIMUM);
    TRY(memory_grow(&shards->names, &shards->capacity, shards->count + 1, sizeof *shards->names,
                    "files", error));
    char *copy = memory_string(name, error);
    if (copy == NULL) return error->code;
    shards->names[shards->count++] = copy;
    return ERROR_NONE;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_names(struct shards *shards, size_t first) {
    if (shards->count > first + 1)
        qsort((void *)(shards->names + first), shards->count - first, sizeof *shards->names,
              compare_names);
}

void shards_sort(struct shards *shards) {
    sort_names(shards, 0);
}

/* ---- braces ---- */

static const char glob_characters[] = "*?[";

bool shards_is_pattern(const char *path) {
    return strpbrk(path, "{*?[") != NULL || strstr(path, "_OP_") != NULL;
}

/* NeMo writes braces as words, because its configuration files cannot hold them. */
static enum error_code with_braces(const char *pattern, struct text *text, struct error *error) {
    text_string(text, "");
    while (*pattern != '\0') {
        bool open = strncmp(pattern, "_OP_", 4) == 0, close = strncmp(pattern, "_CL_", 4) == 0;
        if (open || close)
            text_string(text, open ? "{" : "}");
        else
            text_append(text, pattern, 1);
        pattern += open || close ? 4 : 1;
    }
    return text_check(text, error);
}

/* The brace that closes the one at `open`, or NULL; *list: there is a ',' between them that is in
 * no other. */
static const char *closing(const char *open, bool *list) {
    size_t depth = 0;
    *list = false;
    for (const char *at = open; *at != '\0'; at++) {
        if (*at == '{') depth++;
        if (*at == ',' && depth == 1) *list = true;
        if (*at == '}' && --depth == 0) return at;
    }
    return NULL;
}

struct range {
    long first, last, step;
    int width; /* zeros fill numbers up to it */
    bool letters;
};

/* "a..e" or "a..e..2", of one case, up to `end`. */
static bool take_letters(const char *text, const char *end, struct range *range) {
    static const char *const cases[] = {"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"};
    if (end - text < 4 || text[1] != '.' || text[2] != '.') return false;
    bool of_case = false;
    for (size_t i = 0; i < 2; i++)
        of_case =
            of_case || (strchr(cases[i], text[0]) != NULL && strchr(cases[i], text[3]) != NULL);
    *range = (struct range){.first = text[0], .last = text[3], .step = 1, .letters = true};
    if (!of_case || text + 4 == end) return of_case;
    char *rest = NULL;
    if (end - text < 7 || text[4] != '.' || text[5] != '.') return false;
    errno = 0;
    range->step = labs(strtol(text + 6, &rest, 10));
    return rest == end && errno == 0 && range->step > 0 && range->step < INT_MAX;
}

/* "000..999" or "0..10..2", up to `end`. */
static bool take_range(const char *text, const char *end, struct range *range) {
    char *rest = NULL;
    const char *second = strstr(text, "..");
    if (second == NULL || second + 2 >= end) return false;
    const char *start = text;
    errno = 0;
    range->first = strtol(text, &rest, 10);
    if (rest != second || rest == text) return false;
    range->last = strtol(second + 2, &rest, 10);
    if (rest == second + 2) return false;
    size_t lengths[2] = {(size_t)(second - text), (size_t)(rest - second - 2)};
    const char *const numbers[2] = {start, second + 2};
    range->step = 1;
    if (rest != end) {
        if (strncmp(rest, "..", 2) != 0) return false;
        const char *third = rest + 2;
        range->step = labs(strtol(third, &rest, 10));
        if (rest == third || range->step == 0) return false;
    }
    range->width = 0;
    range->letters = false;
    for (size_t i = 0; i < 2; i++) {
        const char *digits = numbers[i] + (numbers[i][0] == '-' || numbers[i][0] == '+');
        if (digits[0] == '0' && lengths[i] > 1 && (int)lengths[i] > range->width)
            range->width = (int)lengths[i];
    }
    return rest == end && errno == 0 && labs(range->first) < INT_MAX &&
           labs(range->last) < INT_MAX && range->step < INT_MAX && range->width < 64;
}

struct expansion {
    struct shards *shards;
    size_t depth;
};

static enum error_code expand(struct expansion *expansion, const char *pattern,
                              struct error *error);

/* With `middle` in place of the braces. */
static enum error_code expand_with(struct expansion *expansion, const char *pattern,
                                   const char *open, const char *close, const char *middle,
                                   size_t length, struct error *error) {
    struct text text = TEXT_INITIAL;
    text_append(&text, pattern, (size_t)(open - pattern));
    text_append(&text, middle, length);
    text_string(&text, close + 1);
    if (text_check(&text, error) == ERROR_NONE) expand(expansion, text.data, error);
    text_free(&text);
    return error->code;
}

static enum error_code expand_range(struct expansion *expansion, const char *pattern,
                                    const char *open, const char *close, const struct range *range,
                                    struct error *error) {
    char number[80];
    bool down = range->last < range->first;
    for (long at = range->first; down ? at >= range->last : at <= range->last;
         at += down ? -range->step : range->step) {
        int length = range->letters ? snprintf(number, sizeof number, "%c", (char)at)
                                    : snprintf(number, sizeof number, "%0*ld", range->width, at);
        TRY(expand_with(expansion, pattern, open, close, number, (size_t)length, error));
    }
    return ERROR_NONE;
}

static enum error_code expand_list(struct expansion *expansion, const char *pattern,
                                   const char *open, const char *close, struct error *error) {
    const char *start = open + 1;
    size_t depth = 0;
    for (const char *at = start; at <= close; at++) {
        if (*at == '{') depth++;
        if (at == close || (*at == ',' && depth == 0)) {
            TRY(expand_with(expansion, pattern, open, close, start, (size_t)(at - start), error));
            start = at + 1;
        } else if (*at == '}') {
            depth--;
        }
    }
    return ERROR_NONE;
}

/* The names that a glob finds. */
static enum error_code add_glob(struct shards *shards, const char *pattern, struct error *error) {
    glob_t found = {0};
    size_t first = shards->count;
    int failed = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (failed == GLOB_NOSPACE) FAIL(error, ERROR_MEMORY, "%s: no memory for its files", pattern);
    if (failed == GLOB_NOMATCH || (failed == 0 && found.gl_pathc == 0))
        FAIL(error, ERROR_FILE, "%s: no file has such a name; check it, and quote it in a shell",
             pattern);
    else if (failed != 0 && error->code == ERROR_NONE)
        FAIL(error, ERROR_FILE, "%s: its folder cannot be read; check its permissions", pattern);
    for (size_t i = 0; error->code == ERROR_NONE && i < found.gl_pathc; i++)
        shards_add(shards, found.gl_pathv[i], error);
    globfree(&found);
    sort_names(shards, first);
    return error->code;
}

static enum error_code expand(struct expansion *expansion, const char *pattern,
                              struct error *error) {
    bool list = false;
    struct range range;
    if (strlen(pattern) >= PATH_MAX || expansion->depth > 64)
        return FAIL(error, ERROR_USAGE, "an input with too many braces, or too long; shorten it");
    for (const char *open = strchr(pattern, '{'); open != NULL; open = strchr(open + 1, '{')) {
        const char *close = closing(open, &list);
        if (close == NULL) continue;
        bool ranges =
            !list && (take_range(open + 1, close, &range) || take_letters(open + 1, close, &range));
        if (!list && !ranges) continue;
        expansion->depth++;
        if (ranges)
            expand_range(expansion, pattern, open, close, &range, error);
        else
            expand_list(expansion, pattern, open, close, error);
        expansion->depth--;
        return error->code;
    }
    if (strpbrk(pattern, glob_characters) != NULL)
        return add_glob(expansion->shards, pattern, error);
    return shards_add(expansion->shards, pattern, error);
}

/* The length of the folder before the first part that varies, with its '/'. */
static size_t folder_length(const char *pattern) {
    size_t length = strcspn(pattern, "{*?[");
    while (length > 0 && pattern[length - 1] != '/') length--;
    return length;
}

static enum error_code expand_all(struct shards *shards, const char *pattern, struct error *error) {
    struct expansion expansion = {.shards = shards};
    size_t length = folder_length(pattern);
    shards->root = memory_string(length == 0 ? "." : pattern, error);
    if (shards->root == NULL) return error->code;
    if (length > 0) shards->root[length == 1 ? 1 : length - 1] = '\0';
    TRY(expand(&expansion, pattern, error));
    for (size_t i = 0; i < shards->count; i++) {
        char *name = shards->names[i];
        memmove(name, name + length, strlen(name) - length + 1);
    }
    return ERROR_NONE;
}

enum error_code shards_expand(const char *pattern, struct shards *shards, struct error *error) {
    struct text text = TEXT_INITIAL;
    *shards = (struct shards){0};
    if (with_braces(pattern, &text, error) == ERROR_NONE) expand_all(shards, text.data, error);
    text_free(&text);
    return error->code;
}

/* ---- folders ---- */

enum { DEEPEST = 8 };

struct search {
    const struct root_folder *folder;
    bool (*accepts)(const char *name);
    struct shards *shards;
    bool holds_sound;
};

static enum error_code search_folder(struct search *search, const char *path, size_t depth,
                                     struct error *error);

/* `text`: the path of the entry. */
static enum error_code take_entry(struct search *search, const struct dirent *entry, int folder,
                                  const char *path, size_t depth, struct error *error) {
    struct stat status;
    bool is_folder = entry->d_type == DT_DIR;
    if (entry->d_name[0] == '.') return ERROR_NONE;
    if (entry->d_type == DT_UNKNOWN)
        is_folder = fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                    S_ISDIR(status.st_mode);
    if (!is_folder && audio_extension(entry->d_name, NULL)) search->holds_sound = true;
    if (!is_folder && !search->accepts(entry->d_name)) return ERROR_NONE;
    struct text text = TEXT_INITIAL;
    text_format(&text, "%s%s%s", path, path[0] == '\0' ? "" : "/", entry->d_name);
    if (text_check(&text, error) == ERROR_NONE) {
        if (is_folder)
            search_folder(search, text.data, depth + 1, error);
        else
            shards_add(search->shards, text.data, error);
    }
    text_free(&text);
    return error->code;
}

/* A folder that cannot be read has no shards; links to folders are not followed. */
static enum error_code search_folder(struct search *search, const char *path, size_t depth,
                                     struct error *error) {
    if (depth > DEEPEST) return ERROR_NONE;
    int folder = root_folder_file(search->folder, path[0] == '\0' ? "." : path,
                                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *stream = folder < 0 ? NULL : fdopendir(folder);
    if (stream == NULL) {
        if (folder >= 0) close(folder);
        return ERROR_NONE;
    }
    const struct dirent *entry = NULL;
    while (error->code == ERROR_NONE && !search->holds_sound && (entry = readdir(stream)) != NULL)
        take_entry(search, entry, folder, path, depth, error);
    closedir(stream);
    return error->code;
}

enum error_code shards_in_folder(const struct root_folder *folder,
                                 bool (*accepts)(const char *name), struct shards *shards,
                                 struct error *error) {
    struct search search = {.folder = folder, .accepts = accepts, .shards = shards};
    *shards = (struct shards){0};
    search_folder(&search, "", 0, error);
    if (search.holds_sound)
        shards_free(shards);
    else
        shards_sort(shards);
    return error->code;
}
