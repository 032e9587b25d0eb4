/* earmark model: import a SpeechBrain x-vector, or describe a model file. */
#include "host/model/model.h"
#include "host/commands/commands.h"
#include "host/model/describe.h"
#include "host/model/import.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void print_help(FILE *stream) {
    fputs("usage: earmark model import DIR -o FILE [--float16] [--name N] [--licence L] [--source "
          "S]\n"
          "       earmark model info [FILE] [--json]\n\n"
          "import  makes a model file (safetensors) from a SpeechBrain x-vector: DIR has\n"
          "        embedding_model.ckpt and, best, hyperparams.yaml. The shapes of the tensors\n"
          "        decide the architecture; hyperparams.yaml is checked against them and gives\n"
          "        the dilations (without it: 1,2,3,1,1 for five blocks). The checkpoint is read\n"
          "        as data only: nothing in it is executed.\n"
          "info    describes a model file: architecture, parameters, type, licence, training,\n"
          "        operations per frame, hash. Without FILE, the default model.\n\n"
          "  -o, --output FILE   the model file to write; use it with --model FILE\n"
          "  --float16           store the weights in half precision, half the size (computation\n"
          "                      stays in float32); a weight beyond its range is an error\n"
          "  --name N            name of the model; default: the folder's name\n"
          "  --licence L         licence of the weights, to be kept in the file\n"
          "  --source S          where the weights come from, to be kept in the file\n"
          "  --quiet             print nothing but errors\n"
          "  --json              info as one JSON object\n"
          "  -h, --help          this text\n\n"
          "exit codes: 0 done; 1 the checkpoint or model cannot be read or written; 2 usage\n\n"
          "example: earmark model import pretrained/spkrec-xvect -o voxceleb.safetensors\n"
          "         earmark model info voxceleb.safetensors\n"
          "         earmark audit clips -o out --model voxceleb.safetensors\n",
          stream);
}

enum {
    OPTION_FLOAT16 = 256,
    OPTION_NAME,
    OPTION_LICENCE,
    OPTION_SOURCE,
    OPTION_QUIET,
    OPTION_JSON
};

struct options {
    const char *input;
    const char *output;
    const char *name;
    const char *licence;
    const char *source;
    bool float16;
    bool quiet;
    bool json;
    bool help;
};

static int usage(const char *format, const char *argument) {
    fputs("earmark model: ", stderr);
    fprintf(stderr, format, argument);
    fputs("; see earmark model --help\n", stderr);
    return EXIT_USAGE;
}

static int import_option(struct options *options, int option) {
    switch (option) {
    case 'h': options->help = true; return EXIT_DONE;
    case 'o': options->output = optarg; return EXIT_DONE;
    case OPTION_FLOAT16: options->float16 = true; return EXIT_DONE;
    case OPTION_NAME: options->name = optarg; return EXIT_DONE;
    case OPTION_LICENCE: options->licence = optarg; return EXIT_DONE;
    case OPTION_SOURCE: options->source = optarg; return EXIT_DONE;
    case OPTION_QUIET: options->quiet = true; return EXIT_DONE;
    case OPTION_JSON: options->json = true; return EXIT_DONE;
    default: return EXIT_USAGE;
    }
}

/* Reads the options behind the subcommand (argv[0]); the first other argument is the input. */
static int read_options(int argc, char **argv, const struct option *known, const char *letters,
                        struct options *options) {
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, letters, known, NULL)) != -1) {
        if (option == ':') return usage("'%s' needs a value", argv[optind - 1]);
        if (option == '?') return usage("unknown option '%s'", argv[optind - 1]);
        import_option(options, option);
    }
    if (options->help) return EXIT_DONE;
    if (optind < argc) options->input = argv[optind++];
    if (optind < argc) return usage("one argument too many, '%s'", argv[optind]);
    return EXIT_DONE;
}

