/* earmark crossval: embeddings and labels in, out-of-sample probabilities out. */
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/progress.h"
#include "host/commands/commands.h"
#include "host/commands/crossval_files.h"
#include "host/commands/results_folder.h"
#include "host/embedding/engine.h"

#include <stdlib.h>

/* Everything the command owns while it runs. */
struct crossval_command {
    struct engine engine;
    struct crossval_data data;
    struct crossval_report report;
    struct progress progress;
    float *probabilities;
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

static enum error_code crossval(const struct options *options, struct crossval_command *command,
                                struct error *error) {
    struct crossval_settings settings = options->crossval;
    TRY(check_options(options, error));
    TRY(crossval_data_open(&options->files, &settings, &command->data, error));
    TRY(engine_open(&options->engine, false, &command->engine, error));
    TRY(results_folder_open(options->out, "crossval.json", options->fresh, error));
    const struct crossval_input *input = &command->data.input;
    if (command->data.type != NPY_FLOAT32 && !options->quiet)
        progress_message("%s: %s rounded to float32", options->files.embeddings,
                         npy_type_name(command->data.type));
    command->probabilities =
        memory_array(input->rows, input->classes * sizeof(float), "probabilities", error);
    if (command->probabilities == NULL) return error->code;
    settings.threads = command->engine.threads;
    progress_start(&command->progress, options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
                   "cross-validation", "fits", 0);
    struct crossval_progress progress = {crossval_show_fits, &command->progress};
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
static void warn_of_unlabelled(const struct options *options, const struct crossval_data *data) {
    size_t count = 0;
    if (data->given_labels == NULL || options->files.has_unlabelled) return;
    for (size_t row = 0; row < data->given_rows; row++) count += data->given_labels[row] == -1;
    if (count > 0)
        progress_message(
            "warning: rows with the label -1: %zu; it is taken as a class; if they have no "
            "label (earmark embed writes -1 then), give --unlabelled -1",
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

static void print_warnings(const struct options *options, const struct crossval_command *command) {
    const struct crossval_report *report = &command->report;
    const struct crossval_input *input = &command->data.input;
    struct text warnings = TEXT_INITIAL;
    crossval_report_warnings(report, &warnings);
    for (size_t begin = 0, end; begin < warnings.length; begin = end + 1) {
        for (end = begin; warnings.data[end] != '\n';) end++;
        progress_message("warning: %.*s", (int)(end - begin), warnings.data + begin);
    }
    text_free(&warnings);
    warn_of_unlabelled(options, &command->data);
    size_t left_out = command->data.given_rows - input->rows;
    if (left_out > 0)
        progress_message("warning: rows that cannot be audited: %zu, see %s/not_auditable.csv",
                         left_out, options->out);
    size_t without = options->files.multi_label ? command->data.given_classes - input->classes : 0;
    if (without > 0)
        progress_message("warning: classes that cannot be audited: %zu, see %s/not_auditable.csv",
                         without, options->out);
}

static void print_summary(const struct options *options, const struct crossval_command *command) {
    const struct crossval_report *report = &command->report;
    const struct crossval_input *input = &command->data.input;
    struct text text = TEXT_INITIAL;
    number_thousands(&text, input->rows);
    text_string(&text, " rows, ");
    number_thousands(&text, input->classes);
    text_format(&text, " classes, %zu folds: C = %g, log-loss %.6g; written to ", input->folds,
                report->c_values[report->chosen], report->log_losses[report->chosen]);
    name_visible(&text, options->out);
    text_string(&text, "\nNext: earmark issues --labels ");
    command_append_path(&text, options->out, "labels.npy");
    text_string(&text, " --pred-probs ");
    command_append_path(&text, options->out, "pred_probs.npy");
    text_format(&text, "%s -o issues\n", options->files.multi_label ? " --multi-label" : "");
    if (!text.failed) fputs(text.data, stdout);
    text_free(&text);
}

int command_crossval(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct crossval_command command = {.data = CROSSVAL_DATA_INITIAL};
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
        if (options.json && print_json(options.out, &error) != ERROR_NONE)
            exit_code = command_fail(&error);
    }
    free(command.probabilities);
    crossval_report_free(&command.report);
    crossval_data_close(&command.data);
    engine_close(&command.engine);
    return exit_code;
}
