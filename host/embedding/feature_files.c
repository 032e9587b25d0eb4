#include "host/embedding/feature_files.h"

#include "host/base/npy.h"

#include <stdio.h>
#include <stdlib.h>

enum error_code feature_files_write(const char *folder, const struct device_batch *batch,
                                    const size_t *clips, size_t mels, struct error *error) {
    const float *features = batch->features;
    for (size_t i = 0; i < batch->clip_count; i++) {
        const struct device_clip *clip = &batch->clips[i];
        size_t frames = xvector_frames(device_resampled_length(clip->frames, clip->rate));
        char name[32];
        snprintf(name, sizeof name, "%08zu.npy", clips[i]);
        char *path = file_join(folder, name, error);
        if (path == NULL) return error->code;
        npy_write(path, NPY_FLOAT32, frames, mels, features, error);
        free(path);
        if (error->code != ERROR_NONE) return error->code;
        features += frames * mels;
    }
    return ERROR_NONE;
}
