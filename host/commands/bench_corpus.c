/* earmark bench corpus: the stages of an audit on a synthetic corpus, which of them binds, and what
 * a run on a cluster would take. */
#include "host/commands/bench_corpus.h"

#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/commands/corpus_bench.h"
#include "host/commands/forecast.h"
#include "host/commands/option_table.h"

#include <string.h>

/* Of clips that a collection of sounds has; the other stages of bench have short ones. */
#define CORPUS_SECONDS 4.0
#define CORPUS_RATE 44100

static const char *stage_note(enum corpus_stage stage, const struct corpus_bench *bench,
                              struct text *note) {
    text_clear(note);
    if (stage == CORPUS_DETECTOR)
        text_format(note, "from %zu rows", bench->detector_rows);
    else if (stage == CORPUS_RESAMPLE && bench->seconds[stage] <= 0)
        text_string(note, "nothing to do, or done by the decoders");
    else if (bench->measured[stage] < 1.0)
        text_format(note, "from %.2g%% of the clips", 100 * bench->measured[stage]);
    return note->failed || note->data == NULL ? "" : note->data;
}

static void add_row(struct text *text, const char *name, double seconds, double longest,
                    const struct corpus_settings *settings, const struct corpus_bench *bench,
                    const char *note) {
    text_format(text, "%-10s %10.3f", name, seconds);
    if (seconds > 0)
        text_format(text, " %11.0f %13.0f %9.2f", (double)settings->clips / seconds,
                    bench->audio_seconds / seconds, longest / seconds);
    else
        text_format(text, " %11s %13s %9s", "-", "-", "-");
    text_format(text, "  %s\n", note);
}

static void add_table(const struct corpus_settings *settings, const struct corpus_bench *bench,
                      struct text *text) {
    struct text note = TEXT_INITIAL;
    const enum corpus_stage binds = corpus_binds(bench->seconds);
    const double longest = bench->seconds[binds];
    double all = 0;
    text_string(text, "corpus    ");
    number_thousands(text, settings->clips);
    text_format(text, " clips of %g s, %s, %d Hz, %s: %.3g MB, read from memory (page cache)\n",
                settings->seconds, corpus_format_name(settings->format), settings->rate,
                settings->tar ? "in tar files" : "loose", bench->bytes / 1e6);
    text_format(text, "device    %s\n\n%-10s %10s %11s %13s %9s\n", bench->device, "alone",
                "seconds", "clips/s", "x real time", "x slowest");
    for (int stage = 0; stage < CORPUS_STAGES; stage++) {
        add_row(text, corpus_stage_name((enum corpus_stage)stage), bench->seconds[stage], longest,
                settings, bench, stage_note((enum corpus_stage)stage, bench, &note));
        all += bench->seconds[stage];
    }
    text_string(text, "\ntogether\n");
    add_row(text, "embedding", bench->embedding, longest, settings, bench,
            "decode, resample and network");
    add_row(text, "audit", bench->audit, longest, settings, bench,
            "the whole command, with its page");
    text_format(text, "\n%s binds: %.0f%% of the stages' time%s\n", corpus_stage_name(binds),
                100 * longest / all,
                bench->gpu ? "; decoders and the GPU work side by side"
                           : "; all use the same processors, so their times add up");
    text_free(&note);
}

