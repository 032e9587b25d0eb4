/* Rules for the statistics of every device. Each function is one test; any error fails it. */
#ifndef EARMARK_TEST_STATISTICS_RULES_H
#define EARMARK_TEST_STATISTICS_RULES_H

#include "tests/support/embed.h"

/* Of a column's spread: its deviation over the golden clips. */
#define STATISTICS_GATE 1e-4

/* The statistics of clips, (count, STATISTICS_COUNT), on a device; free() them. */
float *statistics_rules_compute(const struct device_operations *operations,
                                const struct embed_clip *clips, size_t count,
                                struct embed_settings settings);

/* The golden clips, in their order. The samples are the caller's, to free with the clips. */
struct embed_clip *statistics_rules_clips(size_t *count);
void statistics_rules_free_clips(struct embed_clip *clips);

/* The largest difference of two rows of numbers, in spreads of the columns; NaN if any is. */
double statistics_rules_difference(const float *actual, const float *expected, size_t count);

/* The golden clips against float64: all within the gate. */
void statistics_rules_golden(const struct device_operations *operations);

/* Clips of no sample and of one have finite statistics; those of a clip shorter than 0.1 s are
 * exactly those of the clip with zeros after it. */
void statistics_rules_shortest(const struct device_operations *operations);

/* NaN and infinite samples at that rate affect only their own clip. */
void statistics_rules_not_finite(const struct device_operations *operations, int rate);

/* The same bytes for any number of threads and clips in a batch; embeddings and features are the
 * same bytes with and without statistics. */
void statistics_rules_same_bytes(const struct device_operations *operations);

/* A model of another number of mels has no statistics, and the rest of its results. */
void statistics_rules_other_mels(const struct device_operations *operations);

#endif
