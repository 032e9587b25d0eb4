/* json_lines <FILE: whether each line is one JSON object by RFC 8259, of characters that may be
 * printed on a terminal. Prints the number of lines, or the first that is not and exits with 1.
 * Independent of earmark's reader. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *at;

static bool value(int depth);

static void spaces(void) {
    while (*at == ' ' || *at == '\t') at++;
}

static bool take(const char *word) {
    size_t length = strlen(word);
    if (strncmp(at, word, length) != 0) return false;
    at += length;
    return true;
}

static bool string(void) {
    if (*at++ != '"') return false;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < ' ' || (unsigned char)*at == 0x7f) return false;
        if (*at != '\\') continue;
        if (*++at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL) return false;
        if (*at != 'u') continue;
        for (int i = 0; i < 4; i++)
            if (!isxdigit((unsigned char)*++at)) return false;
    }
    at++;
    return true;
}

static bool digits(void) {
    if (!isdigit((unsigned char)*at)) return false;
    while (isdigit((unsigned char)*at)) at++;
    return true;
}

static bool number(void) {
    take("-");
    if (*at == '0')
        at++;
    else if (!digits())
        return false;
    if (take(".") && !digits()) return false;
    if (*at != 'e' && *at != 'E') return true;
    at++;
    if (!take("+")) take("-");
    return digits();
}

/* An object's members or an array's elements, after its bracket. */
static bool members(char end, bool named, int depth) {
    spaces();
    if (*at == end) return at++ != NULL;
    for (;;) {
        spaces();
        if (named && !string()) return false;
        spaces();
        if (named && !take(":")) return false;
        if (!value(depth)) return false;
        spaces();
        if (*at == end) return at++ != NULL;
        if (!take(",")) return false;
    }
}

static bool value(int depth) {
    if (depth > 32) return false;
    spaces();
    if (take("{")) return members('}', true, depth + 1);
    if (take("[")) return members(']', false, depth + 1);
    if (*at == '"') return string();
    return take("true") || take("false") || take("null") || number();
}

int main(void) {
    static char line[1 << 20];
    long lines = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strlen(line);
        bool whole = length > 0 && line[length - 1] == '\n';
        if (whole) line[length - 1] = '\0';
        at = line;
        if (!whole || *at != '{' || !value(0) || *at != '\0') {
            printf("line %ld is no object: %s\n", lines + 1, line);
            return 1;
        }
        lines++;
    }
    printf("%ld\n", lines);
    return 0;
}
