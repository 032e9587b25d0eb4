/* earmark crossval: embeddings and labels in, out-of-sample probabilities out. */
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/progress.h"
#include "host/base/scratch.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/commands/crossval_files.h"
#include "host/commands/detection_options.h"
#include "host/commands/memory_option.h"
#include "host/commands/results_folder.h"
#include "host/embedding/engine.h"

#include <stdlib.h>

/* Everything the command owns while it runs. */
struct crossval_command {
    struct folder_lock out;
    struct folder scratch; /* of --memory */
    struct engine engine;
    struct crossval_data data;
    struct detection_settings settings;
    struct detection_input input;  /* one label a row */
    struct detection detection;    /* likewise */
    struct crossval_report report; /* multilabel, like the next two */
    struct progress progress;
    float *probabilities;
    struct text warnings;
};

static enum error_code check_options(const struct options *options, struct error *error) {
    if (options->files.groups != NULL && options->files.fold_of != NULL)
        return FAIL(error, ERROR_USAGE, "crossval: give --groups or --fold-of, not both");
    if (options->files.multi_label && options->files.has_unlabelled)
        return FAIL(error, ERROR_USAGE,
                    "crossval: --unlabelled is for one label a row; with --multi-label rows of -1 "
                    "have none");
    return ERROR_NONE;
}

static enum error_code run_multilabel(const struct options *options,
                                      struct crossval_command *command, struct text *result,
                                      struct error *error) {
    const struct crossval_multilabel_input labels = crossval_data_labels(&command->data);
    struct device *device = command->engine.device;
    struct crossval_progress progress = {crossval_show_fits, &command->progress};
    command->probabilities =
        scratch_array(labels.rows, labels.classes * sizeof(float), "probabilities", error);
    if (command->probabilities == NULL) return error->code;
    if (!options->quiet)
        crossval_say_sample(&command->settings.crossval, labels.rows, 2, labels.folds);
    progress_start(&command->progress, options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
                   "cross-validation", "fits", 0);
    TRY(crossval_multilabel_run(device->operations, device, &labels, &command->settings.crossval,
                                &progress, command->probabilities, &command->report, error));
    progress_finish(&command->progress);
    crossval_report_json(&command->report, result);
    crossval_report_warnings(&command->report, &command->warnings);
    return ERROR_NONE;
}

static enum error_code run_one_label(const struct options *options,
                                     struct crossval_command *command, struct text *result,
                                     struct error *error) {
    struct device *device = command->engine.device;
    command->input = crossval_data_detection(&command->data, command->engine.threads);
    TRY(detection_classify(device->operations, device, &command->input, &command->settings,
                           options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, &command->detection,
                           error));
    detection_json(&command->detection, result);
    detection_warnings(&command->detection, &command->warnings);
    return ERROR_NONE;
}

static enum error_code crossval(const struct options *options, struct crossval_command *command,
                                struct error *error) {
    bool multilabel = options->files.multi_label;
    struct text result = TEXT_INITIAL;
    TRY(check_options(options, error));
    TRY(command_detection(options, COMMAND_CROSSVAL, multilabel, &command->settings, error));
    TRY(memory_option_begin(options, &command->scratch, error));
    TRY(crossval_data_open(&options->files, &options->crossval, &command->data, error));
    TRY(engine_open(&options->engine, false, &command->engine, error));
    TRY(crossval_data_bound(options->memory, &command->data, command->engine.threads, "crossval",
                            &command->scratch, &command->settings, error));
    TRY(results_folder_open(options->out, "crossval.json", options->fresh, &command->out, error));
    if (!options->quiet) crossval_data_report(&options->files, &command->data);
    command->settings.crossval.threads = command->engine.threads;
    if ((multilabel ? run_multilabel(options, command, &result, error)
                    : run_one_label(options, command, &result, error)) == ERROR_NONE &&
        crossval_data_unchanged(&command->data, error) == ERROR_NONE)
        crossval_data_write(&command->out.folder, &options->files, &command->settings.crossval,
                            &command->data,
                            multilabel ? command->probabilities : command->detection.probabilities,
                            &result, &command->warnings, error);
    text_free(&result);
    return error->code;
}

