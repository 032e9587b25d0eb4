/* Moves of files as scripts. Private to host/review/apply/. */
#ifndef EARMARK_REVIEW_APPLY_MOVES_H
#define EARMARK_REVIEW_APPLY_MOVES_H

#include "host/lists/pattern.h"
#include "host/review/apply/apply_parts.h"

struct move {
    const char *from; /* the clip list's */
    char *to;         /* owned */
    bool is_held;     /* it ends where another begins, or the other way round */
};

struct moves {
    const struct apply *apply;
    struct pattern pattern;
    struct pattern_match match;
    bool has_pattern;
    struct move *list; /* (count) */
    size_t count, held_count;
    const char **taken; /* (taken_count) paths of all clips, sorted */
    size_t taken_count;
};

/* Adds moves.sh and undo.sh. Either may be stopped at any moment, and be run again. */
enum error_code moves_write(const struct moves *moves, struct products *products,
                            struct error *error);

#endif
