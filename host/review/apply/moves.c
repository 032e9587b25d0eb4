/* Scripts that move files, and take that back. Nothing is moved here. */
#include "host/review/apply/moves.h"

#include "host/base/random.h"
#include "host/base/shell_word.h"
#include "host/base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char script[] =
    "\n"
    "failed=0\n"
    "complain() { printf '%s: %s\\n' \"$1\" \"$2\" >&2; failed=1; }\n"
    "there() { [ -e \"$1\" ] || [ -L \"$1\" ]; } # also a link that leads nowhere\n"
    "move() { # FROM TO: never replaces a file; what is moved already is left\n"
    "    if ! there \"$1\" && there \"$2\"; then return; fi\n"
    "    if there \"$2\"; then complain 'not moved, the new name is taken' \"$2\"; return; fi\n"
    "    mkdir -p -- \"${2%/*}\" && mv -n -- \"$1\" \"$2\" && ! there \"$1\" || complain 'not "
    "moved' \"$1\"\n"
    "}\n"
    "take() { # as move, but what is taken already stays so\n"
    "    there \"$2\" || move \"$1\" \"$2\"\n"
    "}\n"
    "release() { # as move, where there is something to move\n"
    "    if there \"$1\"; then move \"$1\" \"$2\"; fi\n"
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

/* A folder with a leading dot is no part of a collection. Its name is new with each script: the
 * same files may change their names again after the next audit, and the folder stays. */
static void put_held_name(uint64_t number, struct text *text) {
    text_format(text, "held=./.earmark-moving-%016" PRIx64 "\n", number);
}

static void put_held_moves(const struct moves *moves, bool take, bool back, struct text *text) {
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->list[i];
        if (!move->is_held) continue;
        text_string(text, take ? "take" : "release");
        if (!take) text_format(text, " \"$held/%zu\"", i);
        put_word(text, take == back ? move->to : move->from);
        if (take) text_format(text, " \"$held/%zu\"", i);
        text_string(text, "\n");
    }
}

/* Files that change names with each other: all go into a folder, and from there to where they
 * belong. "$held/all" is there from when all have left to when all are taken for the way back, so
 * that each file is either in the folder, or it is where the name says that "all" and the script
 * tell: whatever stopped one of the scripts, either can go on. */
static void put_held(const struct moves *moves, uint64_t number, bool back, struct text *text) {
    static const char stop[] = "if [ \"$failed\" -ne 0 ]; then complain 'stopped; what has no name "
                               "now is in' \"$held\"; exit 1; fi\n";
    if (moves->held_count == 0) return;
    put_held_name(number, text);
    text_format(text, "if [ %s -e \"$held/all\" ]; then\n", back ? "" : "!");
    put_held_moves(moves, true, back, text);
    text_string(text, stop);
    text_format(text, "%s -- \"$held/all\" || exit 1\nfi\n", back ? "rmdir" : "mkdir -p");
    put_held_moves(moves, false, back, text);
    if (back) text_string(text, "leave \"$held\"\n");
}

static void put_moves(const struct moves *moves, uint64_t number, bool back, struct text *text) {
    put_held(moves, number, back, text);
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->list[back ? moves->count - 1 - i : i];
        if (move->is_held) continue;
        text_string(text, "move");
        put_word(text, back ? move->to : move->from);
        put_word(text, back ? move->from : move->to);
        text_string(text, "\n");
    }
    for (size_t i = 0; i < moves->count && back; i++)
        put_leaves(moves, moves->list[moves->count - 1 - i].to, text);
    text_string(text, "exit \"$failed\"\n");
}

enum error_code moves_write(const struct moves *moves, struct products *products,
                            struct error *error) {
    const struct clip_list *clips = &moves->apply->source.collection.clips;
    struct text forth = TEXT_INITIAL, back = TEXT_INITIAL;
    uint64_t number = 0;
    TRY(random_bytes(&number, sizeof number, error));
    char *root = realpath(clips->root.path, NULL);
    if (root == NULL)
        return FAIL(error, ERROR_FILE, "%s: cannot be found", moves->apply->source.path);
    begin_script(root, "moves the clips to their new labels; undo.sh takes it back", &forth);
    begin_script(root, "takes back what moves.sh did", &back);
    put_moves(moves, number, false, &forth);
    put_moves(moves, number, true, &back);
    free(root);
    products_add(products, "moves.sh", &forth, error);
    products_add(products, "undo.sh", &back, error);
    return error->code;
}
