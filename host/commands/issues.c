/* earmark issues: confident learning alone, on anyone's labels and probabilities. */
#include "host/base/stop.h"
#include "host/commands/commands.h"
#include "host/commands/issues_files.h"
#include "host/commands/options.h"
#include "host/commands/options_confident.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_LABELS = OPTION_OWN,
    OPTION_PRED_PROBS,
    OPTION_MULTI_LABEL,
    OPTION_MASK,
    OPTION_ESTIMATE,
    OPTION_FAIL
};

/* cleanlab's estimation_method. */
enum estimate { ESTIMATE_NONE, ESTIMATE_OFF_DIAGONAL, ESTIMATE_CALIBRATED, ESTIMATE_CUSTOM };

struct issues_options {
    struct common_options common;
    struct confident_settings settings;
    const char *labels;
    const char *pred_probs;
    const char *num_to_remove;
    const char *joint;
    const char *out;
    enum estimate estimate;
    bool multi_label;
    bool mask;
    bool fail_on_issues;
    bool help;
};

/* Everything the command owns while it runs. */
struct issues_command {
    struct npy_array labels;
    struct npy_array probabilities;
    double *num_to_remove;
    double *joint;
    struct confident_result single;
    struct multilabel_result multi;
};

static void print_help(void) {
    fputs(
        "usage: earmark issues --labels Y.npy --pred-probs P.npy [-o OUT] [OPTIONS]\n\n"
        "Finds labels that are probably wrong from out-of-sample probabilities, as cleanlab's\n"
        "find_label_issues does. Without -o it prints the numbers of the flagged rows (from 0),\n"
        "worst first, one a line. The arrays are mapped and may be larger than memory.\n\n"
        "  --labels FILE         .npy (rows) of integers 0 .. classes - 1;\n"
        "                        with --multi-label (rows, classes) of 0 and 1\n"
        "  --pred-probs FILE     .npy (rows, classes), float32 or float64, C or Fortran order\n"
        "  -o OUT                a folder: issues.csv, issues.jsonl, issues.npy (ranked rows),\n"
        "                        mask.npy, scores.npy (all rows), classes.csv (health),\n"
        "                        overlapping_classes.csv, confident_joint.csv and .npy,\n"
        "                        thresholds.npy, health.json\n"
        "  --multi-label         a row may have any number of classes, each judged against\n"
        "                        the rest; --joint is then (classes, 2, 2); with -o\n"
        "                        annotations.csv says which classes of which rows\n"
        "  --mask                print 0 or 1 for every row instead of the flagged rows\n"
        "  --estimation-method M print only the estimated number of issues: off_diagonal,\n"
        "                        off_diagonal_calibrated, or off_diagonal_custom (of --joint)\n\n",
        stdout);
    options_help_confident();
    fputs("\nRunning\n"
          "  --threads N           default: all processors this process may use; the results do\n"
          "                        not depend on it\n"
          "  --fresh               replace the results in OUT\n"
          "  --fail-on-issues      exit with 4 when there are issues\n"
          "  --json                print one JSON object with counts and ranked rows\n"
          "  --quiet               with -o: no summary, only errors\n"
          "  --help                this text\n\n"
          "exit codes: 0 done; 1 fatal; 2 usage; 4 issues found (--fail-on-issues)\n",
          stdout);
}

/* ---- options ---- */

static enum error_code take_estimate(const char *value, enum estimate *estimate,
                                     struct error *error) {
    static const char *const names[] = {[ESTIMATE_OFF_DIAGONAL] = "off_diagonal",
                                        [ESTIMATE_CALIBRATED] = "off_diagonal_calibrated",
                                        [ESTIMATE_CUSTOM] = "off_diagonal_custom"};
    for (int e = ESTIMATE_OFF_DIAGONAL; e <= ESTIMATE_CUSTOM; e++)
        if (strcmp(names[e], value) == 0) {
            *estimate = (enum estimate)e;
            return ERROR_NONE;
        }
    return FAIL(error, ERROR_USAGE,
                "--estimation-method %s: give off_diagonal, off_diagonal_calibrated or "
                "off_diagonal_custom",
                value);
}

