#include "host/classifier/crossval_report.h"
#include "host/base/memory.h"
#include "host/base/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum error_code crossval_report_open(struct crossval_report *report, const double *c_values,
                                     size_t c_count, size_t folds, struct error *error) {
    *report =
        (struct crossval_report){.c_count = c_count, .folds = folds, .fit_count = c_count * folds};
    report->c_values = memory_array(c_count, sizeof(double), "report", error);
    report->log_losses = memory_array(c_count, sizeof(double), "report", error);
    report->fits = memory_array(c_count, folds * sizeof(struct crossval_fit), "report", error);
    if (error->code != ERROR_NONE) return error->code;
    memcpy(report->c_values, c_values, c_count * sizeof(double));
    for (size_t i = 0; i < c_count * folds; i++) {
        report->fits[i].c = c_values[i / folds];
        report->fits[i].fold = i % folds;
    }
    return ERROR_NONE;
}

void crossval_report_free(struct crossval_report *report) {
    if (report->sample != NULL) crossval_report_free(report->sample);
    free(report->sample);
    free(report->c_values);
    free(report->log_losses);
    free(report->fits);
    *report = (struct crossval_report){0};
}

bool crossval_report_beats(const struct crossval_report *report, size_t c) {
    double loss = report->log_losses[c], least = report->log_losses[report->chosen];
    bool smaller = report->c_values[c] < report->c_values[report->chosen];
    return loss < least || (loss == least && smaller);
}

void crossval_report_choose(struct crossval_report *report) {
    report->chosen = 0;
    for (size_t c = 1; c < report->c_count; c++)
        if (crossval_report_beats(report, c)) report->chosen = c;
    double chosen = report->c_values[report->chosen], least = chosen, most = chosen;
    for (size_t c = 0; c < report->c_count; c++) {
        least = fmin(least, report->c_values[c]);
        most = fmax(most, report->c_values[c]);
    }
    report->at_edge = least < most && (chosen == least || chosen == most);
}

/* The log-loss of the value next to the chosen one, which is the smallest or largest. */
static double loss_next_to_edge(const struct crossval_report *report) {
    double chosen = report->c_values[report->chosen], nearest = (double)INFINITY;
    double loss = report->log_losses[report->chosen];
    for (size_t c = 0; c < report->c_count; c++) {
        double distance = fabs(report->c_values[c] - chosen);
        if (distance == 0 || distance >= nearest) continue;
        nearest = distance;
        loss = report->log_losses[c];
    }
    return loss;
}

/* Whether the chosen value is the largest. */
static bool is_largest(const struct crossval_report *report) {
    for (size_t c = 0; c < report->c_count; c++)
        if (report->c_values[c] > report->c_values[report->chosen]) return false;
    return true;
}

static bool edge_matters(const struct crossval_report *report) {
    if (!report->at_edge) return false;
    double chosen = report->c_values[report->chosen];
    if (is_largest(report) ? chosen < CROSSVAL_EDGE_MOST : chosen > CROSSVAL_EDGE_LEAST)
        return true;
    double loss = report->log_losses[report->chosen], fall = loss_next_to_edge(report) - loss;
    return fall > CROSSVAL_EDGE_SHARE * loss && fall > CROSSVAL_EDGE_FALL;
}

const char *crossval_stop_name(enum lbfgs_stop stop) {
    switch (stop) {
    case LBFGS_RUNNING: return "running";
    case LBFGS_GRADIENT: return "gradient";
    case LBFGS_FLAT: return "flat";
    case LBFGS_ITERATIONS: return "max-iterations";
    case LBFGS_LINE_SEARCH: return "line-search";
    }
    return "unknown";
}

static void append_fit(const struct crossval_fit *fit, struct text *text) {
    text_string(text, "{\"C\": ");
    number_json(text, fit->c);
    text_format(text, ", \"fold\": %zu, \"training_rows\": %zu", fit->fold, fit->training_rows);
    if (fit->training_rows > 0) {
        text_format(text,
                    ", \"iterations\": %d, \"evaluations\": %d, \"float64_evaluations\": %d, "
                    "\"objective\": ",
                    fit->iterations, fit->evaluations, fit->exact_evaluations);
        number_json(text, fit->objective);
        text_string(text, ", \"gradient\": ");
        number_json(text, fit->gradient);
        text_format(text, ", \"stop\": \"%s\", \"precision\": \"%s\"",
                    crossval_stop_name(fit->stop), fit->exact ? "float64" : "float32");
    }
    text_string(text, "}");
}

