/* Which clips are audited, under which class and in which fold. */
#ifndef EARMARK_AUDIT_ROWS_H
#define EARMARK_AUDIT_ROWS_H

#include "host/classifier/crossval.h"
#include "host/clips/label_sets.h"
#include "host/embedding/embedding.h"

enum fold_source {
    FOLDS_DEALT = 0,     /* stratified by class; with several labels a clip shuffled */
    FOLDS_BY_GROUP = 1,  /* clips of a group stay in one fold; identical audio joins groups */
    FOLDS_BY_COLUMN = 2, /* the clips' own */
};

struct audit_rows {
    size_t count;
    size_t classes; /* those that have audited rows */
    size_t folds;
    size_t joined_groups; /* by identical audio */
    size_t *clips;        /* (count): the row's place in the clip list, ascending */
    int32_t *labels;      /* (count): 0 .. classes - 1; with several labels a clip all 0 */
    int32_t *fold_of;     /* (count) */

    const char **class_names; /* (classes), sorted; strings of the clip list or the sets */
    int32_t *class_of;        /* (clip list's classes): index here, or -1; sets are -1 */
    int32_t *clip_folds;      /* (clip list's clips): -1 for clips that are not audited */
    size_t *clip_rows;        /* (clip list's clips): the row, or EMBEDDING_NO_ROW */

    /* With several labels a clip, else NULL. */
    int8_t *label_matrix;        /* (count, classes): 1 where the row has the class, else 0 */
    int32_t *class_labels;       /* (classes): numbers of the label sets, ascending */
    size_t label_count;          /* of the sets */
    unsigned char *label_status; /* (label_count) enum auditable: why a label is no class */
    size_t *label_rows;          /* (label_count): rows that have it */
};

/* Chooses the rows. Clips that cannot be audited get their status and reason in the
 * list. The store's rows, all committed, are looked at for values that are not
 * finite. Of the settings, the number of folds and the shuffle count. sets: NULL for one label
 * a clip; else every clip that has been labelled is a row, and labels that cannot be judged are
 * no classes. ERROR_DATA when fewer than two classes are left (with sets: none). */
enum error_code audit_rows_select(struct clip_list *clips, const struct clip_measures *measures,
                                  const struct embedding_store *store,
                                  const struct crossval_settings *settings, enum fold_source source,
                                  const struct label_sets *sets, struct audit_rows *rows,
                                  struct error *error);
void audit_rows_free(struct audit_rows *rows); /* takes a zeroed one */

/* Its part for several labels a clip, once rows have folds: classes, names and matrix.
 * minimum: so many rows must have a label, and so many not. */
enum error_code audit_rows_take_labels(const struct clip_list *clips, const struct label_sets *sets,
                                       size_t minimum, struct audit_rows *rows,
                                       struct error *error);

#endif