static void add_json(const struct corpus_settings *settings, const struct corpus_bench *bench,
                     struct text *text) {
    text_format(text, "{\"clips\": %zu, \"clip_seconds\": ", settings->clips);
    number_json(text, settings->seconds);
    text_format(text, ", \"format\": \"%s\", \"rate\": %d, \"tar\": %s, \"bytes\": ",
                corpus_format_name(settings->format), settings->rate,
                settings->tar ? "true" : "false");
    number_json(text, bench->bytes);
    text_string(text, ", \"audio_seconds\": ");
    number_json(text, bench->audio_seconds);
    text_string(text, ", \"device\": ");
    text_json(text, bench->device);
    text_format(text, ", \"threads\": %d, \"stages\": [", bench->threads);
    for (int stage = 0; stage < CORPUS_STAGES; stage++) {
        const double seconds = bench->seconds[stage];
        text_format(text, "%s{\"stage\": \"%s\", \"seconds\": ", stage == 0 ? "" : ", ",
                    corpus_stage_name((enum corpus_stage)stage));
        number_json(text, seconds);
        text_string(text, ", \"times_real_time\": ");
        if (seconds > 0)
            number_json(text, bench->audio_seconds / seconds);
        else
            text_string(text, "null");
        text_string(text, ", \"measured_share\": ");
        number_json(text, bench->measured[stage]);
        text_string(text, "}");
    }
    text_string(text, "], \"embedding_seconds\": ");
    number_json(text, bench->embedding);
    text_string(text, ", \"audit_seconds\": ");
    number_json(text, bench->audit);
    text_format(text,
                ", \"detector_rows\": %zu, \"binds\": \"%s\", \"forecast\": ", bench->detector_rows,
                corpus_stage_name(corpus_binds(bench->seconds)));
}

static enum error_code print(const struct options *options, const struct forecast_plan *plan,
                             const struct corpus_settings *settings,
                             const struct corpus_bench *bench, struct error *error) {
    struct text text = TEXT_INITIAL;
    struct forecast forecast = {.run = 0};
    if (plan != NULL) forecast = forecast_make(plan, settings, options->engine.precision, bench);
    if (options->json) {
        add_json(settings, bench, &text);
        if (plan != NULL)
            forecast_json(plan, &forecast, &text);
        else
            text_string(&text, "null");
        text_string(&text, "}\n");
    } else {
        add_table(settings, bench, &text);
        if (plan != NULL) forecast_text(plan, bench, settings, &forecast, &text);
    }
    if (text_check(&text, error) == ERROR_NONE) terminal_print(stdout, text.data);
    text_free(&text);
    return error->code;
}

static enum error_code check(const struct options *options, const struct forecast_plan *plan,
                             struct error *error) {
    if (option_given(options, "repeats", COMMAND_BENCH) != NULL)
        return FAIL(error, ERROR_USAGE, "--repeats: bench corpus measures once; give more --clips");
    if (plan != NULL && plan->gpus == 0 && options->engine.precision == PRECISION_TF32)
        return FAIL(error, ERROR_USAGE, "--precision tf32 is for GPUs: give gpus=N in --forecast");
    return ERROR_NONE;
}

int bench_corpus(struct options *options) {
    struct forecast_plan plan;
    struct corpus_folder folder = {.keeper = 0};
    struct corpus_bench bench;
    struct error error = ERROR_INITIAL;
    struct corpus_settings settings = options->corpus;
    const bool forecasts = options->forecast != NULL;
    settings.clips = options->benchmark.clips;
    settings.seconds = options->benchmark.seconds;
    settings.rate = options->benchmark.rate;
    if (option_given(options, "rate", COMMAND_BENCH) == NULL)
        settings.rate = settings.format == CORPUS_OPUS ? 48000 : CORPUS_RATE;
    if (!forecasts || forecast_parse(options->forecast, &plan, &error) == ERROR_NONE) {
        if (option_given(options, "seconds", COMMAND_BENCH) == NULL)
            settings.seconds = forecasts ? plan.seconds : CORPUS_SECONDS;
        check(options, forecasts ? &plan : NULL, &error);
    }
    if (error.code == ERROR_NONE && corpus_folder_open(&folder, &error) == ERROR_NONE &&
        corpus_bench_run(&folder, &settings, &options->engine, &bench, &error) == ERROR_NONE)
        print(options, forecasts ? &plan : NULL, &settings, &bench, &error);
    corpus_folder_close(&folder);
    stop_note("nothing is kept; the corpus was temporary");
    return error.code == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