static enum error_code take_option(int option, struct issues_options *options,
                                   struct error *error) {
    bool known = false;
    TRY(options_take_confident(option, optarg, &options->settings, &options->num_to_remove,
                               &options->joint, &known, error));
    if (!known) TRY(options_take(option, optarg, &options->common, &known, error));
    switch (option) {
    case OPTION_LABELS: options->labels = optarg; break;
    case OPTION_PRED_PROBS: options->pred_probs = optarg; break;
    case OPTION_MULTI_LABEL: options->multi_label = true; break;
    case OPTION_MASK: options->mask = true; break;
    case OPTION_ESTIMATE: return take_estimate(optarg, &options->estimate, error);
    case OPTION_FAIL: options->fail_on_issues = true; break;
    case 'o': options->out = optarg; break;
    case 'h': options->help = true; break;
    default: break;
    }
    return ERROR_NONE;
}

static enum error_code check_options(const struct issues_options *options, struct error *error) {
    if (options->labels == NULL || options->pred_probs == NULL)
        return FAIL(error, ERROR_USAGE,
                    "issues: give --labels and --pred-probs; see earmark issues --help");
    if (options->estimate == ESTIMATE_CUSTOM && (options->joint == NULL || options->multi_label))
        return FAIL(error, ERROR_USAGE,
                    "issues: --estimation-method off_diagonal_custom counts what --joint gives "
                    "(and not with --multi-label)");
    if (options->estimate == ESTIMATE_CALIBRATED && options->multi_label)
        return FAIL(error, ERROR_USAGE,
                    "issues: with --multi-label --estimation-method is off_diagonal");
    if (options->settings.adjust_pred_probs &&
        options->settings.score == SCORE_CONFIDENCE_WEIGHTED_ENTROPY)
        return FAIL(error, ERROR_USAGE,
                    "issues: --adjust-pred-probs goes with --score self_confidence or "
                    "normalized_margin");
    return ERROR_NONE;
}

static enum error_code parse(int argc, char **argv, struct issues_options *options,
                             struct error *error) {
    static const struct option names[] = {
        OPTIONS_CONFIDENT,
        {"labels", required_argument, NULL, OPTION_LABELS},
        {"pred-probs", required_argument, NULL, OPTION_PRED_PROBS},
        {"multi-label", no_argument, NULL, OPTION_MULTI_LABEL},
        {"mask", no_argument, NULL, OPTION_MASK},
        {"estimation-method", required_argument, NULL, OPTION_ESTIMATE},
        {"fail-on-issues", no_argument, NULL, OPTION_FAIL},
        {"threads", required_argument, NULL, OPTION_THREADS},
        {"fresh", no_argument, NULL, OPTION_FRESH},
        {"quiet", no_argument, NULL, OPTION_QUIET},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, 'h'},
        {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":ho:", names, NULL)) != -1;) {
        if (option == '?' || option == ':') return options_unknown("issues", option, argv, error);
        TRY(take_option(option, options, error));
        if (options->help) return ERROR_NONE;
    }
    if (optind < argc)
        return FAIL(error, ERROR_USAGE, "issues: what is %s? see earmark issues --help",
                    argv[optind]);
    return check_options(options, error);
}

/* ---- printing ---- */

/* Decimal numbers, one a line, in large writes. */
struct line_printer {
    char buffer[65536];
    size_t used;
};

static void print_number(struct line_printer *printer, uint64_t value, char after) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    if (printer->used + count + 1 > sizeof printer->buffer) {
        fwrite(printer->buffer, 1, printer->used, stdout);
        printer->used = 0;
    }
    while (count > 0) printer->buffer[printer->used++] = digits[--count];
    printer->buffer[printer->used++] = after;
}

