#include "tests/support/strict_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const char *value(const char *at, int depth);

static const char *spaces(const char *at) {
    return at + strspn(at, " \t\r\n");
}

static const char *expect(const char *at, char wanted) {
    if (*at != wanted) fail_msg("not JSON: '%c' is wanted before '%.40s'", wanted, at);
    return at + 1;
}

static unsigned four_digits(const char *at) {
    char digits[5] = "";
    assert_int_equal(strspn(at, "0123456789abcdefABCDEF") >= 4, 1);
    memcpy(digits, at, 4);
    return (unsigned)strtoul(digits, NULL, 16);
}

static char *put(char *to, uint32_t point) {
    if (point >= 0xdc80 && point <= 0xdcff) { /* an odd byte, as it is */
        *to++ = (char)(point - 0xdc00);
        return to;
    }
    assert_false(point >= 0xd800 && point <= 0xdfff);
    int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(marks[more] | point >> (6 * more));
    while (more-- > 0) *to++ = (char)(0x80 | (point >> (6 * more) & 0x3f));
    return to;
}

/* An escape after its backslash. */
static const char *escape(const char *at, char **to) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter = *at == '\0' ? NULL : strchr(letters, *at);
    if (letter != NULL) {
        *(*to)++ = meanings[letter - letters];
        return at + 1;
    }
    at = expect(at, 'u');
    uint32_t point = four_digits(at);
    at += 4;
    if (point >= 0xd800 && point < 0xdc00) {
        uint32_t low = four_digits(expect(expect(at, '\\'), 'u'));
        assert_in_range(low, 0xdc00, 0xdfff);
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    *to = put(*to, point);
    return at;
}

/* Decodes a string to `to`, which has room for its text. */
static const char *string(const char *at, char *to) {
    at = expect(at, '"');
    while (*at != '"') {
        if ((unsigned char)*at < 0x20) fail_msg("a control character in a JSON string");
        if (*at == '\\')
            at = escape(at + 1, &to);
        else
            *to++ = *at++;
    }
    *to = '\0';
    return at + 1;
}

static const char *number(const char *at) {
    const char *digits = *at == '-' ? at + 1 : at;
    size_t whole = strspn(digits, "0123456789");
    assert_true(whole > 0 && (digits[0] != '0' || whole == 1));
    at = digits + whole;
    if (*at == '.') {
        size_t after = strspn(at + 1, "0123456789");
        assert_true(after > 0);
        at += 1 + after;
    }
    if (*at != 'e' && *at != 'E') return at;
    at += at[1] == '+' || at[1] == '-' ? 2 : 1;
    assert_true(strspn(at, "0123456789") > 0);
    return at + strspn(at, "0123456789");
}

/* The members of an object or array; `found` is the start of the object's member of that name. */
static const char *members(const char *at, char close, int depth, const char *name,
                           const char **found) {
    at = spaces(at);
    if (*at == close) return at + 1;
    for (;; at = spaces(at + 1)) {
        if (close == '}') {
            char *key = malloc(strlen(at) + 1);
            assert_non_null(key);
            at = spaces(expect(spaces(string(at, key)), ':'));
            if (name != NULL && strcmp(key, name) == 0) *found = at;
            free(key);
        }
        at = spaces(value(at, depth + 1));
        if (*at != ',') return expect(at, close);
    }
}

static const char *value(const char *at, int depth) {
    assert_true(depth < 64);
    if (*at == '{') return members(at + 1, '}', depth, NULL, NULL);
    if (*at == '[') return members(at + 1, ']', depth, NULL, NULL);
    if (*at == '"') {
        char *unused = malloc(strlen(at) + 1);
        assert_non_null(unused);
        at = string(at, unused);
        free(unused);
        return at;
    }
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0) return at + strlen(words[i]);
    return number(at);
}

char *strict_json_string(const char *text, const char *name) {
    const char *found = NULL;
    const char *end = members(expect(spaces(text), '{'), '}', 0, name, &found);
    if (*spaces(end) != '\0') fail_msg("something after a JSON object: '%.40s'", end);
    if (found == NULL) fail_msg("no member %s", name);
    char *bytes = malloc(strlen(text) + 1);
    assert_non_null(bytes);
    string(found, bytes);
    return bytes;
}
