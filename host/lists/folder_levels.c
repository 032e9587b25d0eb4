#include "host/lists/folder_levels.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/base/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_WRAPPERS 8 /* folders around the parts, or around the classes of each */

/* ---- names of parts ---- */

enum split_name { SPLIT_NONE, SPLIT_LOOSE, SPLIT_EXACT };

/* Longer words before those that they begin with. */
static const char *const words[] = {"training", "train",   "testing",    "test", "validation",
                                    "valid",    "val",     "evaluation", "eval", "development",
                                    "dev",      "holdout", "heldout"};

/* What may follow such a word: "train_2", "test-other", "trainset", "dev (1)", "val100". */
static bool is_rest(const char *rest, size_t length) {
    static const char *const joined[] = {"set", "data"};
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
        size_t own = strlen(joined[i]);
        if (length < own || strncasecmp(rest, joined[i], own) != 0) continue;
        rest += own;
        length -= own;
        break;
    }
    return length == 0 || isalpha((unsigned char)rest[0]) == 0;
}

static enum split_name split_name_of(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t own = strlen(words[i]);
        if (length < own || strncasecmp(name, words[i], own) != 0) continue;
        if (length == own) return SPLIT_EXACT;
        if ((unsigned char)name[own] < 0x80 && is_rest(name + own, length - own))
            return SPLIT_LOOSE;
    }
    return SPLIT_NONE;
}

/* The part whose word is in a name, as in "test_clips" and "FSD50K.dev_audio": a bit, 0 for none.
 */
static unsigned find_part(const char *name, size_t length) {
    for (size_t at = 0; at < length; at++) {
        if (at > 0 && ((unsigned char)name[at - 1] >= 0x80 || isalpha((unsigned char)name[at - 1])))
            continue;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            size_t own = strlen(words[i]);
            if (length - at < own || strncasecmp(name + at, words[i], own) != 0) continue;
            const char *rest = name + at + own;
            if (length - at > own &&
                ((unsigned char)rest[0] >= 0x80 || !is_rest(rest, length - at - own)))
                continue;
            size_t same = i; /* "train" is "training", "val" is "valid" */
            while (same > 0 && strncmp(words[same - 1], words[i], 3) == 0) same--;
            return 1U << same;
        }
    }
    return 0;
}

bool folder_is_split(const char *name, size_t length) {
    return split_name_of(name, length) != SPLIT_NONE;
}

bool folder_is_plain_split(const char *name, size_t length) {
    return split_name_of(name, length) == SPLIT_EXACT;
}

/* ---- levels ---- */

const char *folder_level_name(const char *path, size_t level, size_t *length) {
    for (;; level--) {
        const char *slash = strchr(path, '/');
        if (slash == NULL) return NULL;
        *length = (size_t)(slash - path);
        if (level == 0) return path;
        path = slash + 1;
    }
}

/* Whether something found belongs to a class: no archive, and no folder that could not be read. */
static bool is_clip(const struct found *found) {
    return found->kind != FOUND_ARCHIVE && found->kind != FOUND_UNREADABLE &&
           found->kind != FOUND_OUTSIDE_TREE;
}

/* The folders of one level. */
struct level {
    size_t folders, exact, loose;
    size_t clips;        /* in folders of this level */
    size_t above;        /* in no folder of this level */
    size_t direct, deep; /* in folders with names of parts: without and with another below */
    const char *first;   /* a clip's path in the first such folder */
    const char *first_deep;
};

