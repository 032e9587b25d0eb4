#include "host/commands/forecast.h"

#include "host/base/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nanoseconds of a frame (10 ms of sound) from int16 samples to the embedding, the default model:
 * "All" of bench/kernels/bounds.md, which tests/cli/test_bench_corpus.sh compares. */
static const struct gpu {
    const char *name, *title;
    double frame[3]; /* by enum device_precision */
} gpus[] = {
    {"a100", "A100", {290.73, 47.45, 29.66}},
    {"h100", "H100", {89.03, 18.66, 12.83}},
    {"h200", "H200", {88.14, 18.37, 12.54}},
};

static const struct gpu *find_gpu(const char *name) {
    for (size_t i = 0; i < sizeof gpus / sizeof gpus[0]; i++)
        if (strcmp(gpus[i].name, name) == 0) return &gpus[i];
    return NULL;
}

/* ---- reading ---- */

static const struct key {
    const char *name;
    size_t field;
    double minimum, maximum;
    bool whole, required;
} keys[] = {
    {"clips", offsetof(struct forecast_plan, clips), 1, 1e12, true, true},
    {"seconds", offsetof(struct forecast_plan, seconds), 0.03, 3600, false, true},
    {"cores", offsetof(struct forecast_plan, cores), 1, 4096, true, true},
    {"nodes", offsetof(struct forecast_plan, nodes), 1, 100000, true, false},
    {"gpus", offsetof(struct forecast_plan, gpus), 0, 64, true, false},
    {"price-per-hour", offsetof(struct forecast_plan, price), 0, 1e6, false, false},
};
#define KEYS (sizeof keys / sizeof keys[0])
#define GPU_KEY KEYS /* its bit */

static enum error_code take_number(const struct key *key, const char *value,
                                   struct forecast_plan *plan, struct error *error) {
    char *end = NULL;
    const double number = strtod(value, &end);
    const bool digit = value[0] >= '0' && value[0] <= '9'; /* neither nan nor hexadecimal */
    if (!digit || value[1] == 'x' || value[1] == 'X' || *end != '\0' ||
        !(number >= key->minimum && number <= key->maximum) ||
        (key->whole && number != floor(number)))
        return FAIL(error, ERROR_USAGE, "--forecast: %s=%s: give a %snumber from %g to %g",
                    key->name, value, key->whole ? "whole " : "", key->minimum, key->maximum);
    memcpy((char *)plan + key->field, &number, sizeof number);
    return ERROR_NONE;
}

static enum error_code take_word(char *word, unsigned *given, struct forecast_plan *plan,
                                 struct error *error) {
    char *value = strchr(word, '=');
    size_t i = 0;
    if (value != NULL) *value++ = '\0';
    while (i < KEYS && strcmp(keys[i].name, word) != 0) i++;
    if (i == KEYS && strcmp(word, "gpu") != 0)
        return FAIL(error, ERROR_USAGE,
                    "--forecast: there is no '%s'; give clips, seconds, cores, nodes, gpus, gpu "
                    "and price-per-hour",
                    word);
    if (value == NULL || *value == '\0')
        return FAIL(error, ERROR_USAGE, "--forecast: %s has no value; give %s=VALUE", word, word);
    if ((*given & 1u << i) != 0)
        return FAIL(error, ERROR_USAGE, "--forecast: %s is given twice", word);
    *given |= 1u << i;
    if (i < KEYS) return take_number(&keys[i], value, plan, error);
    const struct gpu *gpu = find_gpu(value);
    if (gpu == NULL)
        return FAIL(error, ERROR_USAGE, "--forecast: gpu=%s: give a100, h100 or h200", value);
    plan->gpu = gpu->name;
    return ERROR_NONE;
}

enum error_code forecast_parse(const char *value, struct forecast_plan *plan, struct error *error) {
    char words[512], *rest = words, *word;
    unsigned given = 0;
    *plan = (struct forecast_plan){.nodes = 1, .gpu = "h200"};
    if (strlen(value) >= sizeof words)
        return FAIL(error, ERROR_USAGE, "--forecast: too long; give clips=N,seconds=S,cores=N,...");
    memcpy(words, value, strlen(value) + 1);
    while ((word = strsep(&rest, ",")) != NULL) TRY(take_word(word, &given, plan, error));
    for (size_t i = 0; i < KEYS; i++)
        if (keys[i].required && (given & 1u << i) == 0)
            return FAIL(error, ERROR_USAGE, "--forecast: %s is missing; give %s=N", keys[i].name,
                        keys[i].name);
    if ((given & 1u << GPU_KEY) != 0 && plan->gpus == 0)
        return FAIL(error, ERROR_USAGE, "--forecast: gpu=%s without gpus=N", plan->gpu);
    return ERROR_NONE;
}

/* ---- computing ---- */

struct forecast forecast_make(const struct forecast_plan *plan,
                              const struct corpus_settings *settings,
                              enum device_precision precision, const struct corpus_bench *bench) {
    struct forecast forecast = {.run = 0};
    const double audio = plan->clips * plan->seconds;
    const double times = audio / bench->audio_seconds;
    const double here = bench->threads, cores = plan->nodes * plan->cores;
    /* Decoders share nothing, and the network's batches neither: so many cores, so much faster. */
    forecast.seconds[CORPUS_DECODE] = bench->seconds[CORPUS_DECODE] * times * here / cores;
    if (plan->gpus > 0) {
        const double frames = audio * 100;
        forecast.seconds[CORPUS_NETWORK] =
            frames * find_gpu(plan->gpu)->frame[precision] * 1e-9 / (plan->nodes * plan->gpus);
        forecast.embedding =
            fmax(forecast.seconds[CORPUS_DECODE], forecast.seconds[CORPUS_NETWORK]);
    } else {
        for (int stage = CORPUS_RESAMPLE; stage <= CORPUS_NETWORK; stage++)
            forecast.seconds[stage] = bench->seconds[stage] * times * here / cores;
        forecast.embedding = bench->embedding * times * here / cores;
    }
    forecast.seconds[CORPUS_DETECTOR] = bench->seconds[CORPUS_DETECTOR] * plan->clips /
                                        (double)settings->clips * here / plan->cores;
    forecast.run = forecast.embedding + forecast.seconds[CORPUS_DETECTOR];
    forecast.bytes = bench->bytes * times;
    forecast.node_hours =
        (plan->nodes * forecast.embedding + forecast.seconds[CORPUS_DETECTOR]) / 3600;
    forecast.cost = forecast.node_hours * plan->price;
    return forecast;
}

