#include "embed.h"

#include "compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct device_operations *operations = &device_cpu_operations;

void embed_use(const struct device_operations *others) {
    operations = others;
}

struct embed_clip embed_mono(const int16_t *samples, size_t frames) {
    return (struct embed_clip){samples, frames, 1, 16000, SAMPLES_INT16};
}

size_t embed_frames(const struct embed_clip *clip) {
    return xvector_frames(device_resampled_length(clip->frames, clip->rate));
}

static size_t clip_bytes(const struct embed_clip *clip) {
    const size_t bytes = clip->format == SAMPLES_INT16 ? sizeof(int16_t) : sizeof(float);
    return clip->frames * (size_t)clip->channels * bytes;
}

static size_t aligned(size_t bytes) {
    return (bytes + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
}

static void submit(struct device *device, const struct embed_clip *clips, size_t count,
                   bool want_features, bool want_statistics) {
    struct error error = ERROR_INITIAL;
    struct device_batch *batch;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += aligned(clip_bytes(&clips[i]));
    device->operations->acquire(device, bytes, count, want_features, &batch, &error);
    assert_no_error(&error);
    assert_true(batch->samples_capacity >= bytes && batch->clip_capacity >= count);
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        batch->clips[i] = (struct device_clip){offset, clips[i].frames, clips[i].channels,
                                               clips[i].rate, clips[i].format};
        if (clips[i].frames > 0)
            memcpy(batch->samples + offset, clips[i].samples, clip_bytes(&clips[i]));
        offset += aligned(clip_bytes(&clips[i]));
    }
    batch->clip_count = count;
    batch->want_statistics = want_statistics;
    device->operations->submit(device, batch, &error);
    assert_no_error(&error);
}

/* statistics: (clip_count, STATISTICS_COUNT), or NULL where none were wanted. */
static void take_statistics(const struct device_batch *batch, float *statistics) {
    if (statistics == NULL) {
        assert_null(batch->statistics);
        return;
    }
    for (size_t i = 0; i < batch->clip_count * STATISTICS_COUNT; i++)
        statistics[i] = batch->statistics == NULL ? NAN : batch->statistics[i];
}

void embed_clips(const struct xvector_model *model, const struct embed_settings *settings,
                 const struct embed_clip *clips, size_t count, float *embeddings, float *features) {
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings open = {settings->threads, settings->precision};
    operations->open(&open, &device, &error);
    assert_no_error(&error);
    operations->load_model(device, model, &error);
    assert_no_error(&error);
    const size_t together = settings->clips_per_batch == 0 ? count : settings->clips_per_batch;
    for (size_t first = 0; first < count; first += together) {
        const size_t some = count - first < together ? count - first : together;
        struct device_batch *batch;
        submit(device, clips + first, some, features != NULL, settings->statistics != NULL);
        operations->wait(device, &batch, &error);
        assert_no_error(&error);
        assert_int_equal(batch->clip_count, some);
        memcpy(embeddings + first * model->embedding_size, batch->embeddings,
               some * model->embedding_size * sizeof(float));
        take_statistics(batch, settings->statistics == NULL
                                   ? NULL
                                   : settings->statistics + first * STATISTICS_COUNT);
        size_t frames = 0;
        for (size_t i = 0; i < some; i++) frames += embed_frames(&clips[first + i]);
        if (features != NULL) {
            memcpy(features, batch->features, frames * model->mels * sizeof(float));
            features += frames * model->mels;
        }
        operations->release(device, batch);
    }
    operations->close(device);
}
