/* Folders whose folders or file names are the labels: scripts that move the files, and take that
 * back. Nothing is moved here. */
#include "host/base/memory.h"
#include "host/base/shell_word.h"
#include "host/base/text.h"
#include "host/base/utf8.h"
#include "host/lists/folder_levels.h"
#include "host/lists/pattern.h"
#include "host/review/apply/apply_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder with a leading dot is no part of a collection. */
#define EXCLUDED_FOLDER ".earmark-excluded/"

struct move {
    const char *from; /* the clip list's */
    char *to;         /* owned */
    size_t clip;
};

struct moves {
    const struct apply *apply;
    struct pattern pattern;
    struct pattern_match match;
    bool has_pattern;
    struct move *list; /* (count) */
    size_t count;
    const char **taken; /* (taken_count) paths of all clips, sorted */
    size_t taken_count;
};

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

static int compare_moves(const void *left, const void *right) {
    const struct move *a = left;
    const struct move *b = right;
    return strcmp(a->to, b->to);
}

static bool is_taken(const struct moves *moves, const char *path) {
    if (bsearch(&path, (const void *)moves->taken, moves->taken_count, sizeof *moves->taken,
                compare_paths) != NULL)
        return true;
    int found = root_folder_file(&moves->apply->source.collection.clips.root, path, O_PATH);
    if (found >= 0) close(found);
    return found >= 0;
}

/* No move ends where something is, or where another one ends. */
static enum error_code check_collisions(const struct moves *moves, struct error *error) {
    struct move *sorted = memory_array(moves->count, sizeof *sorted, "moves", error);
    const struct move *first = NULL;
    size_t collisions = 0;
    if (sorted == NULL) return error->code;
    if (moves->count > 0) memcpy(sorted, moves->list, moves->count * sizeof *sorted);
    if (moves->count > 1) qsort(sorted, moves->count, sizeof *sorted, compare_moves);
    for (size_t i = 0; i < moves->count; i++) {
        const bool twice = i > 0 && strcmp(sorted[i - 1].to, sorted[i].to) == 0;
        if (!twice && !is_taken(moves, sorted[i].to)) continue;
        if (collisions++ == 0 || sorted[i].clip < first->clip) first = &sorted[i];
    }
    if (collisions > 0)
        FAIL(error, ERROR_DATA,
             "%.*s would become %.*s, and that name is taken (names that collide: %zu); nothing "
             "was written: rename one of the two first, and audit again",
             UTF8_PIECE(first->from, 300), UTF8_PIECE(first->to, 300), collisions);
    free(sorted);
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
        moves->list[moves->count++] = (struct move){path, to.data, clip};
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

/* ---- scripts ---- */

static const char script[] =
    "\n"
    "failed=0\n"
    "complain() { printf '%s: %s\\n' \"$1\" \"$2\" >&2; failed=1; }\n"
    "move() { # FROM TO: never replaces a file; what is moved already is left\n"
    "    if [ ! -e \"$1\" ] && [ -e \"$2\" ]; then return; fi\n"
    "    if [ -e \"$2\" ] || [ -L \"$2\" ]; then complain 'not moved, the new name is taken' "
    "\"$2\"; return; fi\n"
    "    mkdir -p -- \"${2%/*}\" && mv -n -- \"$1\" \"$2\" && [ ! -e \"$1\" ] || complain 'not "
    "moved' \"$1\"\n"
    "}\n"
    "leave() { rmdir -- \"$1\" 2>/dev/null || true; } # a folder that was made for it, if empty\n"
    "\n";

static void begin_script(const char *root, const char *what, struct text *text) {
    text_format(text,
                "#!/usr/bin/env bash\n"
                "# Written by earmark apply: %s. Needs bash.\n"
                "cd -- ",
                what);
    shell_word(text, root);
    text_string(text, " || exit 1\n");
    text_string(text, script);
}

static void put_word(struct text *text, const char *path) {
    struct text dotted = TEXT_INITIAL;
    text_format(&dotted, "./%s", path);
    text->failed = text->failed || dotted.failed;
    text_string(text, " ");
    if (!dotted.failed) shell_word(text, dotted.data);
    text_free(&dotted);
}

/* Folders on the way to the new path that are not there now, the innermost first. */
static void put_leaves(const struct moves *moves, const char *to, struct text *text) {
    const struct root_folder *root = &moves->apply->source.collection.clips.root;
    struct text folder = TEXT_INITIAL;
    text_string(&folder, to);
    for (char *slash; !folder.failed && (slash = strrchr(folder.data, '/')) != NULL;) {
        *slash = '\0';
        int found = root_folder_file(root, folder.data, O_PATH);
        if (found >= 0) close(found);
        if (found >= 0) break;
        text_string(text, "leave");
        put_word(text, folder.data);
        text_string(text, "\n");
    }
    text->failed = text->failed || folder.failed;
    text_free(&folder);
}

static void put_moves(const struct moves *moves, bool back, struct text *text) {
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->list[back ? moves->count - 1 - i : i];
        text_string(text, "move");
        put_word(text, back ? move->to : move->from);
        put_word(text, back ? move->from : move->to);
        text_string(text, "\n");
    }
    for (size_t i = 0; i < moves->count && back; i++)
        put_leaves(moves, moves->list[moves->count - 1 - i].to, text);
    text_string(text, "exit \"$failed\"\n");
}

static enum error_code write_scripts(struct apply *apply, const struct moves *moves,
                                     struct error *error) {
    struct text forth = TEXT_INITIAL, back = TEXT_INITIAL, to = TEXT_INITIAL;
    char *root = realpath(apply->source.collection.clips.root.path, NULL);
    if (root == NULL) return FAIL(error, ERROR_FILE, "%s: cannot be found", apply->source.path);
    begin_script(root, "moves the clips to their new labels; undo.sh takes it back", &forth);
    begin_script(root, "takes back what moves.sh did", &back);
    put_moves(moves, false, &forth);
    put_moves(moves, true, &back);
    free(root);
    products_add(&apply->products, "moves.sh", &forth, error);
    products_add(&apply->products, "undo.sh", &back, error);
    shell_word(&to, apply->settings->new_path);
    if (text_check(&to, error) == ERROR_NONE)
        text_format(&apply->report->next,
                    "No file was moved. Next: read %s/moves.sh, then bash %s/moves.sh (undo.sh "
                    "takes it back).",
                    to.data, to.data);
    text_free(&to);
    return error->code;
}

enum error_code apply_make_moves(struct apply *apply, struct error *error) {
    struct moves moves = {.apply = apply};
    apply->products.is_folder = true;
    if (find_moves(&moves, error) == ERROR_NONE) write_scripts(apply, &moves, error);
    free_moves(&moves);
    TRY(error->code);
    return apply_add_changes(apply, error);
}
