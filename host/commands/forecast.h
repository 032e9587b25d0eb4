/* How long a run on a cluster takes, and what it costs, from what was measured here and what was
 * computed for GPUs. */
#ifndef EARMARK_COMMANDS_FORECAST_H
#define EARMARK_COMMANDS_FORECAST_H

#include "host/base/text.h"
#include "host/commands/corpus_bench.h"

struct forecast_plan {
    double clips, seconds;     /* seconds of each clip */
    double nodes, gpus, cores; /* GPUs and cores of each node */
    double price;              /* of a node for an hour; 0: not given */
    const char *gpu;           /* "h200": a literal */
};

/* clips=N,seconds=S,cores=N[,nodes=N][,gpus=N][,gpu=a100|h100|h200][,price-per-hour=P].
 * ERROR_USAGE names what is wrong. */
enum error_code forecast_parse(const char *value, struct forecast_plan *plan, struct error *error);

struct forecast {
    double seconds[CORPUS_STAGES]; /* network: with resampling where it is on GPUs */
    double embedding, run;         /* seconds */
    double bytes;                  /* of files that are read */
    double node_hours, cost;
};

struct forecast forecast_make(const struct forecast_plan *plan,
                              const struct corpus_settings *settings,
                              enum device_precision precision, const struct corpus_bench *bench);

/* As a table for a person, and as the members of a JSON object. Each line says what it rests on. */
void forecast_text(const struct forecast_plan *plan, const struct corpus_bench *bench,
                   const struct corpus_settings *settings, const struct forecast *forecast,
                   struct text *text);
void forecast_json(const struct forecast_plan *plan, const struct forecast *forecast,
                   struct text *text);

#endif
