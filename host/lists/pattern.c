#include "host/lists/pattern.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool audio_extension(const char *name, size_t *dot) {
    const char *found = strrchr(name, '.');
    if (found == NULL) return false;
    for (const char *at = AUDIO_EXTENSIONS; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (strlen(found) == length && strncasecmp(found, at, length) == 0) {
            if (dot != NULL) *dot = (size_t)(found - name);
            return true;
        }
        at += length;
    }
    return false;
}

/* ---- parsing ---- */

static bool is_name(const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

/* Takes ":2" off the end of a field. *width: 2; 0: none; SIZE_MAX: it is no width. */
static void take_width(char *field, size_t *width) {
    char *colon = strchr(field, ':');
    *width = 0;
    if (colon == NULL) return;
    size_t digits = strspn(colon + 1, "0123456789");
    bool number = digits >= 1 && digits <= 3 && colon[1 + digits] == '\0';
    *width = number ? strtoul(colon + 1, NULL, 10) : SIZE_MAX;
    if (*width == 0) *width = SIZE_MAX;
    if (*width != SIZE_MAX) *colon = '\0';
}

static enum error_code add_field(struct pattern *pattern, char *name, const char *text,
                                 struct error *error) {
    size_t width;
    take_width(name, &width);
    if (width == SIZE_MAX)
        return FAIL(error, ERROR_USAGE,
                    "--label-pattern '%s': in '{%s}' a number of characters from 1 to 999 comes "
                    "after the ':', as in {speaker:2}",
                    text, name);
    if (!is_name(name))
        return FAIL(
            error, ERROR_USAGE,
            "--label-pattern '%s': '{%s}' is not a field; write its name with letters, digits "
            "and '_'",
            text, name);
    if (strcmp(name, "_") != 0 && pattern_field(pattern, name) != SIZE_MAX)
        return FAIL(error, ERROR_USAGE,
                    "--label-pattern '%s': the field {%s} occurs twice; rename one", text, name);
    if (pattern->field_count == PATTERN_MAXIMUM_FIELDS)
        return FAIL(error, ERROR_USAGE, "--label-pattern '%s': more than %d fields; remove some",
                    text, PATTERN_MAXIMUM_FIELDS);
    pattern->widths[pattern->field_count] = width;
    pattern->fields[pattern->field_count++] = name;
    return ERROR_NONE;
}

/* Of fields with nothing between them, all but one have a width. */
static enum error_code check_run(const struct pattern *pattern, const char *text,
                                 struct error *error) {
    const size_t last = pattern->field_count - 1;
    if (pattern->widths[last] > 0) return ERROR_NONE;
    for (size_t i = last; i > 0 && pattern->literals[i][0] == '\0'; i--)
        if (pattern->widths[i - 1] == 0)
            return FAIL(error, ERROR_USAGE,
                        "--label-pattern '%s': nothing separates {%s} and {%s}; put a character "
                        "between them, or say how many characters a field has: {%s:2}",
                        text, pattern->fields[i - 1], pattern->fields[last],
                        pattern->fields[i - 1]);
    return ERROR_NONE;
}

/* Cuts pattern->text at its braces. */
static enum error_code cut(struct pattern *pattern, const char *text, struct error *error) {
    char *at = pattern->text;
    pattern->literals[0] = at;
    for (;;) {
        at += strcspn(at, "{}");
        if (*at == '\0') return ERROR_NONE;
        char *close = *at == '{' ? at + 1 + strcspn(at + 1, "{}") : NULL;
        if (close == NULL || *close != '}')
            return FAIL(
                error, ERROR_USAGE,
                "--label-pattern '%s': '%c' at position %zu is not paired; add the other brace",
                text, *at, (size_t)(at - pattern->text) + 1);
        *at = '\0';
        *close = '\0';
        TRY(add_field(pattern, at + 1, text, error));
        TRY(check_run(pattern, text, error));
        at = close + 1;
        pattern->literals[pattern->field_count] = at;
    }
}

enum error_code pattern_parse(const char *text, struct pattern *pattern, struct error *error) {
    *pattern = (struct pattern){0};
    if (strlen(text) > PATTERN_MAXIMUM_LENGTH)
        return FAIL(error, ERROR_USAGE, "--label-pattern is longer than %d bytes; shorten it",
                    PATTERN_MAXIMUM_LENGTH);
    pattern->text = memory_string(text, error);
    if (pattern->text == NULL) return error->code;
    TRY(cut(pattern, text, error));
    if (pattern_field(pattern, "label") == SIZE_MAX)
        return FAIL(error, ERROR_USAGE,
                    "--label-pattern '%s' has no {label}; for example "
                    "'{label}_{speaker}_{take}.wav'",
                    text);
    for (const char *at = text; *at != '\0'; at++) pattern->slashes += *at == '/';
    const char *last = pattern->literals[pattern->field_count];
    const char *before = pattern->literals[pattern->field_count - 1];
    size_t length = strlen(before);
    pattern->has_extension =
        audio_extension(last, NULL) || (last[0] == '\0' && length > 0 && before[length - 1] == '.');
    return ERROR_NONE;
}

void pattern_free(struct pattern *pattern) {
    free(pattern->text);
    *pattern = (struct pattern){0};
}

size_t pattern_field(const struct pattern *pattern, const char *name) {
    for (size_t i = 0; i < pattern->field_count; i++)
        if (strcmp(pattern->fields[i], name) == 0) return i;
    return SIZE_MAX;
}

/* ---- matching ---- */

/* The last `slashes` + 1 components of the path, which the pattern is matched against. */
static const char *last_components(const char *path, size_t slashes) {
    const char *start = path + strlen(path);
    for (size_t left = slashes + 1; start > path; start--)
        if (start[-1] == '/' && --left == 0) break;
    return start;
}

/* Where a field of so many characters ends that begins at `start`; SIZE_MAX: it does not fit. What
 * is not UTF-8 counts a character each byte. */
static size_t end_of_width(const char *name, size_t start, size_t length, size_t width) {
    for (; width > 0; width--) {
        if (start >= length || name[start] == '/') return SIZE_MAX;
        size_t bytes = utf8_length(name + start);
        start += bytes == 0 ? 1 : bytes;
    }
    return start <= length ? start : SIZE_MAX;
}

/* Fills reach[k][i], (field_count + 1, length + 1): in how many ways, 0, 1 or "2
 * or more", bytes i.. of the name match literal k and all that follows it. From
 * the right, so that adversarial names cost fields * length and no more. */
static void fill_reach(const struct pattern *pattern, const char *name, size_t length,
                       unsigned char *reach) {
    size_t width = length + 1;
    for (size_t k = pattern->field_count + 1; k-- > 0;) {
        const char *literal = pattern->literals[k];
        size_t literal_length = strlen(literal);
        bool last = k == pattern->field_count;
        unsigned char ways = 0; /* of field k beginning at i + literal_length */
        for (size_t i = length + 1; i-- > 0;) {
            size_t after = i + literal_length;
            reach[k * width + i] = 0;
            if (after > length) continue;
            /* The field takes name[after .. end), end > after, no '/' inside. */
            if (!last && pattern->widths[k] > 0) {
                size_t end = end_of_width(name, after, length, pattern->widths[k]);
                ways = end == SIZE_MAX ? 0 : reach[(k + 1) * width + end];
            } else if (!last && after < length) {
                unsigned sum = (unsigned)ways + reach[(k + 1) * width + after + 1];
                ways = name[after] == '/' ? 0 : (unsigned char)(sum > 2 ? 2 : sum);
            }
            if (memcmp(name + i, literal, literal_length) != 0) continue;
            reach[k * width + i] = last ? after == length : ways;
        }
    }
}

/* Cuts the name along the leftmost shortest way. */
static void take_values(const struct pattern *pattern, const char *name, size_t length,
                        struct pattern_match *match) {
    size_t width = length + 1;
    size_t at = strlen(pattern->literals[0]);
    char *value = match->storage;
    for (size_t k = 0; k < pattern->field_count; k++) {
        size_t end = at + 1;
        if (pattern->widths[k] > 0)
            end = end_of_width(name, at, length, pattern->widths[k]);
        else
            while (match->reach[(k + 1) * width + end] == 0) end++;
        match->values[k] = value;
        memcpy(value, name + at, end - at);
        value[end - at] = '\0';
        value += end - at + 1;
        at = end + strlen(pattern->literals[k + 1]);
    }
}

enum error_code pattern_apply(const struct pattern *pattern, const char *path,
                              struct pattern_match *match, bool *matched, struct error *error) {
    *matched = false;
    const char *name = last_components(path, pattern->slashes);
    size_t length = strlen(name);
    if (!pattern->has_extension) audio_extension(name, &length);
    /* No file has a longer name, and the time is that of fields x bytes. */
    if (length == 0 || length >= (pattern->slashes + 1) * (NAME_MAX + 1)) return ERROR_NONE;
    if (length > PATTERN_MAXIMUM_LENGTH) return ERROR_NONE;
    if (match->storage == NULL) {
        match->storage = memory_array(PATTERN_MAXIMUM_LENGTH + PATTERN_MAXIMUM_FIELDS, 1,
                                      "a file's name", error);
        match->reach = memory_array(PATTERN_MAXIMUM_FIELDS + 1, PATTERN_MAXIMUM_LENGTH + 1,
                                    "a file's name", error);
        if (error->code != ERROR_NONE) return error->code;
    }
    fill_reach(pattern, name, length, match->reach);
    if (match->reach[0] == 0) return ERROR_NONE;
    match->ambiguous = match->reach[0] > 1;
    take_values(pattern, name, length, match);
    *matched = true;
    return ERROR_NONE;
}

void pattern_match_free(struct pattern_match *match) {
    free(match->storage);
    free(match->reach);
    *match = (struct pattern_match){0};
}
