/* earmark issues: confident learning alone, on given labels and probabilities. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/run_state.h"
#include "host/base/scratch.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/commands/issues_files.h"
#include "host/commands/memory_option.h"
#include "host/commands/results_folder.h"
#include "host/confident/supplied.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Everything the command owns while it runs. */
struct issues_command {
    struct folder_lock out;
    struct folder scratch; /* of --memory */
    struct npy_array labels;
    struct npy_array probabilities;
    double *num_to_remove;
    double *joint;
    double *scores; /* of the rows */
    struct confident_result single;
    struct multilabel_result multi;
};

static enum error_code check_options(const struct options *options, struct error *error) {
    if (options->estimate == ESTIMATE_CUSTOM &&
        (options->joint_file == NULL || options->files.multi_label))
        return FAIL(error, ERROR_USAGE,
                    "issues: --estimation-method off_diagonal_custom needs --joint, and "
                    "does not go with --multi-label");
    if (options->estimate == ESTIMATE_CALIBRATED && options->files.multi_label)
        return FAIL(error, ERROR_USAGE,
                    "issues: with --multi-label --estimation-method is off_diagonal");
    if (options->confident.adjust_pred_probs &&
        options->confident.score == SCORE_CONFIDENCE_WEIGHTED_ENTROPY)
        return FAIL(error, ERROR_USAGE,
                    "issues: --adjust-pred-probs goes with --score self_confidence or "
                    "normalized_margin");
    return ERROR_NONE;
}

/* ---- printing ---- */

/* Decimal numbers, one a line, printed many at a time. */
struct line_printer {
    char buffer[65536];
    size_t used;
};

static void print_numbers(struct line_printer *printer) {
    printer->buffer[printer->used] = '\0';
    terminal_print(stdout, printer->buffer);
    printer->used = 0;
}

static void print_number(struct line_printer *printer, uint64_t value, char after) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    if (printer->used + count + 2 > sizeof printer->buffer) print_numbers(printer);
    while (count > 0) printer->buffer[printer->used++] = digits[--count];
    printer->buffer[printer->used++] = after;
}

static void print_issues(const struct confident_issue *issues, size_t count, size_t rows, bool mask,
                         struct error *error) {
    struct line_printer printer = {.used = 0};
    if (!mask) {
        for (size_t i = 0; i < count; i++) print_number(&printer, issues[i].row, '\n');
    } else {
        unsigned char *flags = scratch_array(rows, 1, "the mask", error);
        if (flags == NULL) return;
        for (size_t i = 0; i < count; i++) flags[issues[i].row] = 1;
        for (size_t i = 0; i < rows; i++) print_number(&printer, flags[i], '\n');
        scratch_free(flags);
    }
    print_numbers(&printer);
}

static void print_json(const struct options *options, size_t rows, size_t classes,
                       const struct confident_issue *issues, size_t count, uint64_t off_diagonal,
                       const uint64_t *calibrated, struct error *error) {
    struct line_printer printer = {.used = 0};
    struct text head = TEXT_INITIAL;
    text_format(&head,
                "{\"rows\": %zu, \"classes\": %zu, \"filter\": \"%s\", \"score\": \"%s\", "
                "\"off_diagonal\": %" PRIu64 ", ",
                rows, classes, confident_filter_name(options->confident.filter),
                confident_score_name(options->confident.score), off_diagonal);
    if (calibrated != NULL)
        text_format(&head, "\"off_diagonal_calibrated\": %" PRIu64 ", ", *calibrated);
    text_string(&head, "\"issues\": [");
    if (text_check(&head, error) == ERROR_NONE) terminal_print(stdout, head.data);
    text_free(&head);
    if (error->code != ERROR_NONE) return;
    for (size_t i = 0; i < count; i++)
        print_number(&printer, issues[i].row, i + 1 < count ? ',' : ']');
    print_numbers(&printer);
    terminal_print(stdout, count == 0 ? "]}\n" : "}\n");
}

static void print_summary(const struct options *options, size_t rows, size_t classes,
                          size_t count) {
    struct text text = TEXT_INITIAL, out = TEXT_INITIAL;
    name_visible(&out, options->out);
    const char *shown = out.data == NULL ? "" : out.data;
    number_thousands(&text, rows);
    text_string(&text, " rows, ");
    number_thousands(&text, classes);
    text_string(&text, " classes: ");
    number_thousands(&text, count);
    text_format(&text, " issues (%.2f%%) by %s, ranked by %s\n",
                100.0 * (double)count / (double)rows,
                confident_filter_name(options->confident.filter),
                confident_score_name(options->confident.score));
    text_format(&text, "%s: issues.csv, issues.npy, scores.npy, classes.csv, health.json\n", shown);
    if (count > 0)
        text_format(&text, "Next: look at the first rows of %s/issues.csv, the most suspicious.\n",
                    shown);
    else
        text_format(&text, "Next: look at the health of the classes in %s/classes.csv.\n", shown);
    if (!text.failed) terminal_print(stdout, text.data);
    text_free(&text);
    text_free(&out);
}

/* One of the estimates. */
static void print_estimate(uint64_t estimate) {
    struct line_printer printer = {.used = 0};
    print_number(&printer, estimate, '\n');
    print_numbers(&printer);
}

/* ---- running ---- */

/* Prints a result of either kind on standard output. */
static void print_result(const struct options *options, size_t rows, size_t classes,
                         const struct confident_issue *issues, size_t count, uint64_t off_diagonal,
                         const uint64_t *calibrated, struct error *error) {
    if (options->json)
        print_json(options, rows, classes, issues, count, off_diagonal, calibrated, error);
    else if (options->out == NULL)
        print_issues(issues, count, rows, options->mask, error);
    else if (!options->quiet)
        print_summary(options, rows, classes, count);
}

