#include "host/lists/json_label.h"

#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/clips/label_sets.h"

#include <stdio.h>
#include <string.h>

bool json_label_is_too_long(const json_t *value, size_t bytes, size_t labels) {
    size_t length = json_string_length(value);
    if (json_array_size(value) > labels) return true;
    for (size_t i = 0; i < json_array_size(value) && length <= bytes; i++)
        length += json_string_length(json_array_get(value, i)) + 1;
    return length > bytes;
}

/* The strings of the array as a set; false, with the problem, if an element is not a value. */
static bool join(const json_t *array, const char *key, struct text *text,
                 char problem[JSON_LABEL_PROBLEM], struct error *error) {
    struct text piece = TEXT_INITIAL;
    bool good = true;
    text_clear(text);
    text_string(text, LABEL_JOINT);
    for (size_t i = 0; good && i < json_array_size(array); i++) {
        good = json_value_text(json_array_get(array, i), &piece, error);
        text_format(text, "%s" LABEL_JOINT, piece.data == NULL ? "" : piece.data);
    }
    if (!good)
        snprintf(problem, JSON_LABEL_PROBLEM, "'%.*s' is a list with an element that is not text",
                 UTF8_PIECE(key, 40));
    text_free(&piece);
    text_check(text, error);
    return good;
}

bool json_label_text(const json_t *value, const char *key, const char *separator, struct text *text,
                     char problem[JSON_LABEL_PROBLEM], struct error *error) {
    if (json_is_array(value) && separator != NULL) return join(value, key, text, problem, error);
    if (json_value_text(value, text, error)) return true;
    snprintf(problem, JSON_LABEL_PROBLEM,
             json_is_array(value)
                 ? "'%.*s' is a list; for several labels a clip give --label-separator ';'"
                 : "the value of '%.*s' is not text",
             UTF8_PIECE(key, 40));
    return false;
}
