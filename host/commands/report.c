/* earmark report: the page of a finished run, made again from its files. */
#include "host/report/report.h"
#include "host/base/folder_lock.h"
#include "host/base/progress.h"
#include "host/base/sandbox.h"
#include "host/commands/commands.h"
#include "host/report/read.h"

/* What was done. */
static void describe(const struct options *options, const struct run_results *results,
                     const struct report_sounds *sounds) {
    progress_message("%s/report.html: %zu issues, %zu with their sound", options->argument,
                     results->issue_count, sounds->played);
    if (sounds->missing > 0)
        progress_message("warning: the sound of %zu could not be read; if the clips have moved, "
                         "give --root FOLDER",
                         sounds->missing);
}

static enum error_code make_report(const struct options *options, struct error *error) {
    struct run_read *read = NULL;
    struct decoders *decoders = NULL;
    struct report_sounds sounds = {0, 0};
    struct folder_lock out = FOLDER_LOCK_INITIAL;
    sandbox_report(options->quiet);
    TRY(decoders_open(engine_threads(&options->engine), &decoders, error));
    if (folder_lock_open(options->argument, false, &out, error) == ERROR_NONE &&
        run_read_open(&out.folder, &read, error) == ERROR_NONE) {
        struct run_results results = *run_read_results(read);
        if (options->root != NULL) results.root = options->root;
        report_write(&out.folder, &results, decoders, &sounds, error);
        if (error->code == ERROR_NONE && !options->quiet) describe(options, &results, &sounds);
        run_read_close(read);
    }
    folder_lock_close(&out);
    decoders_close(decoders);
    return error->code;
}

int command_report(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    int exit_code;
    if (!command_start("report", argc, argv, &options, &exit_code)) return exit_code;
    return make_report(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
