/* The warnings of belief.h. */
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/confident/belief.h"

#include <stdlib.h>

static void append_class(struct text *text, const struct belief_words *words, int32_t class) {
    if (words->class_names == NULL)
        text_format(text, "class %d", (int)class);
    else {
        text_format(text, "'%s'", words->class_names[class]);
    }
}

static enum error_code add(struct warnings *warnings, struct text *text, struct error *error) {
    enum error_code code = text_check(text, error);
    if (code == ERROR_NONE) code = warnings_add(warnings, error, "%s", text->data);
    text_free(text);
    return code;
}

static double learned(const struct belief *belief) {
    if (!(belief->chance < 1)) return 1; /* one class has nothing to be learned */
    return (belief->balanced_accuracy - belief->chance) / (1 - belief->chance);
}

bool belief_knows_little(const struct belief *belief) {
    return learned(belief) < BELIEF_KNOWS_LITTLE;
}

static size_t classes_present(const struct belief *belief) {
    size_t present = 0;
    for (size_t k = 0; k < belief->classes; k++) present += belief->looks[k].rows > 0;
    return present;
}

static enum error_code warn_little(const struct belief *belief, const struct belief_words *words,
                                   struct warnings *warnings, struct error *error) {
    struct text text = TEXT_INITIAL;
    text_format(&text,
                "balanced accuracy %.2f of %zu classes (chance %.2f, largest class %.2f): this "
                "list is worth little; try other embeddings",
                belief->balanced_accuracy, classes_present(belief), belief->chance,
                belief->majority);
    if (words->group_option != NULL) text_format(&text, " or %s", words->group_option);
    return add(warnings, &text, error);
}

static enum error_code warn_flagged(const struct belief *belief, const struct belief_words *words,
                                    struct warnings *warnings, struct error *error) {
    double share = (double)words->flagged / (double)belief->rows;
    if (!(share > BELIEF_FLAGGED)) return ERROR_NONE;
    struct text text = TEXT_INITIAL;
    number_thousands(&text, words->flagged);
    text_string(&text, " of ");
    number_thousands(&text, belief->rows);
    text_string(&text, " clips are flagged (");
    number_percent(&text, share);
    text_string(&text, "), too many to be a list of errors: look at the first ones before you rely "
                       "on the others");
    return add(warnings, &text, error);
}

/* Whether nearly all that is known of the class is known as another one. */
static bool moved(const struct belief *belief, size_t class) {
    const struct belief_look *look = &belief->looks[class];
    return look->wrong >= BELIEF_PERMUTED_ROWS &&
           (double)look->wrong >= BELIEF_PERMUTED * (double)look->rows &&
           (double)look->right <= BELIEF_PERMUTED_RIGHT * (double)look->wrong;
}

/* Classes that changed places: those that moved, if no two moved to the same class and each of
 * their new places was left by another one. */
static enum error_code count_moved(const struct belief *belief, size_t *count,
                                   struct error *error) {
    *count = 0;
    bool *taken = memory_array(belief->classes, sizeof *taken, "belief", error);
    if (taken == NULL) return error->code;
    bool permuted = true;
    for (size_t k = 0; k < belief->classes; k++) {
        if (!moved(belief, k)) continue;
        size_t other = (size_t)belief->looks[k].other;
        if (taken[other] || !moved(belief, other)) permuted = false;
        taken[other] = true;
        ++*count;
    }
    if (!permuted) *count = 0;
    free(taken);
    return ERROR_NONE;
}

static enum error_code warn_permuted(const struct belief *belief, const struct belief_words *words,
                                     size_t count, struct warnings *warnings, struct error *error) {
    if (count == 0) return ERROR_NONE;
    size_t shown = 0;
    struct text text = TEXT_INITIAL;
    text_format(&text, "%zu classes have changed places (", count);
    for (size_t k = 0; k < belief->classes && shown < 3; k++) {
        if (!moved(belief, k)) continue;
        if (shown++ > 0) text_string(&text, ", ");
        append_class(&text, words, (int32_t)k);
        text_string(&text, " looks like ");
        append_class(&text, words, belief->looks[k].other);
    }
    if (count > shown) text_string(&text, " ...");
    text_string(&text, "): check the order of the classes");
    return add(warnings, &text, error);
}

/* Share of the rows of two classes that look like either, which look like the other one. */
static double confused(const struct belief *belief, const int32_t *labels, int32_t a, int32_t b) {
    size_t both = 0, crossed = 0;
    for (size_t i = 0; i < belief->rows; i++) {
        int32_t given = labels[i], seen = belief->seen[i];
        if ((given != a && given != b) || (seen != a && seen != b)) continue;
        both++;
        crossed += given != seen;
    }
    return both > 0 ? (double)crossed / (double)both : 0;
}

