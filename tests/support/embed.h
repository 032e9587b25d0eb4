/* Computes embeddings of clips through the device interface. */
#ifndef EARMARK_TEST_EMBED_H
#define EARMARK_TEST_EMBED_H

#include "kernels/device.h"

struct embed_clip {
    const void *samples; /* interleaved */
    size_t frames;
    int channels;
    int rate;
    enum sample_format format;
};

struct embed_settings {
    int threads;
    enum device_precision precision;
    size_t clips_per_batch; /* 0: all in one */
    float *statistics;      /* (count, STATISTICS_COUNT), written where not NULL: NaN where the
                               device has none */
};

/* embeddings (count, embedding_size) and, where features is not NULL, features (sum
 * of frames, mels), both in the clips' order. Any error fails the cmocka test. */
void embed_clips(const struct xvector_model *model, const struct embed_settings *settings,
                 const struct embed_clip *clips, size_t count, float *embeddings, float *features);

/* Later calls use this device instead of the CPU. */
void embed_use(const struct device_operations *operations);

/* A clip of mono int16 samples at 16 kHz. */
struct embed_clip embed_mono(const int16_t *samples, size_t frames);

/* Number of feature frames of a clip. */
size_t embed_frames(const struct embed_clip *clip);

#endif
