/* hyperparams.yaml of a network of five blocks. */
#include "host/model/hyperparameters.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct text notes = TEXT_INITIAL;
    struct xvector_model network = {
        .sample_rate = 16000, .mels = 24, .block_count = 5, .embedding_size = 6};
    static const size_t kernels[] = {5, 3, 3, 1, 1};
    for (size_t i = 0; i < 5; i++)
        network.blocks[i] = (struct xvector_block){
            .in_channels = i == 0 ? 24 : 8, .out_channels = i == 4 ? 12 : 8, .kernel = kernels[i]};
    if (hyperparameters_check((const char *)data, size, &network, &notes, &error) == ERROR_NONE)
        for (size_t i = 0; i < 5; i++)
            if (network.blocks[i].dilation < 1 || network.blocks[i].dilation > 64) abort();
    text_free(&notes);
    return 0;
}
