#include "host/base/json_cut.h"

#include <string.h>

/* ---- the grammar ---- */

bool json_ends_word(int byte) {
    return byte == EOF || byte == '\0' || strchr(" \t\r\n,:[]{}\"", byte) != NULL;
}

static void end_value(struct json_grammar *grammar) {
    grammar->finished = grammar->depth == 0;
    grammar->expected = JSON_COMMA_OR_END;
}

static bool wants_value(const struct json_grammar *grammar) {
    return grammar->expected == JSON_VALUE || grammar->expected == JSON_VALUE_OR_END;
}

static bool wants_key(const struct json_grammar *grammar) {
    return grammar->expected == JSON_KEY || grammar->expected == JSON_KEY_OR_END;
}

static bool take_in_string(struct json_grammar *grammar, char byte) {
    if (byte == '\n') return false;
    if (grammar->escaped) {
        grammar->escaped = false;
    } else if (byte == '\\') {
        grammar->escaped = true;
    } else if (byte == '"') {
        grammar->in_string = false;
        if (wants_key(grammar))
            grammar->expected = JSON_COLON;
        else
            end_value(grammar);
    }
    return true;
}

static bool open_bracket(struct json_grammar *grammar, char byte) {
    if (!wants_value(grammar) || grammar->depth == JSON_CUT_DEPTH) return false;
    grammar->open[grammar->depth++] = byte;
    grammar->expected = byte == '[' ? JSON_VALUE_OR_END : JSON_KEY_OR_END;
    return true;
}

static bool may_close(const struct json_grammar *grammar, char byte) {
    const char open = byte == ']' ? '[' : '{';
    const enum json_expected empty = byte == ']' ? JSON_VALUE_OR_END : JSON_KEY_OR_END;
    if (grammar->depth == 0 || grammar->open[grammar->depth - 1] != open) return false;
    return grammar->in_word || grammar->expected == JSON_COMMA_OR_END || grammar->expected == empty;
}

static bool close_bracket(struct json_grammar *grammar, char byte) {
    if (!may_close(grammar, byte)) return false;
    grammar->depth--;
    end_value(grammar);
    return true;
}

bool json_grammar_take(struct json_grammar *grammar, char byte) {
    if (grammar->in_string) return take_in_string(grammar, byte);
    if (grammar->in_word && !json_ends_word((unsigned char)byte)) return true;
    if (grammar->in_word) end_value(grammar);
    grammar->in_word = false;
    switch (byte) {
    case ' ':
    case '\t':
    case '\r':
    case '\n': return true;
    case '{':
    case '[': return open_bracket(grammar, byte);
    case '}':
    case ']': return close_bracket(grammar, byte);
    case ':':
        if (grammar->expected != JSON_COLON) return false;
        grammar->expected = JSON_VALUE;
        return true;
    case ',':
        if (grammar->expected != JSON_COMMA_OR_END || grammar->depth == 0) return false;
        grammar->expected = grammar->open[grammar->depth - 1] == '[' ? JSON_VALUE : JSON_KEY;
        return true;
    case '"': return grammar->in_string = wants_value(grammar) || wants_key(grammar);
    default: return grammar->in_word = byte != '\0' && wants_value(grammar);
    }
}

/* Whether it takes one of the bytes that may end a value which is not JSON. */
static bool takes(const struct json_grammar *grammar, int byte) {
    if (grammar->in_string) return byte != '\n';
    if (byte == '{') return !grammar->in_word && wants_value(grammar);
    return (byte != ']' && byte != '}') || may_close(grammar, (char)byte);
}

/* ---- cutting ---- */

/* Brackets and quotes of text that is not JSON, from where that was found on. */
struct brackets {
    char open[JSON_CUT_DEPTH];
    size_t depth;
    size_t deeper; /* those that `open` has no room for */
    bool in_string;
    bool escaped;
};

struct cutter {
    struct json_source *source;
    struct json_cut *cut;
    struct json_grammar grammar;
    struct brackets brackets;
    bool broken;
    bool indented; /* the value begins its line */
    size_t column;
    char in;
};

static void close_broken(struct brackets *brackets, char byte) {
    const char open = byte == ']' ? '[' : '{';
    if (brackets->deeper > 0) {
        brackets->deeper--;
        return;
    }
    /* What was opened inside and not closed ends, too. */
    for (size_t i = brackets->depth; i-- > 0;) {
        if (brackets->open[i] != open) continue;
        brackets->depth = i;
        return;
    }
}

