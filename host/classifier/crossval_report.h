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