/* What embed writes for a clip without a label is a class like any other here. */
static void warn_of_unlabelled(const struct options *options, const struct crossval_data *data) {
    size_t count = 0;
    if (data->given_labels == NULL || options->files.has_unlabelled) return;
    for (size_t row = 0; row < data->given_rows; row++) count += data->given_labels[row] == -1;
    if (count > 0)
        progress_warning("rows with the label -1: %zu; it is taken as a class; if they have no "
                         "label (earmark embed writes -1 then), give --unlabelled -1",
                         count);
}

static enum error_code print_json(const struct folder *out, struct error *error) {
    char *data = NULL;
    size_t size;
    if (folder_read(out, "crossval.json", SIZE_MAX / 4, &data, &size, error) == ERROR_NONE)
        terminal_print(stdout, data);
    free(data);
    return error->code;
}

static void print_warnings(const struct options *options, const struct crossval_command *command) {
    const struct crossval_input *input = &command->data.input;
    const struct text *warnings = &command->warnings;
    for (size_t begin = 0, end; begin < warnings->length; begin = end + 1) {
        for (end = begin; warnings->data[end] != '\n';) end++;
        progress_warning("%.*s", (int)(end - begin), warnings->data + begin);
    }
    warn_of_unlabelled(options, &command->data);
    size_t left_out = command->data.given_rows - input->rows;
    if (left_out > 0)
        progress_warning("rows that cannot be audited: %zu, see %s/not_auditable.csv", left_out,
                         options->out);
    size_t without = options->files.multi_label ? command->data.given_classes - input->classes : 0;
    if (without > 0)
        progress_warning("classes that cannot be audited: %zu, see %s/not_auditable.csv", without,
                         options->out);
}

static void print_summary(const struct options *options, const struct crossval_command *command) {
    const struct crossval_input *input = &command->data.input;
    const struct crossval_report *report = &command->report;
    struct text text = TEXT_INITIAL;
    number_thousands(&text, input->rows);
    text_string(&text, " rows, ");
    number_thousands(&text, input->classes);
    text_format(&text, " classes, %zu folds: ", input->folds);
    if (options->files.multi_label)
        text_format(&text, "C = %g, log-loss %.6g", report->c_values[report->chosen],
                    report->log_losses[report->chosen]);
    else
        detection_words(&command->detection, &text);
    text_string(&text, "; written to ");
    name_visible(&text, options->out);
    text_string(&text, "\nNext: earmark issues --labels ");
    command_append_path(&text, options->out, "labels.npy");
    text_string(&text, " --pred-probs ");
    command_append_path(&text, options->out, "pred_probs.npy");
    text_format(&text, "%s -o issues\n", options->files.multi_label ? " --multi-label" : "");
    if (!text.failed) terminal_print(stdout, text.data);
    text_free(&text);
}

int command_crossval(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct crossval_command command = {
        .out = FOLDER_LOCK_INITIAL, .scratch = FOLDER_INITIAL, .data = CROSSVAL_DATA_INITIAL};
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("crossval", argc, argv, &options, &exit_code)) return exit_code;
    stop_note("no result is written yet; the same command starts again");
    exit_code = EXIT_DONE;
    if (crossval(&options, &command, &error) != ERROR_NONE) {
        progress_finish(&command.progress);
        exit_code = command_fail(&error);
    } else {
        if (!options.quiet) print_warnings(&options, &command);
        if (!options.quiet && !options.json) print_summary(&options, &command);
        if (options.json && print_json(&command.out.folder, &error) != ERROR_NONE)
            exit_code = command_fail(&error);
    }
    scratch_free(command.probabilities);
    text_free(&command.warnings);
    detection_free(&command.detection);
    crossval_report_free(&command.report);
    crossval_data_close(&command.data);
    engine_close(&command.engine);
    folder_lock_close(&command.out);
    folder_close(&command.scratch);
    return exit_code;
}
