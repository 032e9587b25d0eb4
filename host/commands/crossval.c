/* earmark crossval: embeddings and labels in, out-of-sample probabilities out. */
#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/base/stop.h"
#include "host/commands/commands.h"
#include "host/commands/crossval_files.h"
#include "host/commands/options.h"
#include "host/commands/options_classifier.h"
#include "host/embedding/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPTION_EMBEDDINGS = OPTION_OWN,
    OPTION_LABELS,
    OPTION_GROUPS,
    OPTION_FOLD_OF,
    OPTION_MULTI_LABEL,
    OPTION_UNLABELLED
};

struct crossval_options {
    struct common_options common;
    struct crossval_files files;
    struct crossval_settings settings;
    const char *out;
    bool help;
};

/* Everything the command owns while it runs. */
struct crossval_command {
    struct engine engine;
    struct crossval_data data;
    struct crossval_report report;
    struct progress progress;
    float *probabilities;
};

static void print_help(void) {
    fputs("usage: earmark crossval --embeddings E.npy --labels Y.npy -o OUT [OPTIONS]\n\n"
          "Judges every row by a classifier that was trained on the other folds. Writes into OUT:\n"
          "  pred_probs.npy        float32 (rows, classes)\n"
          "  labels.npy            int64 (rows): columns of pred_probs.npy\n"
          "  folds.npy             int32 (rows): the fold that held the row out\n"
          "  rows.npy              int64 (rows): row numbers in E.npy\n"
          "  classes.json          the labels' values, in the order of the columns\n"
          "  not_auditable.csv     rows left out, and why: row, label, reason\n"
          "  crossval.json         settings, the chosen C, how every fit ended\n"
          "Left out are rows of classes with fewer rows than folds, and rows whose label is in\n"
          "one fold only. labels.npy and pred_probs.npy are what earmark issues takes.\n"
          "With --multi-label every class is judged against the rest (one binary regression for\n"
          "each, one C for all), classes in place of rows are left out, labels.npy is int8\n"
          "(rows, classes), and folds are shuffled ones by --seed unless they are given.\n\n"
          "  --embeddings FILE     .npy (rows, features); float32, others are rounded to it\n"
          "  --labels FILE         .npy (rows) of any integer type and values; with --multi-label\n"
          "                        (rows, classes) of 0 and 1, -1 in rows that are not known\n"
          "  --multi-label         a row may have any number of classes\n"
          "  --unlabelled V        rows with the label V have none and are left out (-1 for what\n"
          "                        earmark embed writes)\n"
          "  -o OUT                the folder to write\n"
          "  --groups FILE         .npy (rows) of integers: rows of a group stay in one fold\n"
          "  --fold-of FILE        .npy (rows) of integers: take these folds\n\n",
          stdout);
    options_help_classifier();
    fputs("\nComputation\n"
          "  --device D            auto (default), cpu, cuda, cuda:N or cuda:all\n"
          "  --threads N           default: all processors this process may use; the results do\n"
          "                        not depend on it\n\n"
          "Running\n"
          "  --fresh               replace the results in OUT\n"
          "  --quiet               no progress and no summary, only errors\n"
          "  --json                crossval.json on standard output, too\n"
          "  --help                this text\n\n"
          "exit codes: 0 done; 1 fatal; 2 usage; 75 stopped by a signal\n",
          stdout);
}

static enum error_code take_unlabelled(const char *text, struct crossval_files *files,
                                       struct error *error) {
    char *end;
    errno = 0;
    files->unlabelled = strtoll(text, &end, 10);
    files->has_unlabelled = true;
    if (errno != 0 || end == text || *end != '\0')
        return FAIL(error, ERROR_USAGE, "--unlabelled %s: a whole number, as in the labels' file",
                    text);
    return ERROR_NONE;
}

static enum error_code take_option(int option, struct crossval_options *options,
                                   struct error *error) {
    bool known = false;
    TRY(options_take_classifier(option, optarg, &options->settings, &known, error));
    if (!known) TRY(options_take(option, optarg, &options->common, &known, error));
    switch (option) {
    case OPTION_EMBEDDINGS: options->files.embeddings = optarg; break;
    case OPTION_LABELS: options->files.labels = optarg; break;
    case OPTION_GROUPS: options->files.groups = optarg; break;
    case OPTION_FOLD_OF: options->files.fold_of = optarg; break;
    case OPTION_MULTI_LABEL: options->files.multi_label = true; break;
    case OPTION_UNLABELLED: return take_unlabelled(optarg, &options->files, error);
    case 'o': options->out = optarg; break;
    case 'h': options->help = true; break;
    default: break;
    }
    return ERROR_NONE;
}

