/* earmark audit: the command line of host/audit/audit.h. */
#include "host/audit/audit.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/output/summary.h"

static struct audit_settings settings_of(const struct options *options) {
    return (struct audit_settings){
        .session = {.input = options->argument,
                    .out = options->out,
                    .input_options = options->input,
                    .engine = options->engine,
                    .no_resample = options->no_resample,
                    .fresh = options->fresh,
                    .progress = options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO},
        .crossval = options->crossval,
        .confident = options->confident,
        .num_to_remove_file = options->num_to_remove_file,
        .joint_file = options->joint_file,
    };
}

static int finished(const struct options *options, const struct audit *audit) {
    struct error error = ERROR_INITIAL;
    const struct run_results *results = audit_results(audit);
    size_t unreadable = audit_unreadable(audit);
    int exit_code = options->fail_on_issues && results->issue_count > 0 ? EXIT_ISSUES_FOUND
                    : unreadable > 0                                    ? EXIT_UNREADABLE_CLIPS
                                                                        : EXIT_DONE;
    if (!options->quiet) command_warn(results->warnings, results->warning_count);
    if (exit_code == EXIT_UNREADABLE_CLIPS) command_warn_unreadable(unreadable, options->out);
    if (options->json)
        summary_print_json(stdout, options->out, results, &error);
    else if (!options->quiet)
        summary_print(stdout, terminal_width(stdout), options->out, results, &error);
    return error.code == ERROR_NONE ? exit_code : command_fail(&error);
}

int command_audit(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct audit *audit = NULL;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("audit", argc, argv, &options, &exit_code)) return exit_code;
    const struct audit_settings settings = settings_of(&options);
    if (audit_run(&settings, &audit, &error) == ERROR_NONE) {
        exit_code = finished(&options, audit);
    } else {
        exit_code = command_fail(&error);
    }
    audit_close(audit);
    return exit_code;
}
