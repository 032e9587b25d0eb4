/* What the files of this folder share; see audit.h for the whole. */
#ifndef EARMARK_AUDIT_INTERNAL_H
#define EARMARK_AUDIT_INTERNAL_H

#include "host/audit/detection_results.h"
#include "host/audit/rows.h"
#include "host/audit/settings.h"
#include "host/audit/views.h"
#include "host/base/warnings.h"
#include "host/classifier/crossval_multilabel.h"
#include "host/confident/multilabel.h"
#include "host/embedding/clip_view.h"
#include "host/embedding/stage_times.h"
#include "host/output/files.h"

struct audit;

/* The stages that differ between one label a clip and several (multilabel). Each fills in
 * members of the audit. */
struct audit_kind {
    bool multilabel;

    /* ERROR_DATA when the list alone shows that no audit is possible; warns of the classes
     * that cannot be audited. */
    enum error_code (*check_classes)(const struct audit_settings *settings, enum fold_source source,
                                     struct audit *audit, struct error *error);
    enum error_code (*select_rows)(const struct audit_settings *settings, enum fold_source source,
                                   struct audit *audit, struct error *error);
    enum error_code (*write_labels)(struct audit *audit, struct error *error);
    /* Fills audit->probabilities. */
    enum error_code (*cross_validate)(const struct audit_settings *settings, struct audit *audit,
                                      struct error *error);
    /* Confident learning: the result, ranked and ranked_count. */
    enum error_code (*find_issues)(struct audit *audit, const struct detection_settings *settings,
                                   struct error *error);
    /* Issues and class health. */
    enum error_code (*make_findings)(struct audit *audit, struct error *error);
    /* Facts of the sections "confident_learning" and "classifier". */
    enum error_code (*add_facts)(const struct audit *audit, struct run_facts *facts,
                                 struct error *error);
    /* Warnings of the fits, a line each. */
    void (*add_warnings)(const struct audit *audit, struct text *sentences);
    /* Labels that are not among the classes, as a warning and a fact. */
    enum error_code (*report_left_out)(struct audit *audit, struct error *error);
};

extern const struct audit_kind audit_one_label;
extern const struct audit_kind audit_multilabel;

struct audit {
    struct session session;
    const struct audit_kind *kind;

    struct audit_rows rows;
    struct npy_array embeddings; /* embeddings.npy, mapped; empty with rows_in_store */
    struct npy_array statistics; /* statistics.npy likewise; without them empty */
    struct ensemble_view own[2]; /* what the run computed: embeddings, statistics */
    struct audit_views views;
    const float *probabilities; /* (rows, classes) */

    struct detection_input detection_input; /* of one label a clip */
    struct detection detection;             /* likewise */

    float *multilabel_probabilities; /* of several */
    struct crossval_report multilabel_crossval;
    struct multilabel_result multilabel;

    const struct confident_issue *ranked; /* (ranked_count) of either */
    size_t ranked_count;

    struct clip_relations *relations; /* (clips) */
    bool searched_near;               /* neighbours of every row, not only of the issues */
    struct clip_view view;
    struct text clip_id;            /* of the view */
    struct run_issue *issues;       /* (ranked_count), owned by `found` or the next members */
    struct detection_results found; /* one label a clip */
    struct run_issue *multilabel_issues;
    struct run_annotation *annotations; /* multilabel: what issues point into */
    struct text label_texts;            /* likewise */
    struct run_class *multilabel_classes;
    struct warnings warnings;
    struct run_results results;

    struct stage_times times;
};

/* Fails where no audit of the input is possible (fewer groups than folds, fewer than two
 * classes), and warns of clips without a label and of classes that cannot be audited. */
enum error_code audit_check_input(const struct audit_settings *settings, enum fold_source source,
                                  struct audit *audit, struct error *error);
/* check_classes of the two kinds. */
enum error_code audit_check_classes(const struct audit_settings *settings, enum fold_source source,
                                    struct audit *audit, struct error *error);
enum error_code audit_check_labels(const struct audit_settings *settings, enum fold_source source,
                                   struct audit *audit, struct error *error);

/* Warns of equal sounds in several parts of the data set. */
enum error_code audit_warn_of_splits(struct audit *audit, struct error *error);

/* Confident learning over the probabilities. */
enum error_code audit_find_issues(const struct audit_settings *settings, struct audit *audit,
                                  struct error *error);

/* Fills in audit->results: issues with neighbours, class health, facts. */
enum error_code audit_make_results(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error);
void audit_free_results(struct audit *audit);

#endif