/* The last component of a folder's real path. */
static enum error_code folder_name(const char *folder, char **name, struct error *error) {
    char path[PATH_MAX];
    if (realpath(folder, path) == NULL) snprintf(path, sizeof path, "%s", folder);
    const char *slash = strrchr(path, '/');
    *name = strdup(slash == NULL || slash[1] == '\0' ? path : slash + 1);
    if (*name == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the model's name");
    return ERROR_NONE;
}

static enum error_code replace_string(char **place, const char *value, struct error *error) {
    if (value == NULL) return ERROR_NONE;
    char *copy = strdup(value);
    if (copy == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a text");
    free(*place);
    *place = copy;
    return ERROR_NONE;
}

static enum error_code import(const struct options *options, struct error *error) {
    struct model model = MODEL_INITIAL;
    struct text notes = TEXT_INITIAL;
    struct text description = TEXT_INITIAL;
    char *name = NULL;
    enum model_dtype dtype = options->float16 ? MODEL_FLOAT16 : MODEL_FLOAT32;
    if (model_import(options->input, &model, &notes, error) != ERROR_NONE) goto done;
    if (folder_name(options->input, &name, error) != ERROR_NONE) goto done;
    if (replace_string(&model.name, options->name == NULL ? name : options->name, error) !=
            ERROR_NONE ||
        replace_string(&model.licence, options->licence, error) != ERROR_NONE ||
        replace_string(&model.source, options->source, error) != ERROR_NONE)
        goto done;
    if (model_write(&model, dtype, options->output, error) != ERROR_NONE) goto done;
    /* Read back: what was written is what every other command will read. */
    model_free(&model);
    if (model_read(options->output, &model, error) != ERROR_NONE) goto done;
    if (options->quiet) goto done;
    if (notes.length > 0) fprintf(stderr, "earmark: %s", notes.data);
    model_describe(&model, options->output, &description);
    if (text_check(&description, error) == ERROR_NONE) fputs(description.data, stdout);
done:
    model_free(&model);
    text_free(&notes);
    text_free(&description);
    free(name);
    return error->code;
}

static enum error_code info(const struct options *options, struct error *error) {
    struct model model = MODEL_INITIAL;
    struct text text = TEXT_INITIAL;
    char *found = NULL;
    const char *path = options->input;
    if (path == NULL) {
        if (model_default_path(&found, error) != ERROR_NONE) goto done;
        path = found;
    }
    if (model_read(path, &model, error) != ERROR_NONE) goto done;
    if (options->json)
        model_describe_json(&model, path, &text);
    else
        model_describe(&model, path, &text);
    if (text_check(&text, error) == ERROR_NONE) fputs(text.data, stdout);
done:
    model_free(&model);
    text_free(&text);
    free(found);
    return error->code;
}

static int command_import(int argc, char **argv) {
    static const struct option known[] = {{"output", required_argument, NULL, 'o'},
                                          {"float16", no_argument, NULL, OPTION_FLOAT16},
                                          {"name", required_argument, NULL, OPTION_NAME},
                                          {"licence", required_argument, NULL, OPTION_LICENCE},
                                          {"source", required_argument, NULL, OPTION_SOURCE},
                                          {"quiet", no_argument, NULL, OPTION_QUIET},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct options options = {.input = NULL};
    int code = read_options(argc, argv, known, ":o:h", &options);
    if (code != EXIT_DONE) return code;
    if (options.help) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (options.input == NULL) return usage("import needs %s", "the checkpoint's folder");
    if (options.output == NULL) return usage("import needs %s", "-o FILE");
    struct error error = ERROR_INITIAL;
    return import(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}

static int command_model_info(int argc, char **argv) {
    static const struct option known[] = {
        {"json", no_argument, NULL, OPTION_JSON}, {"help", no_argument, NULL, 'h'}, {0}};
    struct options options = {.input = NULL};
    int code = read_options(argc, argv, known, ":h", &options);
    if (code != EXIT_DONE) return code;
    if (options.help) {
        print_help(stdout);
        return EXIT_DONE;
    }
    struct error error = ERROR_INITIAL;
    return info(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}

int command_model(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "import") == 0) return command_import(argc - 1, argv + 1);
    if (strcmp(argv[1], "info") == 0) return command_model_info(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    return usage("there is nothing called '%s' (import or info)", argv[1]);
}
