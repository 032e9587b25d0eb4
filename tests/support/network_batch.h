/* A device's embeddings of any clips, in batches of any size, against double precision. */
#ifndef EARMARK_TEST_NETWORK_BATCH_H
#define EARMARK_TEST_NETWORK_BATCH_H

#include "tests/support/embed.h"

/* The fewest samples at 16 kHz that make so many (at least 1) feature frames. */
#define NETWORK_BATCH_SAMPLES(frames) (((frames)-1) * 160)

/* Embeddings in float32 of mono int16 clips (count) at 16 kHz, `together` in a batch (0: all):
 * against the reference (tests/support/reference.h), no further than network_golden_gate(), and
 * against the CPU device's, twice that, since each may be off to its own side. A failure fails
 * the cmocka test and says `what`. */
void network_batch_check(const struct device_operations *operations,
                         const struct xvector_model *model, const struct embed_clip *clips,
                         size_t count, size_t together, const char *what);

#endif
