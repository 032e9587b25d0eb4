#include "host/lists/similar_labels.h"

#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/unicode.h"
#include "host/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In what two labels may differ. */
enum aspect { ASPECT_FORM = 1, ASPECT_SPACES = 2, ASPECT_CASE = 4, ASPECT_NUMBER = 8 };

#define DIGITS_MOST 15 /* that a double tells apart */

/* ---- without an aspect ---- */

/* Every run of spaces as one, none at the ends, nothing invisible. */
static void append_without_spaces(const char *label, struct text *text) {
    bool space = false, begun = false;
    text_clear(text);
    text_string(text, "");
    while (*label != '\0') {
        size_t length = utf8_length(label);
        uint32_t point = length == 0 ? 0 : utf8_point(label, length);
        if (length == 0) length = 1;
        if (unicode_is_space(point)) {
            space = begun;
        } else if (!unicode_is_zero_width(point)) {
            if (space) text_string(text, " ");
            space = false;
            begun = true;
            text_append(text, label, length);
        }
        label += length;
    }
}

/* A decimal number, by its value; other labels stay as they are. */
static void by_value(struct text *text) {
    static const char digits[] = "0123456789";
    const char *label = text->data;
    size_t length = strspn(label, "0123456789+-.eE"), count = 0;
    char *end = NULL;
    if (length == 0 || label[length] != '\0' || strpbrk(label, digits) == NULL) return;
    for (const char *at = label; *at != '\0'; at++) count += strchr(digits, *at) != NULL;
    double value = strtod(label, &end);
    if (*end != '\0' || !isfinite(value) || count > DIGITS_MOST) return;
    text_clear(text);
    number_shortest(text, value == 0 ? 0 : value);
}

/* The label without what the aspects are about; labels are compared by this. */
static enum error_code reduce(const char *label, unsigned aspects, struct text *text,
                              struct error *error) {
    struct text form = TEXT_INITIAL;
    text_clear(text);
    text_string(text, label);
    TRY(text_check(text, error));
    if ((aspects & (ASPECT_FORM | ASPECT_CASE)) != 0) {
        unicode_form(label, (aspects & ASPECT_CASE) != 0 ? UNICODE_FOLDED : UNICODE_COMPOSED, &form,
                     error);
        text_clear(text);
        if (form.length > 0) text_append(text, form.data, form.length);
    }
    if ((aspects & ASPECT_SPACES) != 0 && error->code == ERROR_NONE) {
        text_clear(&form);
        text_append(&form, text->data, text->length);
        if (text_check(&form, error) == ERROR_NONE) append_without_spaces(form.data, text);
    }
    text_free(&form);
    TRY(text_check(text, error));
    if ((aspects & ASPECT_NUMBER) != 0) by_value(text);
    return text_check(text, error);
}

/* ---- a pair ---- */

/* The words for the fewest aspects in which two labels differ; *seen: the difference can be seen.
 */
static enum error_code find_difference(const char *a, const char *b, const char **words, bool *seen,
                                       struct error *error) {
    static const struct {
        unsigned aspects;
        const char *words;
        bool seen;
    } kinds[] = {
        {ASPECT_FORM, "Unicode form (how accents are encoded)", false},
        {ASPECT_SPACES, "spaces or invisible characters", false},
        {ASPECT_CASE, "case", true}, /* and perhaps form */
        {ASPECT_NUMBER, "how the number is written", true},
        {ASPECT_FORM | ASPECT_SPACES, "spaces and Unicode form", false},
        {ASPECT_SPACES | ASPECT_CASE, "spaces and case", true},
        {ASPECT_SPACES | ASPECT_NUMBER, "spaces and how the number is written", true},
    };
    const size_t last = sizeof kinds / sizeof kinds[0] - 1;
    struct text texts[2] = {TEXT_INITIAL, TEXT_INITIAL};
    for (size_t i = 0; i <= last && error->code == ERROR_NONE; i++) {
        if (reduce(a, kinds[i].aspects, &texts[0], error) != ERROR_NONE ||
            reduce(b, kinds[i].aspects, &texts[1], error) != ERROR_NONE)
            break;
        *words = kinds[i].words;
        *seen = kinds[i].seen;
        if (strcmp(texts[0].data, texts[1].data) == 0) break;
    }
    text_free(&texts[0]);
    text_free(&texts[1]);
    return error->code;
}

