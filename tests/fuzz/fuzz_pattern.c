/* --label-pattern: the pattern is the first line, each further line a name. */
#include "host/lists/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Literals and values joined again give the part of the path that was matched. */
static void check_match(const struct pattern *pattern, const struct pattern_match *match,
                        const char *name) {
    size_t length = strlen(name);
    char *whole = calloc(length + 1, 1);
    if (whole == NULL) return;
    for (size_t i = 0, used = 0; i <= pattern->field_count; i++) {
        const char *pieces[] = {pattern->literals[i],
                                i < pattern->field_count ? match->values[i] : ""};
        if (i < pattern->field_count &&
            (match->values[i][0] == '\0' || strchr(match->values[i], '/') != NULL))
            abort();
        if (i < pattern->field_count && pattern->widths[i] > 0 &&
            (strlen(match->values[i]) < pattern->widths[i] ||
             strlen(match->values[i]) > 4 * pattern->widths[i]))
            abort();
        for (size_t k = 0; k < 2; k++) {
            size_t piece = strlen(pieces[k]);
            if (used + piece > length) abort();
            memcpy(whole + used, pieces[k], piece);
            used += piece;
        }
    }
    const char *found = strstr(name, whole);
    if (found == NULL) abort();
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct pattern pattern;
    struct pattern_match match = {0};
    char *text = calloc(size + 1, 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    char *next = text;
    char *line = strsep(&next, "\n");
    if (pattern_parse(line, &pattern, &error) == ERROR_NONE) {
        if (pattern_field(&pattern, "label") >= pattern.field_count) abort();
        while ((line = strsep(&next, "\n")) != NULL) {
            bool matched = false;
            if (pattern_apply(&pattern, line, &match, &matched, &error) != ERROR_NONE) break;
            if (matched) check_match(&pattern, &match, line);
        }
    } else if (error.message[0] == '\0') {
        abort();
    }
    pattern_match_free(&match);
    pattern_free(&pattern);
    free(text);
    return 0;
}
