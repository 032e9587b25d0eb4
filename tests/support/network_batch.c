#include "network_batch.h"

#include "compare.h"
#include "network_golden.h"
#include "reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Compares embeddings with the reference, which is computed clip by clip. */
static void check_embeddings(const struct xvector_model *model, const struct embed_clip *clips,
                             size_t count, const float *actual, const char *what) {
    const size_t size = model->embedding_size;
    double *expected = malloc(size * sizeof(double));
    assert_non_null(expected);
    for (size_t i = 0; i < count; i++) {
        const size_t frames = embed_frames(&clips[i]);
        double *samples = malloc((clips[i].frames + 1) * sizeof(double));
        double *features = malloc(frames * model->mels * sizeof(double));
        assert_true(samples != NULL && features != NULL);
        for (size_t s = 0; s < clips[i].frames; s++)
            samples[s] = ((const int16_t *)clips[i].samples)[s] / 32768.0;
        reference_features(samples, clips[i].frames, model->mels, features);
        reference_network(model, features, frames, expected);
        assert_within(compare_relative_float(actual + i * size, expected, size),
                      network_golden_gate(&clips[i]), what);
        free(samples);
        free(features);
    }
    free(expected);
}

void network_batch_check(const struct device_operations *operations,
                         const struct xvector_model *model, const struct embed_clip *clips,
                         size_t count, size_t together, const char *what) {
    const size_t size = model->embedding_size;
    float *actual =
        network_golden_compute(operations, model, PRECISION_FLOAT32, clips, count, together);
    float *cpu =
        network_golden_compute(&device_cpu_operations, model, PRECISION_FLOAT32, clips, count, 0);
    check_embeddings(model, clips, count, actual, what);
    for (size_t i = 0; i < count; i++)
        assert_within(compare_relative_floats(actual + i * size, cpu + i * size, size),
                      2.0 * network_golden_gate(&clips[i]), what);
    free(actual);
    free(cpu);
}