/* The label with all that is not ASCII as <U+00E9>, so that two that look alike can be told apart;
 * nothing where it is ASCII. */
static void append_points(struct text *text, const char *label) {
    size_t before = text->length;
    bool plain = true;
    text_string(text, " (");
    for (size_t length; *label != '\0'; label += length == 0 ? 1 : length) {
        length = utf8_length(label);
        plain = plain && length == 1;
        if (length == 0)
            text_format(text, "<byte %02X>", (unsigned char)*label);
        else if (length == 1)
            text_append(text, label, 1);
        else
            text_format(text, "<U+%04X>", (unsigned)utf8_point(label, length));
    }
    text_string(text, ")");
    if (!plain || text->failed) return;
    text->length = before;
    text->data[before] = '\0';
}

static enum error_code warn_of_pair(struct warnings *warnings, const char *a, const char *b,
                                    struct error *error) {
    const char *words = "";
    bool seen = true;
    struct text points[2] = {TEXT_INITIAL, TEXT_INITIAL};
    find_difference(a, b, &words, &seen, error);
    for (size_t i = 0; i < 2; i++) {
        text_string(&points[i], "");
        if (!seen) append_points(&points[i], i == 0 ? a : b);
        text_check(&points[i], error);
    }
    if (error->code == ERROR_NONE)
        warnings_add(warnings, error,
                     "the labels '%.*s'%.*s and '%.*s'%.*s differ only in %s; they are kept as two "
                     "classes",
                     UTF8_PIECE(a, 100), UTF8_PIECE(points[0].data, 250), UTF8_PIECE(b, 100),
                     UTF8_PIECE(points[1].data, 250), words);
    text_free(&points[0]);
    text_free(&points[1]);
    return error->code;
}

/* ---- all labels ---- */

struct reduced {
    char *bytes;
    const char *label;
};

static int compare_reduced(const void *left, const void *right) {
    const struct reduced *a = left, *b = right;
    int order = strcmp(a->bytes, b->bytes);
    return order != 0 ? order : strcmp(a->label, b->label);
}

enum error_code similar_labels_warn(const struct label_sets *labels, struct warnings *warnings,
                                    struct error *error) {
    const unsigned all = ASPECT_FORM | ASPECT_SPACES | ASPECT_CASE | ASPECT_NUMBER;
    size_t count = labels->count, pairs = 0;
    struct text text = TEXT_INITIAL;
    struct reduced *reduced = memory_array(count, sizeof *reduced, "labels", error);
    if (reduced == NULL) return error->code;
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++) {
        reduced[i].label = labels->names[i];
        if (reduce(labels->names[i], all, &text, error) == ERROR_NONE)
            reduced[i].bytes = memory_string(text.data, error);
    }
    if (error->code == ERROR_NONE && count > 1)
        qsort(reduced, count, sizeof *reduced, compare_reduced);
    for (size_t i = 1; i < count && error->code == ERROR_NONE; i++) {
        if (strcmp(reduced[i - 1].bytes, reduced[i].bytes) != 0) continue;
        if (++pairs <= SIMILAR_LABELS_SHOWN)
            warn_of_pair(warnings, reduced[i - 1].label, reduced[i].label, error);
    }
    if (pairs > SIMILAR_LABELS_SHOWN && error->code == ERROR_NONE)
        warnings_add(warnings, error,
                     "%zu more pairs of labels differ only in spaces, case, Unicode form, or how a "
                     "number is written",
                     pairs - SIMILAR_LABELS_SHOWN);
    for (size_t i = 0; i < count; i++) free(reduced[i].bytes);
    free(reduced);
    text_free(&text);
    return error->code;
}