/* Clips of a folder are beside each other, since they are sorted. */
static struct level count_level(const struct folder_walk *walk, size_t at) {
    struct level level = {0};
    enum split_name split = SPLIT_NONE;
    const char *last = NULL;
    size_t last_length = 0, length = 0, below;
    for (size_t i = 0; i < walk->found_count; i++) {
        const char *path = folder_walk_name(walk, walk->found[i].path);
        if (!is_clip(&walk->found[i])) continue;
        const char *name = folder_level_name(path, at, &length);
        if (name == NULL) {
            level.above++;
            continue;
        }
        level.clips++;
        size_t whole = (size_t)(name - path) + length; /* with the folders above */
        if (last == NULL || whole != last_length || memcmp(path, last, whole) != 0) {
            split = split_name_of(name, length);
            level.folders++;
            level.exact += split == SPLIT_EXACT;
            level.loose += split == SPLIT_LOOSE;
            last = path;
            last_length = whole;
        }
        if (split == SPLIT_NONE) continue;
        if (level.first == NULL) level.first = path;
        if (folder_level_name(path, at + 1, &below) == NULL) {
            level.direct++;
        } else {
            if (level.deep++ == 0) level.first_deep = path;
        }
    }
    return level;
}

/* Whether every folder of a level has a part's word in its name, and not all the same one:
 * "set_train" and "set_test", but not "test_tube" and "test_drill". */
static bool names_several_parts(const struct folder_walk *walk, size_t at) {
    unsigned parts = 0;
    for (size_t i = 0; i < walk->found_count; i++) {
        size_t length = 0;
        if (!is_clip(&walk->found[i])) continue;
        const char *path = folder_walk_name(walk, walk->found[i].path);
        const char *name = folder_level_name(path, at, &length);
        unsigned part = name == NULL ? 0 : find_part(name, length);
        if (part == 0) return false;
        parts |= part;
    }
    return (parts & (parts - 1)) != 0;
}

struct pair {
    const char *split, *name;
    size_t split_length, length;
};