/* ---- printing ---- */

static const char measured[] = "from what was measured here, in proportion to cores and clips";
static const char on_one_node[] = "likewise, on the cores of one node";
static const char never[] = "computed, never measured: a bound for GPUs that no run has reached";

static void add_time(struct text *text, const char *name, double seconds, const char *basis) {
    char time[32];
    if (seconds < 120)
        snprintf(time, sizeof time, "%.1f s", seconds);
    else if (seconds < 7200)
        snprintf(time, sizeof time, "%.1f min", seconds / 60);
    else
        snprintf(time, sizeof time, "%.1f h", seconds / 3600);
    text_format(text, "%-10s %12s   %s\n", name, time, basis);
}

void forecast_text(const struct forecast_plan *plan, const struct corpus_bench *bench,
                   const struct corpus_settings *settings, const struct forecast *forecast,
                   struct text *text) {
    const bool on_gpus = plan->gpus > 0;
    text_string(text, "\nforecast  ");
    number_thousands(text, (uint64_t)plan->clips);
    text_format(text, " clips of %g s on %g node%s of %g core%s", plan->seconds, plan->nodes,
                plan->nodes > 1 ? "s" : "", plan->cores, plan->cores > 1 ? "s" : "");
    if (on_gpus)
        text_format(text, " and %g %s GPU%s", plan->gpus, find_gpu(plan->gpu)->title,
                    plan->gpus > 1 ? "s" : "");
    text_string(text, "\n\n");
    add_time(text, "decode", forecast->seconds[CORPUS_DECODE], measured);
    if (!on_gpus) add_time(text, "resample", forecast->seconds[CORPUS_RESAMPLE], measured);
    add_time(text, "network", forecast->seconds[CORPUS_NETWORK], on_gpus ? never : measured);
    add_time(text, "embedding", forecast->embedding,
             on_gpus ? "computed: the longer of the two, which overlap"
                     : "from these stages together, measured here");
    add_time(text, "detector", forecast->seconds[CORPUS_DETECTOR], on_one_node);
    add_time(text, "run", forecast->run, "computed: embedding and detector");
    text_format(text, "binds      %12s\n", corpus_stage_name(corpus_binds(forecast->seconds)));
    text_format(text,
                "storage    %9.3f TB   computed: %s files of this length, read at %.3f GB/s\n",
                forecast->bytes / 1e12, corpus_format_name(settings->format),
                forecast->bytes / 1e9 / forecast->embedding);
    text_format(text, "node hours %12.1f   computed: the detector keeps one node\n",
                forecast->node_hours);
    if (plan->price > 0)
        text_format(text, "cost       %12.2f   computed: %g for each node hour\n", forecast->cost,
                    plan->price);
    text_format(text,
                "\nNot in it: slower storage, waiting in a queue, the page. Measured here with %d "
                "%s, clips of %g s, and %zu rows\nof %d classes for the detector; how long it "
                "takes depends on the classes of a set.\n",
                bench->threads, bench->threads == 1 ? "processor" : "processors", settings->seconds,
                bench->detector_rows, CORPUS_LABELS);
}

static void add_line(struct text *text, const char *name, double seconds, const char *basis) {
    text_format(text, ", \"%s\": {\"seconds\": ", name);
    number_json(text, seconds);
    text_format(text, ", \"basis\": \"%s\"}", basis);
}

void forecast_json(const struct forecast_plan *plan, const struct forecast *forecast,
                   struct text *text) {
    const bool on_gpus = plan->gpus > 0;
    text_string(text, "{\"clips\": ");
    number_json(text, plan->clips);
    text_string(text, ", \"clip_seconds\": ");
    number_json(text, plan->seconds);
    text_format(text, ", \"nodes\": %g, \"cores\": %g, \"gpus\": %g, \"gpu\": ", plan->nodes,
                plan->cores, plan->gpus);
    text_format(text, on_gpus ? "\"%s\"" : "null", plan->gpu);
    add_line(text, "decode", forecast->seconds[CORPUS_DECODE], measured);
    if (!on_gpus) add_line(text, "resample", forecast->seconds[CORPUS_RESAMPLE], measured);
    add_line(text, "network", forecast->seconds[CORPUS_NETWORK], on_gpus ? never : measured);
    add_line(text, "embedding", forecast->embedding, on_gpus ? "computed" : measured);
    add_line(text, "detector", forecast->seconds[CORPUS_DETECTOR], on_one_node);
    add_line(text, "run", forecast->run, "computed");
    text_format(text, ", \"binds\": \"%s\", \"bytes\": ",
                corpus_stage_name(corpus_binds(forecast->seconds)));
    number_json(text, forecast->bytes);
    text_string(text, ", \"node_hours\": ");
    number_json(text, forecast->node_hours);
    if (plan->price > 0) {
        text_string(text, ", \"cost\": ");
        number_json(text, forecast->cost);
    }
    text_string(text, "}");
}
