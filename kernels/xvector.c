/* Sizes on which host and devices must agree. */
#include "device.h"

#include "front_end.h"
#include "resampler.h"

size_t xvector_minimum_frames(const struct xvector_model *model) {
    size_t largest = 0;
    for (size_t i = 0; i < model->block_count; i++) {
        const size_t padding = model->blocks[i].dilation * (model->blocks[i].kernel - 1) / 2;
        if (padding > largest) largest = padding;
    }
    return largest + 1;
}

size_t xvector_minimum_samples(const struct xvector_model *model) {
    return FRAME_SHIFT * (xvector_minimum_frames(model) - 1);
}

size_t xvector_frames(size_t samples) {
    return 1 + samples / FRAME_SHIFT;
}

bool device_resamples(int rate) {
    return resampler_supports(rate);
}

size_t device_resampled_length(size_t frames, int rate) {
    return resampler_length(frames, rate);
}
