/* earmark diff: what changed between two finished runs. */
#include "host/report/diff.h"
#include "host/base/progress.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"

/* Prints the comparison. Nothing is compared where the two runs have no clip in common. */
static int finished(const struct options *options, const struct diff *diff) {
    struct error error = ERROR_INITIAL;
    const size_t found = diff->kinds[DIFF_NEW].count + diff->kinds[DIFF_REOPENED].count;
    if (diff->common == 0 && diff->old.count > 0 && diff->new.count > 0)
        progress_warning("no clip of %s is in %s, by its id or its sound: these are not "
                         "two runs of one collection",
                         options->argument, options->second);
    if (options->json)
        diff_print_json(stdout, diff, &error);
    else if (!options->quiet)
        diff_print(stdout, terminal_width(stdout), diff, &error);
    if (error.code != ERROR_NONE) return command_fail(&error);
    return options->fail_on_new && found > 0 ? EXIT_ISSUES_FOUND : EXIT_DONE;
}

int command_diff(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    struct diff diff;
    int exit_code;
    if (!command_start("diff", argc, argv, &options, &exit_code)) return exit_code;
    stop_note("nothing was written");
    exit_code =
        diff_open(options.argument, options.second, options.json,
                  options.quiet ? PROGRESS_QUIET : PROGRESS_AUTO, &diff, &error) == ERROR_NONE
            ? finished(&options, &diff)
            : command_fail(&error);
    diff_close(&diff);
    return exit_code;
}
