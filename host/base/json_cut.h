/* Cuts the next value out of a stream of JSON, without parsing it and whatever is wrong with it. */
#ifndef EARMARK_BASE_JSON_CUT_H
#define EARMARK_BASE_JSON_CUT_H

#include "host/base/json_source.h"

#define JSON_CUT_MAXIMUM ((size_t)1 << 20) /* bytes of a value */
#define JSON_CUT_DEPTH 256                 /* arrays and objects in each other */

/* What may come next. */
enum json_expected {
    JSON_VALUE,
    JSON_VALUE_OR_END, /* after [ */
    JSON_KEY,
    JSON_KEY_OR_END, /* after { */
    JSON_COLON,
    JSON_COMMA_OR_END
};

/* The grammar, a byte at a time. What numbers and words are is left to the parser. */
struct json_grammar {
    char open[JSON_CUT_DEPTH]; /* '[' or '{' */
    size_t depth;
    enum json_expected expected;
    bool in_string;
    bool escaped;
    bool in_word; /* a number, true, null, or what should be one */
    bool finished;
};

/* Takes one byte; false: JSON cannot have it there, or it is nested too deeply. */
bool json_grammar_take(struct json_grammar *grammar, char byte);

/* Whether the byte ends a number or word. */
bool json_ends_word(int byte);

struct json_cut {
    struct text bytes;   /* the value, at most JSON_CUT_MAXIMUM bytes of it */
    size_t line;         /* of its beginning */
    const char *problem; /* why it cannot be used, where that is known already; NULL */
    bool at_end;         /* the text ended inside it */
};

/* Takes the value that begins at the next byte of the source, which is not white space. `before`:
 * bytes of the value that were taken already. What is not JSON goes as far as its brackets; where
 * they do not match, to the next line that begins with '{' in the column where the value begins.
 * `in`: what it is in, '[', '{' or 0: the bracket that closes this ends it, too. Errors:
 * ERROR_MEMORY. */
enum error_code json_cut_next(struct json_source *source, const char *before, char in,
                              struct json_cut *cut, struct error *error);
void json_cut_close(struct json_cut *cut); /* takes a zeroed one */

#endif