static enum error_code parse(int argc, char **argv, struct crossval_options *options,
                             struct error *error) {
    static const struct option names[] = {
        OPTIONS_CLASSIFIER,
        {"embeddings", required_argument, NULL, OPTION_EMBEDDINGS},
        {"labels", required_argument, NULL, OPTION_LABELS},
        {"groups", required_argument, NULL, OPTION_GROUPS},
        {"fold-of", required_argument, NULL, OPTION_FOLD_OF},
        {"multi-label", no_argument, NULL, OPTION_MULTI_LABEL},
        {"unlabelled", required_argument, NULL, OPTION_UNLABELLED},
        {"device", required_argument, NULL, OPTION_DEVICE},
        {"threads", required_argument, NULL, OPTION_THREADS},
        {"fresh", no_argument, NULL, OPTION_FRESH},
        {"quiet", no_argument, NULL, OPTION_QUIET},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, 'h'},
        {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":ho:", names, NULL)) != -1;) {
        if (option == '?' || option == ':') return options_unknown("crossval", option, argv, error);
        TRY(take_option(option, options, error));
        if (options->help) return ERROR_NONE;
    }
    if (optind < argc)
        return FAIL(error, ERROR_USAGE, "crossval: what is %s? see earmark crossval --help",
                    argv[optind]);
    if (options->files.embeddings == NULL || options->files.labels == NULL || options->out == NULL)
        return FAIL(error, ERROR_USAGE,
                    "crossval: give --embeddings, --labels and -o; see earmark crossval --help");
    if (options->files.groups != NULL && options->files.fold_of != NULL)
        return FAIL(error, ERROR_USAGE, "crossval: give --groups or --fold-of, not both");
    if (options->files.multi_label && options->files.has_unlabelled)
        return FAIL(error, ERROR_USAGE,
                    "crossval: --unlabelled is for one label a row; with --multi-label rows of -1 "
                    "have none");
    return ERROR_NONE;
}

/* mkdir, and no results of another run in it. */
static enum error_code open_folder(const char *out, bool fresh, struct error *error) {
    if (out == NULL) return FAIL(error, ERROR_INTERNAL, "crossval: no folder");
    if (mkdir(out, 0777) != 0 && errno != EEXIST)
        return FAIL(error, ERROR_FILE, "%s: cannot make the folder: %s", out, strerror(errno));
    char *run = file_join(out, "run.json", error);
    char *results = file_join(out, "crossval.json", error);
    if (run != NULL && results != NULL) {
        if (access(run, F_OK) == 0)
            FAIL(error, ERROR_FILE, "%s: holds the files of another run; give another folder", out);
        else if (access(results, F_OK) == 0 && !fresh)
            FAIL(error, ERROR_FILE,
                 "%s: holds results already; give another folder, or --fresh to replace them", out);
        else if (unlink(results) != 0 && errno != ENOENT)
            FAIL(error, ERROR_FILE, "%s: cannot be replaced: %s", results, strerror(errno));
    }
    free(run);
    free(results);
    return error->code;
}

static void show_step(void *context, size_t finished, size_t all, double worst) {
    struct progress *progress = context;
    (void)worst;
    progress->total = all;
    progress_update(progress, finished);
}

