/* earmark detect: the audit without audio, on anybody's embeddings. */
#include "host/audit/detection_results.h"
#include "host/base/memory.h"
#include "host/base/run_state.h"
#include "host/base/scratch.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/commands/crossval_files.h"
#include "host/commands/decided_note.h"
#include "host/commands/detection_options.h"
#include "host/commands/memory_option.h"
#include "host/confident/supplied.h"
#include "host/embedding/engine.h"
#include "host/embedding/run_folder.h"
#include "host/output/files.h"
#include "host/output/summary.h"
#include "host/report/report.h"

#include <stdio.h>
#include <stdlib.h>

#define VALUE_SIZE 24 /* a label or group in decimal */

/* What is written: the rows of the files, by number. */
struct detect_rows {
    const struct crossval_data *data;
    size_t *places;      /* (given_rows) the row in the arrays of OUT, or RUN_NO_ROW */
    char *label, *group; /* (VALUE_SIZE) of the row that was asked for last */
};

/* Everything the command owns while it runs. */
struct detect_command {
    struct engine engine;
    struct folder_lock out;
    struct folder scratch; /* of --memory */
    struct crossval_data data;
    struct detection_settings settings;
    double *num_to_remove, *joint;
    struct detection_input input;
    struct detection detection;
    struct detection_results found;
    struct detect_rows rows;
    char label[VALUE_SIZE], group[VALUE_SIZE];
    char (*class_texts)[VALUE_SIZE]; /* (classes) */
    const char **class_names;        /* (classes): into class_texts */
    size_t *clips;                   /* (rows): row numbers in the files */
    struct warnings warnings;
    struct run_results results;
};

/* ---- rows as the output files take them ---- */

static void get_row(const void *context, size_t row, struct run_clip *clip) {
    const struct detect_rows *rows = context;
    const struct crossval_data *data = rows->data;
    enum auditable status = (enum auditable)data->assigned.status[row];
    size_t place = rows->places[row];
    *clip = (struct run_clip)RUN_CLIP_INITIAL;
    clip->row = row;
    clip->array_row = place;
    snprintf(rows->label, (size_t)VALUE_SIZE, "%lld", (long long)data->given_labels[row]);
    if (status != AUDITABLE_UNLABELLED) clip->label = rows->label;
    if (status != AUDITABLE_YES) {
        clip->reason = auditable_reason(status);
        clip->status = status == AUDITABLE_UNLABELLED ? CLIP_NO_LABEL
                       : status == AUDITABLE_FEW      ? CLIP_TOO_FEW_EXAMPLES
                                                      : CLIP_LABEL_NOT_IN_TRAINING;
        return;
    }
    clip->class_index = data->input.labels[place];
    clip->fold = data->input.fold_of[place];
    if (data->groups == NULL) return;
    snprintf(rows->group, (size_t)VALUE_SIZE, "%lld", (long long)data->groups[place]);
    clip->group = rows->group;
}

static enum error_code describe_rows(struct detect_command *command, struct error *error) {
    const struct crossval_data *data = &command->data;
    command->rows.data = data;
    command->rows.label = command->label;
    command->rows.group = command->group;
    command->rows.places =
        scratch_array(data->given_rows, sizeof *command->rows.places, "rows", error);
    command->clips = scratch_array(data->input.rows, sizeof *command->clips, "rows", error);
    command->class_texts =
        memory_array(data->input.classes, sizeof *command->class_texts, "classes", error);
    command->class_names =
        memory_array(data->input.classes, sizeof *command->class_names, "classes", error);
    TRY(error->code);
    for (size_t row = 0; row < data->given_rows; row++) command->rows.places[row] = RUN_NO_ROW;
    for (size_t i = 0; i < data->input.rows; i++) {
        command->clips[i] = (size_t)data->rows[i];
        command->rows.places[command->clips[i]] = i;
    }
    for (size_t c = 0; c < data->input.classes; c++) {
        snprintf(command->class_texts[c], VALUE_SIZE, "%lld", (long long)data->class_values[c]);
        command->class_names[c] = command->class_texts[c];
    }
    return ERROR_NONE;
}

/* ---- the run ---- */

static enum error_code check_options(const struct options *options, struct error *error) {
    if (options->files.groups != NULL && options->files.fold_of != NULL)
        return FAIL(error, ERROR_USAGE, "detect: give --groups or --fold-of, not both");
    return ERROR_NONE;
}

static enum error_code open_all(const struct options *options, struct detect_command *command,
                                struct error *error) {
    TRY(check_options(options, error));
    TRY(command_detection(options, COMMAND_DETECT, false, &command->settings, error));
    TRY(memory_option_begin(options, &command->scratch, error));
    TRY(crossval_data_open(&options->files, &options->crossval, &command->data, error));
    size_t classes = command->data.input.classes;
    TRY(supplied_read_removals(options->num_to_remove_file, classes, &command->num_to_remove,
                               error));
    TRY(supplied_read_joint(options->joint_file, classes, false, &command->joint, error));
    command->settings.confident.num_to_remove = command->num_to_remove;
    command->settings.confident.joint = command->joint;
    TRY(engine_open(&options->engine, false, &command->engine, error));
    TRY(crossval_data_bound(options->memory, &command->data, command->engine.threads, "detect",
                            &command->scratch, &command->settings, error));
    TRY(run_folder_open(options->out, options->fresh, &command->out, error));
    if (!options->quiet) crossval_data_report(&options->files, &command->data);
    command->settings.crossval.threads = command->engine.threads;
    command->input = crossval_data_detection(&command->data, command->engine.threads);
    TRY(describe_rows(command, error));
    command->input.class_names = command->class_names;
    return ERROR_NONE;
}

