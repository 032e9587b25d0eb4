/* From embeddings, labels and folds to issues: what `audit` and `detect` share. */
#ifndef EARMARK_AUDIT_DETECTION_H
#define EARMARK_AUDIT_DETECTION_H

#include "host/classifier/ensemble.h"
#include "host/confident/confident.h"
#include "host/confident/mix_view.h"
#include "host/output/run.h"

/* Where out-of-fold probabilities come from. */
enum detector {
    DETECTOR_ENSEMBLE = 0, /* three estimators of every view, mixed */
    DETECTOR_LOGISTIC = 1, /* logistic regression on the first view */
};

/* The ensemble's own rule of what is flagged, and the margins as scores, beside cleanlab's. */
#define FILTER_ENSEMBLE ((enum confident_filter)FILTER_COUNT)
#define FILTER_ENSEMBLE_NAME "ensemble"
#define SCORE_LOG_MARGIN ((enum confident_score)SCORE_COUNT)
#define SCORE_LOG_MARGIN_NAME "log_margin"

const char *detection_filter_name(enum confident_filter filter);
const char *detection_score_name(enum confident_score score);

const char *detector_name(enum detector detector); /* "ensemble", "logistic"; NULL past the last */

struct detection_settings {
    enum detector detector;
    struct crossval_settings crossval;
    struct confident_settings confident; /* also FILTER_ENSEMBLE and SCORE_LOG_MARGIN */
};

/* Logistic regression and cleanlab's defaults. */
#define DETECTION_LOGISTIC                                                                         \
    {                                                                                              \
        .detector = DETECTOR_LOGISTIC, .crossval = CROSSVAL_DEFAULTS,                              \
        .confident = CONFIDENT_DEFAULTS                                                            \
    }

struct detection_input {
    const struct ensemble_view *views; /* (view_count), 1 .. MIX_VIEWS */
    size_t view_count;
    const int32_t *labels;  /* (rows), 0 .. classes - 1 */
    const int32_t *fold_of; /* (rows), 0 .. folds - 1 */
    const int32_t *copy_of; /* (rows) as copies_find() wrote it; NULL: not looked for */
    size_t rows, classes, folds;
    const int64_t *groups;          /* (rows) of which each is in one fold; NULL: there are none */
    const char *const *group_names; /* by group, where they are 0, 1, ...; NULL: numbers */
    const char *group_option;       /* what gives groups: "--group"; for messages */
    const char *const *class_names; /* (classes) for messages; NULL: numbers */
    const int64_t *row_numbers;     /* (rows) for messages; NULL: 0 .. rows - 1 */
    int threads;                    /* >= 1 */
};

/* Zero-initialise. Arrays are owned; those of the input must stay valid. */
struct detection {
    const struct detection_input *input;
    enum detector detector;
    bool own_filter;
    const char *score_name;
    struct ensemble ensemble;                   /* of DETECTOR_ENSEMBLE */
    struct crossval_report crossval;            /* of DETECTOR_LOGISTIC */
    float *logarithms;                          /* likewise: (rows, classes) of the probabilities */
    float *margins;                             /* likewise: (rows) */
    float *probabilities;                       /* (rows, classes) */
    struct mix_view view;                       /* of the mix, or of logistic regression */
    double weights[MIX_VIEWS * MIX_ESTIMATORS]; /* of its estimators */
    int64_t *labels;                            /* (rows) as confident learning takes them */
    struct confident_result confident;          /* its issues are those that are reported */
    float *scores;          /* (rows): low is suspicious, in the order of the list */
    unsigned char *flagged; /* (rows) with FILTER_ENSEMBLE: what the rule flags */
    size_t *same_sound;     /* (rows): a copy with another label, or SIZE_MAX */
};

/* Out-of-fold probabilities. detection_free() frees *detection, after an error too. */
enum error_code detection_classify(const struct device_operations *operations,
                                   struct device *device, const struct detection_input *input,
                                   const struct detection_settings *settings,
                                   enum progress_style style, struct detection *detection,
                                   struct error *error);

/* Which rows are issues, and their scores. */
enum error_code detection_find(const struct detection_settings *settings,
                               struct detection *detection, struct error *error);

/* Labels and probabilities as confident learning takes them; they stay the detection's. */
struct confident_input detection_confident_input(const struct detection *detection);

/* The issues as the output files take them, with evidence. clips (rows): the `row` of an issue;
 * NULL: the row itself. *issues and *evidence (issue_count * view_count; NULL for logistic
 * regression) are to be freed by the caller, after a failure too. */
enum error_code detection_issues(const struct device_operations *operations, struct device *device,
                                 const struct detection *detection, const size_t *clips,
                                 struct run_issue **issues, struct run_evidence **evidence,
                                 struct error *error);

/* Where the input has groups and the detector is the ensemble: *logarithms (rows, classes) of the
 * groups' own view (group_view.h), to be freed; else NULL. */
enum error_code detection_group_view(const struct device_operations *operations,
                                     struct device *device, const struct detection *detection,
                                     float **logarithms, struct error *error);

/* What was chosen and how every fit ended, as a JSON object; and in a few words. */
void detection_json(const struct detection *detection, struct text *text);
void detection_words(const struct detection *detection, struct text *text);

/* The same as a fact of the section "classifier", and the warnings of the fits, a line each. */
enum error_code detection_facts(const struct detection *detection, struct run_facts *facts,
                                struct error *error);
void detection_warnings(const struct detection *detection, struct text *text);

void detection_free(struct detection *detection);

#endif
