/* earmark model: import a SpeechBrain x-vector, or describe a model file. */
#include "host/model/model.h"
#include "host/base/progress.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/model/describe.h"
#include "host/model/import.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

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
    if (model_import(options->argument, &model, &notes, error) != ERROR_NONE) goto done;
    if (folder_name(options->argument, &name, error) != ERROR_NONE) goto done;
    if (replace_string(&model.name, options->model_name == NULL ? name : options->model_name,
                       error) != ERROR_NONE ||
        replace_string(&model.licence, options->licence, error) != ERROR_NONE ||
        replace_string(&model.source, options->source, error) != ERROR_NONE)
        goto done;
    if (model_write(&model, dtype, options->out, error) != ERROR_NONE) goto done;
    /* Read back: what was written is what every other command will read. */
    model_free(&model);
    if (model_read(options->out, &model, error) != ERROR_NONE) goto done;
    if (options->quiet) goto done;
    for (size_t begin = 0; begin < notes.length;) { /* a line each */
        size_t length = strcspn(notes.data + begin, "\n");
        progress_message("earmark: %.*s", (int)length, notes.data + begin);
        begin += length + 1;
    }
    model_describe(&model, options->out, &description);
    if (text_check(&description, error) == ERROR_NONE) terminal_print(stdout, description.data);
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
    const char *path = options->argument;
    if (path == NULL) {
        if (model_default_path(&found, error) != ERROR_NONE) goto done;
        path = found;
    }
    if (model_read(path, &model, error) != ERROR_NONE) goto done;
    if (options->json)
        model_describe_json(&model, path, &text);
    else
        model_describe(&model, path, &text);
    if (text_check(&text, error) == ERROR_NONE) terminal_print(stdout, text.data);
done:
    model_free(&model);
    text_free(&text);
    free(found);
    return error->code;
}

int command_import(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("model import", argc, argv, &options, &exit_code)) return exit_code;
    return import(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}

int command_model_info(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("model info", argc, argv, &options, &exit_code)) return exit_code;
    return info(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