static void append_grid(const struct crossval_report *report, struct text *text) {
    text_string(text, "\"grid\": [");
    for (size_t c = 0; c < report->c_count; c++) {
        text_string(text, c == 0 ? "{\"C\": " : ", {\"C\": ");
        number_json(text, report->c_values[c]);
        text_string(text, ", \"log_loss\": ");
        number_json(text, report->log_losses[c]);
        text_string(text, "}");
    }
    text_string(text, "]");
}

void crossval_report_json(const struct crossval_report *report, struct text *text) {
    const struct crossval_report *sample = report->sample;
    bool at_edge = sample == NULL ? report->at_edge : sample->at_edge;
    text_string(text, "{\"C\": ");
    number_json(text, report->c_values[report->chosen]);
    text_format(text, ", \"at_edge\": %s, \"log_loss\": ", at_edge ? "true" : "false");
    number_json(text, report->log_losses[report->chosen]);
    text_format(text,
                ", \"unconverged\": %zu,\n  \"unconverged_by\": {\"%s\": %zu, \"%s\": %zu, \"%s\": "
                "%zu},\n  ",
                report->exhausted + report->failed + report->flat,
                crossval_stop_name(LBFGS_ITERATIONS), report->exhausted,
                crossval_stop_name(LBFGS_LINE_SEARCH), report->failed,
                crossval_stop_name(LBFGS_FLAT), report->flat);
    if (sample != NULL) { /* what C was chosen by */
        text_format(text, "\"sample\": {\"rows\": %zu, ", sample->rows);
        append_grid(sample, text);
        text_string(text, "},\n  ");
    }
    append_grid(report, text);
    text_string(text, ",\n  \"fits\": [");
    for (size_t i = 0; i < report->c_count * report->folds; i++) {
        text_string(text, i == 0 ? "\n    " : ",\n    ");
        append_fit(&report->fits[i], text);
    }
    text_string(text, "]}");
}

void crossval_report_warnings(const struct crossval_report *report, struct text *text) {
    if (report->exhausted > 0)
        text_format(text,
                    "%zu of %zu fits reached the limit of iterations before the tolerance; raise "
                    "--max-iterations or --tol\n",
                    report->exhausted, report->fit_count);
    if (report->failed > 0)
        text_format(text,
                    "%zu of %zu fits ended because a line search failed: the tolerance was not "
                    "met; raise --tol or scale the columns\n",
                    report->failed, report->fit_count);
    if (report->flat > 0)
        text_format(text,
                    "%zu of %zu fits stopped flat: the objective no longer decreased, but the "
                    "gradient is above the tolerance; raise --tol or scale the columns\n",
                    report->flat, report->fit_count);
    if (report->sample != NULL) report = report->sample;
    if (edge_matters(report)) {
        double best = report->c_values[report->chosen];
        bool largest = is_largest(report);
        text_format(text,
                    "C = %g, the best, is at the edge of the values tried; try more, e.g. --C "
                    "%g,%g\n",
                    best, largest ? best : best / 10, largest ? best * 10 : best);
    }
}

struct crossval_report crossval_report_chosen(const struct crossval_report *report) {
    struct crossval_report chosen = *report;
    chosen.fit_count = report->folds;
    chosen.exhausted = chosen.failed = chosen.flat = 0;
    for (size_t fold = 0; fold < report->folds; fold++) {
        const struct crossval_fit *fit = &report->fits[report->chosen * report->folds + fold];
        chosen.exhausted += fit->unmet && fit->stop == LBFGS_ITERATIONS;
        chosen.failed += fit->unmet && fit->stop == LBFGS_LINE_SEARCH;
        chosen.flat += fit->unmet && fit->stop == LBFGS_FLAT;
    }
    return chosen;
}
