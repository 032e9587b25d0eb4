/* What became of every fit of a cross-validation, and the choice of C. */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_REPORT_H
#define EARMARK_CLASSIFIER_CROSSVAL_REPORT_H

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/classifier/lbfgs.h"

/* What became of one fit. */
struct crossval_fit {
    double c;
    size_t fold;
    size_t training_rows; /* 0: the fold holds no rows out, so there was no fit */
    int iterations;
    int evaluations;       /* of loss and gradient */
    int exact_evaluations; /* those in float64 */
    double objective;      /* at the end */
    double gradient;       /* largest magnitude in the gradient at the end, as the tolerance */
    enum lbfgs_stop stop;
    bool unmet; /* the gradient is above the tolerance */
    bool exact; /* whether the fit ended in float64; else float32 met the tolerance */
};

struct crossval_report {
    size_t c_count, folds;
    double *c_values;               /* (c_count) */
    double *log_losses;             /* (c_count) mean out-of-fold -log p[label], float64 */
    struct crossval_fit *fits;      /* (c_count, folds) */
    size_t chosen;                  /* into c_values: lowest log-loss, ties to the smaller C */
    struct crossval_report *sample; /* where C was chosen on a sample of the rows: its report */
    size_t rows;
    bool at_edge;     /* several were tried, and the choice is the smallest or largest */
    size_t fit_count; /* c_count * folds; multilabel: times the classes */
    /* fits that did not meet the tolerance: ended with LBFGS_ITERATIONS, LBFGS_LINE_SEARCH and
     * LBFGS_FLAT */
    size_t exhausted, failed, flat;
};

/* An empty report for these values of C (c_count). ERROR_MEMORY; crossval_report_free()
 * frees it then too. */
enum error_code crossval_report_open(struct crossval_report *report, const double *c_values,
                                     size_t c_count, size_t folds, struct error *error);
void crossval_report_free(struct crossval_report *report); /* takes a zeroed one */

/* Whether C number c is better than the chosen one. */
bool crossval_report_beats(const struct crossval_report *report, size_t c);
/* Sets chosen and at_edge, once log_losses is complete. */
void crossval_report_choose(struct crossval_report *report);

/* "running", "gradient", "flat", "max-iterations" or "line-search". */
const char *crossval_stop_name(enum lbfgs_stop stop);

/* Appends the report as a JSON object: the chosen C, the log-loss of each C, every fit. */
void crossval_report_json(const struct crossval_report *report, struct text *text);

/* A choice at the edge of the values tried matters if values of --C auto beyond it were not tried:
 * the largest is below its largest, or the smallest above its smallest. Otherwise only if the
 * log-loss still fell towards it, from the value next to it, by more than a share of itself and by
 * more than some nats. */
#define CROSSVAL_EDGE_LEAST 1e-4
#define CROSSVAL_EDGE_MOST 1e2
#define CROSSVAL_EDGE_SHARE 0.01
#define CROSSVAL_EDGE_FALL 0.001

/* Appends the warnings, a line each, at most one of a kind: fits that did not converge, a
 * choice at the edge of the values tried where it matters. */
void crossval_report_warnings(const struct crossval_report *report, struct text *text);

/* The report as far as its fits of the chosen C go: counts are of these. It shares the arrays. */
struct crossval_report crossval_report_chosen(const struct crossval_report *report);

#endif
