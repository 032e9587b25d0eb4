/* Folders whose folders or file names are the labels: which files move. Nothing is moved here. */
#include "host/base/memory.h"
#include "host/base/shell_word.h"
#include "host/base/text.h"
#include "host/base/utf8.h"
#include "host/lists/folder_levels.h"
#include "host/lists/pattern.h"
#include "host/review/apply/moves.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder with a leading dot is no part of a collection. */
#define EXCLUDED_FOLDER ".earmark-excluded/"

static enum error_code fail_move(const char *path, const char *problem, const char *to,
                                 struct error *error) {
    return FAIL(error, ERROR_DATA, "%.*s: %s%.*s; nothing was written", UTF8_PIECE(path, 300),
                problem, UTF8_PIECE(to, 300));
}

/* ---- names ---- */

/* Whether a label can be (a part of) the name of a file or folder that is read again. */
static bool is_name(const char *label, bool whole) {
    if (label[0] == '\0' || strchr(label, '/') != NULL || strlen(label) > NAME_MAX) return false;
    return !whole || label[0] != '.';
}

/* The path with another folder at the level of the labels. */
static enum error_code move_to_folder(const struct moves *moves, const char *path,
                                      const char *label, struct text *to, struct error *error) {
    size_t length = 0;
    const size_t level = moves->apply->source.collection.trace.label_level;
    const char *name = level == 0 ? NULL : folder_level_name(path, level - 1, &length);
    if (name == NULL) return fail_move(path, "it is in no folder of a class", "", error);
    if (!is_name(label, true)) return fail_move(path, "no folder can be called ", label, error);
    text_append(to, path, (size_t)(name - path));
    text_string(to, label);
    text_string(to, name + length);
    return text_check(to, error);
}

/* The path with another value in the field of the labels. */
static enum error_code rename_by_pattern(struct moves *moves, const char *path, const char *label,
                                         struct text *to, struct error *error) {
    const struct pattern *pattern = &moves->pattern;
    const size_t field = pattern_field(pattern, "label");
    struct text name = TEXT_INITIAL;
    bool matched = false;
    TRY(pattern_apply(pattern, path, &moves->match, &matched, error));
    if (!matched) return fail_move(path, "its name does not match the pattern", "", error);
    size_t old = 0;
    for (size_t k = 0; k < pattern->field_count; k++) {
        text_format(&name, "%s%s", pattern->literals[k],
                    k == field ? label : moves->match.values[k]);
        old += strlen(pattern->literals[k]) + strlen(moves->match.values[k]);
    }
    text_string(&name, pattern->literals[pattern->field_count]);
    old += strlen(pattern->literals[pattern->field_count]);
    const char *start = path + strlen(path);
    for (size_t left = pattern->slashes + 1; start > path; start--)
        if (start[-1] == '/' && --left == 0) break;
    if (text_check(&name, error) == ERROR_NONE && old <= strlen(start)) {
        text_append(to, path, (size_t)(start - path));
        text_string(to, name.data);
        text_string(to, start + old);
    }
    text_free(&name);
    TRY(text_check(to, error));
    if (!is_name(label, false) || old > strlen(start))
        return fail_move(path, "no file can be called after ", label, error);
    TRY(pattern_apply(pattern, to->data, &moves->match, &matched, error));
    if (!matched || strcmp(moves->match.values[field], label) != 0)
        return fail_move(path, "the pattern would read another label in its new name, ", to->data,
                         error);
    return ERROR_NONE;
}

static bool leads_out(const char *path) {
    if (path[0] == '/') return true;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        const size_t length = strcspn(at, "/");
        if (length == 0 || (length == 1 && at[0] == '.') ||
            (length == 2 && at[0] == '.' && at[1] == '.'))
            return true;
    }
    return false;
}

/* ---- collisions ---- */