static void print_issues(const struct confident_issue *issues, size_t count, size_t rows, bool mask,
                         struct error *error) {
    struct line_printer printer = {.used = 0};
    if (!mask) {
        for (size_t i = 0; i < count; i++) print_number(&printer, issues[i].row, '\n');
    } else {
        unsigned char *flags = calloc(rows, 1);
        if (flags == NULL) {
            FAIL(error, ERROR_MEMORY, "no memory for a mask of %zu rows", rows);
            return;
        }
        for (size_t i = 0; i < count; i++) flags[issues[i].row] = 1;
        for (size_t i = 0; i < rows; i++) print_number(&printer, flags[i], '\n');
        free(flags);
    }
    fwrite(printer.buffer, 1, printer.used, stdout);
}

static void print_json(const struct issues_options *options, size_t rows, size_t classes,
                       const struct confident_issue *issues, size_t count, uint64_t off_diagonal,
                       const uint64_t *calibrated) {
    struct line_printer printer = {.used = 0};
    printf("{\"rows\": %zu, \"classes\": %zu, \"filter\": \"%s\", \"score\": \"%s\", "
           "\"off_diagonal\": %" PRIu64 ", ",
           rows, classes, confident_filter_name(options->settings.filter),
           confident_score_name(options->settings.score), off_diagonal);
    if (calibrated != NULL) printf("\"off_diagonal_calibrated\": %" PRIu64 ", ", *calibrated);
    fputs("\"issues\": [", stdout);
    for (size_t i = 0; i < count; i++)
        print_number(&printer, issues[i].row, i + 1 < count ? ',' : ']');
    fwrite(printer.buffer, 1, printer.used, stdout);
    fputs(count == 0 ? "]}\n" : "}\n", stdout);
}

static void print_summary(const struct issues_options *options, size_t rows, size_t classes,
                          size_t count) {
    printf("%zu rows, %zu classes: %zu issues (%.2f%%) by %s, ranked by %s\n", rows, classes, count,
           100.0 * (double)count / (double)rows, confident_filter_name(options->settings.filter),
           confident_score_name(options->settings.score));
    printf("%s: issues.csv, issues.npy, scores.npy, classes.csv, health.json\n", options->out);
}

/* ---- running ---- */

/* What any kind of result says on standard output. */
static void print_result(const struct issues_options *options, size_t rows, size_t classes,
                         const struct confident_issue *issues, size_t count, uint64_t off_diagonal,
                         const uint64_t *calibrated, struct error *error) {
    if (options->common.json)
        print_json(options, rows, classes, issues, count, off_diagonal, calibrated);
    else if (options->out == NULL)
        print_issues(issues, count, rows, options->mask, error);
    else if (!options->common.quiet)
        print_summary(options, rows, classes, count);
}

/* The sum of a joint's counts off the diagonal, as cleanlab adds them: all less the
 * diagonal. */
static double joint_off_diagonal(const double *joint, size_t classes) {
    double sum = 0;
    for (size_t i = 0; i < classes * classes; i++)
        if (i / classes != i % classes) sum += joint[i];
    return sum;
}

static enum error_code run_single(const struct issues_options *options,
                                  const struct confident_settings *settings,
                                  struct issues_command *command, size_t *count,
                                  struct error *error) {
    struct confident_input input = {.labels = command->labels,
                                    .probabilities = command->probabilities,
                                    .threads = options->common.engine.threads};
    struct confident_result *result = &command->single;
    TRY(confident_find(&input, settings, result, error));
    *count = result->issue_count;
    switch (options->estimate) {
    case ESTIMATE_OFF_DIAGONAL: printf("%" PRIu64 "\n", result->num_label_issues); break;
    case ESTIMATE_CALIBRATED: printf("%" PRIu64 "\n", result->num_label_issues_calibrated); break;
    case ESTIMATE_CUSTOM:
        printf("%.17g\n", joint_off_diagonal(command->joint, result->classes));
        break;
    default:
        if (options->out != NULL) {
            TRY(issues_open_folder(options->out, options->common.fresh, error));
            TRY(issues_write(options->out, &input, settings, result, error));
        }
        print_result(options, result->rows, result->classes, result->issues, result->issue_count,
                     result->num_label_issues, &result->num_label_issues_calibrated, error);
    }
    return error->code;
}

