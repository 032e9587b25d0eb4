#include "host/commands/commands.h"

#include "host/base/progress.h"
#include "host/base/run_state.h"
#include "host/base/run_watch.h"
#include "host/base/shell_word.h"
#include "host/commands/help.h"
#include "host/commands/option_parse.h"
#include "host/commands/option_table.h"

#include <string.h>

bool command_start(const char *name, int argc, char **argv, struct options *options,
                   int *exit_code) {
    struct error error = ERROR_INITIAL;
    const struct command_row *command = command_find(name);
    if (options_parse(command, argc, argv, options, &error) != ERROR_NONE) {
        *exit_code = command_fail(&error);
        return false;
    }
    if (options->help) {
        help_print(stdout, command);
        *exit_code = EXIT_DONE;
        return false;
    }
    if (command->passes != 0) return true; /* what follows is for the runs that it makes */
    progress_choose(options->progress);
    progress_choose_level(options->log_level);
    run_state_begin(command->name);
    run_watch_choose(options->metrics, options->quiet);
    stop_install();
    /* The others fork decoders before there are threads: session_open() starts it. */
    if ((command->bit & (COMMAND_AUDIT | COMMAND_EMBED)) == 0) run_watch_start();
    return true;
}

enum error_code command_session(const struct options *options, enum command_bit command,
                                struct command_records *records, struct session_settings *settings,
                                struct error *error) {
    if (options->state != NULL && options->features != NULL)
        return FAIL(error, ERROR_USAGE,
                    "give --state or --features, not both: features are written while clips are "
                    "embedded, which --state saves");
    option_record(options, command, KEY_EMBEDDINGS, &records->embedding);
    option_record(options, command, KEY_RESULTS, &records->results);
    *settings = (struct session_settings){
        .input = options->argument,
        .out = options->out,
        .input_options = options->input,
        .engine = options->engine,
        .no_resample = options->no_resample,
        .clip_memory = (size_t)options->clip_memory << 20,
        .views = options->views,
        .fresh = options->fresh,
        .state = options->state,
        .verify = options->verify,
        .progress = options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
        .embedding_record = records->embedding.data,
        .results_record = records->results.data,
        .features_folder = options->features,
    };
    TRY(text_check(&records->embedding, error));
    return text_check(&records->results, error);
}

void command_records_free(struct command_records *records) {
    text_free(&records->embedding);
    text_free(&records->results);
}

void command_warn(const char *const *sentences, size_t count) {
    for (size_t i = 0; i < count; i++) progress_warning("%s", sentences[i]);
}

void command_append_path(struct text *text, const char *folder, const char *name) {
    struct text path = TEXT_INITIAL;
    text_format(&path, "%s/%s", folder, name);
    if (path.failed)
        text->failed = true;
    else
        shell_word(text, path.data);
    text_free(&path);
}

void command_warn_unreadable(size_t count, const char *out) {
    progress_warning("%zu %s could not be read; %s/clips.csv says why", count,
                     count == 1 ? "clip" : "clips", out);
}

static int exit_code_of(const struct error *error) {
    switch (error->code) {
    case ERROR_USAGE: return EXIT_USAGE;
    case ERROR_STOPPED:
    case ERROR_DEVICE_LOST: return EXIT_STOPPED;
    default: return EXIT_FATAL;
    }
}

int command_fail(const struct error *error) {
    bool stopped = error->code == ERROR_STOPPED || error->code == ERROR_DEVICE_LOST;
    run_watch_failed(exit_code_of(error), error->message);
    progress_error("%s%s%s", error->message, stopped ? "; " : "", stopped ? stop_noted() : "");
    if (error->code == ERROR_INTERNAL)
        progress_error("this is a defect in earmark (%s:%d)", error->file, error->line);
    return exit_code_of(error);
}

/* getopt_long takes the beginning of a name, too. */
static bool asks_for_json(const char *argument, const char *next) {
    static const char name[] = "--progress";
    const char *equals = strchr(argument, '=');
    const size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    if (length < strlen("--pro") || length >= sizeof name || strncmp(argument, name, length) != 0)
        return false;
    const char *value = equals == NULL ? next : equals + 1;
    return value != NULL && strcmp(value, "json") == 0;
}

void command_choose_form(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (asks_for_json(argv[i], i + 1 < argc ? argv[i + 1] : NULL))
            progress_choose(PROGRESS_JSON);
}

const char *command_meaning(int exit_code) {
    char code[16];
    snprintf(code, sizeof code, "%d", exit_code);
    for (size_t i = 0; exit_code_row(i) != NULL; i++)
        if (strcmp(exit_code_row(i)->code, code) == 0) return exit_code_row(i)->meaning;
    return "unknown";
}
