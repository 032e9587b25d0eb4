#include "host/classifier/crossval.h"

#include <stdlib.h>

void crossval_report_free(struct crossval_report *report) {
    free(report->c_values);
    free(report->log_losses);
    free(report->fits);
    *report = (struct crossval_report){0};
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
    text_json_double(text, fit->c);
    text_format(text, ", \"fold\": %zu, \"training_rows\": %zu", fit->fold, fit->training_rows);
    if (fit->training_rows > 0) {
        text_format(text,
                    ", \"iterations\": %d, \"evaluations\": %d, \"float64_evaluations\": %d, "
                    "\"objective\": ",
                    fit->iterations, fit->evaluations, fit->exact_evaluations);
        text_json_double(text, fit->objective);
        text_string(text, ", \"gradient\": ");
        text_json_double(text, fit->gradient);
        text_format(text, ", \"stop\": \"%s\", \"precision\": \"%s\"",
                    crossval_stop_name(fit->stop), fit->exact ? "float64" : "float32");
    }
    text_string(text, "}");
}

void crossval_report_json(const struct crossval_report *report, struct text *text) {
    text_string(text, "{\"C\": ");
    text_json_double(text, report->c_values[report->chosen]);
    text_format(text, ", \"at_edge\": %s, \"log_loss\": ", report->at_edge ? "true" : "false");
    text_json_double(text, report->log_losses[report->chosen]);
    text_format(text, ", \"unconverged\": %zu,\n  \"grid\": [", report->unconverged);
    for (size_t c = 0; c < report->c_count; c++) {
        text_string(text, c == 0 ? "{\"C\": " : ", {\"C\": ");
        text_json_double(text, report->c_values[c]);
        text_string(text, ", \"log_loss\": ");
        text_json_double(text, report->log_losses[c]);
        text_string(text, "}");
    }
    text_string(text, "],\n  \"fits\": [");
    for (size_t i = 0; i < report->c_count * report->folds; i++) {
        text_string(text, i == 0 ? "\n    " : ",\n    ");
        append_fit(&report->fits[i], text);
    }
    text_string(text, "]}");
}

void crossval_report_warnings(const struct crossval_report *report, struct text *text) {
    size_t exhausted = 0, failed = 0;
    for (size_t i = 0; i < report->c_count * report->folds; i++) {
        exhausted += report->fits[i].stop == LBFGS_ITERATIONS;
        failed += report->fits[i].stop == LBFGS_LINE_SEARCH;
    }
    if (exhausted > 0)
        text_format(text,
                    "%zu of %zu fits reached the limit of iterations before the tolerance; raise "
                    "--max-iterations or --tol\n",
                    exhausted, report->c_count * report->folds);
    if (failed > 0)
        text_format(text,
                    "%zu of %zu fits ended because a line search failed: the tolerance was not "
                    "met; raise --tol or scale the columns\n",
                    failed, report->c_count * report->folds);
    if (report->at_edge)
        text_format(text, "C = %g, the best, is at the edge of the values tried; try more\n",
                    report->c_values[report->chosen]);
}
