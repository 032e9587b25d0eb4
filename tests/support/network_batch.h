/* Compares a device's embeddings of any clips, in batches of any size, with double precision. */
#ifndef EARMARK_TEST_NETWORK_BATCH_H
#define EARMARK_TEST_NETWORK_BATCH_H

#include "tests/support/embed.h"

/* The fewest samples at 16 kHz that give this many (at least 1) feature frames. */
#define NETWORK_BATCH_SAMPLES(frames) (((frames)-1) * 160)

/* Compares the float32 embeddings of mono int16 clips (count) at 16 kHz, `together` in a batch
 * (0: all), with the reference (tests/support/reference.h), within network_golden_gate(), and with
 * those of the CPU device, within twice that, since the two errors add. A failure fails the cmocka
 * test; its message has `what`. */
void network_batch_check(const struct device_operations *operations,
                         const struct xvector_model *model, const struct embed_clip *clips,
                         size_t count, size_t together, const char *what);

#endif