static int compare_pieces(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t shorter = a_length < b_length ? a_length : b_length;
    int order = memcmp(a, b, shorter);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_pairs(const void *left, const void *right) {
    const struct pair *a = left, *b = right;
    int order = compare_pieces(a->name, a->length, b->name, b->length);
    return order != 0 ? order
                      : compare_pieces(a->split, a->split_length, b->split, b->split_length);
}

/* Clips of a folder are beside each other: nearly all repetitions are left out. */
static void add_pair(struct pair *pairs, size_t *count, struct pair pair) {
    for (size_t back = 1; back <= 2 && back <= *count; back++)
        if (compare_pairs(&pair, &pairs[*count - back]) == 0) return;
    pairs[(*count)++] = pair;
}

/* *shared: whether folders of the level below have names that occur in several of this one, as
 * classes do in parts of a data set, or a part has a folder named as one beside it. */
static enum error_code find_shared(const struct folder_walk *walk, size_t at, bool *shared,
                                   struct error *error) {
    struct pair *pairs = scratch_array(walk->found_count, 2 * sizeof *pairs, "folders", error);
    size_t count = 0;
    *shared = false;
    if (pairs == NULL) return error->code;
    for (size_t i = 0; i < walk->found_count; i++) {
        struct pair pair;
        const char *path = folder_walk_name(walk, walk->found[i].path);
        if (!is_clip(&walk->found[i])) continue;
        pair.split = folder_level_name(path, at, &pair.split_length);
        if (pair.split == NULL) continue;
        if (split_name_of(pair.split, pair.split_length) == SPLIT_NONE)
            add_pair(pairs, &count, (struct pair){pair.split, pair.split, 0, pair.split_length});
        pair.name = folder_level_name(path, at + 1, &pair.length);
        if (pair.name != NULL) add_pair(pairs, &count, pair);
    }
    if (count > 1) sort_in_place(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 1; i < count && !*shared; i++)
        *shared = compare_pieces(pairs[i].name, pairs[i].length, pairs[i - 1].name,
                                 pairs[i - 1].length) == 0 &&
                  compare_pairs(&pairs[i], &pairs[i - 1]) != 0 &&
                  (pairs[i - 1].split_length > 0 ||
                   split_name_of(pairs[i].split, pairs[i].split_length) != SPLIT_NONE);
    scratch_free(pairs);
    return ERROR_NONE;
}

/* ---- what is said ---- */

/* Fields for the folders of a path from a level on, and its name. */
static void append_pattern(const char *path, size_t from, const char *const *fields,
                           struct text *pattern) {
    size_t length, level = from;
    for (; folder_level_name(path, level, &length) != NULL; level++)
        text_format(pattern, "%s/",
                    level - from < 2 && fields[level - from] != NULL ? fields[level - from]
                                                                     : "{_}");
    text_string(pattern, "{_}");
}

static const char *const as_splits[] = {"{split}", "{label}"};
static const char *const as_labels[] = {"{label}", NULL};

static enum error_code fail_unclear(const struct folder_walk *walk, const struct level *level,
                                    size_t at, struct error *error) {
    struct text splits = TEXT_INITIAL, labels = TEXT_INITIAL;
    size_t length = 0;
    const char *name = folder_level_name(level->first_deep, at, &length);
    append_pattern(level->first_deep, at, as_splits, &splits);
    append_pattern(level->first_deep, at, as_labels, &labels);
    if (text_check(&splits, error) == ERROR_NONE && text_check(&labels, error) == ERROR_NONE)
        FAIL(error, ERROR_DATA,
             "%s: it is not clear whether folders like %.*s/ are labels or parts of the data set; "
             "give --label-pattern '%s' if they are parts, or '%s' if they are labels",
             walk->root->path, (int)length, name, splits.data, labels.data);
    text_free(&splits);
    text_free(&labels);
    return error->code;
}

static enum error_code fail_direct(const struct folder_walk *walk, const struct level *level,
                                   size_t at, struct error *error) {
    size_t length = 0;
    const char *name = folder_level_name(level->first, at, &length);
    return FAIL(error, ERROR_DATA,
                "%s: folders like %.*s/ have names of parts of a data set, and no class folders; "
                "give --label-pattern with the place of the label in names, as "
                "'{label}_{take}', or '{label}/{_}' if these folders are the labels; or give a "
                "list with the labels as the input",
                walk->root->path, (int)length, name);
}

/* The first names of parts: "test/, train/". */
static void append_splits(const struct folder_walk *walk, size_t at, struct text *text) {
    const char *last = NULL;
    size_t last_length = 0, shown = 0;
    for (size_t i = 0; i < walk->found_count; i++) {
        size_t length = 0;
        const char *path = folder_walk_name(walk, walk->found[i].path);
        const char *name = is_clip(&walk->found[i]) ? folder_level_name(path, at, &length) : NULL;
        if (name == NULL ||
            (last != NULL && length == last_length && memcmp(name, last, length) == 0))
            continue;
        if (shown == 4) {
            text_string(text, ", ...");
            return;
        }
        text_format(text, "%s%.*s/", shown++ == 0 ? "" : ", ", (int)length, name);
        last = name;
        last_length = length;
    }
}

static enum error_code describe(const struct folder_walk *walk, const struct level *level,
                                const struct folder_levels *levels, struct text *reading,
                                struct error *error) {
    if (reading->length > 0) text_string(reading, "; ");
    if (levels->split > levels->label) {
        text_string(reading, "folders below the labels are taken as parts of the data set, the "
                             "column split");
        return text_check(reading, error);
    }
    append_splits(walk, levels->split, reading);
    text_string(reading, " are taken as parts of the data set, the column split, not as labels; "
                         "labels are the folders in ");
    for (size_t i = levels->split + 1; i < levels->label; i++) {
        size_t length = 0;
        const char *name = folder_level_name(level->first_deep, i, &length);
        if (name != NULL) text_format(reading, "%.*s/", (int)length, name);
    }
    text_format(reading, "%s(--label-pattern '",
                levels->label > levels->split + 1 ? " in them " : "them ");
    append_pattern(level->first_deep, levels->split, as_labels, reading);
    text_string(reading, "' if the parts are the labels)");
    return text_check(reading, error);
}

/* ---- decisions ---- */

/* Folders of parts may keep their classes in one more folder, as train/audio/CLASS. */
static size_t find_label_level(const struct folder_walk *walk, size_t split) {
    size_t label = split + 1;
    for (size_t tried = 0; tried < MOST_WRAPPERS; tried++, label++) {
        const char *only = NULL;
        size_t only_length = 0, length = 0, below = 0, deeper = 0;
        for (size_t i = 0; i < walk->found_count; i++) {
            const char *path = folder_walk_name(walk, walk->found[i].path);
            const char *name =
                is_clip(&walk->found[i]) ? folder_level_name(path, label, &length) : NULL;
            if (name == NULL) continue;
            if (only == NULL) {
                only = name;
                only_length = length;
            }
            if (compare_pieces(only, only_length, name, length) != 0) return label;
            deeper += folder_level_name(path, label + 1, &below) != NULL;
        }
        if (deeper == 0) return label;
    }
    return label;
}

/* Folders with names of parts beside others, or only with names that begin like those. */
static enum error_code decide_unclear(const struct folder_walk *walk, const struct level *level,
                                      size_t at, bool all, bool *is_split, struct error *error) {
    bool shared = false;
    if (level->deep == 0) {
        bool mostly = level->exact > 1 && level->exact > level->folders - level->exact;
        return mostly || names_several_parts(walk, at) ? fail_direct(walk, level, at, error)
                                                       : ERROR_NONE;
    }
    TRY(find_shared(walk, at, &shared, error));
    *is_split = all && (shared || level->folders == 1);
    if (*is_split || (!all && !shared && level->exact < 2)) return ERROR_NONE;
    return fail_unclear(walk, level, at, error);
}

/* No name begins with the word of a part, but all may have one: "set_train", "set_test". */
static enum error_code decide_by_words(const struct folder_walk *walk, const struct level *level,
                                       size_t at, struct error *error) {
    struct level named = *level;
    size_t length;
    bool shared = false;
    if (!names_several_parts(walk, at)) return ERROR_NONE;
    for (size_t i = 0; i < walk->found_count; i++) {
        const char *path = folder_walk_name(walk, walk->found[i].path);
        if (!is_clip(&walk->found[i])) continue;
        if (named.first == NULL) named.first = path;
        if (named.first_deep == NULL && folder_level_name(path, at + 1, &length) != NULL)
            named.first_deep = path;
    }
    if (named.first_deep == NULL) return fail_direct(walk, &named, at, error);
    TRY(find_shared(walk, at, &shared, error));
    return shared ? fail_unclear(walk, &named, at, error) : ERROR_NONE;
}

static enum error_code decide(const struct folder_walk *walk, const struct level *level, size_t at,
                              bool *is_split, struct error *error) {
    bool all = level->exact + level->loose == level->folders;
    *is_split = false;
    if (level->exact + level->loose == 0) return decide_by_words(walk, level, at, error);
    if (!all || level->exact == 0) return decide_unclear(walk, level, at, all, is_split, error);
    *is_split = level->deep > 0;
    if (level->deep > 0 || level->folders == 1) return ERROR_NONE;
    return fail_direct(walk, level, at, error);
}

enum error_code folder_levels_find(const struct folder_walk *walk, struct folder_levels *levels,
                                   struct text *reading, struct error *error) {
    bool is_split = false;
    struct level level = {0};
    size_t at = 0;
    *levels = (struct folder_levels){.label = 0, .split = FOLDER_NO_SPLIT};
    for (; at < MOST_WRAPPERS; at++) {
        level = count_level(walk, at);
        if (level.clips == 0 || level.above > 0) return ERROR_NONE;
        if (level.folders > 1 || level.exact + level.loose > 0) break;
    }
    TRY(decide(walk, &level, at, &is_split, error));
    if (is_split) {
        *levels = (struct folder_levels){.label = find_label_level(walk, at), .split = at};
        return describe(walk, &level, levels, reading, error);
    }
    if (at > 0 || level.exact + level.loose > 0) return ERROR_NONE;
    level = count_level(walk, 1);
    if (level.above > 0 || level.folders == 0 || level.exact < level.folders) return ERROR_NONE;
    *levels = (struct folder_levels){.label = 0, .split = 1};
    return describe(walk, &level, levels, reading, error);
}
