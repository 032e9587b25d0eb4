#include "host/base/csv_rows.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LONGEST_ENDING 5 /* of file names: ".aiff" */

size_t csv_line_length(const char *text, size_t size, size_t *whole) {
    size_t length = 0;
    while (length < size && text[length] != '\n' && text[length] != '\r') length++;
    *whole = length;
    if (length < size) (*whole)++;
    if (length + 1 < size && text[length] == '\r' && text[length + 1] == '\n') (*whole)++;
    return length;
}

/* The ending of a file name, from its dot: a letter and letters or digits; 0: none. */
static size_t ending_length(const char *name, size_t length) {
    size_t count = 0;
    while (count < length && count < LONGEST_ENDING &&
           isalnum((unsigned char)name[length - 1 - count]))
        count++;
    bool found = count > 0 && count < length && name[length - 1 - count] == '.' &&
                 isalpha((unsigned char)name[length - count]);
    return found ? count + 1 : 0;
}

static size_t without_spaces(const char **cell, size_t length) {
    while (length > 0 && **cell == ' ') (*cell)++, length--;
    while (length > 0 && (*cell)[length - 1] == ' ') length--;
    return length;
}

static bool has_digit(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)text[i])) return true;
    return false;
}

static bool ends_alike(const char *cell, size_t length, size_t expected, const char *path) {
    size_t path_length = without_spaces(&path, strlen(path));
    length = without_spaces(&cell, length);
    size_t ending = ending_length(cell, length);
    size_t wanted = ending_length(path, path_length);
    if (wanted > 0)
        return ending == wanted &&
               strncasecmp(cell + length - ending, path + path_length - wanted, wanted) == 0;
    if (ending > 0 || length == 0 || memchr(cell, ' ', length) != NULL) return false;
    /* Two words with a comma between them are in any text, but not two numbers or codes. */
    return expected > 2 || (has_digit(cell, length) && has_digit(path, path_length));
}

static bool is_row(const char *line, size_t length, char delimiter, size_t expected, size_t column,
                   const char *path) {
    const char *end = line + length, *cell = line;
    bool alike = false;
    for (size_t count = 0; count < expected; count++) {
        const char *next = memchr(cell, delimiter, (size_t)(end - cell));
        if (next == NULL) next = end;
        if (count == column) alike = ends_alike(cell, (size_t)(next - cell), expected, path);
        if (next == end) return alike && count + 1 == expected;
        cell = next + 1;
    }
    return false;
}

bool csv_swallows_row(const char *text, size_t size, char delimiter, size_t expected, size_t column,
                      const char *path) {
    for (size_t at = 0; at < size;) {
        size_t whole = 0;
        size_t length = csv_line_length(text + at, size - at, &whole);
        if (at > 0 && is_row(text + at, length, delimiter, expected, column, path)) return true;
        at += whole;
    }
    return false;
}
