#include "host/clips/label_list.h"

#include <stdlib.h>
#include <string.h>

/* The cell is read and its labels are written in one buffer: a label is never longer than what it
 * is read from, and the first bracket leaves room for the end of the first. */
struct list_reader_state {
    const char *at; /* next byte to read */
    char *end;      /* where the next label is written */
    char close;     /* the closing bracket */
    bool commas;    /* there are some */
    bool words;     /* there are elements without quotes that are not numbers */
};

/* ---- what is between quotes ---- */

/* The value of `count` digits at `at` in base 8 or 16; -1: there are other characters. */
static long digits_at(const char *at, size_t count, int base) {
    char digits[9] = "";
    char *end = NULL;
    static const char hex[] = "0123456789abcdefABCDEF";
    for (size_t i = 0; i < count; i++) {
        if (at[i] == '\0' || strchr(base == 8 ? "01234567" : hex, at[i]) == NULL) return -1;
        digits[i] = at[i];
    }
    return strtol(digits, &end, base);
}

/* Writes a code point; those that stand for bytes that are not UTF-8 as the byte. */
static bool write_point(struct list_reader_state *state, long point) {
    if (point <= 0 || point > 0x10ffff) return false;
    if (point >= 0xdc80 && point <= 0xdcff) {
        *state->end++ = (char)(point - 0xdc00);
    } else if (point >= 0xd800 && point <= 0xdfff) {
        return false;
    } else if (point < 0x80) {
        *state->end++ = (char)point;
    } else {
        int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        static const int first[] = {0, 0xc0, 0xe0, 0xf0};
        *state->end++ = (char)(first[more] | point >> 6 * more);
        while (more-- > 0) *state->end++ = (char)(0x80 | (point >> 6 * more & 0x3f));
    }
    return true;
}

/* \uXXXX, perhaps two that are one character, \xXX and \UXXXXXXXX; at the letter. */
static bool read_number(struct list_reader_state *state, size_t count) {
    long point = digits_at(state->at + 1, count, 16);
    if (point < 0) return false;
    state->at += 1 + count;
    if (count == 4 && point >= 0xd800 && point < 0xdc00 && state->at[0] == '\\' &&
        state->at[1] == 'u') {
        long low = digits_at(state->at + 2, 4, 16);
        if (low < 0xdc00 || low > 0xdfff) return false;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        state->at += 6;
    }
    return write_point(state, point);
}

/* What follows a backslash. */
static bool read_escape(struct list_reader_state *state) {
    static const char letters[] = "abfnrtv\\'\"/", bytes[] = "\a\b\f\n\r\t\v\\'\"/";
    const char letter = *state->at;
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (found != NULL) {
        *state->end++ = bytes[found - letters];
        state->at++;
        return true;
    }
    if (letter == 'x') return read_number(state, 2);
    if (letter == 'u') return read_number(state, 4);
    if (letter == 'U') return read_number(state, 8);
    size_t octal = strspn(state->at, "01234567");
    if (octal > 3) octal = 3;
    if (octal > 0) {
        long point = digits_at(state->at, octal, 8);
        state->at += octal;
        return write_point(state, point);
    }
    *state->end++ = '\\'; /* no escape, as in Python */
    return letter != '\0' && letter != 'N';
}

/* At the quote. A doubled quote is one of the label. */
static bool read_quoted(struct list_reader_state *state) {
    const char quote = *state->at++;
    for (;;) {
        char byte = *state->at;
        if (byte == '\0') return false;
        state->at++;
        if (byte == quote && *state->at != quote) return true;
        if (byte == quote) state->at++;
        if (byte == '\\') {
            if (!read_escape(state)) return false;
        } else {
            *state->end++ = byte;
        }
    }
}

/* ---- elements ---- */

static void skip_spaces(struct list_reader_state *state) {
    state->at += strspn(state->at, " \t\r\n");
}

static bool is_number(const char *word, size_t length) {
    size_t digits = 0;
    for (size_t i = 0; i < length; i++) {
        if (strchr("0123456789+-.eE", word[i]) == NULL) return false;
        digits += word[i] >= '0' && word[i] <= '9';
    }
    return digits > 0;
}