static enum error_code bound_memory(const struct options *options, struct issues_command *command,
                                    struct error *error) {
    int threads = options->engine.threads;
    size_t least =
        scratch_program(threads) + confident_memory(command->probabilities.columns, threads);
    if (options->memory == 0) return ERROR_NONE;
    TRY(scratch_check(options->memory, least, "issues", error));
    TRY(memory_option_open(options, &command->scratch, error));
    scratch_set(&(struct scratch_bound){
        .bytes = options->memory - least, .least = SCRATCH_LEAST, .folder = &command->scratch});
    return ERROR_NONE;
}

/* Errors of the data name the files, which confident learning does not have. */
static enum error_code name_files(const struct options *options, struct error *error) {
    if (error->code == ERROR_DATA)
        error_prefix(error, "%s, %s", options->files.labels, options->pred_probs);
    return error->code;
}

static enum error_code run_single(const struct options *options,
                                  struct confident_settings *settings,
                                  struct issues_command *command, size_t *count,
                                  struct error *error) {
    struct confident_input input = {.labels = command->labels,
                                    .probabilities = command->probabilities,
                                    .threads = options->engine.threads};
    struct confident_result *result = &command->single;
    if (options->out != NULL && options->estimate == ESTIMATE_NONE) {
        command->scores =
            scratch_array(input.labels.rows, sizeof *command->scores, "scores", error);
        if (command->scores == NULL) return error->code;
        settings->scores = command->scores;
    }
    if (confident_find(&input, settings, result, error) != ERROR_NONE)
        return name_files(options, error);
    TRY(npy_unchanged(&input.probabilities, error));
    *count = result->issue_count;
    switch (options->estimate) {
    case ESTIMATE_OFF_DIAGONAL: print_estimate(result->num_label_issues); break;
    case ESTIMATE_CALIBRATED: print_estimate(result->num_label_issues_calibrated); break;
    case ESTIMATE_CUSTOM: print_estimate(result->num_label_issues_custom); break;
    default:
        if (options->out != NULL) {
            TRY(results_folder_open(options->out, "health.json", options->fresh, &command->out,
                                    error));
            TRY(issues_write(&command->out.folder, &input, settings, result, error));
        }
        print_result(options, result->rows, result->classes, result->issues, result->issue_count,
                     result->num_label_issues, &result->num_label_issues_calibrated, error);
    }
    return error->code;
}

static enum error_code run_multilabel(const struct options *options,
                                      const struct confident_settings *settings,
                                      struct issues_command *command, size_t *count,
                                      struct error *error) {
    struct multilabel_input input = {.labels = command->labels,
                                     .probabilities = command->probabilities,
                                     .threads = options->engine.threads};
    struct multilabel_result *result = &command->multi;
    if (multilabel_find(&input, settings, result, error) != ERROR_NONE)
        return name_files(options, error);
    TRY(npy_unchanged(&input.probabilities, error));
    *count = result->issue_count;
    if (options->estimate != ESTIMATE_NONE) {
        print_estimate(result->num_label_issues);
        return ERROR_NONE;
    }
    if (options->out != NULL) {
        TRY(results_folder_open(options->out, "health.json", options->fresh, &command->out, error));
        TRY(issues_write_multilabel(&command->out.folder, &input, settings, result, error));
    }
    print_result(options, result->rows, result->classes, result->issues, result->issue_count,
                 result->num_label_issues, NULL, error);
    return error->code;
}

static enum error_code run(const struct options *options, struct issues_command *command,
                           size_t *count, struct error *error) {
    struct confident_settings settings = options->confident;
    TRY(check_options(options, error));
    TRY(npy_open(options->pred_probs, &command->probabilities, error));
    npy_watch(&command->probabilities);
    TRY(bound_memory(options, command, error));
    size_t classes = command->probabilities.columns;
    size_t columns = options->files.multi_label ? classes : 1;
    TRY(npy_read(options->files.labels, command->probabilities.rows, columns, &command->labels,
                 error));
    if (command->probabilities.dimensions == 2) { /* else refused below */
        TRY(supplied_read_removals(options->num_to_remove_file, classes, &command->num_to_remove,
                                   error));
        TRY(supplied_read_joint(options->joint_file, classes, options->files.multi_label,
                                &command->joint, error));
    }
    settings.num_to_remove = command->num_to_remove;
    settings.joint = command->joint;
    if (options->files.multi_label)
        return run_multilabel(options, &settings, command, count, error);
    return run_single(options, &settings, command, count, error);
}

int command_issues(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    struct issues_command command = {.out = FOLDER_LOCK_INITIAL,
                                     .scratch = FOLDER_INITIAL,
                                     .labels = NPY_INITIAL,
                                     .probabilities = NPY_INITIAL};
    size_t count = 0;
    int exit_code;
    if (!command_start("issues", argc, argv, &options, &exit_code)) return exit_code;
    stop_note("no result is written yet; the same command starts again");
    if (options.engine.threads < 1) options.engine.threads = engine_processors();
    run(&options, &command, &count, &error);
    if (error.code == ERROR_NONE) run_state_issues(count);
    confident_free(&command.single);
    multilabel_free(&command.multi);
    free(command.num_to_remove);
    free(command.joint);
    scratch_free(command.scores);
    npy_close(&command.labels);
    npy_close(&command.probabilities);
    folder_lock_close(&command.out);
    folder_close(&command.scratch);
    if (error.code != ERROR_NONE) return command_fail(&error);
    return options.fail_on_issues && count > 0 ? EXIT_ISSUES_FOUND : EXIT_DONE;
}
