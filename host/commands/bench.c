/* earmark bench: how fast each stage is here, beside this machine's matrix products. */
#include "host/base/stop.h"
#include "host/base/text.h"
#include "host/commands/benchmark.h"
#include "host/commands/commands.h"
#include "host/commands/options.h"
#include "kernels/device.h"

#include <string.h>

enum { OPTION_CLIPS = OPTION_OWN, OPTION_SECONDS, OPTION_RATE, OPTION_REPEATS };

struct bench_command {
    struct common_options common;
    struct benchmark_settings settings;
    const char *stage;
    bool help;
};

static void print_help(void) {
    fputs("usage: earmark bench [STAGE] [OPTIONS]\n\n"
          "Measures STAGE (gemm, resample, features, network, pooling, crossval or issues; all\n"
          "without one) on made-up data, and sets useful operations against the speed of this\n"
          "machine's float32 matrix product (2,048 cubed, best of five). Fastest of the repeats.\n"
          "crossval: 20,000 x 512, 10 classes, 5 folds, tol 1e-4; issues: 200,000 x 100.\n\n"
          "  --clips N             clips of the embedding stages (default 2000)\n"
          "  --seconds S           of sound in each (default 0.41: 42 frames)\n"
          "  --rate R              Hz of the clips (default 8000: resampled)\n"
          "  --repeats N           default 5\n\n",
          stdout);
    options_help_engine();
    fputs("\n  --json                one JSON object on standard output\n"
          "  --help                this text\n",
          stdout);
}

static enum error_code take_option(int option, struct bench_command *command, struct error *error) {
    bool known = false;
    long number = 0;
    switch (option) {
    case 'h': command->help = true; return ERROR_NONE;
    case OPTION_CLIPS:
        TRY(options_integer("clips", optarg, 1, 100000000, &number, error));
        command->settings.clips = (size_t)number;
        return ERROR_NONE;
    case OPTION_SECONDS:
        return options_number("seconds", optarg, 0.03, 3600, &command->settings.seconds, error);
    case OPTION_RATE:
        TRY(options_integer("rate", optarg, 8000, 96000, &number, error));
        if (!device_resamples((int)number))
            return FAIL(error, ERROR_USAGE, "--rate %ld: devices do not resample from it", number);
        command->settings.rate = (int)number;
        return ERROR_NONE;
    case OPTION_REPEATS:
        TRY(options_integer("repeats", optarg, 1, 1000, &number, error));
        command->settings.repeats = (int)number;
        return ERROR_NONE;
    default: return options_take(option, optarg, &command->common, &known, error);
    }
}

static enum error_code parse(int argc, char **argv, struct bench_command *command,
                             struct error *error) {
    static const struct option names[] = {OPTIONS_ENGINE,
                                          {"clips", required_argument, NULL, OPTION_CLIPS},
                                          {"seconds", required_argument, NULL, OPTION_SECONDS},
                                          {"rate", required_argument, NULL, OPTION_RATE},
                                          {"repeats", required_argument, NULL, OPTION_REPEATS},
                                          {"json", no_argument, NULL, OPTION_JSON},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", names, NULL)) != -1;) {
        if (option == '?' || option == ':') return options_unknown("bench", option, argv, error);
        TRY(take_option(option, command, error));
    }
    if (optind + 1 < argc)
        return FAIL(error, ERROR_USAGE, "bench: one STAGE at most; see earmark bench --help");
    if (optind < argc) command->stage = argv[optind];
    return ERROR_NONE;
}

static void print_table(const struct engine *engine, const struct benchmark *benchmark) {
    printf("device    %s\n", engine->properties.description);
    printf("gemm      %.1f GFLOP/s\n\n", benchmark->gemm_speed / 1e9);
    printf("%-10s %10s %14s %10s %8s\n", "stage", "seconds", "a second", "GFLOP/s", "of gemm");
    for (size_t i = 0; i < benchmark->row_count; i++) {
        const struct benchmark_row *row = &benchmark->rows[i];
        double speed = row->operations / row->seconds;
        printf("%-10s %10.4f %14.0f %s", row->stage, row->seconds, row->amount / row->seconds,
               row->unit);
        if (row->operations > 0)
            printf(" %7.1f %7.1f%%", speed / 1e9, 100.0 * speed / benchmark->gemm_speed);
        putchar('\n');
    }
}

static enum error_code print_json(const struct engine *engine, const struct benchmark *benchmark,
                                  struct error *error) {
    struct text text = TEXT_INITIAL;
    text_string(&text, "{\"device\": ");
    text_json(&text, engine->properties.description);
    text_format(&text, ", \"threads\": %d, \"gemm\": ", engine->threads);
    text_json_double(&text, benchmark->gemm_speed);
    text_string(&text, ", \"stages\": [");
    for (size_t i = 0; i < benchmark->row_count; i++) {
        const struct benchmark_row *row = &benchmark->rows[i];
        text_format(&text, "%s{\"stage\": \"%s\", \"seconds\": ", i == 0 ? "" : ", ", row->stage);
        text_json_double(&text, row->seconds);
        text_string(&text, ", \"amount\": ");
        text_json_double(&text, row->amount);
        text_format(&text, ", \"unit\": \"%s\", \"operations\": ", row->unit);
        text_json_double(&text, row->operations);
        text_string(&text, "}");
    }
    text_string(&text, "]}\n");
    if (text_check(&text, error) == ERROR_NONE) fputs(text.data, stdout);
    text_free(&text);
    return error->code;
}

int command_bench(int argc, char **argv) {
    struct bench_command command = {
        .common = COMMON_OPTIONS_INITIAL,
        .settings = {.clips = 2000, .seconds = 0.41, .rate = 8000, .repeats = 5}};
    struct engine engine = {.model = MODEL_INITIAL};
    struct benchmark benchmark;
    struct error error = ERROR_INITIAL;
    if (parse(argc, argv, &command, &error) != ERROR_NONE) return command_fail(&error);
    if (command.help) {
        print_help();
        return EXIT_DONE;
    }
    stop_install();
    if (engine_open(&command.common.engine, true, &engine, &error) == ERROR_NONE &&
        benchmark_run(&engine, command.stage, &command.settings, &benchmark, &error) ==
            ERROR_NONE) {
        if (command.common.json)
            print_json(&engine, &benchmark, &error);
        else
            print_table(&engine, &benchmark);
    }
    engine_close(&engine);
    return error.code == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