static enum error_code add_facts(const struct options *options, struct detect_command *command,
                                 struct error *error) {
    struct run_facts *facts = &command->results.facts;
    const struct detection_settings *settings = &command->settings;
    struct text sentences = TEXT_INITIAL;
    run_fact_integer(facts, "settings", "folds", (int64_t)command->data.input.folds);
    run_fact_bool(facts, "settings", "shuffle", settings->crossval.shuffle);
    run_fact_integer(facts, "settings", "seed", settings->crossval.seed);
    run_fact_string(facts, "settings", "filter", detection_filter_name(settings->confident.filter));
    run_fact_string(facts, "list", "labels", options->files.labels); /* for earmark apply */
    run_fact_bool(facts, "settings", "copies_apart", options->files.copies_apart);
    TRY(detection_facts(&command->detection, facts, error));
    detection_warnings(&command->detection, &sentences);
    for (size_t begin = 0, end; begin < sentences.length; begin = end + 1) {
        for (end = begin; sentences.data[end] != '\n';) end++;
        warnings_add(&command->warnings, error, "%.*s", (int)(end - begin), sentences.data + begin);
    }
    text_free(&sentences);
    return error->code;
}

static enum error_code write_arrays(const struct folder *folder,
                                    const struct detect_command *command, struct error *error) {
    const struct crossval_data *data = &command->data;
    const size_t shape[2] = {data->input.rows, data->input.classes};
    TRY(npy_write_in(folder, "pred_probs.npy", NPY_FLOAT32, 2, shape,
                     command->detection.probabilities, error));
    TRY(npy_write_in(folder, "scores.npy", NPY_FLOAT32, 1, shape, command->detection.scores,
                     error));
    TRY(npy_write_in(folder, "labels.npy", NPY_INT64, 1, shape, command->detection.labels, error));
    return npy_write_in(folder, "rows.npy", NPY_INT64, 1, shape, data->rows, error);
}

static enum error_code detect(const struct options *options, struct detect_command *command,
                              struct error *error) {
    struct run_results *results = &command->results;
    static const char nothing[] = "";
    TRY(open_all(options, command, error));
    struct device *device = command->engine.device;
    TRY(detection_classify(device->operations, device, &command->input, &command->settings,
                           options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, &command->detection,
                           error));
    TRY(detection_find(&command->settings, &command->detection, error));
    TRY(detection_results_make(device->operations, device, &command->detection, command->clips,
                               &command->found, results, error));
    TRY(crossval_data_unchanged(&command->data, error));
    results->clips = (struct run_clips){command->data.given_rows, get_row, &command->rows};
    results->input = options->files.embeddings[0];
    results->root = nothing;
    results->class_names = command->class_names;
    results->class_count = command->data.input.classes;
    TRY(add_facts(options, command, error));
    results->warnings = (const char *const *)command->warnings.sentences;
    results->warning_count = command->warnings.count;
    run_count_statuses(results);
    TRY(write_arrays(&command->out.folder, command, error));
    TRY(run_write_tables(&command->out.folder, results, error));
    TRY(report_write(&command->out.folder, results, NULL, NULL, error));
    return run_write_json(&command->out.folder, results, error);
}

static int finished(const struct options *options, const struct detect_command *command) {
    struct error error = ERROR_INITIAL;
    const struct run_results *results = &command->results;
    int exit_code =
        options->fail_on_issues && results->issue_count > 0 ? EXIT_ISSUES_FOUND : EXIT_DONE;
    run_state_issues(results->issue_count);
    if (!options->quiet) command_warn(results->warnings, results->warning_count);
    if (options->json)
        summary_print_json(stdout, options->out, results, &error);
    else if (!options->quiet)
        summary_print(stdout, terminal_width(stdout), options->out, results, &error);
    if (!options->json && !options->quiet) decided_note(options->out, results);
    return error.code == ERROR_NONE ? exit_code : command_fail(&error);
}

static void detect_close(struct detect_command *command) {
    run_facts_free(&command->results.facts);
    warnings_free(&command->warnings);
    detection_results_free(&command->found);
    detection_free(&command->detection);
    scratch_free(command->rows.places);
    scratch_free(command->clips);
    free(command->class_texts);
    free(command->class_names);
    free(command->num_to_remove);
    free(command->joint);
    crossval_data_close(&command->data);
    folder_lock_close(&command->out);
    folder_close(&command->scratch);
    engine_close(&command->engine);
}

int command_detect(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct detect_command command = {
        .data = CROSSVAL_DATA_INITIAL, .out = FOLDER_LOCK_INITIAL, .scratch = FOLDER_INITIAL};
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("detect", argc, argv, &options, &exit_code)) return exit_code;
    stop_note("no result is written yet; the same command starts again");
    exit_code = detect(&options, &command, &error) == ERROR_NONE ? finished(&options, &command)
                                                                 : command_fail(&error);
    detect_close(&command);
    return exit_code;
}
