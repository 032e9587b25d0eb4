/* earmark apply: what reviewers decided, in a new list. */
#include "host/review/apply/apply.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"

static void add_count(struct text *text, size_t count, const char *words) {
    text_format(text, "%s%zu %s", text->length > 0 ? ", " : "", count, words);
}

/* "12 changed, 3 excluded, 2 unsure (unchanged), 1 stale" */
static void print_summary(const struct apply_report *report) {
    struct text text = TEXT_INITIAL;
    add_count(&text, report->changed, "changed");
    add_count(&text, report->excluded, "excluded");
    add_count(&text, report->unsure, "unsure (unchanged)");
    add_count(&text, report->stale, "stale");
    if (report->kept > 0) add_count(&text, report->kept, "kept");
    if (report->already > 0) add_count(&text, report->already, "with that label already");
    if (report->skipped > 0) add_count(&text, report->skipped, "without agreement (unchanged)");
    text_format(&text, "\n%s\n", report->next.data == NULL ? "" : report->next.data);
    if (!text.failed) terminal_print(stdout, text.data);
    text_free(&text);
}

int command_apply(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    struct apply_report report = {0};
    int exit_code;
    if (!command_start("apply", argc, argv, &options, &exit_code)) return exit_code;
    stop_note("nothing was written");
    const struct apply_settings settings = {.out = options.argument,
                                            .decisions = options.more,
                                            .decision_count = options.more_count,
                                            .new_path = options.out,
                                            .dry_run = options.dry_run,
                                            .exclude = options.exclude,
                                            .conflicts = options.conflicts};
    exit_code = EXIT_DONE;
    apply_decisions(&settings, &report, &error);
    if (error.code == ERROR_NONE || report.stale > 0)
        command_warn((const char *const *)report.warnings.sentences, report.warnings.count);
    if (error.code != ERROR_NONE)
        exit_code = command_fail(&error);
    else if (!options.quiet)
        print_summary(&report);
    if (error.code == ERROR_NONE && report.stale + report.skipped > 0) exit_code = EXIT_NOT_APPLIED;
    apply_report_free(&report);
    return exit_code;
}
