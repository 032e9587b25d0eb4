#include "host/embedding/feature_files.h"

#include "host/base/npy.h"

#include <stdio.h>

enum error_code feature_files_write(const struct folder *folder, const struct device_batch *batch,
                                    const size_t *clips, const size_t *list_rows, size_t mels,
                                    struct error *error) {
    const float *features = batch->features;
    for (size_t i = 0; i < batch->clip_count; i++) {
        const struct device_clip *clip = &batch->clips[i];
        size_t frames = xvector_frames(device_resampled_length(clip->frames, clip->rate));
        char name[32];
        snprintf(name, sizeof name, "%08zu.npy",
                 list_rows == NULL ? clips[i] : list_rows[clips[i]]);
        TRY(npy_write_in(folder, name, NPY_FLOAT32, 2, (const size_t[]){frames, mels}, features,
                         error));
        features += frames * mels;
    }
    return ERROR_NONE;
}