static int compare_paths(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_among(const char *const *paths, size_t count, const char *path) {
    return count > 0 &&
           bsearch(&path, (const void *)paths, count, sizeof *paths, compare_paths) != NULL;
}

static const char **sort_paths(const struct moves *moves, bool to, struct error *error) {
    const char **paths = memory_array(moves->count, sizeof *paths, "moves", error);
    for (size_t i = 0; paths != NULL && i < moves->count; i++)
        paths[i] = to ? moves->list[i].to : moves->list[i].from;
    if (paths != NULL && moves->count > 1)
        qsort((void *)paths, moves->count, sizeof *paths, compare_paths);
    return paths;
}

static bool is_taken(const struct moves *moves, const char *path) {
    if (is_among(moves->taken, moves->taken_count, path)) return true;
    int found = root_folder_file(&moves->apply->source.collection.clips.root, path, O_PATH);
    if (found >= 0) close(found);
    return found >= 0;
}

/* Whether another move ends there, too: the paths are sorted. */
static bool is_twice(const char *const *paths, size_t count, const char *path) {
    const char *const *found =
        bsearch(&path, (const void *)paths, count, sizeof *paths, compare_paths);
    return (found > paths && strcmp(found[-1], path) == 0) ||
           (found + 1 < paths + count && strcmp(found[1], path) == 0);
}

/* No move ends where something is that stays, or where another one ends. Those that end where
 * another begins are marked, and so are those. */
static void find_collisions(struct moves *moves, const char *const *froms, const char *const *tos,
                            struct error *error) {
    const struct move *first = NULL;
    size_t collisions = 0;
    for (size_t i = 0; i < moves->count; i++) {
        struct move *move = &moves->list[i];
        const bool waits = is_among(froms, moves->count, move->to);
        move->is_held = waits || is_among(tos, moves->count, move->from);
        moves->held_count += move->is_held;
        if (!is_twice(tos, moves->count, move->to) && (waits || !is_taken(moves, move->to)))
            continue;
        if (collisions++ == 0) first = move;
    }
    if (collisions > 0)
        FAIL(error, ERROR_DATA,
             "%.*s would become %.*s, and that name is taken (names that collide: %zu); nothing "
             "was written: rename one of the two first, and audit again",
             UTF8_PIECE(first->from, 300), UTF8_PIECE(first->to, 300), collisions);
}

static enum error_code check_collisions(struct moves *moves, struct error *error) {
    const char **froms = sort_paths(moves, false, error);
    const char **tos = sort_paths(moves, true, error);
    if (error->code == ERROR_NONE) find_collisions(moves, froms, tos, error);
    free((void *)froms);
    free((void *)tos);
    return error->code;
}

/* ---- finding them ---- */

static enum error_code add_move(struct moves *moves, size_t clip, struct error *error) {
    const struct outcome *outcome = &moves->apply->outcomes[clip];
    const char *path = clip_path(&moves->apply->source.collection.clips, clip);
    struct text to = TEXT_INITIAL;
    if (outcome->kind == OUTCOME_EXCLUDE)
        text_format(&to, EXCLUDED_FOLDER "%s", path);
    else if (moves->has_pattern)
        rename_by_pattern(moves, path, outcome->label, &to, error);
    else
        move_to_folder(moves, path, outcome->label, &to, error);
    if (error->code == ERROR_NONE && text_check(&to, error) == ERROR_NONE &&
        (leads_out(path) || leads_out(to.data)))
        fail_move(path, "its path, old or new, leads out of the folder: ", to.data, error);
    if (error->code == ERROR_NONE)
        moves->list[moves->count++] = (struct move){.from = path, .to = to.data};
    else
        text_free(&to);
    return error->code;
}

static enum error_code find_moves(struct moves *moves, struct error *error) {
    const struct apply *apply = moves->apply;
    const struct collection *collection = &apply->source.collection;
    const char *pattern = collection->trace.pattern;
    moves->has_pattern = pattern != NULL;
    if (pattern != NULL) TRY(pattern_parse(pattern, &moves->pattern, error));
    moves->list = memory_array(apply->count, sizeof *moves->list, "moves", error);
    moves->taken = memory_array(apply->count, sizeof *moves->taken, "paths", error);
    TRY(error->code);
    for (size_t i = 0; i < apply->count; i++)
        moves->taken[moves->taken_count++] = clip_path(&collection->clips, i);
    if (moves->taken_count > 1)
        qsort((void *)moves->taken, moves->taken_count, sizeof *moves->taken, compare_paths);
    for (size_t i = 0; i < apply->count; i++) {
        const uint8_t kind = apply->outcomes[i].kind;
        if (kind == OUTCOME_RELABEL ||
            (kind == OUTCOME_EXCLUDE && apply->settings->exclude == EXCLUDE_DROP))
            TRY(add_move(moves, i, error));
    }
    return check_collisions(moves, error);
}

static void free_moves(struct moves *moves) {
    for (size_t i = 0; i < moves->count; i++) free(moves->list[i].to);
    free(moves->list);
    free((void *)moves->taken);
    pattern_free(&moves->pattern);
    pattern_match_free(&moves->match);
}

static void say_next(struct apply *apply, struct error *error) {
    struct text to = TEXT_INITIAL;
    shell_word(&to, apply->settings->new_path);
    if (text_check(&to, error) == ERROR_NONE)
        text_format(&apply->report->next,
                    "No file was moved. Next: read %s/moves.sh, then bash %s/moves.sh (undo.sh "
                    "takes it back).",
                    to.data, to.data);
    text_free(&to);
}

enum error_code apply_make_moves(struct apply *apply, struct error *error) {
    struct moves moves = {.apply = apply};
    apply->products.is_folder = true;
    if (find_moves(&moves, error) == ERROR_NONE &&
        moves_write(&moves, &apply->products, error) == ERROR_NONE)
        say_next(apply, error);
    free_moves(&moves);
    TRY(error->code);
    return apply_add_changes(apply, error);
}
