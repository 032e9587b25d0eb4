#include "host/lists/manifest_paths.h"

#include "host/base/utf8.h"
#include "host/lists/layout.h"

#include <stdio.h>
#include <string.h>

/* ---- one row ---- */

/* Whether an absolute path stays as it is: the template may be for its name alone. */
static bool is_complete(const struct row_paths *paths, const char *path) {
    if (paths->made.text == NULL) return true;
    if (paths->is_given || path == NULL || path[0] != '/') return false;
    for (size_t i = 0; i < paths->made.field_count; i++)
        if (paths->made.parts[i] == PART_NAME) return false;
    return true;
}

enum error_code manifest_paths_take(struct builder *builder,
                                    const char *const values[TEMPLATE_VALUES], const char **path,
                                    char problem[static 160], struct error *error) {
    const struct path_template *made = &builder->paths.made;
    size_t missing;
    *path = values[0] == NULL || values[0][0] == '\0' ? NULL : values[0];
    problem[0] = '\0';
    if (is_complete(&builder->paths, *path)) return ERROR_NONE;
    TRY(path_template_fill(made, values, &builder->path, &missing, error));
    *path = missing == SIZE_MAX ? builder->path.data : NULL;
    if (missing != SIZE_MAX)
        snprintf(problem, 160, "no value in '%.*s', which the path of its file is made from",
                 UTF8_PIECE(made->fields[missing], 80));
    return ERROR_NONE;
}

bool manifest_paths_leave(const struct builder *builder, const char *path) {
    const struct path_template *made = &builder->paths.made;
    const char *rest = root_folder_rest(&builder->collection->clips.root, path);
    if (rest == NULL) return true;
    if (made->text == NULL) return path_climbs_out(rest);
    return strncmp(rest, made->literals[0], made->folder) != 0 ||
           path_climbs_out(rest + made->folder);
}

/* ---- the first rows ---- */

/* The data set whose templates apply, or NULL. */
static const struct layout *known(const struct builder *builder) {
    return builder->takes_paths ? builder->layout : NULL;
}

/* The template that is used from now on, taken from `made`; the root moves up to where it starts.
 */
static enum error_code use(struct builder *builder, struct path_template *made,
                           struct error *error) {
    struct root_folder *root = &builder->collection->clips.root;
    struct root_folder above;
    path_template_free(&builder->paths.made);
    builder->paths.made = *made;
    *made = (struct path_template){0};
    if (builder->paths.made.climbs == 0) return ERROR_NONE;
    if (root_folder_open_above(root, builder->paths.made.climbs, &above, error) != ERROR_NONE)
        return error->code;
    root_folder_close(root);
    *root = above;
    return ERROR_NONE;
}

/* Tries a template; *found: the rows whose file it finds, or whether their folder is there. */
static enum error_code try_one(struct builder *builder, struct path_search *search,
                               const char *text, bool folder, struct path_template *made,
                               size_t *found, struct error *error) {
    bool is_there = false;
    *found = 0;
    TRY(path_template_parse(text, made, error));
    TRY(path_template_bind(made, &builder->paths.columns, error));
    if (made->climbs > 0 && !builder->paths.beside) return ERROR_NONE;
    if (!folder) return path_search_count(search, made, found, error);
    TRY(path_search_folder(search, made, &is_there, error));
    *found = is_there;
    return ERROR_NONE;
}

/* The layout's template that finds the most files, or else whose folder is there. */
static enum error_code use_layout(struct builder *builder, struct path_search *search, bool folder,
                                  bool *used, struct error *error) {
    struct path_template best = {0};
    size_t most = 0;
    for (const char *const *text = known(builder)->paths;
         *text != NULL && error->code == ERROR_NONE; text++) {
        struct path_template made;
        size_t found = 0;
        if (try_one(builder, search, *text, folder, &made, &found, error) == ERROR_NONE &&
            found > most) {
            struct path_template worse = best;
            best = made;
            made = worse;
            most = found;
        }
        path_template_free(&made);
    }
    *used = most > 0;
    if (*used && error->code == ERROR_NONE) use(builder, &best, error);
    path_template_free(&best);
    return error->code;
}

