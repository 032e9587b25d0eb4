#include "host/model/import.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/model/architecture.h"
#include "host/model/checkpoint.h"
#include "host/model/hyperparameters.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Float64 weights of the largest network, and 1 MiB for the container. */
#define MAXIMUM_CHECKPOINT ((size_t)ARCHITECTURE_MAXIMUM_VALUES * 8 + ((size_t)1 << 20))

static enum error_code set_architecture(struct tensor_source *source, const char *yaml,
                                        size_t yaml_size, struct model *model, struct text *notes,
                                        struct error *error) {
    TRY(architecture_from_shapes(source, &model->network, error));
    model->network.sample_rate = 16000;
    if (yaml != NULL) return hyperparameters_check(yaml, yaml_size, &model->network, notes, error);
    TRY(hyperparameters_default_dilations(&model->network, error));
    text_string(notes, "no hyperparams.yaml: SpeechBrain's default dilations are used\n");
    return text_check(notes, error);
}

enum error_code model_import_bytes(const unsigned char *bytes, size_t size, const char *yaml,
                                   size_t yaml_size, struct model *model, struct text *notes,
                                   struct error *error) {
    *model = (struct model)MODEL_INITIAL;
    struct checkpoint checkpoint;
    if (checkpoint_open(bytes, size, &checkpoint, error) != ERROR_NONE)
        return error_prefix(error, "embedding_model.ckpt"), error->code;
    struct tensor_source source = checkpoint_source(&checkpoint);
    if (set_architecture(&source, yaml, yaml_size, model, notes, error) != ERROR_NONE) goto done;
    if (architecture_load(&source, &model->network, &model->weights, &model->parameters, error) !=
        ERROR_NONE) {
        error_prefix(error, "embedding_model.ckpt");
        goto done;
    }
    model->name = memory_string("", error);
    model->licence = memory_string("", error);
    model->source = memory_string("", error);
    model->training = memory_string("", error);
done:
    checkpoint_close(&checkpoint);
    if (error->code != ERROR_NONE) model_free(model);
    return error->code;
}

/* Checks that it is a folder; the message about a file says which folder to give. */
static enum error_code check_folder(const char *folder, struct error *error) {
    struct stat status;
    if (stat(folder, &status) != 0)
        return FAIL(error, ERROR_FILE, "%s: there is no such folder", folder);
    if (!S_ISDIR(status.st_mode))
        return FAIL(error, ERROR_FILE,
                    "%s: not a folder; give the folder that has embedding_model.ckpt", folder);
    return ERROR_NONE;
}

enum error_code model_import(const char *folder, struct model *model, struct text *notes,
                             struct error *error) {
    *model = (struct model)MODEL_INITIAL;
    TRY(check_folder(folder, error));
    struct file_mapping bytes = {NULL, 0}; /* holes of a large file take no memory */
    char *yaml = NULL;
    size_t yaml_size = 0;
    char *checkpoint = file_join(folder, "embedding_model.ckpt", error);
    char *parameters = file_join(folder, "hyperparams.yaml", error);
    if (error->code != ERROR_NONE) goto done;
    if (file_map(checkpoint, &bytes, error) != ERROR_NONE) goto done;
    if (bytes.size > MAXIMUM_CHECKPOINT) {
        FAIL(error, ERROR_DATA, "%s: %zu bytes; files of at most %zu are read", checkpoint,
             bytes.size, MAXIMUM_CHECKPOINT);
        goto done;
    }
    if (access(parameters, F_OK) == 0 && file_read(parameters, HYPERPARAMETERS_MAXIMUM_BYTES, &yaml,
                                                   &yaml_size, error) != ERROR_NONE)
        goto done;
    if (model_import_bytes(bytes.data, bytes.size, yaml, yaml_size, model, notes, error) !=
        ERROR_NONE)
        error_prefix(error, "%s", folder);
    else if (file_map_unchanged(&bytes, true, error) != ERROR_NONE)
        model_free(model);
done:
    file_unmap(&bytes);
    free(yaml);
    free(checkpoint);
    free(parameters);
    return error->code;
}
