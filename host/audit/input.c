/* What the labels, groups and folds of an input mean for its audit, told before
 * hours of decoding rather than after them. */
#include "host/audit/internal.h"

#include "host/base/memory.h"

#include <stdlib.h>

#define EXAMPLES 5 /* classes named in a warning */

/* What is known of a class from the list alone. */
struct class_count {
    size_t clips;
    int32_t part;   /* group or fold of its first clip */
    bool in_others; /* some clip is in another one */
};

/* "3 classes have fewer clips than the 5 folds: a (1), b (4), ..." */
static enum error_code warn_of_classes(struct audit *audit, const struct class_count *counts,
                                       bool (*is_meant)(const struct class_count *, size_t),
                                       size_t folds, const char *what, struct error *error) {
    const struct clip_list *clips = &audit->input.clips;
    struct text named = TEXT_INITIAL;
    size_t found = 0;
    for (size_t c = 0; c < clips->class_count; c++) {
        if (!is_meant(&counts[c], folds)) continue;
        if (found < EXAMPLES)
            text_format(&named, "%s%.100s (%zu)", found == 0 ? "" : ", ", clips->class_names[c],
                        counts[c].clips);
        found++;
    }
    if (found > 0 && text_check(&named, error) == ERROR_NONE)
        warnings_add(&audit->warnings, error, "%zu %s %s: %s%s", found,
                     found == 1 ? "class" : "classes", what, named.data,
                     found > EXAMPLES ? ", ..." : "");
    text_free(&named);
    return error->code;
}

static bool is_small(const struct class_count *count, size_t folds) {
    return count->clips > 0 && count->clips < folds;
}

static bool is_in_one_part(const struct class_count *count, size_t folds) {
    (void)folds;
    return count->clips > 1 && !count->in_others;
}

static void count_classes(const struct audit *audit, enum fold_source source,
                          struct class_count *counts, size_t *unlabelled) {
    const struct clip_list *clips = &audit->input.clips;
    for (size_t i = 0; i < clips->count; i++) {
        const struct clip *clip = &clips->clips[i];
        *unlabelled += clip->status == CLIP_NO_LABEL;
        if (clip->status != CLIP_OK) continue;
        struct class_count *count = &counts[clip->class_index];
        int32_t part = source == FOLDS_BY_COLUMN ? clip->fold : clip->group_index;
        if (count->clips++ == 0) count->part = part;
        count->in_others = count->in_others || part != count->part;
    }
}

enum error_code audit_check_input(const struct audit_settings *settings, enum fold_source source,
                                  struct audit *audit, struct error *error) {
    const struct clip_list *clips = &audit->input.clips;
    size_t folds = settings->crossval.folds;
    size_t unlabelled = 0;
    /* With several labels a clip its classes are sets; labels are told of once folds are known. */
    bool classes = !audit->several;
    if (source == FOLDS_BY_GROUP && clips->group_count < folds)
        return FAIL(error, ERROR_DATA,
                    "--group %s has %zu different values, fewer than the %zu folds; give --folds "
                    "%zu, or another group",
                    settings->input_options.group_field, clips->group_count, folds,
                    clips->group_count > 2 ? clips->group_count : 2);
    struct class_count *counts = memory_array(clips->class_count, sizeof *counts, "classes", error);
    if (counts == NULL) return error->code;
    count_classes(audit, source, counts, &unlabelled);
    if (unlabelled > 0)
        warnings_add(&audit->warnings, error,
                     "%zu clips have no label; they are rows of clips.csv, unaudited", unlabelled);
    if (error->code == ERROR_NONE && classes && source != FOLDS_BY_COLUMN)
        warn_of_classes(audit, counts, is_small, folds,
                        "with fewer clips than there are folds cannot be audited", error);
    if (error->code == ERROR_NONE && classes && source == FOLDS_BY_GROUP)
        warn_of_classes(audit, counts, is_in_one_part, folds,
                        "with all clips in one group cannot be audited", error);
    if (error->code == ERROR_NONE && classes && source == FOLDS_BY_COLUMN)
        warn_of_classes(audit, counts, is_in_one_part, folds,
                        "with all clips in one fold cannot be audited", error);
    free(counts);
    return error->code;
}