static bool is_separator(char c) {
    return c == ' ' || c == '-' || c == '_' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_separators(const char *name) {
    while (is_separator(*name)) name++;
    return name;
}

/* Where the name begins: after separators, but with the sign of a number. */
static const char *skip_leading(const char *name) {
    while (is_separator(*name) && !(*name == '-' && name[1] >= '0' && name[1] <= '9')) name++;
    return name;
}

/* The next character of a name as it is compared: a run of separators is one space, and nothing at
 * the end; ASCII letters are in lower case if asked. */
static int next_character(const char **at, bool lower) {
    const char *next = skip_separators(*at);
    bool space = next > *at && *next != '\0';
    *at = next;
    if (space) return ' ';
    if (*next == '\0') return 0;
    ++*at;
    return lower && *next >= 'A' && *next <= 'Z' ? *next - 'A' + 'a' : (unsigned char)*next;
}

static int compare_spelling(const char *a, const char *b, bool lower) {
    a = skip_leading(a);
    b = skip_leading(b);
    for (;;) {
        int left = next_character(&a, lower), right = next_character(&b, lower);
        if (left != right || left == 0) return left - right;
    }
}

struct named {
    const char *name;
    int32_t class;
};

static int compare_named(const void *left, const void *right) {
    const struct named *a = left, *b = right;
    int order = compare_spelling(a->name, b->name, true);
    return order != 0 ? order : (a->class > b->class) - (a->class < b->class);
}

static enum error_code warn_pair(const struct belief_words *words, int32_t a, int32_t b,
                                 double share, const char *what, struct warnings *warnings,
                                 struct error *error) {
    struct text text = TEXT_INITIAL;
    text_string(&text, "the classes ");
    append_class(&text, words, a);
    text_string(&text, " and ");
    append_class(&text, words, b);
    text_format(&text, " %s (", what);
    number_percent(&text, share);
    text_string(&text, " of their clips look like the other): are they one class?");
    return add(warnings, &text, error);
}

/* Warns of neighbours in the sorted list of names that differ only in spelling. */
static enum error_code warn_same(const struct belief *belief, const struct belief_words *words,
                                 const struct named *names, struct warnings *warnings,
                                 struct error *error) {
    size_t said = 0;
    for (size_t k = 0; k + 1 < belief->classes && said < BELIEF_SENTENCES; k++) {
        const char *name = names[k].name, *next = names[k + 1].name;
        int32_t a = names[k].class, b = names[k + 1].class;
        if (compare_spelling(name, next, true) != 0) continue;
        if (belief->looks[a].rows == 0 || belief->looks[b].rows == 0) continue;
        double share = confused(belief, words->labels, a, b);
        bool same_case = compare_spelling(name, next, false) == 0;
        if (!same_case && share < BELIEF_CONFUSED_NAMES) continue;
        said++;
        TRY(warn_pair(words, a, b, share, "differ only in spelling", warnings, error));
    }
    return ERROR_NONE;
}

static enum error_code warn_spellings(const struct belief *belief, const struct belief_words *words,
                                      struct warnings *warnings, struct error *error) {
    if (words->class_names == NULL) return ERROR_NONE;
    struct named *names = memory_array(belief->classes, sizeof *names, "class names", error);
    if (names == NULL) return error->code;
    for (size_t k = 0; k < belief->classes; k++)
        names[k] = (struct named){words->class_names[k], (int32_t)k};
    qsort(names, belief->classes, sizeof *names, compare_named);
    warn_same(belief, words, names, warnings, error);
    free(names);
    return error->code;
}

/* Two classes each of which looks, where it looks like another one, most often like the other. */
static enum error_code warn_confused(const struct belief *belief, const struct belief_words *words,
                                     struct warnings *warnings, struct error *error) {
    size_t said = 0;
    for (size_t k = 0; k < belief->classes && said < BELIEF_SENTENCES; k++) {
        const struct belief_look *look = &belief->looks[k];
        if (look->other <= (int32_t)k || belief->looks[look->other].other != (int32_t)k) continue;
        if (words->class_names != NULL &&
            compare_spelling(words->class_names[k], words->class_names[look->other], true) == 0)
            continue; /* said before */
        const struct belief_look *other = &belief->looks[look->other];
        double crossed = (double)(look->wrong + other->wrong);
        double share = crossed / (crossed + (double)(look->right + other->right));
        if (!(share >= BELIEF_CONFUSED)) continue;
        said++;
        TRY(warn_pair(words, (int32_t)k, look->other, share, "can hardly be told apart", warnings,
                      error));
    }
    return ERROR_NONE;
}

enum error_code belief_warn(const struct belief *belief, const struct belief_words *words,
                            struct warnings *warnings, struct error *error) {
    size_t moved_classes = 0;
    TRY(count_moved(belief, &moved_classes, error));
    TRY(warn_permuted(belief, words, moved_classes, warnings, error));
    bool little = moved_classes == 0 && belief_knows_little(belief);
    if (little) TRY(warn_little(belief, words, warnings, error));
    TRY(warn_flagged(belief, words, warnings, error));
    TRY(warn_spellings(belief, words, warnings, error));
    /* Who knows little confuses everything. */
    if (!little && moved_classes == 0) TRY(warn_confused(belief, words, warnings, error));
    return ERROR_NONE;
}
