#include "host/commands/option_table.h"

#include "host/classifier/folds.h"
#include "host/commands/job_options.h"
#include "host/commands/memory_option.h"
#include "host/commands/option_values.h"
#include "host/embedding/run_record.h"

#include <string.h>

#define MAXIMUM_THREADS 1024

#define AUDIT COMMAND_AUDIT
#define EMBED COMMAND_EMBED
#define CROSSVAL COMMAND_CROSSVAL
#define ISSUES COMMAND_ISSUES
#define REPORT COMMAND_REPORT
#define REVIEW COMMAND_REVIEW
#define IMPORT COMMAND_IMPORT
#define MODEL_INFO COMMAND_MODEL_INFO
#define BENCH COMMAND_BENCH
#define STATUS COMMAND_STATUS
#define DETECT COMMAND_DETECT
#define DIFF COMMAND_DIFF
#define AGREE COMMAND_AGREE
#define APPLY COMMAND_APPLY

/* ---- the table ---- */

static const struct option_row rows[] = {
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
     .help =
         "take labels from the file names: '{label}_{speaker}_{take}.wav'; {speaker:2} takes two "
         "characters, with nothing between it and the next"},
    {"label-column", 0, "NAME", TEXT(input.label_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "the column, file or field with the label (see Input); a column also by its number, "
             "from 1"},
    {"label-separator", 0, "C", TEXT(input.label_separator), .key = KEY_RESULTS,
     .group = GROUP_INPUT, .commands = AUDIT | EMBED,
     .help = "a clip may have several labels or none, separated by the character C (';' for "
             "dog;bark) or in JSON arrays; each label is judged against the rest"},
    {"path-column", 0, "NAME", TEXT(input.path_column), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "the column of the list with the path, or its number, from 1"},
    {"path-template", 0, "T", TEXT(input.path_template), .key = KEY_RESULTS, .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help =
         "how the path of a row's file is made, with columns of the list in braces: "
         "'FSD50K.dev_audio/{fname}.wav'; {path} is the column with the path, {NAME:stem} leaves "
         "out its audio ending, {NAME:name} its folders"},
    {"audio-root", 0, "DIR", FILE_NAME(input.audio_root), .group = GROUP_INPUT,
     .commands = AUDIT | EMBED,
     .help = "the folder that relative paths of a list start from (default: that of the list)"},
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
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | REPORT | REVIEW | BENCH,
     .help = "number of threads (default: all processors this process may use); results do not "
             "depend on it"},
    {"memory", 0, "SIZE", .kind = OPTION_OTHER, .take = memory_option_take, .group = GROUP_ENGINE,
     .commands = AUDIT | CROSSVAL | DETECT | ISSUES,
     .help =
         "the most memory to use, such as 8G: a whole number with K, M, G or T (powers of 1024), "
         "or of bytes; what needs more is kept in files without a name in OUT (earmark issues "
         "without -o: in $TMPDIR or /var/tmp); results do not depend on it"},
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
             "auto: 1e-4 to 1e2 by tens, of more than 100,000 rows chosen on a fixed sample of "
             "50,000"},
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
     .commands = BENCH, .help = "number of clips for the stages of embedding, and of the corpus"},
    {"seconds", 0, "S", NUMBER(benchmark.seconds, 0.03, 3600), .usual = "0.41",
     .group = GROUP_BENCH, .commands = BENCH,
     .help = "length of each clip (0.41: 42 frames; corpus: 4, or that of --forecast)"},
    {"rate", 0, "R", WHOLE(benchmark.rate, 8000, 96000), .usual = "8000", .group = GROUP_BENCH,
     .commands = BENCH, .help = "sample rate of the clips in Hz (corpus: 44100)"},
    {"repeats", 0, "N", WHOLE(benchmark.repeats, 1, 1000), .usual = "5", .group = GROUP_BENCH,
     .commands = BENCH, .help = "number of measurements; the fastest counts"},
    {"format", 0, "F", CHOICE(corpus.format, format_choice), .usual = "wav", .group = GROUP_BENCH,
     .commands = BENCH, .help = "corpus: wav, flac, mp3, ogg (Vorbis), opus, aiff or au"},
    {"tar", 0, NULL, FLAG(corpus.tar), .group = GROUP_BENCH, .commands = BENCH,
     .help = "corpus: in tar files of 1,000 clips"},
    {"forecast", 0, "PLAN", TEXT(forecast), .group = GROUP_BENCH, .commands = BENCH,
     .help = "corpus: time and cost of a run; PLAN is clips=N,seconds=S,cores=N and, if wanted, "
             "nodes=N, gpus=N (cores and GPUs are of each node), gpu=a100, h100 or h200, and "
             "price-per-hour=P (of a node), with commas between"},

    /* running */
    {"output", 'o', "OUT", FILE_NAME(out), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | COMMAND_JOBS,
     .required = AUDIT | EMBED | CROSSVAL | DETECT | COMMAND_JOBS, .help = "the folder to write"},
    {"output", 'o', "NEW", FILE_NAME(out), .group = GROUP_RUN, .commands = APPLY, .required = APPLY,
     .help = "the list or folder to write, which must not exist"},
    {"dry-run", 0, NULL, FLAG(dry_run), .group = GROUP_RUN, .commands = APPLY,
     .help = "do all but the writing: say what would change, and what is refused"},
    {"exclude", 0, "HOW", CHOICE(exclude, apply_exclude_name), .usual = "drop", .group = GROUP_RUN,
     .commands = APPLY,
     .help =
         "drop: leave excluded clips out; mark: keep them, with 'exclude' in a column or member "
         "'earmark' (files of folders then stay where they are)"},
    {"conflicts", 0, "HOW", CHOICE(conflicts, apply_conflicts_name), .usual = "stop",
     .group = GROUP_RUN, .commands = APPLY,
     .help = "clips that reviewers decided differently: stop: write nothing and name the first; "
             "skip: leave them as they are; first: take the first answer, in the order of the "
             "files"},
    {"as", 0, "NAME", TEXT(review.reviewer), .group = GROUP_RUN, .commands = REVIEW,
     .help =
         "whose decisions these are: they are in OUT/decisions-NAME.jsonl (default: the name of "
         "the user); of others nothing is shown"},
    {"port", 0, "N", WHOLE(review.port, 1, 65535), .usual = "8477", .group = GROUP_RUN,
     .commands = REVIEW, .help = "the port of 127.0.0.1 to listen on, and of the tunnel"},
    {"socket", 0, "PATH", FILE_NAME(review.socket), .group = GROUP_RUN, .commands = REVIEW,
     .help = "listen on a Unix socket that nobody else can open, in place of a port; ssh -L leads "
             "to it"},
    {"conflicts", 0, NULL, FLAG(review.conflicts), .group = GROUP_RUN, .commands = REVIEW,
     .help = "only the issues on which reviewers do not agree"},
    {"root", 0, "DIR", FILE_NAME(root), .group = GROUP_RUN, .commands = REPORT | REVIEW,
     .help = "the folder in which the clips are now (default: where they were)"},
    {"allow-outside", 0, NULL, FLAG(input.allow_outside), .group = GROUP_RUN,
     .commands = REPORT | REVIEW,
     .help = "play and link clips whose paths or links lead out of the folder of the clips"},
    {"export", 0, "PROGRAM", .kind = OPTION_OTHER, .take = take_export,
     .offered = "audacity raven label-studio", .group = GROUP_RUN, .commands = REPORT,
     .help = "write the issues in the form of audacity, raven or label-studio into OUT/PROGRAM, "
             "instead of the page"},
    {"mask", 0, NULL, FLAG(mask), .group = GROUP_RUN, .commands = ISSUES,
     .help = "print 0 or 1 for every row instead of the numbers of flagged rows"},
    {"state", 0, "DIR", FILE_NAME(state), .group = GROUP_RUN, .commands = AUDIT | EMBED,
     .help =
         "keep the embeddings in DIR, and what is wrong with files that cannot be used, where the "
         "next run finds those of the clips whose path, size and times are the same: for a job "
         "of every night. Rows of clips that are gone are dropped; --fresh keeps DIR"},
    {"verify", 0, NULL, FLAG(verify), .group = GROUP_RUN, .commands = AUDIT | EMBED,
     .help = "decode the clips whose embeddings are there, too, and use these only where the "
             "samples are the same"},
    {"shard", 0, "I/N|env", .kind = OPTION_OTHER, .take = take_part, .offered = "env",
     .group = GROUP_RUN, .commands = EMBED,
     .help = "embed only shard I of N (I from 0) of the list, into OUT/shards, beside other "
             "processes and machines that embed the others; earmark audit --from-shards goes on "
             "from them. env: I and N of the Slurm array, or of JOB_COMPLETION_INDEX and "
             "EARMARK_SHARDS"},
    {"from-shards", 0, NULL, FLAG(from_shards), .group = GROUP_RUN, .commands = AUDIT,
     .help = "embed nothing: use what earmark embed --shard left in OUT/shards; what is missing is "
             "named, with the command that makes it"},
    {"export", 0, NULL, FLAG(export_rows), .group = GROUP_RUN, .commands = AUDIT,
     .help = "with --from-shards: also write embeddings.npy and statistics.npy, which otherwise "
             "stay in the shards"},
    {"fresh", 0, NULL, FLAG(fresh), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES,
     .help = "start over: replace the results in OUT, and discard an unfinished run, which the "
             "same command otherwise continues"},
    {"fail-on-issues", 0, NULL, FLAG(fail_on_issues), .group = GROUP_RUN,
     .commands = AUDIT | DETECT | ISSUES, .help = "exit with code 4 if there are issues"},
    {"fail-on-new", 0, NULL, FLAG(fail_on_new), .group = GROUP_RUN, .commands = DIFF,
     .help = "exit with code 4 if issues are new or reopened"},
    {"fail-on-conflicts", 0, NULL, FLAG(fail_on_conflicts), .group = GROUP_RUN, .commands = AGREE,
     .help = "exit with code 4 when reviewers decided a clip differently"},
    {"json", 0, NULL, FLAG(json), .group = GROUP_RUN,
     .commands =
         AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | DIFF | AGREE | STATUS | MODEL_INFO | BENCH,
     .help = "print the result as one JSON object on standard output"},
    {"quiet", 'q', NULL, FLAG(quiet), .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | REPORT | REVIEW | DIFF | AGREE |
                 APPLY | IMPORT,
     .help = "no progress and no summary, only errors and warnings that change the exit code"},
    {"progress", 0, "P", .kind = OPTION_OTHER, .take = take_progress,
     .offered = "bar lines json none", .group = GROUP_RUN,
     .commands =
         AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | REPORT | REVIEW | DIFF | APPLY | IMPORT,
     .help = "how progress is shown on standard error: bar, lines, json or none (default: bar on a "
             "terminal, lines elsewhere); json: each line of standard error is one JSON object, "
             "messages and errors too; with --quiet only messages"},
    {"log-level", 0, "L", CHOICE(log_level, level_choice), .usual = "info", .group = GROUP_RUN,
     .commands =
         AUDIT | EMBED | CROSSVAL | DETECT | ISSUES | REPORT | REVIEW | DIFF | APPLY | IMPORT,
     .help = "which messages are printed on standard error: error, warning (and errors) or info "
             "(all); --progress is apart from it"},
    {"metrics", 0, "FILE", .kind = OPTION_OTHER, .take = take_metrics, .group = GROUP_RUN,
     .commands = AUDIT | EMBED | CROSSVAL | DETECT | ISSUES,
     .help = "write what the run does to FILE, which ends in .prom, in the text format of "
             "Prometheus for node_exporter: every 10 s and at the end, also of a run that fails"},
    {"help", 'h', NULL, FLAG(help), .group = GROUP_RUN, .commands = COMMAND_ALL,
     .help = "show this text"},
};

