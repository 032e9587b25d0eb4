#include "host/commands/option_table.h"

#include "host/classifier/folds.h"
#include "host/embedding/run_record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_THREADS 1024

#define FIELD(member)                                                                              \
    .field = offsetof(struct options, member), .size = sizeof(((struct options *)NULL)->member)
#define FLAG(member) .kind = OPTION_FLAG, FIELD(member)
#define TEXT(member) .kind = OPTION_TEXT, FIELD(member)
#define FILE_NAME(member) .kind = OPTION_FILE, FIELD(member)
#define WHOLE(member, low, high)                                                                   \
    .kind = OPTION_WHOLE, FIELD(member), .minimum = (low), .maximum = (high)
#define NUMBER(member, low, high)                                                                  \
    .kind = OPTION_NUMBER, FIELD(member), .minimum = (low), .maximum = (high)
#define CHOICE(member, names) .kind = OPTION_CHOICE, FIELD(member), .choice = (names)

#define AUDIT COMMAND_AUDIT
#define EMBED COMMAND_EMBED
#define CROSSVAL COMMAND_CROSSVAL
#define ISSUES COMMAND_ISSUES
#define REPORT COMMAND_REPORT
#define IMPORT COMMAND_IMPORT
#define MODEL_INFO COMMAND_MODEL_INFO
#define BENCH COMMAND_BENCH
#define DETECT COMMAND_DETECT

/* ---- names of choices, by the value of the field ---- */

static const char *precision_choice(int value) {
    return value <= PRECISION_BF16 ? engine_precision_name((enum device_precision)value) : NULL;
}

static const char *scale_choice(int value) {
    static const char *const names[] = {"none", "standard", NULL};
    return names[value];
}

static const char *filter_choice(int value) {
    return value < FILTER_COUNT ? confident_filter_name((enum confident_filter)value) : NULL;
}

static const char *score_choice(int value) {
    return value < SCORE_COUNT ? confident_score_name((enum confident_score)value) : NULL;
}

/* The same with the ensemble's own. */
static const char *detection_filter_choice(int value) {
    return value == FILTER_ENSEMBLE ? FILTER_ENSEMBLE_NAME : filter_choice(value);
}

static const char *detection_score_choice(int value) {
    return value == SCORE_LOG_MARGIN ? SCORE_LOG_MARGIN_NAME : score_choice(value);
}

static const char *detector_choice(int value) {
    return detector_name((enum detector)value);
}

static const char *copies_choice(int value) {
    static const char *const names[] = {"together", "apart", NULL};
    return names[value];
}

static const char *estimate_choice(int value) {
    static const char *const names[] = {
        [ESTIMATE_NONE] = "none",
        [ESTIMATE_OFF_DIAGONAL] = "off_diagonal",
        [ESTIMATE_CALIBRATED] = "off_diagonal_calibrated",
        [ESTIMATE_CUSTOM] = "off_diagonal_custom",
        [ESTIMATE_COUNT] = NULL,
    };
    return names[value];
}

/* ---- values of no common kind ---- */

static enum error_code take_c(const char *value, struct options *options, struct error *error) {
    struct crossval_settings *settings = &options->crossval;
    settings->c_auto = strcmp(value, "auto") == 0;
    settings->c_count = 0;
    if (settings->c_auto) return ERROR_NONE;
    for (const char *at = value;; at++) {
        char *end = NULL;
        double c = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0') || !(c > 0) || !isfinite(c))
            return FAIL(error, ERROR_USAGE,
                        "--C %s: give auto, or numbers above 0 with commas between them", value);
        if (settings->c_count == CROSSVAL_MAXIMUM_C)
            return FAIL(error, ERROR_USAGE, "--C %s: give at most %d values", value,
                        CROSSVAL_MAXIMUM_C);
        settings->c_values[settings->c_count++] = c;
        if (*end == '\0') return ERROR_NONE;
        at = end;
    }
}

/* One more file of embeddings. */
static enum error_code take_view(const char *value, struct options *options, struct error *error) {
    if (value[0] == '\0') return FAIL(error, ERROR_USAGE, "--embeddings: give a file");
    if (options->files.embedding_count == MIX_VIEWS)
        return FAIL(error, ERROR_USAGE, "--embeddings %s: at most %d files can be mixed", value,
                    MIX_VIEWS);
    options->files.embeddings[options->files.embedding_count++] = value;
    return ERROR_NONE;
}

