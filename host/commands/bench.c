/* earmark bench: how fast each stage is here, beside this machine's matrix products. */
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/commands/bench_corpus.h"
#include "host/commands/benchmark.h"
#include "host/commands/commands.h"
#include "host/commands/option_parse.h"
#include "host/commands/option_table.h"
#include "kernels/device.h"

#include <string.h>

static enum error_code print_text(struct text *text, struct error *error) {
    if (text_check(text, error) == ERROR_NONE) terminal_print(stdout, text->data);
    text_free(text);
    return error->code;
}

static void add_kernels(const struct device_kernel_times *times, struct text *text) {
    double all = 0;
    for (size_t i = 0; i < times->count; i++) all += times->kernels[i].seconds;
    if (times->count > 0)
        text_format(text, "\n%-48s %8s %10s %8s %7s\n", "kernel", "launches", "seconds", "us each",
                    "share");
    for (size_t i = 0; i < times->count; i++) {
        const struct device_kernel *kernel = &times->kernels[i];
        text_format(text, "%-48s %8.0f %10.4f %8.1f %6.1f%%\n", kernel->name, kernel->launches,
                    kernel->seconds, 1e6 * kernel->seconds / kernel->launches,
                    100.0 * kernel->seconds / all);
    }
}

static enum error_code print_table(const struct engine *engine, const struct benchmark *benchmark,
                                   struct error *error) {
    struct text text = TEXT_INITIAL;
    text_format(&text, "device    %s\n", engine->properties.description);
    text_format(&text, "gemm      %.1f GFLOP/s\n\n", benchmark->gemm_speed / 1e9);
    text_format(&text, "%-10s %10s %14s %10s %8s\n", "stage", "seconds", "a second", "GFLOP/s",
                "of gemm");
    for (size_t i = 0; i < benchmark->row_count; i++) {
        const struct benchmark_row *row = &benchmark->rows[i];
        double speed = row->operations / row->seconds;
        text_format(&text, "%-10s %10.4f %14.0f %s", row->stage, row->seconds,
                    row->amount / row->seconds, row->unit);
        if (row->operations > 0)
            text_format(&text, " %7.1f %7.1f%%", speed / 1e9,
                        100.0 * speed / benchmark->gemm_speed);
        text_string(&text, "\n");
    }
    if (benchmark->in_flight > 0)
        text_format(&text, "\nwaiting: one batch at a time; streamed: %d in flight\n",
                    benchmark->in_flight);
    add_kernels(&benchmark->kernels, &text);
    return print_text(&text, error);
}

static enum error_code print_json(const struct engine *engine, const struct benchmark *benchmark,
                                  struct error *error) {
    struct text text = TEXT_INITIAL;
    text_string(&text, "{\"device\": ");
    text_json(&text, engine->properties.description);
    text_format(&text, ", \"threads\": %d, \"gemm\": ", engine->threads);
    number_json(&text, benchmark->gemm_speed);
    text_string(&text, ", \"stages\": [");
    for (size_t i = 0; i < benchmark->row_count; i++) {
        const struct benchmark_row *row = &benchmark->rows[i];
        text_format(&text, "%s{\"stage\": \"%s\", \"seconds\": ", i == 0 ? "" : ", ", row->stage);
        number_json(&text, row->seconds);
        text_string(&text, ", \"amount\": ");
        number_json(&text, row->amount);
        text_format(&text, ", \"unit\": \"%s\", \"operations\": ", row->unit);
        number_json(&text, row->operations);
        text_string(&text, "}");
    }
    text_format(&text, "], \"in_flight\": %d, \"kernels\": [", benchmark->in_flight);
    for (size_t i = 0; i < benchmark->kernels.count; i++) {
        const struct device_kernel *kernel = &benchmark->kernels.kernels[i];
        text_string(&text, i == 0 ? "{\"kernel\": " : ", {\"kernel\": ");
        text_json(&text, kernel->name);
        text_format(&text, ", \"launches\": %.0f, \"seconds\": ", kernel->launches);
        number_json(&text, kernel->seconds);
        text_string(&text, "}");
    }
    text_string(&text, "]}\n");
    return print_text(&text, error);
}

static enum error_code check_stage(const char *stage, struct error *error) {
    static const char *const stages[] = {"gemm",    "resample", "features", "network",
                                         "pooling", "stream",   "crossval", "issues"};
    const size_t count = sizeof stages / sizeof stages[0];
    for (size_t i = 0; i < count; i++)
        if (stage == NULL || strcmp(stage, stages[i]) == 0) return ERROR_NONE;
    const char *similar = options_similar(stage, stages, count);
    return FAIL(error, ERROR_USAGE,
                "bench: there is no stage '%s'%s%s%s; give gemm, resample, features, network, "
                "pooling, stream, crossval, issues or corpus",
                stage, similar == NULL ? "" : " (did you mean ", similar == NULL ? "" : similar,
                similar == NULL ? "" : "?)");
}

/* Options that only bench corpus has. */
static enum error_code check_options(const struct options *options, struct error *error) {
    static const char *const names[] = {"format", "tar", "forecast"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (option_given(options, names[i], COMMAND_BENCH) != NULL)
            return FAIL(error, ERROR_USAGE, "--%s: only earmark bench corpus takes it", names[i]);
    return ERROR_NONE;
}

int command_bench(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct engine engine = {.model = MODEL_INITIAL};
    struct benchmark benchmark;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("bench", argc, argv, &options, &exit_code)) return exit_code;
    if (options.argument != NULL && strcmp(options.argument, "corpus") == 0)
        return bench_corpus(&options);
    check_options(&options, &error);
    if (error.code == ERROR_NONE && !device_resamples(options.benchmark.rate))
        FAIL(&error, ERROR_USAGE, "--rate %d: devices do not resample from it; give 8000 or 16000",
             options.benchmark.rate);
    if (error.code == ERROR_NONE && check_stage(options.argument, &error) == ERROR_NONE &&
        engine_open(&options.engine, true, &engine, &error) == ERROR_NONE &&
        benchmark_run(&engine, options.argument, &options.benchmark, &benchmark, &error) ==
            ERROR_NONE) {
        if (options.json)
            print_json(&engine, &benchmark, &error);
        else
            print_table(&engine, &benchmark, &error);
    }
    engine_close(&engine);
    return error.code == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