static enum error_code run_multilabel(const struct issues_options *options,
                                      const struct confident_settings *settings,
                                      struct issues_command *command, size_t *count,
                                      struct error *error) {
    struct multilabel_input input = {.labels = command->labels,
                                     .probabilities = command->probabilities,
                                     .threads = options->common.engine.threads};
    struct multilabel_result *result = &command->multi;
    TRY(multilabel_find(&input, settings, result, error));
    *count = result->issue_count;
    if (options->estimate != ESTIMATE_NONE) {
        printf("%" PRIu64 "\n", result->num_label_issues);
        return ERROR_NONE;
    }
    if (options->out != NULL) {
        TRY(issues_open_folder(options->out, options->common.fresh, error));
        TRY(issues_write_multilabel(options->out, &input, settings, result, error));
    }
    print_result(options, result->rows, result->classes, result->issues, result->issue_count,
                 result->num_label_issues, NULL, error);
    return error->code;
}

static enum error_code run(const struct issues_options *options, struct issues_command *command,
                           size_t *count, struct error *error) {
    struct confident_settings settings = options->settings;
    TRY(npy_open(options->labels, &command->labels, error));
    TRY(npy_open(options->pred_probs, &command->probabilities, error));
    size_t classes = command->probabilities.columns;
    if (options->num_to_remove != NULL)
        TRY(issues_read_table(options->num_to_remove, classes, 1, "(classes)",
                              &command->num_to_remove, error));
    if (options->joint != NULL && command->probabilities.dimensions == 2)
        TRY(issues_read_table(options->joint, classes * (options->multi_label ? 4 : classes),
                              options->multi_label ? 3 : 2,
                              options->multi_label ? "(classes, 2, 2)" : "(classes, classes)",
                              &command->joint, error));
    settings.num_to_remove = command->num_to_remove;
    settings.joint = command->joint;
    if (options->multi_label) return run_multilabel(options, &settings, command, count, error);
    return run_single(options, &settings, command, count, error);
}

/* Which file an error of the data is about is known here only. */
static void name_files(const struct issues_options *options, struct error *error) {
    if (error->code == ERROR_DATA && strstr(error->message, ".npy") == NULL)
        error_prefix(error, "%s, %s", options->labels, options->pred_probs);
}

int command_issues(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct issues_options options = {.common = COMMON_OPTIONS_INITIAL,
                                     .settings = CONFIDENT_DEFAULTS};
    struct issues_command command = {.labels = NPY_INITIAL, .probabilities = NPY_INITIAL};
    size_t count = 0;
    if (parse(argc, argv, &options, &error) != ERROR_NONE) return command_fail(&error);
    if (options.help) {
        print_help();
        return EXIT_DONE;
    }
    stop_install();
    stop_note("no result is written yet; the same command starts again");
    if (options.common.engine.threads < 1) options.common.engine.threads = engine_processors();
    if (run(&options, &command, &count, &error) == ERROR_NONE &&
        (fflush(stdout) != 0 || ferror(stdout)))
        FAIL(&error, ERROR_FILE, "cannot write to the standard output");
    confident_free(&command.single);
    multilabel_free(&command.multi);
    free(command.num_to_remove);
    free(command.joint);
    npy_close(&command.labels);
    npy_close(&command.probabilities);
    name_files(&options, &error);
    if (error.code != ERROR_NONE) return command_fail(&error);
    return options.fail_on_issues && count > 0 ? EXIT_ISSUES_FOUND : EXIT_DONE;
}
