/* earmark agree: how far the reviewers of a run agree. */
#include "host/base/json.h"
#include "host/base/progress.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/report/read.h"
#include "host/review/agreement.h"

#include <stdlib.h>

/* The separator of the run's labels, to be freed; NULL for one label a clip. */
static enum error_code find_separator(const struct folder *out, char **separator,
                                      struct error *error) {
    struct run_read *read = NULL;
    TRY(run_read_open(out, &read, error));
    decisions_separator(run_read_results(read), separator, error);
    run_read_close(read);
    return error->code;
}

static int finished(const struct options *options, const struct agreement *agreement) {
    struct error error = ERROR_INITIAL;
    command_warn((const char *const *)agreement->decisions->warnings.sentences,
                 agreement->decisions->warnings.count);
    if (options->json)
        agreement_print_json(stdout, options->argument, agreement, &error);
    else if (!options->quiet)
        agreement_print(stdout, terminal_width(stdout), options->argument, agreement, &error);
    if (error.code != ERROR_NONE) return command_fail(&error);
    return options->fail_on_conflicts && agreement->conflict_count > 0 ? EXIT_ISSUES_FOUND
                                                                       : EXIT_DONE;
}

/* Reads the decisions, and places them on the run. */
static enum error_code read_decisions(const struct options *options, struct folder *out,
                                      struct decisions *decisions, struct error *error) {
    char *separator = NULL;
    TRY(folder_open(options->argument, false, out, error));
    if (find_separator(out, &separator, error) == ERROR_NONE &&
        decisions_read(decisions, out, NULL, error) == ERROR_NONE) {
        if (decisions->reviewer_count == 0)
            FAIL(error, ERROR_DATA,
                 "%s: nothing is decided; give earmark review %s --as NAME, or put there what the "
                 "page exports (decisions-NAME.jsonl)",
                 options->argument, options->argument);
        else
            decisions_place_run(decisions, out, separator, error);
    }
    free(separator);
    return error->code;
}

int command_agree(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    struct folder out = FOLDER_INITIAL;
    struct decisions decisions = {0};
    struct agreement agreement = {0};
    int exit_code;
    if (!command_start("agree", argc, argv, &options, &exit_code)) return exit_code;
    stop_note("nothing was written");
    exit_code = read_decisions(&options, &out, &decisions, &error) == ERROR_NONE &&
                        agreement_find(&decisions, &agreement, &error) == ERROR_NONE
                    ? finished(&options, &agreement)
                    : command_fail(&error);
    agreement_close(&agreement);
    decisions_free(&decisions);
    folder_close(&out);
    return exit_code;
}