_Static_assert(sizeof rows / sizeof rows[0] + JOB_OPTIONS <= OPTIONS_MAXIMUM,
               "given[] holds every row");

const struct option_row *option_row(size_t index) {
    const size_t count = sizeof rows / sizeof rows[0];
    return index < count ? &rows[index] : job_option_row(index - count);
}

/* The index of the row, or SIZE_MAX. */
static size_t find(const char *name, unsigned command) {
    for (size_t i = 0; option_row(i) != NULL; i++)
        if ((option_row(i)->commands & command) != 0 && strcmp(option_row(i)->name, name) == 0)
            return i;
    return SIZE_MAX;
}

const struct option_row *option_find(const char *name, unsigned command) {
    const size_t index = find(name, command);
    return index == SIZE_MAX ? NULL : option_row(index);
}

const char *option_given(const struct options *options, const char *name, unsigned command) {
    const size_t index = find(name, command);
    return index == SIZE_MAX ? NULL : options->given[index];
}

void option_record(const struct options *options, unsigned command, enum option_key key,
                   struct text *record) {
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        const char *value = options->given[i] == NULL ? row->usual : options->given[i];
        if ((row->commands & command) == 0 || row->key != key || row->kind == OPTION_FILE) continue;
        run_record_add(record, row->name, "%s", value == NULL ? "" : value);
    }
}
