/* --metrics: the state of a run in the text format of Prometheus, for node_exporter's textfile
 * collector. Samples have no times; every one has the label `run`, since the collector refuses
 * the same metric with the same labels in two files. */
#ifndef EARMARK_BASE_METRICS_H
#define EARMARK_BASE_METRICS_H

#include "host/base/run_state.h"

struct metrics_end {
    bool ended;
    int exit_code;
    double last_success; /* seconds of the epoch when a run with this file last succeeded, this one
                            included; 0: none is known */
};

/* Appends all metrics. `run`: the label's value, any bytes. */
void metrics_write(struct text *text, const char *run, const struct run_state *state,
                   const struct metrics_end *end);

/* The last success of an earlier file of metrics, which anybody may have written; 0: none. */
double metrics_last_success(const char *text, size_t size);

/* The name of the file without its folder and ".prom", as the label `run`; to be freed. */
char *metrics_run_name(const char *path, struct error *error);

#endif
