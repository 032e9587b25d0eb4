/* Checkpoints. An input that begins like a pickle goes directly to the pickle
 * reader: inside a zip file the checksum would reject nearly every change. */
#include "host/model/checkpoint.h"
#include "host/model/import.h"

#include <stdint.h>
#include <stdlib.h>

#define PICKLE_PROTO 0x80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every element of a tensor must be inside its storage. */
static void check_state(const struct pickle_state *state) {
    for (size_t i = 0; i < state->count; i++) {
        const struct pickle_tensor *tensor = &state->tensors[i];
        unsigned __int128 last = tensor->offset;
        bool empty = false;
        for (size_t k = 0; k < tensor->rank; k++) {
            empty = empty || tensor->sizes[k] == 0;
            last += (unsigned __int128)(tensor->sizes[k] - 1) * tensor->strides[k];
        }
        if (!empty && last >= tensor->storage.elements) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    if (size > 0 && data[0] == PICKLE_PROTO) {
        struct pickle_state state;
        if (pickle_read(data, size, &state, &error) == ERROR_NONE) check_state(&state);
        pickle_free(&state);
        return 0;
    }
    struct model model;
    struct text notes = TEXT_INITIAL;
    model_import_bytes(data, size, NULL, 0, &model, &notes, &error);
    model_free(&model);
    text_free(&notes);
    return 0;
}
