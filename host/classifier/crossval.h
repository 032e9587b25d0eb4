/* Out-of-fold probabilities by multinomial logistic regression: one fit for each
 * fold and each C, all in lockstep through the device's classifier.
 *
 * Each fit minimises, over its S training rows, what scikit-learn's
 * LogisticRegression(C, solver="lbfgs") minimises:
 *     (1 / S) sum -log p[label] + (1 / (2 C S)) |W|^2
 * without penalty on intercepts, from zeros; where only two classes are present
 * there is one weight vector (binomial), as in the reference. */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_H
#define EARMARK_CLASSIFIER_CROSSVAL_H

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/classifier/lbfgs.h"
#include "kernels/device.h"

/* --C auto: 1e-4 to 1e2 by tens. */
#define CROSSVAL_AUTO_COUNT 7
extern const double crossval_auto_c[CROSSVAL_AUTO_COUNT];

#define CROSSVAL_MAXIMUM_C 64

struct crossval_settings {
    /* for whoever makes the folds (folds.h); crossval_run does not look at them */
    size_t folds;
    bool shuffle;
    uint32_t seed;

    bool c_auto;                         /* crossval_auto_c in place of c_values */
    double c_values[CROSSVAL_MAXIMUM_C]; /* each > 0 */
    size_t c_count;
    bool standardise;   /* per fold, on its training rows; else columns as they are */
    double tolerance;   /* on the largest magnitude in the gradient; > 0 */
    int max_iterations; /* of each fit; >= 1 */
    int threads;        /* of the host's part, 0 for 1; results do not depend on it */
    size_t memory;      /* bytes for fits under way at once; 0: CROSSVAL_MEMORY */
};

#define CROSSVAL_DEFAULTS                                                                          \
    { .folds = 5, .c_auto = true, .standardise = true, .tolerance = 1e-4, .max_iterations = 1000 }
#define CROSSVAL_MEMORY ((size_t)1 << 30)

/* The same with the values of C written out and one thread at least. */
struct crossval_settings crossval_settings_complete(const struct crossval_settings *settings);

struct crossval_input {
    const float *embeddings; /* (rows, features), finite */
    const int32_t *labels;   /* (rows), 0 .. classes - 1; classes without rows are allowed */
    const int32_t *fold_of;  /* (rows), 0 .. folds - 1; folds without rows are allowed */
    size_t rows, features, classes, folds;
};

/* What became of one fit. */
struct crossval_fit {
    double c;
    size_t fold;
    size_t training_rows; /* 0: the fold holds nothing out, there was no fit */
    int iterations;
    int evaluations;       /* of loss and gradient */
    int exact_evaluations; /* those in float64 */
    double objective;      /* at the end */
    double gradient; /* largest magnitude in the gradient there, to compare with the tolerance */
    enum lbfgs_stop stop;
    bool exact; /* ended in float64; else float32 met the tolerance */
};

struct crossval_report {
    size_t c_count, folds;
    double *c_values;          /* (c_count) */
    double *log_losses;        /* (c_count) mean out-of-fold -log p[label], float64 */
    struct crossval_fit *fits; /* (c_count, folds) */
    size_t chosen;             /* into c_values: lowest log-loss, ties to the smaller C */
    bool at_edge;              /* the choice is the smallest or largest of several */
    size_t fit_count;          /* all that were wanted: c_count * folds */
    size_t exhausted, failed;  /* fits that ended with LBFGS_ITERATIONS, LBFGS_LINE_SEARCH */
};

/* Told after every step of the lockstep. */
struct crossval_progress {
    void (*step)(void *context, size_t finished_fits, size_t all_fits, double worst_gradient);
    void *context;
};

/* probabilities (rows, classes), float32, is written: a class absent from a fold's
 * training rows has 0 there. progress may be NULL. crossval_report_free frees the
 * report, after a failure too. ERROR_DATA when a fold's training rows have fewer
 * than two classes. Fits that did not converge are no error: see the report. */
enum error_code crossval_run(const struct device_operations *operations, struct device *device,
                             const struct crossval_input *input,
                             const struct crossval_settings *settings,
                             const struct crossval_progress *progress, float *probabilities,
                             struct crossval_report *report, struct error *error);

/* A report with these values of C and nothing else in it yet. */
enum error_code crossval_report_open(struct crossval_report *report, const double *c_values,
                                     size_t c_count, size_t folds, struct error *error);
void crossval_report_free(struct crossval_report *report);

/* Whether C number c is better than the chosen one, and the choice once all are known. */
bool crossval_report_beats(const struct crossval_report *report, size_t c);
void crossval_report_choose(struct crossval_report *report);

/* "gradient", "flat", "max-iterations", "line-search". */
const char *crossval_stop_name(enum lbfgs_stop stop);

/* The report as a JSON object: chosen C, log-loss of each C, every fit. */
void crossval_report_json(const struct crossval_report *report, struct text *text);

/* Sentences worth a warning (at most one of a kind), one a line, each ended by a
 * newline: fits that did not converge, a choice at the edge of the grid. */
void crossval_report_warnings(const struct crossval_report *report, struct text *text);

#endif
