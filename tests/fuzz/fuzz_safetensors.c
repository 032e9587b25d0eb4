/* Model files: the safetensors container and all checks of a model. */
#include "host/model/model.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct model model;
    model_parse(data, size, &model, &error);
    model_free(&model);
    return 0;
}
