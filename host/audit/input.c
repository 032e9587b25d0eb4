/* What the list of clips alone shows about an audit, reported before anything is embedded. */
#include "host/audit/internal.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLES 5 /* classes named in a warning */

/* What is known of a class from the list alone. */
struct class_count {
    size_t clips;
    int32_t place; /* group or fold of its first clip */
    bool spread;   /* some clip is in another one */
};

/* "3 classes have fewer clips than the 5 folds: a (1), b (4), ..." */
static enum error_code warn_of_classes(struct audit *audit, const struct class_count *counts,
                                       bool (*is_meant)(const struct class_count *, size_t),
                                       size_t folds, const char *what, struct error *error) {
    const struct clip_list *clips = &audit->session.input.clips;
    struct text named = TEXT_INITIAL;
    size_t found = 0;
    for (size_t c = 0; c < clips->class_count; c++) {
        if (!is_meant(&counts[c], folds)) continue;
        if (found < EXAMPLES)
            text_format(&named, "%s%.*s (%zu)", found == 0 ? "" : ", ",
                        UTF8_PIECE(clips->class_names[c], 100), counts[c].clips);
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

static bool is_in_one_place(const struct class_count *count, size_t folds) {
    (void)folds;
    return count->clips > 1 && !count->spread;
}

static void count_classes(const struct clip_list *clips, enum fold_source source,
                          struct class_count *counts) {
    for (size_t i = 0; i < clips->count; i++) {
        const struct clip *clip = &clips->clips[i];
        if (clip->status != CLIP_OK || clip->class_index < 0) continue;
        struct class_count *count = &counts[clip->class_index];
        int32_t place = source == FOLDS_BY_COLUMN ? clip->fold : clip->group_index;
        if (count->clips++ == 0) count->place = place;
        count->spread = count->spread || place != count->place;
    }
}

/* Whether the class can be audited if every clip can be read. */
static bool is_auditable(const struct class_count *count, enum fold_source source, size_t folds) {
    if (source == FOLDS_BY_COLUMN) return count->spread;
    return count->clips >= folds && (source == FOLDS_DEALT || count->spread);
}

/* Adds the clips that cannot be used to a message: they may be the classes that are missed. */
static void mention_unusable(const struct clip_list *clips, struct error *error) {
    size_t count = 0, first = 0;
    for (size_t i = clips->count; i-- > 0;) {
        if (clips->clips[i].status == CLIP_OK) continue;
        first = i;
        count++;
    }
    size_t length = strlen(error->message);
    if (count == 0 || count == clips->count) return; /* then the message is about them */
    snprintf(error->message + length, sizeof error->message - length,
             "; %zu of %zu clips cannot be used, the first, %.*s: %.*s", count, clips->count,
             UTF8_PIECE(clip_path(clips, first), 200), UTF8_PIECE(clip_reason(clips, first), 300));
}

/* Adds the files of a folder that were not read: a list of the labels may be among them. */
static void mention_not_read(const struct collection *input, struct error *error) {
    size_t length = strlen(error->message);
    if (input->not_read.length == 0) return;
    snprintf(error->message + length, sizeof error->message - length,
             "; not read: %.*s; if one is a list with the labels, give it as INPUT",
             UTF8_PIECE(input->not_read.data, 300));
}

/* Fewer than two classes: there is nothing that a clip could be mistaken for. */
static enum error_code require_two_classes(const struct clip_list *clips,
                                           const struct class_count *counts,
                                           enum fold_source source, size_t folds,
                                           struct error *error) {
    size_t present = 0, auditable = 0, only = 0, auditable_one = 0, most = 0;
    for (size_t c = 0; c < clips->class_count; c++) {
        if (counts[c].clips > 0) only = c;
        if (is_auditable(&counts[c], source, folds)) auditable_one = c;
        if (counts[c].clips > most) most = counts[c].clips;
        present += counts[c].clips > 0;
        auditable += is_auditable(&counts[c], source, folds);
    }
    if (present == 0) return clip_list_fail(clips, "audited", error);
    if (present == 1)
        return FAIL(error, ERROR_DATA,
                    "every clip has the same label, %.*s; an audit needs at least two classes: "
                    "check INPUT, or name the label with --label-column or --label-pattern",
                    UTF8_PIECE(clips->class_names[only], 100));
    if (auditable == 1)
        return FAIL(error, ERROR_DATA,
                    "only 1 class can be audited: %.*s; an audit needs at least two with as many "
                    "clips as folds",
                    UTF8_PIECE(clips->class_names[auditable_one], 100));
    if (most == 1)
        return FAIL(error, ERROR_DATA,
                    "every clip has another label (%zu clips, such as %.*s); check which column, "
                    "field or folder has the label",
                    present, UTF8_PIECE(clips->class_names[only], 100));
    if (auditable == 0 && source == FOLDS_DEALT)
        return FAIL(error, ERROR_DATA,
                    "every class has fewer clips than the %zu folds: give fewer --folds", folds);
    if (auditable == 0)
        return FAIL(error, ERROR_DATA,
                    "no class can be audited: each needs clips in at least two %s%s",
                    source == FOLDS_BY_COLUMN ? "folds" : "groups",
                    source == FOLDS_BY_COLUMN ? "" : ", and as many clips as folds");
    return ERROR_NONE;
}

enum error_code audit_check_classes(const struct audit_settings *settings, enum fold_source source,
                                    struct audit *audit, struct error *error) {
    const struct clip_list *clips = &audit->session.input.clips;
    size_t folds = settings->detection.crossval.folds;
    struct class_count *counts = memory_array(clips->class_count, sizeof *counts, "classes", error);
    if (counts == NULL) return error->code;
    count_classes(clips, source, counts);
    require_two_classes(clips, counts, source, folds, error);
    if (error->code == ERROR_DATA) mention_unusable(clips, error);
    if (error->code == ERROR_DATA) mention_not_read(&audit->session.input, error);
    if (error->code == ERROR_NONE && source != FOLDS_BY_COLUMN)
        warn_of_classes(audit, counts, is_small, folds,
                        "with fewer clips than there are folds cannot be audited", error);
    if (error->code == ERROR_NONE && source == FOLDS_BY_GROUP)
        warn_of_classes(audit, counts, is_in_one_place, folds,
                        "with all clips in one group cannot be audited", error);
    if (error->code == ERROR_NONE && source == FOLDS_BY_COLUMN)
        warn_of_classes(audit, counts, is_in_one_place, folds,
                        "with all clips in one fold cannot be audited", error);
    free(counts);
    return error->code;
}

/* A label is judged against the clips without it: both sides need enough clips. Which labels
 * are left out is only known, and reported, once there are folds. */
enum error_code audit_check_labels(const struct audit_settings *settings, enum fold_source source,
                                   struct audit *audit, struct error *error) {
    const struct clip_list *clips = &audit->session.input.clips;
    const struct label_sets *sets = &audit->session.input.labels;
    const size_t minimum = audit_rows_minimum(source, settings->detection.crossval.folds);
    size_t labelled = 0, auditable = 0, count;
    size_t *counts = memory_array(sets->count, sizeof *counts, "labels", error);
    if (counts == NULL) return error->code;
    for (size_t i = 0; i < clips->count; i++) {
        if (clips->clips[i].status != CLIP_OK || clips->clips[i].class_index < 0) continue;
        const int32_t *members = label_sets_of(sets, clips->clips[i].class_index, &count);
        for (size_t m = 0; m < count; m++) counts[members[m]]++;
        labelled++;
    }
    for (size_t k = 0; k < sets->count; k++)
        auditable += counts[k] >= minimum && labelled - counts[k] >= minimum;
    free(counts);
    if (labelled == 0) return clip_list_fail(clips, "audited", error);
    return auditable == 0 ? audit_rows_fail_labels(sets, error) : ERROR_NONE;
}

enum error_code audit_check_input(const struct audit_settings *settings, enum fold_source source,
                                  struct audit *audit, struct error *error) {
    const struct clip_list *clips = &audit->session.input.clips;
    size_t folds = settings->detection.crossval.folds, unlabelled = 0;
    if (source == FOLDS_BY_GROUP && clips->group_count < 2)
        return FAIL(
            error, ERROR_DATA,
            "--group %s has one value, whatever the clip; give a column or field with several, "
            "such as the speaker, or no group",
            audit->session.input.group_field);
    if (source == FOLDS_BY_GROUP && clips->group_count < folds)
        return FAIL(error, ERROR_DATA,
                    "--group %s has %zu different values, fewer than the %zu folds; give --folds "
                    "%zu, or another group",
                    audit->session.input.group_field, clips->group_count, folds,
                    clips->group_count);
    for (size_t i = 0; i < clips->count; i++) unlabelled += clips->clips[i].status == CLIP_NO_LABEL;
    if (unlabelled > 0)
        TRY(warnings_add(&audit->warnings, error,
                         "clips without a label: %zu; they are rows of clips.csv, unaudited",
                         unlabelled));
    return audit->kind->check_classes(settings, source, audit, error);
}
