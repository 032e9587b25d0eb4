/* earmark report: the page of a finished run, made again from its files. */
#include "host/report/report.h"
#include "host/base/names.h"
#include "host/base/stop.h"
#include "host/commands/commands.h"
#include "host/commands/options.h"
#include "host/report/read.h"

#include <getopt.h>
#include <unistd.h>

static const char help[] =
    "Makes report.html of a finished run again, from the files in its folder.\n"
    "\n"
    "usage: earmark report [OPTIONS] OUT\n"
    "\n"
    "OUT is the folder that earmark audit -o OUT wrote. run.json, classes.json and\n"
    "issues.jsonl are needed; clips.csv, classes.csv, overlapping_classes.csv and\n"
    "confident_joint.csv are used where they are there. The audio files are decoded\n"
    "again, so that the first 200 clips of the ranking can be heard in the page; a\n"
    "file that is gone is said to be so in its place. Nothing but OUT/report.html is\n"
    "written.\n"
    "\n"
    "      --root FOLDER   the clips are in this folder now (default: where they were)\n"
    "      --threads N     decode with so many threads (default: one for each processor)\n"
    "  -q, --quiet         say nothing but errors\n"
    "  -h, --help          this text\n"
    "\n"
    "exit codes: 0 done; 1 fatal; 2 usage; 75 stopped by a signal\n";

struct report_options {
    const char *folder;
    const char *root;
    long threads;
    bool quiet;
    bool help;
};

static enum error_code read_options(int argc, char **argv, struct report_options *options,
                                    struct error *error) {
    static const struct option known[] = {
        {"root", required_argument, NULL, 'r'},
        {"threads", required_argument, NULL, 't'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    optind = 1;
    opterr = 0;
    for (;;) {
        int option = getopt_long(argc, argv, ":qh", known, NULL);
        if (option == -1) break;
        switch (option) {
        case 'r': options->root = optarg; break;
        case 't': TRY(options_integer("threads", optarg, 1, 1024, &options->threads, error)); break;
        case 'q': options->quiet = true; break;
        case 'h': options->help = true; return ERROR_NONE;
        default: return options_unknown("report", option, argv, error);
        }
    }
    if (optind + 1 != argc)
        return FAIL(error, ERROR_USAGE, "report: %s; see earmark report --help",
                    optind == argc ? "the folder of a run is missing"
                                   : "more than one folder is given");
    options->folder = argv[optind];
    return ERROR_NONE;
}

/* What was done, for people. */
static void tell(const struct report_options *options, const struct run_results *results,
                 const struct report_sounds *sounds) {
    struct text shown = TEXT_INITIAL;
    name_visible(&shown, options->folder);
    fprintf(stderr, "%s/report.html: %zu issues, %zu with their sound\n",
            shown.data == NULL ? "" : shown.data, results->issue_count, sounds->played);
    if (sounds->missing > 0)
        fprintf(stderr,
                "the sound of %zu could not be read any more; where the clips have moved, give "
                "--root FOLDER\n",
                sounds->missing);
    text_free(&shown);
}

static enum error_code make_report(const struct report_options *options, struct error *error) {
    struct run_read *read = NULL;
    struct decoders *decoders = NULL;
    struct report_sounds sounds = {0, 0};
    TRY(decoders_open((int)options->threads, &decoders, error));
    if (run_read_open(options->folder, &read, error) == ERROR_NONE) {
        struct run_results results = *run_read_results(read);
        if (options->root != NULL) results.root = options->root;
        report_write(options->folder, &results, decoders, &sounds, error);
        if (error->code == ERROR_NONE && !options->quiet) tell(options, &results, &sounds);
        run_read_close(read);
    }
    decoders_close(decoders);
    return error->code;
}

int command_report(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct report_options options = {.threads = processors > 0 ? processors : 1};
    if (read_options(argc, argv, &options, &error) != ERROR_NONE) return command_fail(&error);
    if (options.help) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    stop_install();
    if (make_report(&options, &error) != ERROR_NONE) return command_fail(&error);
    return EXIT_DONE;
}
