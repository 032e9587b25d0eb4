/* A device's embeddings against the goldens of tests/golden/xvector: float64, and SpeechBrain's
 * own. Trouble fails the cmocka test. From each call on, embed_clips uses that device. */
#ifndef EARMARK_TEST_NETWORK_GOLDEN_H
#define EARMARK_TEST_NETWORK_GOLDEN_H

#include "tests/support/embed.h"

#include <stdint.h>

/* Embeddings (count, embedding_size) of clips by that device, `together` in a batch (0: all),
 * to be freed. */
float *network_golden_compute(const struct device_operations *operations,
                              const struct xvector_model *model, enum device_precision precision,
                              const struct embed_clip *clips, size_t count, size_t together);

/* Largest relative L2 of a float32 embedding of the clip from the same in float64. */
double network_golden_gate(const struct embed_clip *clip);

/* For `count` below: every golden clip; so few that their 44 frames are a part of one tile. */
#define NETWORK_GOLDEN_ALL SIZE_MAX
#define NETWORK_GOLDEN_FEW 7

/* The first `count` golden clips through random_model_create(channels, seed) in float32: against
 * xvector/<name>.npy (float64) and xvector/<name>_speechbrain.npy. */
void network_golden_model(const struct device_operations *operations, size_t channels,
                          unsigned seed, const char *name, size_t count);

/* Three blocks, 40 mels, even dilations of three taps, seven taps: clips too short to reflect
 * give NaN and leave their neighbours alone. */
void network_golden_odd_architecture(const struct device_operations *operations);

/* Clips that are computed in pieces. */
void network_golden_long(const struct device_operations *operations);

/* The 512-channel model in TF32 or bfloat16 is off by what rounding the inputs alone gives,
 * neither by much more nor by much less; on the first `count` golden clips. */
void network_golden_fast(const struct device_operations *operations,
                         enum device_precision precision, size_t count);

#endif