static enum error_code crossval(const struct crossval_options *options,
                                struct crossval_command *command, struct error *error) {
    struct crossval_settings settings = options->settings;
    TRY(engine_open(&options->common.engine, false, &command->engine, error));
    TRY(open_folder(options->out, options->common.fresh, error));
    TRY(crossval_data_open(&options->files, &settings, &command->data, error));
    const struct crossval_input *input = &command->data.input;
    if (command->data.type != NPY_FLOAT32 && !options->common.quiet)
        fprintf(stderr, "%s: %s rounded to float32\n", options->files.embeddings,
                npy_type_name(command->data.type));
    command->probabilities =
        memory_array(input->rows, input->classes * sizeof(float), "probabilities", error);
    if (command->probabilities == NULL) return error->code;
    settings.threads = command->engine.threads;
    progress_start(&command->progress, options->common.quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
                   "cross-validation", "fits", 0);
    struct crossval_progress progress = {show_step, &command->progress};
    const struct device_operations *operations = command->engine.device->operations;
    const struct crossval_multilabel_input labels = crossval_data_labels(&command->data);
    TRY(options->files.multi_label
            ? crossval_multilabel_run(operations, command->engine.device, &labels, &settings,
                                      &progress, command->probabilities, &command->report, error)
            : crossval_run(operations, command->engine.device, input, &settings, &progress,
                           command->probabilities, &command->report, error));
    progress_finish(&command->progress);
    return crossval_data_write(options->out, &options->files, &settings, &command->data,
                               command->probabilities, &command->report, error);
}

/* What embed writes for a clip without a label is a class like any other here. */
static void warn_of_unlabelled(const struct crossval_options *options,
                               const struct crossval_data *data) {
    size_t count = 0;
    if (data->given_labels == NULL || options->files.has_unlabelled) return;
    for (size_t row = 0; row < data->given_rows; row++) count += data->given_labels[row] == -1;
    if (count > 0)
        fprintf(stderr,
                "warning: %zu rows have the label -1, which is taken as a class; if they have no "
                "label (earmark embed writes -1 then), give --unlabelled -1\n",
                count);
}

static enum error_code print_json(const char *out, struct error *error) {
    char *path = file_join(out, "crossval.json", error), *data = NULL;
    size_t size;
    if (path != NULL && file_read(path, SIZE_MAX / 4, &data, &size, error) == ERROR_NONE)
        fwrite(data, 1, size, stdout);
    free(path);
    free(data);
    return error->code;
}

static void print_summary(const struct crossval_options *options,
                          const struct crossval_command *command) {
    const struct crossval_report *report = &command->report;
    const struct crossval_input *input = &command->data.input;
    struct text warnings = TEXT_INITIAL;
    crossval_report_warnings(report, &warnings);
    for (size_t begin = 0, end; begin < warnings.length; begin = end + 1) {
        for (end = begin; warnings.data[end] != '\n';) end++;
        fprintf(stderr, "warning: %.*s\n", (int)(end - begin), warnings.data + begin);
    }
    text_free(&warnings);
    warn_of_unlabelled(options, &command->data);
    size_t left_out = command->data.given_rows - input->rows;
    if (left_out > 0)
        fprintf(stderr, "warning: %zu rows cannot be audited, see %s/not_auditable.csv\n", left_out,
                options->out);
    size_t without = options->files.multi_label ? command->data.given_classes - input->classes : 0;
    if (without > 0)
        fprintf(stderr, "warning: %zu %s cannot be audited, see %s/not_auditable.csv\n", without,
                without == 1 ? "class" : "classes", options->out);
    printf("%zu rows, %zu classes, %zu folds: C = %g, log-loss %.6g; written to %s\n", input->rows,
           input->classes, input->folds, report->c_values[report->chosen],
           report->log_losses[report->chosen], options->out);
}

int command_crossval(int argc, char **argv) {
    struct crossval_options options = {.common = COMMON_OPTIONS_INITIAL,
                                       .settings = CROSSVAL_DEFAULTS};
    struct crossval_command command = {.data = CROSSVAL_DATA_INITIAL};
    struct error error = ERROR_INITIAL;
    int exit_code = EXIT_DONE;
    if (parse(argc, argv, &options, &error) != ERROR_NONE) return command_fail(&error);
    if (options.help) {
        print_help();
        return EXIT_DONE;
    }
    stop_install();
    if (crossval(&options, &command, &error) != ERROR_NONE) {
        progress_finish(&command.progress);
        exit_code = command_fail(&error);
    } else {
        if (!options.common.quiet && !options.common.json) print_summary(&options, &command);
        if (options.common.json && print_json(options.out, &error) != ERROR_NONE)
            exit_code = command_fail(&error);
    }
    free(command.probabilities);
    crossval_report_free(&command.report);
    crossval_data_close(&command.data);
    engine_close(&command.engine);
    return exit_code;
}
