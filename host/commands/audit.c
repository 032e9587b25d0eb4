/* earmark audit: the command line of host/audit/audit.h. */
#include "host/audit/audit.h"
#include "host/base/stop.h"
#include "host/commands/commands.h"
#include "host/commands/options.h"
#include "host/commands/options_classifier.h"
#include "host/commands/options_confident.h"
#include "host/output/summary.h"

#include <string.h>

enum { OPTION_FAIL_ON_ISSUES = OPTION_OWN };

struct audit_command {
    struct common_options common;
    struct audit_settings settings;
    bool fail_on_issues;
    bool help;
};

static void print_help(void) {
    fputs("usage: earmark audit INPUT -o OUT [OPTIONS]\n\n"
          "Finds the clips of INPUT whose label is probably wrong. Writes into OUT:\n"
          "  report.html           the page to listen through\n"
          "  issues.csv, .jsonl    flagged clips, worst first: given and suggested label, scores,\n"
          "                        the five most similar clips\n"
          "  clips.csv             every clip with its status and audio health (clipped, silent,\n"
          "                        cut, narrow band, duplicates ...); nothing is left out\n"
          "  annotations.csv       with --label-separator: which labels are wrong or missing\n"
          "  classes.csv           health of every class; overlapping_classes.csv: confused pairs\n"
          "  embeddings.npy, labels.npy, pred_probs.npy, classes.json, confident_joint.csv,\n"
          "  run.json, timing.json\n\n"
          "  -o OUT                the folder to write\n\n",
          stdout);
    options_help_input();
    fputs("\n", stdout);
    options_help_engine();
    fputs("\n", stdout);
    options_help_classifier();
    fputs("\n", stdout);
    options_help_confident();
    fputs("\n", stdout);
    options_help_run();
    fputs("  --fail-on-issues      exit code 4 when any clip is flagged\n\n"
          "exit codes: 0 done; 1 fatal; 2 usage; 3 done, some clips unreadable; 4 issues found\n"
          "(with --fail-on-issues); 75 stopped by a signal\n",
          stdout);
}

static enum error_code take_option(int option, struct audit_command *command, struct error *error) {
    struct audit_settings *settings = &command->settings;
    bool known = false;
    TRY(options_take(option, optarg, &command->common, &known, error));
    if (!known) TRY(options_take_classifier(option, optarg, &settings->crossval, &known, error));
    if (!known)
        TRY(options_take_confident(option, optarg, &settings->confident,
                                   &settings->num_to_remove_file, &settings->joint_file, &known,
                                   error));
    if (option == 'o') settings->out = optarg;
    if (option == 'h') command->help = true;
    if (option == OPTION_FAIL_ON_ISSUES) command->fail_on_issues = true;
    return ERROR_NONE;
}

static enum error_code parse(int argc, char **argv, struct audit_command *command,
                             struct error *error) {
    static const struct option names[] = {
        OPTIONS_INPUT,
        OPTIONS_ENGINE,
        OPTIONS_CLASSIFIER,
        OPTIONS_CONFIDENT,
        OPTIONS_RUN,
        {"fail-on-issues", no_argument, NULL, OPTION_FAIL_ON_ISSUES},
        {0}};
    struct audit_settings *settings = &command->settings;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":ho:", names, NULL)) != -1;) {
        if (option == '?' || option == ':') return options_unknown("audit", option, argv, error);
        TRY(take_option(option, command, error));
        if (command->help) return ERROR_NONE;
    }
    if (optind + 1 != argc)
        return FAIL(error, ERROR_USAGE, "audit: give one INPUT; see earmark audit --help");
    if (settings->out == NULL)
        return FAIL(error, ERROR_USAGE, "audit: give the folder to write with -o OUT");
    settings->input = argv[optind];
    settings->input_options = command->common.input;
    settings->engine = command->common.engine;
    settings->no_resample = command->common.no_resample;
    settings->fresh = command->common.fresh;
    settings->progress = command->common.quiet ? PROGRESS_QUIET : PROGRESS_AUTO;
    return ERROR_NONE;
}

static int finished(const struct audit_command *command, const struct audit *audit) {
    struct error error = ERROR_INITIAL;
    const struct run_results *results = audit_results(audit);
    if (command->common.json)
        summary_print_json(stdout, command->settings.out, results, &error);
    else if (!command->common.quiet)
        summary_print(stdout, command->settings.out, results, &error);
    if (error.code != ERROR_NONE) return command_fail(&error);
    if (command->fail_on_issues && results->issue_count > 0) return EXIT_ISSUES_FOUND;
    return audit_unreadable(audit) > 0 ? EXIT_UNREADABLE_CLIPS : EXIT_DONE;
}

int command_audit(int argc, char **argv) {
    struct audit_command command = {
        .common = COMMON_OPTIONS_INITIAL,
        .settings = {.crossval = CROSSVAL_DEFAULTS, .confident = CONFIDENT_DEFAULTS}};
    struct audit *audit = NULL;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (parse(argc, argv, &command, &error) != ERROR_NONE) return command_fail(&error);
    if (command.help) {
        print_help();
        return EXIT_DONE;
    }
    stop_install();
    if (audit_run(&command.settings, &audit, &error) == ERROR_NONE) {
        exit_code = finished(&command, audit);
    } else {
        exit_code = command_fail(&error);
        command_tell_resume(&error);
    }
    audit_close(audit);
    return exit_code;
}