/* What the user can do about files that are not where the list says. */
static enum error_code advise(struct builder *builder, const struct path_search *search,
                              struct error *error) {
    struct collection *collection = builder->collection;
    struct text *advice = &collection->clips.advice;
    const char *root = collection->clips.root.path;
    if (search->found == 0) {
        text_format(advice,
                    "its first %zu sound files are not in %s, with or without an audio ending, nor "
                    "in the folders below%s it",
                    search->row_count, root, builder->paths.beside ? " and beside" : "");
        const char *const none = NULL;
        const char *const *first = known(builder) == NULL ? &none : known(builder)->paths;
        const char *before = "; looked for ";
        for (const char *const *text = first; *text != NULL; text++) {
            if (!builder->paths.beside && (*text)[0] == '.') continue;
            text_format(advice, "%s%s", before, *text);
            before = ", ";
        }
        text_string(advice, "; say where they are with --audio-root DIR, and how they are named "
                            "with --path-template 'clips/{path}.wav'");
        return text_check(advice, error);
    }
    text_format(advice,
                "of its first %zu sound files none is where the list says, but %zu %s there "
                "as '%s'",
                search->row_count, search->found, search->found == 1 ? "is" : "are",
                search->best.text);
    if (search->rival.length > 0) text_format(advice, ", and as many as '%s'", search->rival.data);
    text_format(advice, "; if that is right, give --path-template '%s'", search->best.text);
    TRY(text_check(advice, error));
    if (search->found * 2 < search->row_count) return ERROR_NONE; /* as by chance */
    return warnings_add(&collection->warnings, error, "%s", advice->data);
}

static bool is_unambiguous(const struct builder *builder, const struct path_search *search) {
    if (search->found == 0 || search->rival.length > 0) return false;
    return known(builder) != NULL || search->found == search->row_count;
}

/* The column alone finds nothing: looks further. */
static enum error_code search_further(struct builder *builder, struct path_search *search,
                                      struct error *error) {
    static const char *const usual[] = {"{path}", "{path:stem}", "{path:name}", NULL};
    static const char *const windows[] = {"{path:slashes}", "{path:name}", NULL};
    struct text *reading = &builder->collection->reading;
    bool used = false;
    search->names = known(builder) != NULL                     ? known(builder)->names
                    : strchr(search->rows[0][0], '\\') != NULL ? windows
                                                               : usual;
    TRY(path_search_run(search, error));
    if (is_unambiguous(builder, search)) {
        if (known(builder) == NULL)
            text_format(reading,
                        "%spaths are read as %s (none of the first %zu files is where the "
                        "list says)",
                        reading->length > 0 ? "; " : "", search->best.text, search->row_count);
        TRY(text_check(reading, error));
        return use(builder, &search->best, error);
    }
    TRY(advise(builder, search, error));
    return known(builder) == NULL ? ERROR_NONE : use_layout(builder, search, true, &used, error);
}

static enum error_code decide(struct builder *builder, struct path_search *search,
                              struct error *error) {
    struct path_template plain;
    size_t found = 0;
    bool used = false;
    if (known(builder) != NULL) TRY(use_layout(builder, search, false, &used, error));
    if (used) return ERROR_NONE;
    try_one(builder, search, "{path}", false, &plain, &found, error);
    path_template_free(&plain);
    if (found > 0 || error->code != ERROR_NONE) return error->code;
    return search_further(builder, search, error);
}

/* The rows whose path is relative, or absolute. */
static size_t take_rows(const char *const (*rows)[TEMPLATE_VALUES], size_t count, bool absolute,
                        const char *taken[PATH_SEARCH_ROWS][TEMPLATE_VALUES]) {
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < PATH_SEARCH_ROWS; i++) {
        const char *path = rows[i][0];
        if (path != NULL && path[0] != '\0' && (path[0] == '/') == absolute)
            memcpy(taken[kept++], rows[i], sizeof taken[0]);
    }
    return kept;
}

enum error_code manifest_paths_decide(struct builder *builder,
                                      const char *const (*rows)[TEMPLATE_VALUES], size_t count,
                                      struct error *error) {
    const char *values[PATH_SEARCH_ROWS][TEMPLATE_VALUES];
    struct path_search search = {.root = &builder->collection->clips.root,
                                 .beside = builder->paths.beside,
                                 .rows = (const char *const(*)[TEMPLATE_VALUES])values,
                                 .columns = &builder->paths.columns};
    builder->paths.is_decided = true;
    search.row_count = take_rows(rows, count, false, values);
    if (search.row_count == 0) search.row_count = take_rows(rows, count, true, values);
    if (search.row_count > 0 && !builder->paths.is_given) decide(builder, &search, error);
    path_search_close(&search);
    if (error->code == ERROR_NONE && builder->layout != NULL) layout_describe(builder, error);
    return error->code;
}
