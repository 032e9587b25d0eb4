/* What the parts of an audit share; see audit.h for the whole. */
#ifndef EARMARK_AUDIT_INTERNAL_H
#define EARMARK_AUDIT_INTERNAL_H

#include "host/audit/audit.h"
#include "host/audit/rows.h"
#include "host/base/warnings.h"
#include "host/confident/multilabel.h"
#include "host/embedding/clip_view.h"
#include "host/embedding/resume.h"
#include "host/output/files.h"
#include "host/sound/decoder.h"

#define AUDIT_STAGES 8

struct audit {
    struct decoders *decoders;
    struct engine engine;
    struct run_folder folder;
    struct collection input;

    struct embedding_store store;
    struct clip_measures *measures; /* (clips) */
    struct embedding_counts counts;
    size_t columns; /* values of an embedding */

    struct audit_rows rows;
    struct npy_array embeddings; /* embeddings.npy, mapped: (rows, columns) */
    int64_t *labels;             /* (rows) as in labels.npy; NULL with several labels a clip */
    float *probabilities;        /* (rows, classes) */
    struct crossval_report crossval;
    bool several; /* labels a clip; then multi is filled in, else confident */
    struct confident_result confident;
    struct multilabel_result multi;
    const struct confident_issue *ranked; /* (ranked_count) of either */
    size_t ranked_count;

    struct clip_relations *relations; /* (clips) */
    bool searched_near;               /* neighbours of every row, not only of the issues */
    struct clip_view view;
    struct run_issue *issues;
    struct run_annotation *annotations; /* with several labels: what issues point into */
    struct text label_texts;            /* likewise */
    struct run_class *classes;
    struct run_pair *pairs;
    struct warnings warnings;
    struct run_results results;

    struct run_timing timings[AUDIT_STAGES];
    size_t timing_count;
    double began, stage_began;
};

/* Confident learning over the probabilities. */
enum error_code audit_find_issues(const struct audit_settings *settings, struct audit *audit,
                                  struct error *error);

/* Fills in audit->results: issues with neighbours, health, facts. */
enum error_code audit_make_results(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error);
/* Class health, confusable pairs and overall health, by cleanlab's dataset module. */
enum error_code audit_make_health(struct audit *audit, struct error *error);

/* The same stages where a clip may have several labels: every label against the rest. */
enum error_code audit_find_label_issues(const struct audit *audit,
                                        const struct confident_settings *settings,
                                        struct multilabel_result *result, struct error *error);
enum error_code audit_make_label_issues(struct audit *audit, struct error *error);
enum error_code audit_make_label_health(struct audit *audit, struct error *error);
/* Warns of labels that are no classes, and names them among the facts. */
enum error_code audit_tell_of_labels(struct audit *audit, struct error *error);

void audit_free_results(struct audit *audit);

/* Fails where no audit can come of the input (fewer groups than folds), and warns of
 * clips without a label and of classes that cannot be audited: too few clips, or all
 * of them in one group or fold. */
enum error_code audit_check_input(const struct audit_settings *settings, enum fold_source source,
                                  struct audit *audit, struct error *error);

#endif
