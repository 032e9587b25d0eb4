#include "host/commands/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_THREADS 1024

enum error_code options_integer(const char *name, const char *value, long minimum, long maximum,
                                long *number, struct error *error) {
    char *end = NULL;
    errno = 0;
    *number = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || *number < minimum || *number > maximum)
        return FAIL(error, ERROR_USAGE, "--%s %s: give a whole number from %ld to %ld", name, value,
                    minimum, maximum);
    return ERROR_NONE;
}

enum error_code options_number(const char *name, const char *value, double minimum, double maximum,
                               double *number, struct error *error) {
    char *end = NULL;
    *number = strtod(value, &end);
    if (end == value || *end != '\0' || !(*number >= minimum && *number <= maximum))
        return FAIL(error, ERROR_USAGE, "--%s %s: give a number from %g to %g", name, value,
                    minimum, maximum);
    return ERROR_NONE;
}

static enum error_code take_precision(const char *value, enum device_precision *precision,
                                      struct error *error) {
    static const enum device_precision all[] = {PRECISION_FLOAT32, PRECISION_TF32, PRECISION_BF16};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(value, engine_precision_name(all[i])) != 0) continue;
        *precision = all[i];
        return ERROR_NONE;
    }
    return FAIL(error, ERROR_USAGE, "--precision %s: give float32, tf32 or bf16", value);
}

enum error_code options_take(int option, const char *value, struct common_options *options,
                             bool *known, struct error *error) {
    long number = 0;
    *known = true;
    switch (option) {
    case OPTION_LABEL_PATTERN: options->input.label_pattern = value; break;
    case OPTION_LABEL_COLUMN: options->input.label_column = value; break;
    case OPTION_LABEL_SEPARATOR: options->input.label_separator = value; break;
    case OPTION_PATH_COLUMN: options->input.path_column = value; break;
    case OPTION_START_COLUMN: options->input.start_column = value; break;
    case OPTION_END_COLUMN: options->input.end_column = value; break;
    case OPTION_GROUP: options->input.group_field = value; break;
    case OPTION_FOLD_COLUMN: options->input.fold_column = value; break;
    case OPTION_ALLOW_OUTSIDE: options->input.allow_outside = true; break;
    case OPTION_MODEL: options->engine.model_path = value; break;
    case OPTION_DEVICE: options->engine.device = value; break;
    case OPTION_PRECISION: return take_precision(value, &options->engine.precision, error);
    case OPTION_THREADS:
        TRY(options_integer("threads", value, 1, MAXIMUM_THREADS, &number, error));
        options->engine.threads = (int)number;
        break;
    case OPTION_NO_RESAMPLE: options->no_resample = true; break;
    case OPTION_FRESH: options->fresh = true; break;
    case OPTION_QUIET: options->quiet = options->engine.quiet = true; break;
    case OPTION_JSON: options->json = true; break;
    default: *known = false;
    }
    return ERROR_NONE;
}

enum error_code options_unknown(const char *command, int option, char **argv, struct error *error) {
    const char *given = argv[optind - 1];
    if (option == ':')
        return FAIL(error, ERROR_USAGE, "%s: %s needs a value; see earmark %s --help", command,
                    given, command);
    return FAIL(error, ERROR_USAGE, "%s: unknown option %s; see earmark %s --help", command, given,
                command);
}

void options_help_input(void) {
    fputs("Input: a folder with one folder of audio per label, a manifest (.csv, .tsv, .jsonl), a\n"
          "folder with metadata.csv or .jsonl (an audiofolder), a Kaldi data folder (wav.scp), or\n"
          "a supervision set of Lhotse with its recordings beside it, or a cut set of Lhotse;\n"
          "lists may be gzip (.gz)\n"
          "  --label-pattern P     labels from the file name: '{label}_{speaker}_{take}.wav'\n"
          "  --label-column NAME   the manifest's column with the label; Kaldi: the file utt2NAME\n"
          "                        or NAME (default: utt2label; --group speaker: utt2spk);\n"
          "                        Lhotse: a field of the supervision (default: custom.label)\n"
          "  --label-separator C   a clip may have several labels, or none: C is the character\n"
          "                        between them (';' for dog;bark); JSON arrays are taken, too.\n"
          "                        Every label is judged against the rest\n"
          "  --path-column NAME    the manifest's column with the path\n"
          "  --start-column NAME   a clip is a part of its file: seconds at which it begins\n"
          "  --end-column NAME     and ends (default: at the file's end). 'offset' with\n"
          "                        'duration', as NeMo writes them, is known\n"
          "  --group FIELD         clips with the same value stay in one fold: a field of the\n"
          "                        pattern or a column (the speaker, the source recording)\n"
          "  --fold-column NAME    take the folds from this field or column; '': deal new ones\n"
          "  ESC-50 and UrbanSound8K are known by the columns of their CSV file, sound files in\n"
          "  ../audio, audio or beside it; their folds are kept, unless --group is given.\n"
          "  --allow-outside       accept manifest paths that leave the manifest's folder\n"
          "  Read: WAV, FLAC, Ogg, MP3, AIFF, AU; any rate is brought to the model's. A file that\n"
          "  takes its decoder more than 30 s of processor time without getting on counts as\n"
          "  unreadable; EARMARK_DECODER_SECONDS=N in the environment: another bound.\n",
          stdout);
}

void options_help_engine(void) {
    fputs("Computation\n"
          "  --model FILE          another model (earmark model import makes one)\n"
          "  --device D            auto (default): a GPU where there is one, or else the CPU, and\n"
          "                        says so; cpu; cuda, cuda:N (this GPU) or cuda:all\n"
          "  --precision P         float32 (default); tf32 (GPUs only); bf16 where the processor\n"
          "                        has it: faster, embeddings 1e-3 to 5e-3 (relative L2) away\n"
          "  --threads N           default: all processors this process may use\n"
          "  --no-resample         take every clip as if it had the model's rate\n",
          stdout);
}

void options_help_run(void) {
    fputs("Running\n"
          "  --fresh               start over: replace a finished run in OUT, forget an unfinished "
          "one,\n"
          "                        which the same command goes on with otherwise\n"
          "  --quiet               no progress and no summary, only errors\n"
          "  --json                the summary as one JSON object on standard output\n"
          "  --help                this text\n",
          stdout);
}
