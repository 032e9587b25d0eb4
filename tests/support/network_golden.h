/* Compares a device's embeddings with the goldens of tests/golden/xvector, from float64 and from
 * SpeechBrain. Any error fails the cmocka test. After each call embed_clips uses that device. */
#ifndef EARMARK_TEST_NETWORK_GOLDEN_H
#define EARMARK_TEST_NETWORK_GOLDEN_H

#include "tests/support/embed.h"

#include <stdint.h>

/* Embeddings (count, embedding_size) of clips by that device, `together` in a batch (0: all),
 * to be freed. */
float *network_golden_compute(const struct device_operations *operations,
                              const struct xvector_model *model, enum device_precision precision,
                              const struct embed_clip *clips, size_t count, size_t together);

/* Gate: largest relative L2 difference of a clip's float32 embedding from float64. */
double network_golden_gate(const struct embed_clip *clip);

/* For `count` below: every golden clip, or few enough that their 44 frames fill part of a tile. */
#define NETWORK_GOLDEN_ALL SIZE_MAX
#define NETWORK_GOLDEN_FEW 7

/* The first `count` golden clips through random_model_create(channels, seed) in float32: against
 * xvector/<name>.npy (float64) and xvector/<name>_speechbrain.npy. */
void network_golden_model(const struct device_operations *operations, size_t channels,
                          unsigned seed, const char *name, size_t count);

/* Three blocks, 40 mels, even dilations of three taps, seven taps: clips too short for reflection
 * give NaN and do not affect their neighbours. */
void network_golden_odd_architecture(const struct device_operations *operations);

/* Clips that are computed in pieces. */
void network_golden_long(const struct device_operations *operations);

/* On the first `count` golden clips, the error of the 512-channel model in TF32 or bfloat16 is
 * close to that of rounding only the inputs: neither much more nor much less. */
void network_golden_fast(const struct device_operations *operations,
                         enum device_precision precision, size_t count);

#endif
