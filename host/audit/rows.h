/* Which clips are audited, under which class and in which fold. */
#ifndef EARMARK_AUDIT_ROWS_H
#define EARMARK_AUDIT_ROWS_H

#include "host/base/npy.h"
#include "host/classifier/crossval.h"
#include "host/clips/label_sets.h"
#include "host/embedding/embedding.h"

enum fold_source {
    FOLDS_DEALT = 0,     /* stratified by class; multilabel: shuffled */
    FOLDS_BY_GROUP = 1,  /* clips of a group stay in one fold; copies join groups */
    FOLDS_BY_COLUMN = 2, /* the clips' own */
};

/* What rows are chosen from. Of the settings, the number of folds, shuffle and seed count. */
struct row_source {
    struct clip_list *clips; /* clips that cannot be audited get their status and reason */
    const struct clip_measures *measures; /* (clips->count) */
    const struct embedding_store *store;  /* all committed */
    const struct crossval_settings *settings;
    enum fold_source folds;
    bool copies_apart;             /* copies may be in different folds */
    const struct npy_array *views; /* (view_count) more embeddings, a row for each clip */
    size_t view_count;
};

struct audit_rows {
    size_t count;
    size_t classes; /* those that have audited rows */
    size_t folds;
    size_t joined_groups;  /* by copies */
    size_t *clips;         /* (count): the row's place in the clip list, ascending */
    int32_t *labels;       /* (count): 0 .. classes - 1; multilabel: all 0 */
    int32_t *fold_of;      /* (count) */
    int32_t *copy_of;      /* (count) the first row with the same embeddings (classifier/copies.h);
                              NULL: copies were not looked for */
    int64_t *groups;       /* (count) of the clip list, with FOLDS_BY_GROUP; else NULL */
    size_t copies;         /* rows that are not the first */
    uint64_t (*hashes)[2]; /* (count) of a row's embeddings, while rows are chosen */

    const char **class_names; /* (classes), sorted; strings of the clip list or the sets */
    int32_t *class_of;        /* (clip list's classes): index here, or -1; multilabel: -1 */
    int32_t *clip_folds;      /* (clip list's clips): -1 for clips that are not audited */
    size_t *clip_rows;        /* (clip list's clips): the row, or EMBEDDING_NO_ROW */

    /* Multilabel only, else NULL. */
    int8_t *label_matrix;        /* (count, classes): 1 where the row has the class, else 0 */
    int32_t *class_labels;       /* (classes): numbers of the label sets, ascending */
    size_t label_count;          /* of the sets */
    unsigned char *label_status; /* (label_count) enum auditable: why a label is no class */
    size_t *label_rows;          /* (label_count): rows that have it */
};

/* Chooses the rows where a clip has one label. Clips whose embedding is not finite are
 * unreadable. ERROR_DATA when fewer than two classes are left. */
enum error_code audit_rows_select(const struct row_source *source, struct audit_rows *rows,
                                  struct error *error);
/* Multilabel: every labelled clip is a row, and labels that cannot be judged are not among the
 * classes. ERROR_DATA when no label is left. */
enum error_code audit_rows_select_multilabel(const struct row_source *source,
                                             const struct label_sets *sets, struct audit_rows *rows,
                                             struct error *error);
void audit_rows_free(struct audit_rows *rows); /* takes a zeroed one */

/* How many rows must have a label, and how many must not, for it to be judged. */
size_t audit_rows_minimum(enum fold_source source, size_t folds);
/* ERROR_DATA: no label of the sets can be judged. */
enum error_code audit_rows_fail_labels(const struct label_sets *sets, struct error *error);

/* ---- steps that both selections share ---- */

/* The candidates: clips that were embedded and have a label, with the list's class indexes. */
enum error_code audit_rows_begin(const struct row_source *source, struct audit_rows *rows,
                                 struct error *error);
/* Folds dealt to the rows, copies in one: stratified by rows->labels, or without regard to them. */
enum error_code audit_rows_deal_folds(const struct row_source *source, size_t classes,
                                      bool stratified, struct audit_rows *rows,
                                      struct error *error);
/* Folds by the groups, stratified by rows->labels (0 .. classes - 1), or by the clips' own. */
enum error_code audit_rows_group_folds(const struct row_source *source, size_t classes,
                                       struct audit_rows *rows, struct error *error);
enum error_code audit_rows_column_folds(const struct row_source *source, struct audit_rows *rows,
                                        struct error *error);
/* Fills in clip_folds and clip_rows. */
void audit_rows_end(const struct row_source *source, struct audit_rows *rows);

#endif