static enum error_code take_views(const char *value, struct options *options, struct error *error) {
    for (int views = 0; views < VIEWS_COUNT; views++)
        if (strcmp(value, session_views_name((enum session_views)views)) == 0) {
            options->views = (enum session_views)views;
            return ERROR_NONE;
        }
    return FAIL(error, ERROR_USAGE,
                "--views %s: give xvector,statistics, xvector, or for audit none", value);
}

static enum error_code take_unlabelled(const char *value, struct options *options,
                                       struct error *error) {
    char *end;
    errno = 0;
    options->files.unlabelled = strtoll(value, &end, 10);
    options->files.has_unlabelled = true;
    if (errno != 0 || end == value || *end != '\0')
        return FAIL(error, ERROR_USAGE,
                    "--unlabelled %s: give a whole number, as in the file of labels", value);
    return ERROR_NONE;
}

/* ---- the table ---- */

static const struct option_row rows[] = {
    /* arrays */
    {"embeddings", 0, "FILE", .kind = OPTION_OTHER, .take = take_view, .key = KEY_RESULTS,
     .group = GROUP_ARRAYS, .commands = CROSSVAL | DETECT, .required = CROSSVAL | DETECT,
     .help = ".npy (rows, features); float32, other types are rounded to it; given several times, "
             "each file is a view of its own"},
    {"labels", 0, "FILE", FILE_NAME(files.labels), .key = KEY_RESULTS, .group = GROUP_ARRAYS,
     .commands = CROSSVAL | ISSUES | DETECT, .required = CROSSVAL | ISSUES | DETECT,
     .help = ".npy (rows) of integers (earmark issues: from 0 to classes - 1); with --multi-label "
             "(rows, classes) of 0 and 1 (earmark crossval: -1 in a whole row that is not known)"},
    {"pred-probs", 0, "FILE", FILE_NAME(pred_probs), .key = KEY_RESULTS, .group = GROUP_ARRAYS,
     .commands = ISSUES, .required = ISSUES,
     .help = ".npy (rows, classes), float32 or float64, in C or Fortran order"},
    {"multi-label", 0, NULL, FLAG(files.multi_label), .key = KEY_RESULTS, .group = GROUP_ARRAYS,
     .commands = CROSSVAL | ISSUES,
     .help = "a row may have any number of classes; each is judged against the rest"},
    {"unlabelled", 0, "V", .kind = OPTION_OTHER, .take = take_unlabelled, .key = KEY_RESULTS,
     .group = GROUP_ARRAYS, .commands = CROSSVAL | DETECT,
     .help = "rows with the label V have none and are left out (-1 for labels that earmark embed "
             "wrote)"},
    {"groups", 0, "FILE", FILE_NAME(files.groups), .key = KEY_RESULTS, .group = GROUP_ARRAYS,
     .commands = CROSSVAL | DETECT,
     .help = ".npy (rows) of integers: rows of a group stay in one fold"},
    {"fold-of", 0, "FILE", FILE_NAME(files.fold_of), .key = KEY_RESULTS, .group = GROUP_ARRAYS,
     .commands = CROSSVAL | DETECT, .help = ".npy (rows) of integers: the fold of each row"},

    /* INPUT */
    {"label-pattern", 0, "P", TEXT(input.label_pattern), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "take labels from the file names: '{label}_{speaker}_{take}.wav'"},
    {"label-column", 0, "NAME", TEXT(input.label_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED, .help = "the column, file or field with the label (see Input)"},
    {"label-separator", 0, "C", TEXT(input.label_separator), .key = KEY_RESULTS,
     .group = GROUP_INPUT, .commands = AUDIT | EMBED,
     .help = "a clip may have several labels or none, separated by the character C (';' for "
             "dog;bark) or in JSON arrays; each label is judged against the rest"},
    {"path-column", 0, "NAME", TEXT(input.path_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED, .help = "the column of the list with the path"},
    {"start-column", 0, "NAME", TEXT(input.start_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "a clip is a segment of its file: the column with the second at which it starts"},
    {"end-column", 0, "NAME", TEXT(input.end_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "the column with the second at which it ends (default: the end of the file); 'offset' "
             "with 'duration', as NeMo writes them, need no option"},
    {"group", 0, "FIELD", TEXT(input.group_field), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "clips with the same value stay in one fold: a field of the pattern or a column (the "
             "speaker, the source recording)"},
    {"fold-column", 0, "NAME", TEXT(input.fold_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "take the folds from this field or column; '' makes new ones"},
    {"allow-outside", 0, NULL, FLAG(input.allow_outside), .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "accept paths and links that lead out of the folder of INPUT"},

    {"embeddings", 0, "FILE", .kind = OPTION_OTHER, .take = take_view, .key = KEY_RESULTS,
     .group = GROUP_INPUT, .commands = AUDIT,
     .help =
         ".npy with a row for each clip of INPUT, in its order, made by another model: one more "
         "view, beside those of --views; may be given several times"},

    /* computation */
    {"model", 0, "FILE", FILE_NAME(engine.model_path), .key = KEY_EMBEDDINGS, .group = GROUP_ENGINE,
     .commands = AUDIT | EMBED | BENCH, .help = "another model (earmark model import makes one)"},
    {"device", 0, "D", TEXT(engine.device), .offered = "auto cpu cuda cuda:all", .usual = "auto",
     .group = GROUP_ENGINE, .commands = AUDIT | EMBED | CROSSVAL | DETECT | BENCH,
     .help = "auto: a GPU if there is one, otherwise the CPU; cpu; cuda; cuda:N for one GPU; "
             "cuda:all"},
    {"precision", 0, "P", CHOICE(engine.precision, precision_choice), .usual = "float32",
     .key = KEY_EMBEDDINGS, .group = GROUP_ENGINE, .commands = AUDIT | EMBED | BENCH,
     .help = "float32; tf32 (GPUs only); bf16 (if the processor has it): faster, embeddings differ "
             "by 1e-3 to 5e-3 (relative L2)"},
    {"threads", 0, "N", WHOLE(engine.threads, 1, MAXIMUM_THREADS), .group = GROUP_ENGINE,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | REPORT | BENCH,
     .help = "number of threads (default: all processors this process may use); results do not "
             "depend on it"},
    {"no-resample", 0, NULL, FLAG(no_resample), .key = KEY_EMBEDDINGS, .group = GROUP_ENGINE,
     .commands = AUDIT | EMBED,
     .help = "read every clip as if it had the sample rate of the model"},
    {"clip-memory", 0, "MIB", WHOLE(clip_memory, 1, 4096), .key = KEY_RESULTS,
     .group = GROUP_ENGINE, .commands = AUDIT | EMBED,
     .help = "the most memory that the samples of one clip may take (default: 128, or 64 bytes for "
             "each byte of its file, whichever is more); larger clips are unreadable"},
    {"views", 0, "V[,V]", .kind = OPTION_OTHER, .take = take_views,
     .offered = "xvector,statistics xvector none", .usual = "xvector,statistics",
     .key = KEY_EMBEDDINGS, .group = GROUP_ENGINE, .commands = AUDIT | EMBED,
     .help = "what is computed of each clip: xvector alone, the network's embedding, or with "
             "statistics, 87 numbers of its loudness and spectrum that the network does not see "
             "(models of 24 mels only); none: audit uses the files of --embeddings alone"},
    {"features", 0, "DIR", FILE_NAME(features), .group = GROUP_ENGINE, .commands = EMBED,
     .help = "also write the features of every clip: DIR/ROW.npy, float32 (frames, mels); an "
             "unfinished run then starts over"},

    /* cross-validation */
    {"detector", 0, "D", CHOICE(detector, detector_choice), .usual = "ensemble", .key = KEY_RESULTS,
     .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "ensemble: logistic regression, a discriminant and the nearest neighbours of every "
             "view, mixed; logistic: logistic regression alone"},
    {"copies", 0, "C", CHOICE(files.copies_apart, copies_choice), .usual = "together",
     .key = KEY_RESULTS, .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "together: clips with the same sound share a fold, or a copy hides the error of the "
             "other; apart: they are dealt like any clip"},
    {"folds", 0, "K", WHOLE(crossval.folds, 2, FOLDS_MAXIMUM), .usual = "5", .key = KEY_RESULTS,
     .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "number of folds, stratified; groups are kept whole"},
    {"shuffle", 0, NULL, FLAG(crossval.shuffle), .key = KEY_RESULTS, .group = GROUP_CLASSIFIER,
     .commands = AUDIT | CROSSVAL | DETECT,
     .help = "shuffle rows (groups) before they are dealt to folds; with several labels a clip "
             "they always are"},
    {"seed", 0, "N", WHOLE(crossval.seed, 0, UINT32_MAX), .usual = "0", .key = KEY_RESULTS,
     .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "seed of the shuffle"},
    {"C", 0, "auto|V[,V...]", .kind = OPTION_OTHER, .take = take_c, .usual = "auto",
     .key = KEY_RESULTS, .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "inverse strength of the penalty: the best of these values by out-of-fold log-loss; "
             "auto: 1e-4 to 1e2 by tens"},
    {"scale", 0, "S", CHOICE(crossval.scale, scale_choice), .usual = "standard", .key = KEY_RESULTS,
     .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "standard: scale columns on the training rows of each fold (ensemble: on all rows); "
             "none: leave them"},
    {"tol", 0, "T", NUMBER(crossval.tolerance, 1e-300, 1e300), .usual = "1e-4", .key = KEY_RESULTS,
     .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "a fit ends when no component of the gradient is larger"},
    {"max-iterations", 0, "N", WHOLE(crossval.max_iterations, 1, 1000000000), .usual = "1000",
     .key = KEY_RESULTS, .group = GROUP_CLASSIFIER, .commands = AUDIT | CROSSVAL | DETECT,
     .help = "limit for each fit"},

    /* confident learning */
    {"filter", 0, "F", CHOICE(confident.filter, detection_filter_choice), .key = KEY_RESULTS,
     .group = GROUP_CONFIDENT, .commands = AUDIT | DETECT,
     .help =
         "which rows are issues (default: ensemble, which weighs how the estimators agree; with "
         "--detector logistic prune_by_noise_rate)"},
    {"filter", 0, "F", CHOICE(confident.filter, filter_choice), .usual = "prune_by_noise_rate",
     .key = KEY_RESULTS, .group = GROUP_CONFIDENT, .commands = ISSUES,
     .help = "which rows are issues"},
    {"score", 0, "S", CHOICE(confident.score, detection_score_choice), .key = KEY_RESULTS,
     .group = GROUP_CONFIDENT, .commands = AUDIT | DETECT,
     .help = "what issues are ranked by (default: log_margin; with --detector logistic "
             "self_confidence)"},
    {"score", 0, "S", CHOICE(confident.score, score_choice), .usual = "self_confidence",
     .key = KEY_RESULTS, .group = GROUP_CONFIDENT, .commands = ISSUES,
     .help = "what issues are ranked by"},
    {"frac-noise", 0, "X", NUMBER(confident.frac_noise, 0, 1), .usual = "1", .key = KEY_RESULTS,
     .group = GROUP_CONFIDENT, .commands = AUDIT | DETECT | ISSUES,
     .help = "flag this fraction of the estimated errors, 0 to 1"},
    {"min-examples-per-class", 0, "M", WHOLE(confident.min_examples_per_class, 0, 1e15),
     .usual = "1", .key = KEY_RESULTS, .group = GROUP_CONFIDENT,
     .commands = AUDIT | DETECT | ISSUES, .help = "flag nothing in classes with M clips or fewer"},
    {"num-to-remove", 0, "FILE", FILE_NAME(num_to_remove_file), .key = KEY_RESULTS,
     .group = GROUP_CONFIDENT, .commands = AUDIT | DETECT | ISSUES,
     .help = ".npy (classes): how many rows to flag in each class"},
    {"joint", 0, "FILE", FILE_NAME(joint_file), .key = KEY_RESULTS, .group = GROUP_CONFIDENT,
     .commands = AUDIT | DETECT | ISSUES,
     .help = ".npy (classes, classes): the confident joint, rows given, columns true; with several "
             "labels a row (classes, 2, 2)"},
    {"adjust-pred-probs", 0, NULL, FLAG(confident.adjust_pred_probs), .key = KEY_RESULTS,
     .group = GROUP_CONFIDENT, .commands = AUDIT | DETECT | ISSUES,
     .help = "subtract the thresholds of the classes from the probabilities before scoring"},
    {"estimation-method", 0, "M", CHOICE(estimate, estimate_choice), .usual = "none",
     .key = KEY_RESULTS, .group = GROUP_CONFIDENT, .commands = ISSUES,
     .help =
         "print only the estimated number of issues; off_diagonal_custom takes it from --joint"},

    /* model file */
    {"output", 'o', "FILE", FILE_NAME(out), .group = GROUP_MODEL, .commands = IMPORT,
     .required = IMPORT, .help = "the model file to write (safetensors)"},
    {"float16", 0, NULL, FLAG(float16), .group = GROUP_MODEL, .commands = IMPORT,
     .help = "store the weights in half precision, half the size; computation stays in float32; a "
             "weight beyond its range is an error"},
    {"name", 0, "NAME", TEXT(model_name), .group = GROUP_MODEL, .commands = IMPORT,
     .help = "name of the model (default: the name of the folder)"},
    {"licence", 0, "L", TEXT(licence), .group = GROUP_MODEL, .commands = IMPORT,
     .help = "licence of the weights, kept in the file"},
    {"source", 0, "S", TEXT(source), .group = GROUP_MODEL, .commands = IMPORT,
     .help = "where the weights come from, kept in the file"},

    /* measurement */
    {"clips", 0, "N", WHOLE(benchmark.clips, 1, 100000000), .usual = "2000", .group = GROUP_BENCH,
     .commands = BENCH, .help = "number of clips for the stages of embedding"},
    {"seconds", 0, "S", NUMBER(benchmark.seconds, 0.03, 3600), .usual = "0.41",
     .group = GROUP_BENCH, .commands = BENCH, .help = "length of each clip (0.41: 42 frames)"},
    {"rate", 0, "R", WHOLE(benchmark.rate, 8000, 96000), .usual = "8000", .group = GROUP_BENCH,
     .commands = BENCH, .help = "sample rate of the clips in Hz"},
    {"repeats", 0, "N", WHOLE(benchmark.repeats, 1, 1000), .usual = "5", .group = GROUP_BENCH,
     .commands = BENCH, .help = "number of measurements; the fastest counts"},

    /* running */
    {"output", 'o', "OUT", FILE_NAME(out), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES,
     .required = AUDIT | EMBED | CROSSVAL | DETECT, .help = "the folder to write"},
    {"root", 0, "DIR", FILE_NAME(root), .group = GROUP_RUN, .commands = REPORT,
     .help = "the folder in which the clips are now (default: where they were)"},
    {"allow-outside", 0, NULL, FLAG(input.allow_outside), .group = GROUP_RUN, .commands = REPORT,
     .help = "play and link clips whose paths or links lead out of the folder of the clips"},
    {"mask", 0, NULL, FLAG(mask), .group = GROUP_RUN, .commands = ISSUES,
     .help = "print 0 or 1 for every row instead of the numbers of flagged rows"},
    {"fresh", 0, NULL, FLAG(fresh), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES,
     .help = "start over: replace the results in OUT, and discard an unfinished run, which the "
             "same command otherwise continues"},
    {"fail-on-issues", 0, NULL, FLAG(fail_on_issues), .group = GROUP_RUN,
     .commands = AUDIT | DETECT | ISSUES, .help = "exit with code 4 if there are issues"},
    {"json", 0, NULL, FLAG(json), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | MODEL_INFO | BENCH,
     .help = "print the result as one JSON object on standard output"},
    {"quiet", 'q', NULL, FLAG(quiet), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | REPORT | IMPORT,
     .help = "no progress and no summary, only errors and warnings that change the exit code"},
    {"help", 'h', NULL, FLAG(help), .group = GROUP_RUN, .commands = COMMAND_ALL,
     .help = "show this text"},
};

_Static_assert(sizeof rows / sizeof rows[0] <= OPTIONS_MAXIMUM, "given[] holds every row");

const struct option_row *option_row(size_t index) {
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct option_row *option_find(const char *name, unsigned command) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((rows[i].commands & command) != 0 && strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

const char *option_given(const struct options *options, const char *name, unsigned command) {
    const struct option_row *row = option_find(name, command);
    return row == NULL ? NULL : options->given[row - rows];
}

void option_record(const struct options *options, unsigned command, enum option_key key,
                   struct text *record) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct option_row *row = &rows[i];
        const char *value = options->given[i] == NULL ? row->usual : options->given[i];
        if ((row->commands & command) == 0 || row->key != key || row->kind == OPTION_FILE) continue;
        run_record_add(record, row->name, "%s", value == NULL ? "" : value);
    }
}

/* ---- groups ---- */

static const struct {
    const char *title, *note;
} groups[GROUP_COUNT] = {
    [GROUP_ARRAYS] = {"Arrays", NULL},
    [GROUP_INPUT] =
        {"Input",
         "Audio files are WAV, FLAC, Ogg, MP3, AIFF or AU at any sample rate; they are resampled "
         "to the rate of the model. Lists may be compressed with gzip (.gz). ESC-50 and "
         "UrbanSound8K "
         "are recognised by the columns of their CSV file, with the audio files in ../audio, audio "
         "or beside it; their folds are used unless --group is given. INPUT is one of these:"},
    [GROUP_ENGINE] = {"Computation", NULL},
    [GROUP_CLASSIFIER] = {"Cross-validation",
                          "Logistic regression is scikit-learn's, multinomial."},
    [GROUP_CONFIDENT] = {"Confident learning", "Names and meanings are cleanlab's."},
    [GROUP_MODEL] = {"Model file", NULL},
    [GROUP_BENCH] = {"Measurement", NULL},
    [GROUP_RUN] = {"Running", NULL},
};

const char *option_group_title(enum option_group group) {
    return groups[group].title;
}

const char *option_group_note(enum option_group group) {
    return groups[group].note;
}
