/* When a batch is full, and the check that every device makes before it computes one. */
#include "device.h"

static enum error_code check_clip(const struct device_batch *batch, size_t index,
                                  struct error *error) {
    const struct device_clip *clip = &batch->clips[index];
    if (clip->channels < 1)
        return FAIL(error, ERROR_USAGE, "clip %zu of a batch has %d channels", index,
                    clip->channels);
    if (!device_resamples(clip->rate))
        return FAIL(error, ERROR_USAGE,
                    "clip %zu of a batch is at %d Hz, which the device does not resample", index,
                    clip->rate);
    if (clip->format != SAMPLES_INT16 && clip->format != SAMPLES_FLOAT32)
        return FAIL(error, ERROR_USAGE, "clip %zu of a batch has an unknown format", index);
    const size_t bytes = clip->format == SAMPLES_INT16 ? sizeof(int16_t) : sizeof(float);
    size_t size;
    if (__builtin_mul_overflow(clip->frames, (size_t)clip->channels * bytes, &size) ||
        clip->offset % DEVICE_ALIGNMENT != 0 || clip->offset > batch->samples_capacity ||
        size > batch->samples_capacity - clip->offset)
        return FAIL(error, ERROR_USAGE,
                    "clip %zu of a batch (%zu frames at byte %zu) is outside its %zu bytes", index,
                    clip->frames, clip->offset, batch->samples_capacity);
    return ERROR_NONE;
}

enum error_code device_batch_check(const struct device_batch *batch, struct error *error) {
    if (batch->clip_count > batch->clip_capacity)
        return FAIL(error, ERROR_USAGE, "a batch of %zu clips has room for %zu", batch->clip_count,
                    batch->clip_capacity);
    for (size_t i = 0; i < batch->clip_count; i++)
        if (check_clip(batch, i, error) != ERROR_NONE) return error->code;
    return ERROR_NONE;
}

size_t device_clip_frames(const struct device_clip *clip) {
    return xvector_frames(device_resampled_length(clip->frames, clip->rate));
}

bool device_batch_whole(const struct device_properties *properties, size_t frames, size_t bytes,
                        size_t next_frames) {
    const size_t together = properties->batch_frames;
    if (together == 0 || frames == 0) return false;
    const size_t count = (frames + together - 1) / together;
    return frames + next_frames > count * together &&
           bytes / count > (bytes < properties->batch_bytes ? properties->batch_bytes - bytes : 0);
}
