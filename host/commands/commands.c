#include "host/commands/commands.h"

#include "host/base/names.h"
#include "host/base/progress.h"
#include "host/commands/help.h"

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

void command_warn(const char *const *sentences, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct text text = TEXT_INITIAL;
        name_visible(&text, sentences[i]);
        progress_message("warning: %s", text.data == NULL ? "" : text.data);
        text_free(&text);
    }
}

void command_warn_unreadable(size_t count, const char *out) {
    struct text text = TEXT_INITIAL;
    name_visible(&text, out);
    progress_message("warning: %zu %s could not be read; %s/clips.csv says why", count,
                     count == 1 ? "clip" : "clips", text.data == NULL ? "" : text.data);
    text_free(&text);
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