static void take_broken(struct brackets *brackets, char byte) {
    if (byte == '\n') {
        brackets->in_string = brackets->escaped = false;
    } else if (brackets->in_string) {
        if (byte == '"' && !brackets->escaped) brackets->in_string = false;
        brackets->escaped = byte == '\\' && !brackets->escaped;
    } else if (byte == '"') {
        brackets->in_string = true;
    } else if (byte == ']' || byte == '}') {
        close_broken(brackets, byte);
    } else if (byte == '[' || byte == '{') {
        if (brackets->depth == JSON_CUT_DEPTH)
            brackets->deeper++;
        else
            brackets->open[brackets->depth++] = byte;
    }
}

/* From here on only brackets are counted. */
static void set_broken(struct cutter *cutter) {
    if (cutter->broken) return;
    const struct json_grammar *grammar = &cutter->grammar;
    cutter->broken = true;
    memcpy(cutter->brackets.open, grammar->open, grammar->depth);
    cutter->brackets.depth = grammar->depth;
    cutter->brackets.in_string = grammar->in_string;
    cutter->brackets.escaped = grammar->escaped;
}

static bool is_open(const struct brackets *brackets, char bracket) {
    return brackets->depth > 0 && memchr(brackets->open, bracket, brackets->depth) != NULL;
}

/* Whether the value, which is not JSON, ends before the next byte. */
static bool ends_before(const struct cutter *cutter, int next) {
    const struct json_source *source = cutter->source;
    const struct brackets *brackets = &cutter->brackets;
    bool first_line = source->line == cutter->cut->line;
    if (next == '{' && cutter->indented && source->indented && !first_line &&
        source->column == cutter->column)
        return true;
    /* A quote that is not closed, in the line that has all of the value. */
    if (brackets->in_string) return next == '\n' && first_line;
    if (cutter->in == '[' && next == ']') return !is_open(brackets, '[');
    if (cutter->in == '{' && next == '}') return !is_open(brackets, '{');
    return brackets->depth == 0 && next == ',';
}

static void take(struct cutter *cutter, char byte) {
    struct json_cut *cut = cutter->cut;
    if (cut->bytes.length < JSON_CUT_MAXIMUM)
        text_append(&cut->bytes, &byte, 1);
    else
        cut->problem = "longer than 1 MiB";
    if (byte == '\0') cut->problem = "a NUL byte; save it as UTF-8";
    struct json_grammar *grammar = &cutter->grammar;
    bool was_in_string = grammar->in_string;
    if (!cutter->broken && !json_grammar_take(grammar, byte)) {
        grammar->in_string = was_in_string;
        set_broken(cutter);
    }
    if (cutter->broken) take_broken(&cutter->brackets, byte);
}

/* Whether it ended with the byte that was taken last. */
static bool has_ended(const struct cutter *cutter, int next, char last) {
    const struct json_grammar *grammar = &cutter->grammar;
    if (!cutter->broken && grammar->in_word) return grammar->depth == 0 && json_ends_word(next);
    if (!cutter->broken) return grammar->finished;
    return cutter->brackets.depth == 0 && !cutter->brackets.in_string &&
           (last == '}' || last == ']' || json_ends_word(next));
}

enum error_code json_cut_next(struct json_source *source, const char *before, char in,
                              struct json_cut *cut, struct error *error) {
    struct cutter cutter = {.source = source,
                            .cut = cut,
                            .indented = source->indented && before[0] == '\0',
                            .column = source->column,
                            .in = in};
    text_clear(&cut->bytes);
    cut->line = source->line;
    cut->problem = NULL;
    cut->at_end = false;
    for (; *before != '\0'; before++) take(&cutter, *before);
    for (;;) {
        int next = json_source_peek(source);
        cut->at_end = next == EOF;
        if (cut->at_end) break;
        if (!cutter.broken && cut->bytes.length > 0 && !takes(&cutter.grammar, next))
            set_broken(&cutter);
        if (cutter.broken && cut->bytes.length > 0 && ends_before(&cutter, next)) break;
        char last = (char)json_source_take(source);
        take(&cutter, last);
        if (has_ended(&cutter, json_source_peek(source), last)) break;
    }
    return text_check(&cut->bytes, error);
}

void json_cut_close(struct json_cut *cut) {
    text_free(&cut->bytes);
    *cut = (struct json_cut){0};
}
