#include "host/commands/commands.h"

#include "host/base/names.h"
#include "host/base/progress.h"
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
    stop_install();
    return true;
}

enum error_code command_session(const struct options *options, enum command_bit command,
                                struct command_records *records, struct session_settings *settings,
                                struct error *error) {
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
    for (size_t i = 0; i < count; i++) progress_message("warning: %s", sentences[i]);
}

void command_append_path(struct text *text, const char *folder, const char *name) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%";
    bool is_plain = folder[strspn(folder, plain)] == '\0';
    struct text quoted = TEXT_INITIAL;
    for (const char *at = folder; *at != '\0'; at++)
        text_append(&quoted, *at == '\'' ? "'\"'\"'" : at, *at == '\'' ? 5 : 1);
    text_string(text, is_plain ? "" : "'");
    name_visible(text, quoted.data == NULL ? "" : quoted.data);
    text_format(text, "/%s%s", name, is_plain ? "" : "'");
    if (quoted.failed) text->failed = true;
    text_free(&quoted);
}

void command_warn_unreadable(size_t count, const char *out) {
    progress_message("warning: %zu %s could not be read; %s/clips.csv says why", count,
                     count == 1 ? "clip" : "clips", out);
}

int command_fail(const struct error *error) {
    bool stopped = error->code == ERROR_STOPPED || error->code == ERROR_DEVICE_LOST;
    progress_message("earmark: %s%s%s", error->message, stopped ? "; " : "",
                     stopped ? stop_noted() : "");
    switch (error->code) {
    case ERROR_USAGE: return EXIT_USAGE;
    case ERROR_STOPPED:
    case ERROR_DEVICE_LOST: return EXIT_STOPPED;
    case ERROR_INTERNAL:
        progress_message("earmark: this is a defect in earmark (%s:%d)", error->file, error->line);
        return EXIT_FATAL;
    default: return EXIT_FATAL;
    }
}