/* A number up to a space, or words up to a comma. */
static bool read_bare(struct list_reader_state *state) {
    size_t word = strcspn(state->at, " \t\r\n,[](){}'\":");
    if (!is_number(state->at, word)) {
        word = strcspn(state->at, ",[](){}'\":");
        state->words = true;
    }
    memmove(state->end, state->at, word);
    state->end += word;
    state->at += word;
    return word > 0;
}

static bool read_plain(struct list_reader_state *state) {
    const char *at = state->at;
    if (*at != '\0' && strchr("uUbB", *at) != NULL && (at[1] == '\'' || at[1] == '"')) state->at++;
    return *state->at == '\'' || *state->at == '"' ? read_quoted(state) : read_bare(state);
}

/* An element, perhaps as numpy 2 prints those of a Python list: np.str_('a'), np.int64(3). */
static bool read_element(struct list_reader_state *state) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t name = strncmp(state->at, "np.", 3) == 0 ? 3 + strspn(state->at + 3, letters) : 0;
    if (name == 0 || state->at[name] != '(') return read_plain(state);
    state->at += name + 1;
    if (!read_plain(state) || *state->at != ')') return false;
    state->at++;
    return true;
}

/* The elements and the closing bracket. */
static enum error_code read_elements(struct list_reader_state *state, struct label_split *split,
                                     bool *good, struct error *error) {
    *good = true;
    for (;;) {
        skip_spaces(state);
        if (*state->at == state->close) break;
        char *label = state->end;
        *good = read_element(state);
        if (!*good) return ERROR_NONE;
        skip_spaces(state);
        bool comma = *state->at == ',';
        state->commas = state->commas || comma;
        state->at += comma;
        *state->end++ = '\0'; /* at the bracket at most, which was compared below */
        TRY(label_split_add(split, label, error));
        if (comma) continue;
        skip_spaces(state);
        if (*state->at == '\0') *good = false;
        if (!*good) return ERROR_NONE;
    }
    state->at++;
    return ERROR_NONE;
}

/* ---- the whole ---- */

/* The bracket that closes the list which begins at *at, after the name of a function before it;
 * 0: no list. */
static char closing(const char **at, bool *called) {
    static const char *const names[] = {"array(", "frozenset(", "set("};
    static const char open[] = "[({", close[] = "])}";
    *at += strspn(*at, " \t\r\n");
    *called = false;
    for (size_t i = 0; i < 3 && !*called; i++) {
        size_t length = strlen(names[i]);
        *called = strncmp(*at, names[i], length) == 0;
        if (*called) *at += length;
    }
    *at += strspn(*at, " \t\r\n");
    const char *found = **at == '\0' ? NULL : strchr(open, **at);
    return found == NULL ? '\0' : close[found - open];
}

/* What numpy prints after the list: , dtype='<U3') */
static void skip_arguments(struct list_reader_state *state, bool called) {
    skip_spaces(state);
    if (!called) return;
    if (*state->at == ',') state->at += strcspn(state->at, ")");
    if (*state->at == ')') state->at++;
    skip_spaces(state);
}

enum error_code label_list_read(struct label_split *split, const char *cell, enum label_list *list,
                                struct error *error) {
    struct list_reader_state state = {.at = cell};
    bool called, good = true;
    *list = LABEL_LIST_NONE;
    state.close = closing(&state.at, &called);
    if (called && strcmp(state.at, ")") == 0) { /* Python's set() */
        *list = LABEL_LIST_READ;
        return label_split_begin(split, "", error);
    }
    if (state.close == '\0') return ERROR_NONE;
    size_t first = (size_t)(state.at - cell) + 1;
    const char *inside = cell + first + strspn(cell + first, " \t\r\nuUbB");
    bool quoted = *inside == '\'' || *inside == '"';
    TRY(label_split_begin(split, cell, error));
    state.at = split->bytes.data + first;
    state.end = split->bytes.data;
    TRY(read_elements(&state, split, &good, error));
    if (good) skip_arguments(&state, called);
    bool only_word = state.words && (state.close != ']' || !state.commas);
    if (good && *state.at == '\0' && !only_word) {
        label_split_end(split);
        *list = LABEL_LIST_READ;
    } else if (quoted || (state.close == ']' && state.commas)) {
        *list = LABEL_LIST_BROKEN;
    }
    return ERROR_NONE;
}
