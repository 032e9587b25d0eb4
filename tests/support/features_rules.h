/* Rules for the features of every device. Each function is one test; any error fails it. */
#ifndef EARMARK_TEST_FEATURES_RULES_H
#define EARMARK_TEST_FEATURES_RULES_H

#include "tests/support/embed.h"

#define FEATURES_GATE 2e-4 /* dB */

/* The features of clips, (sum of frames, mels), on a device; free() them. */
float *features_rules_compute(const struct device_operations *operations,
                              const struct embed_clip *clips, size_t count, size_t mels);

/* The golden clips against float64: speech within the gate, the others within twice
 * the error of SpeechBrain. */
void features_rules_golden(const struct device_operations *operations);

/* Clips of no sample, one sample and one less than a frame have finite features; those of
 * silence are exactly zero. */
void features_rules_shortest(const struct device_operations *operations);

/* NaN and infinite samples at that rate affect only their own clip. */
void features_rules_not_finite(const struct device_operations *operations, int rate);

#endif
