/* earmark audit: the command line of host/audit/audit.h. */
#include "host/audit/audit.h"
#include "host/base/run_state.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/commands/decided_note.h"
#include "host/commands/detection_options.h"
#include "host/commands/embed_part.h"
#include "host/commands/option_table.h"
#include "host/output/summary.h"

static int finished(const struct options *options, const struct audit *audit) {
    struct error error = ERROR_INITIAL;
    const struct run_results *results = audit_results(audit);
    size_t unreadable = audit_unreadable(audit);
    int exit_code = options->fail_on_issues && results->issue_count > 0 ? EXIT_ISSUES_FOUND
                    : unreadable > 0                                    ? EXIT_UNREADABLE_CLIPS
                                                                        : EXIT_DONE;
    run_state_issues(results->issue_count);
    if (!options->quiet) command_warn(results->warnings, results->warning_count);
    if (exit_code == EXIT_UNREADABLE_CLIPS) command_warn_unreadable(unreadable, options->out);
    if (options->json)
        summary_print_json(stdout, options->out, results, &error);
    else if (!options->quiet)
        summary_print(stdout, terminal_width(stdout), options->out, results, &error);
    if (!options->json && !options->quiet) decided_note(options->out, results);
    return error.code == ERROR_NONE ? exit_code : command_fail(&error);
}

/* What the list was warned of may be why its clips cannot be audited. */
static int failed(const struct options *options, const struct audit *audit, struct error *error) {
    const struct warnings *warnings = audit_list_warnings(audit);
    if (error->code == ERROR_DATA && !options->quiet)
        command_warn((const char *const *)warnings->sentences, warnings->count);
    return command_fail(error);
}

/* Logistic regression takes one view: the network's, unless another is given. */
static enum session_views choose_views(const struct options *options,
                                       const struct detection_settings *detection) {
    if (detection->detector != DETECTOR_LOGISTIC) return options->views;
    if (option_given(options, "views", COMMAND_AUDIT) != NULL) return options->views;
    return options->files.embedding_count == 0 ? VIEWS_XVECTOR : VIEWS_NONE;
}

/* A known data set has several labels a clip. */
static enum error_code take_several_labels(const void *options, struct audit_settings *settings,
                                           struct error *error) {
    TRY(command_detection(options, COMMAND_AUDIT, true, &settings->detection, error));
    settings->session.views = choose_views(options, &settings->detection);
    return ERROR_NONE;
}

int command_audit(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct command_records records = COMMAND_RECORDS_INITIAL;
    struct audit *audit = NULL;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("audit", argc, argv, &options, &exit_code)) return exit_code;
    bool multilabel = options.input.label_separator != NULL;
    struct audit_settings settings = {.copies_apart = options.files.copies_apart,
                                      .view_files = options.files.embeddings,
                                      .view_file_count = options.files.embedding_count,
                                      .memory = options.memory,
                                      .num_to_remove_file = options.num_to_remove_file,
                                      .joint_file = options.joint_file,
                                      .from_shards = options.from_shards,
                                      .rows_in_store = options.from_shards && !options.export_rows,
                                      .parts = {command_append_part, &options},
                                      .take_several_labels = take_several_labels,
                                      .context = &options};
    if (command_detection(&options, COMMAND_AUDIT, multilabel, &settings.detection, &error) ==
        ERROR_NONE)
        options.views = choose_views(&options, &settings.detection);
    if (error.code == ERROR_NONE &&
        command_session(&options, COMMAND_AUDIT, &records, &settings.session, &error) ==
            ERROR_NONE &&
        audit_run(&settings, &audit, &error) == ERROR_NONE)
        exit_code = finished(&options, audit);
    else
        exit_code = failed(&options, audit, &error);
    audit_close(audit);
    command_records_free(&records);
    return exit_code;
}
